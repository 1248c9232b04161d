"""The installation's own keys: given by the settings, or made once and kept in the data folder."""

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from config.errors import Invalid
from config.settings import Settings
from monitoring.credentials import Keyring
from monitoring.errors import BadLogin

SESSION_KEY = "session.key"
CREDENTIAL_KEY = "credential.key"
# What rows may still be wrapped with, one a line, the newest first.
OLDER_CREDENTIAL_KEYS = "credential.older.keys"


class BadKey(Invalid):
    """A key of the installation cannot be used; restore it from a backup."""


def _kept(path: Path) -> str:
    """The key in the file, made now if there is none; two processes at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        # A hard link appears whole or not at all, and never over another's key.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    if path.stat().st_mode & 0o077:
        raise BadKey(f"{path} is readable by others; run chmod 600 {path} and start again")
    key = path.read_text().strip()
    if len(key) < 32:
        raise BadKey(f"{path} is too short to be a key; restore it from a backup")
    return key


def _given_or_kept(given: SecretStr | None, path: Path) -> str:
    return given.get_secret_value() if given is not None else _kept(path)


def secret_key(settings: Settings) -> str:
    """Signs sessions and CSRF tokens."""
    return _given_or_kept(settings.secret_key, settings.data / SESSION_KEY)


def keyring(settings: Settings) -> Keyring:
    """The keys that open device credentials. Raises BadKey for anything but 32 bytes."""
    # The current one first: whoever renews it meanwhile has put it among the older ones before.
    current = _given_or_kept(settings.credential_key, settings.data / CREDENTIAL_KEY)
    try:
        return Keyring.from_text(current, *_older(settings))
    except BadLogin as wrong:
        raise BadKey(
            "MEDIA_CENTER_CREDENTIAL_KEY and MEDIA_CENTER_CREDENTIAL_OLDER_KEYS must hold 32 bytes "
            "in URL-safe base64 each"
        ) from wrong


def _older(settings: Settings) -> list[str]:
    given = settings.credential_older_keys
    found = given.get_secret_value().split(",") if given is not None else []
    path = settings.data / OLDER_CREDENTIAL_KEYS
    if path.exists():
        found += path.read_text().splitlines()
    return list(dict.fromkeys(key.strip() for key in found if key.strip()))


def renew(settings: Settings) -> Keyring:
    """A new key-encryption key in the data folder; the one in use joins the older ones first.

    Killed in between, the older ones hold the one in use, which harms nothing. Raises BadKey where
    the key is not kept in the data folder.
    """
    if settings.credential_key is not None:
        raise BadKey(
            "the key stands in MEDIA_CENTER_CREDENTIAL_KEY; set a new one there, the one in use in "
            "MEDIA_CENTER_CREDENTIAL_OLDER_KEYS, restart, and run this again without --new"
        )
    path = settings.data / CREDENTIAL_KEY
    older = dict.fromkeys([_kept(path), *_older(settings)])
    _write_over(settings.data / OLDER_CREDENTIAL_KEYS, "\n".join(older) + "\n")
    _write_over(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return keyring(settings)


def forget_older(settings: Settings) -> None:
    """Drop the older keys of the data folder; call it once nothing is wrapped with them."""
    (settings.data / OLDER_CREDENTIAL_KEYS).unlink(missing_ok=True)


def _write_over(path: Path, text: str) -> None:
    """Replace the file whole or not at all, durably, readable by its owner alone."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
