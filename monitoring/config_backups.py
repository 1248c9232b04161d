"""Reads the configurations of devices and keeps them by version; one failure stops nobody else.

Devices are asked by a few threads without the database; one writer writes. A host key that is not
approved ends it before any login.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock, logs
from config.database import db, transaction
from monitoring import asking, config_diff, config_versions
from monitoring.asking import Asked
from monitoring.config_versions import Text
from monitoring.credentials import Keyring
from monitoring.models import ConfigRound, ConfigSource, Device
from monitoring.probes import calls, configurations
from monitoring.probes.configurations import Configurations
from monitoring.probes.outcomes import Failure, FailureKind

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock asks the site's devices.
BACKUP_LOCK = 0x4D43_0061
MOST_THREADS = 8
SECONDS = 90.0
PAUSE = timedelta(hours=1)
# Sooner again where it failed.
AGAIN = timedelta(minutes=10)
LATE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Done:
    """How a round ended: devices asked, failed, and new versions."""

    asked: int = 0
    failed: int = 0
    new: int = 0


def collect(device: Asked) -> Configurations | Failure:
    """Ask one device. Never raises for what it does; reaches no database."""
    target = device.target()
    if isinstance(target, Failure):
        return target
    return calls.read_configurations(target)


def collect_site(site_id: int, keyring: Keyring) -> Done:
    """Back up the site's devices that are due. An edge: it commits, each device for itself."""
    with _locked(site_id) as is_mine:
        if not is_mine:
            return Done()
        with transaction():
            asked = due(site_id, keyring, clock.now())
        failed = new = 0
        if asked:
            with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="backup") as pool:
                asking = [pool.submit(collect, device) for device in asked]
                for device, future in zip(asked, asking, strict=True):
                    told = _result(device, future)
                    failed += isinstance(told, Failure)
                    new += _written(device, told, keyring)
        return Done(len(asked), failed, new)


def _result(device: Asked, future: Future[Configurations | Failure]) -> Configurations | Failure:
    """What a thread brought; a fault of ours is a failure of this device alone."""
    wrong = future.exception()
    if wrong is None:
        return future.result()
    # Without its message: that could hold a line of the configuration.
    log.error("backup broke off", device=device.name, error=type(wrong).__name__)
    return Failure(FailureKind.INTERNAL, f"broke off: {type(wrong).__name__}")


def _written(device: Asked, told: Configurations | Failure, keyring: Keyring) -> bool:
    with transaction():
        return record(device.device_id, told, clock.now(), keyring)


@contextmanager
def _locked(site_id: int) -> Iterator[bool]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        is_mine = bool(link.scalar(sa.select(sa.func.pg_try_advisory_lock(BACKUP_LOCK, site_id))))
        try:
            yield is_mine
        finally:
            if is_mine:
                link.execute(sa.select(sa.func.pg_advisory_unlock(BACKUP_LOCK, site_id)))


def _backed_up() -> tuple[sa.ColumnExpressionArgument[bool], ...]:
    """Which devices are backed up at all."""
    return (
        Device.is_enabled,
        Device.retired_at.is_(None),
        Device.ssh_credential_id.is_not(None),
        Device.platform.in_(list(configurations.COMMANDS)),
    )


def is_backed_up(device: Device) -> bool:
    """Whether configurations of this device are kept."""
    return device.ssh_credential_id is not None and device.platform.value in configurations.COMMANDS


def due(site_id: int, keyring: Keyring, at: datetime) -> list[Asked]:
    """The devices that are to be asked now, with their logins opened."""
    query = (
        sa.select(Device)
        .outerjoin(ConfigRound, ConfigRound.device_id == Device.id)
        .where(
            Device.site_id == site_id,
            *_backed_up(),
            sa.or_(
                ConfigRound.next_at.is_(None),
                ConfigRound.next_at <= at,
                # The clock was set back.
                ConfigRound.asked_at > at,
            ),
        )
        .order_by(Device.id)
    )
    return [asking.asked(device, keyring, seconds=SECONDS) for device in db.session.scalars(query)]


def record(device_id: int, told: Configurations | Failure, at: datetime, keyring: Keyring) -> bool:
    """Keep what came; whether the running configuration became a new version."""
    device = db.session.get(Device, device_id)
    # Read before the lock is taken: a large configuration takes a while.
    texts = _texts(device, told) if device is not None else []
    # One writer a device: a second collector of the same one waits here.
    device = db.session.scalar(sa.select(Device).where(Device.id == device_id).with_for_update())
    if device is None:
        # Deleted while it was being asked.
        return False
    if isinstance(told, Failure):
        _note(device, at, failure=told.message, next_at=at + AGAIN)
        return False
    running, *saved = texts
    version = config_versions.keep(device, ConfigSource.RUNNING, running, at, keyring)
    unsaved = None
    for startup in saved:
        config_versions.keep(device, ConfigSource.STARTUP, startup, at, keyring)
        unsaved = sum(config_diff.counted(config_versions.edits(startup, running)))
    # Spread over a sixth of the pause, so that many devices do not come due together.
    jitter = PAUSE / 6 * (device_id % 61) / 60
    next_at = at + PAUSE - jitter
    _note(device, at, failure=None, next_at=next_at, succeeded_at=at, unsaved_lines=unsaved)
    return version.began_at == at and version.seen_at == at


def _texts(device: Device, told: Configurations | Failure) -> list[Text]:
    """Running, and startup where it was given, read for comparing."""
    if isinstance(told, Failure):
        return []
    given = [text for text in (told.running, told.startup) if text is not None]
    return [Text.of(device.platform.value, text) for text in given]


def _note(device: Device, at: datetime, **said: Any) -> None:
    said["asked_at"] = at
    row = insert(ConfigRound).values(device_id=device.id, since=at, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["device_id"], set_=said))


def ask_now(device: Device) -> None:
    """Have the device backed up at the next turn of the clock, within a minute."""
    row = insert(ConfigRound).values(device_id=device.id, since=clock.now(), next_at=None)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["device_id"], set_={"next_at": None})
    )


def round_of(device_id: int) -> ConfigRound | None:
    """When it was asked, and how that ended."""
    return db.session.get(ConfigRound, device_id)


def late(at: datetime) -> list[str]:
    """The devices whose last backup is older than a day, by name."""
    query = (
        sa.select(Device.name)
        .join(ConfigRound, ConfigRound.device_id == Device.id)
        .where(
            *_backed_up(),
            sa.func.coalesce(ConfigRound.succeeded_at, ConfigRound.since) < at - LATE,
        )
        .order_by(Device.name)
    )
    return list(db.session.scalars(query))
