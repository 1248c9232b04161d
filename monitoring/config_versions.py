"""Versions of configurations: sealed, opened, compared, numbered, and kept as long as they serve.

Each row has a data key of its own, which the key-encryption key of the credentials' keyring wraps
(`monitoring.credentials`); device, source and a random context are bound to the ciphertexts.
"""

import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import config_blocks, config_diff, envelope, redaction
from monitoring.config_blocks import Block
from monitoring.config_diff import Edit, Sides
from monitoring.credentials import Keyring, Rewrapped
from monitoring.errors import UnknownVersion, VersionUnreadable
from monitoring.models import ConfigSource, ConfigVersion, Device

_CHANGED = (
    # IOS: `! Last configuration change at 10:11:12 ICT Tue Mar 5 2024 by netops`
    re.compile(r"^! Last configuration change at (?P<when>.+?)(?: by (?P<who>\S+))?\s*$", re.M),
    # EOS: `! Startup-config last modified at Tue Mar  5 10:11:12 2024 by netops`
    re.compile(r"^! Startup-config last modified at (?P<when>.+?) by (?P<who>\S+)\s*$", re.M),
    # Junos: `## Last commit: 2024-03-05 10:11:12 ICT by netops`
    re.compile(r"^## Last (?:commit|changed): (?P<when>.+?)(?: by (?P<who>\S+))?\s*$", re.M),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A configuration as a device gave it, read for comparing; `shown` has no secrets."""

    platform: str
    text: str = field(repr=False)
    shown: tuple[str, ...] = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)

    @classmethod
    def of(cls, platform: str, text: str) -> "Text":
        """Read a configuration of this platform."""
        # PostgreSQL keeps no NUL, and what is sealed is to come out as it went in.
        text = text.replace("\0", "").removeprefix("\ufeff").replace("\r", "")
        text = text.encode("utf-8", "replace").decode()
        shown = tuple(redaction.redact(platform, text).split("\n"))
        return cls(platform, text, shown, config_blocks.blocks(platform, text))

    @property
    def digest(self) -> str:
        """Of what it says without its secrets; it differs where the meaning does."""
        plain = config_blocks.blocks(self.platform, "\n".join(self.shown))
        return config_blocks.digest(plain)

    def says_the_same(self, other: "Text") -> bool:
        """Whether both mean the same, secrets included."""
        return config_blocks.canonical(self.blocks) == config_blocks.canonical(other.blocks)


def edits(before: Text, after: Text) -> tuple[Edit, ...]:
    """What became of each block."""
    return config_diff.edits(before.blocks, after.blocks)


def hunks(before: Text, after: Text) -> list[config_diff.Hunk]:
    """What differs, as it may be shown."""
    return config_diff.hunks(edits(before, after), Sides(before.shown, after.shown))


def keep(
    device: Device, source: ConfigSource, text: Text, at: datetime, keyring: Keyring
) -> ConfigVersion:
    """The version that says what `text` does: the newest, seen again, or a new one.

    The caller holds the device's row: one writer a device.
    """
    last = newest(device.id, source)
    before = _readable(last, keyring) if last is not None else None
    if last is not None and before is not None and before.says_the_same(text):
        last.seen_at = max(at, last.seen_at)
        db.session.flush()
        return last
    version = _new(device, source, text, at)
    version.number = last.number + 1 if last is not None else 1
    if before is not None:
        version.added, version.removed = config_diff.counted(edits(before, text))
    seal(version, text, keyring)
    db.session.add(version)
    db.session.flush()
    return version


def _new(device: Device, source: ConfigSource, text: Text, at: datetime) -> ConfigVersion:
    told = next((found for one in _CHANGED if (found := one.search(text.text))), None)
    return ConfigVersion(
        device_id=device.id,
        source=source,
        began_at=at,
        seen_at=at,
        size_bytes=len(text.text.encode()),
        lines=len(text.text.splitlines()),
        digest=text.digest,
        changed_by=(told["who"] or "")[:80] or None if told else None,
        changed_when=told["when"][:120] if told else None,
    )


def _readable(version: ConfigVersion, keyring: Keyring) -> Text | None:
    """The version's text; None where its key is lost, so that a readable one follows it."""
    try:
        return opened(version, keyring)
    except VersionUnreadable:
        return None


def seal(version: ConfigVersion, text: Text, keyring: Keyring) -> None:
    """Encrypt the text, and the text without secrets, into the row with a new data key."""
    version.context = version.context or uuid4()
    key = envelope.new_key()
    version.key_id = keyring.key_id
    version.wrapped_key = envelope.encrypt(keyring.current, key, _bound(version, "key"))
    for name, plain in (("sealed", text.text), ("sealed_shown", "\n".join(text.shown))):
        packed = zlib.compress(plain.encode())
        setattr(version, name, envelope.encrypt(key, packed, _bound(version, name)))


def opened(version: ConfigVersion, keyring: Keyring) -> Text:
    """The version with its secrets: show only `shown`. Raises VersionUnreadable."""
    plain = _unsealed(version, "sealed", version.sealed, keyring)
    return Text.of(version.device.platform.value, plain)


def shown(version: ConfigVersion, keyring: Keyring) -> str:
    """The version without its secrets. Raises VersionUnreadable."""
    plain = _unsealed(version, "sealed_shown", version.sealed_shown, keyring)
    # Rules may have been added since: what was redacted once is redacted by them too.
    return redaction.redact(version.device.platform.value, plain)


def shown_when_kept(version: ConfigVersion, keyring: Keyring) -> str:
    """As `shown`, by the rules of the day it was kept: quick, and to be redacted before a page."""
    return _unsealed(version, "sealed_shown", version.sealed_shown, keyring)


def _unsealed(version: ConfigVersion, name: str, sealed: bytes, keyring: Keyring) -> str:
    key = _unwrapped(version, keyring)
    return zlib.decompress(_decrypted(version, name, sealed, key)).decode()


def _unwrapped(version: ConfigVersion, keyring: Keyring) -> bytes:
    key = keyring.find(version.key_id)
    if key is None:
        raise VersionUnreadable(
            "Version {number} is sealed with key {key}, which this installation does not have; "
            "restore that key to read it.",
            words={"number": version.number, "key": version.key_id},
        )
    return _decrypted(version, "key", version.wrapped_key, key)


def _decrypted(version: ConfigVersion, purpose: str, sealed: bytes, key: bytes) -> bytes:
    try:
        return envelope.decrypt(key, sealed, _bound(version, purpose))
    except envelope.InvalidTag as wrong:
        raise VersionUnreadable(
            "Version {number} was altered or moved from another row; restore the database from a "
            "backup to read it.",
            words={"number": version.number},
        ) from wrong


def _bound(version: ConfigVersion, purpose: str) -> bytes:
    """What a ciphertext is bound to: its purpose, its device, source and context."""
    row = f"{version.device_id} {ConfigSource(version.source).value} {version.context}"
    return f"media-center configuration {purpose} {row}".encode()


def rewrap_next(keyring: Keyring, *, beyond: int = 0) -> Rewrapped | None:
    """Wrap the data key of the next version, by id, with the current key; None after the last."""
    version = db.session.scalar(
        sa.select(ConfigVersion)
        .where(ConfigVersion.key_id != keyring.key_id, ConfigVersion.id > beyond)
        .order_by(ConfigVersion.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if version is None:
        return None
    try:
        key = _unwrapped(version, keyring)
    except VersionUnreadable:
        return Rewrapped(version.id, is_done=False)
    version.key_id = keyring.key_id
    version.wrapped_key = envelope.encrypt(keyring.current, key, _bound(version, "key"))
    db.session.flush()
    return Rewrapped(version.id, is_done=True)


def sealed_with() -> dict[str, int]:
    """How many versions each key wraps, by the name of the key."""
    query = sa.select(ConfigVersion.key_id, sa.func.count()).group_by(ConfigVersion.key_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def locked(keyring: Keyring) -> list[str]:
    """The versions sealed with a key that the ring lacks, by device; nothing is decrypted."""
    query = (
        sa.select(Device.name, sa.func.count())
        .join(ConfigVersion, ConfigVersion.device_id == Device.id)
        .where(ConfigVersion.key_id.not_in(keyring.known_ids))
        .group_by(Device.name)
        .order_by(Device.name)
    )
    return [f"{name}: {count} configurations" for name, count in db.session.execute(query)]


def newest(device_id: int, source: ConfigSource = ConfigSource.RUNNING) -> ConfigVersion | None:
    """The newest version of a device, if any."""
    return db.session.scalar(
        sa.select(ConfigVersion)
        .where(ConfigVersion.device_id == device_id, ConfigVersion.source == source)
        .order_by(ConfigVersion.number.desc())
        .limit(1)
    )


def of(device_id: int, *, limit: int = 200) -> list[ConfigVersion]:
    """The versions of the running configuration, the newest first."""
    query = (
        sa.select(ConfigVersion)
        .where(ConfigVersion.device_id == device_id, ConfigVersion.source == ConfigSource.RUNNING)
        .order_by(ConfigVersion.number.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def get(device: Device, number: int) -> ConfigVersion:
    """A version of the running configuration by its number; raises UnknownVersion."""
    # Beyond what the column holds there is none.
    version = db.session.scalar(
        sa.select(ConfigVersion).where(
            ConfigVersion.device_id == device.id,
            ConfigVersion.source == ConfigSource.RUNNING,
            ConfigVersion.number == min(number, 2**31 - 1),
        )
    )
    if version is None:
        raise UnknownVersion
    return version


Kept = tuple[int, datetime, datetime]


def superfluous(versions: Sequence[Kept], now: datetime, days: int) -> list[int]:
    """Which of one device's versions (id, began, seen; oldest first) have served their time.

    All that was in force within `days` stays; of older ones the last of each month of the site's
    wall clock; the newest in any case.
    """
    oldest = now - timedelta(days=days)
    last_of_month = {
        began.astimezone(clock.LOCAL).strftime("%Y-%m"): version_id
        for version_id, began, _ in versions
    }
    stays: Collection[int] = {*last_of_month.values(), *(one[0] for one in versions[-1:])}
    return [one for one, _, seen in versions if seen < oldest and one not in stays]


def sweep(now: datetime, days: int) -> int:
    """Delete what has served its time; how many."""
    query = sa.select(
        ConfigVersion.device_id,
        ConfigVersion.source,
        ConfigVersion.id,
        ConfigVersion.began_at,
        ConfigVersion.seen_at,
    ).order_by(ConfigVersion.device_id, ConfigVersion.source, ConfigVersion.number)
    by_device: dict[tuple[int, str], list[Kept]] = {}
    for device_id, source, *kept in db.session.execute(query):
        by_device.setdefault((device_id, source), []).append((kept[0], kept[1], kept[2]))
    gone = [one for kept in by_device.values() for one in superfluous(kept, now, days)]
    db.session.execute(sa.delete(ConfigVersion).where(ConfigVersion.id.in_(gone)))
    return len(gone)
