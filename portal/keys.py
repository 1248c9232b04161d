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
    try:
        return Keyring.from_text(
            _given_or_kept(settings.credential_key, settings.data / CREDENTIAL_KEY)
        )
    except BadLogin as wrong:
        raise BadKey("MEDIA_CENTER_CREDENTIAL_KEY must hold 32 bytes in URL-safe base64") from wrong
