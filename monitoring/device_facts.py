"""Collects what devices say of themselves over SSH, keeps its history, and tells what changed.

Devices are asked by a few threads without the database; one writer writes. A host key that is not
approved ends it before any login.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock, logs
from config.database import db, transaction
from monitoring import asking, site_locks
from monitoring.asking import Asked
from monitoring.credentials import Keyring
from monitoring.models import Device, FactRecord, FactsRound
from monitoring.probes import calls, facts
from monitoring.probes.outcomes import Failure, FailureKind

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock asks the site's devices.
FACTS_LOCK = 0x4D43_0053
MOST_THREADS = 8
SECONDS = 60.0
PAUSE = timedelta(hours=1)
# Sooner again where it failed, later and later up to the pause.
AGAIN = timedelta(minutes=10)
HISTORY = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that became another between two looks."""

    name: str
    before: Any
    after: Any
    at: datetime


def collect(device: Asked) -> facts.Facts | Failure:
    """Ask one device. Never raises for what it does; reaches no database."""
    target = device.target()
    if isinstance(target, Failure):
        return target
    commands = facts.COMMANDS.get(device.platform)
    if commands is None:
        return Failure(FailureKind.INTERNAL, f"nothing is known to ask of {device.platform}")
    texts = calls.read_commands(target, commands)
    return texts if isinstance(texts, Failure) else facts.facts(device.platform, texts)


def collect_site(site_id: int, keyring: Keyring) -> tuple[int, int]:
    """Ask the site's devices that are due; how many, and how many failed. An edge: it commits."""
    with site_locks.held(FACTS_LOCK, site_id) as is_mine:
        if not is_mine:
            return 0, 0
        with transaction():
            asked = due(site_id, keyring, clock.now())
        failed = 0
        if asked:
            with ThreadPoolExecutor(MOST_THREADS) as pool:
                for device, told in zip(asked, pool.map(_safely, asked), strict=True):
                    with transaction():
                        record(device.device_id, told, clock.now())
                    failed += isinstance(told, Failure)
        return len(asked), failed


def _safely(device: Asked) -> facts.Facts | Failure:
    """One device whose answer breaks us must not hold up the others."""
    try:
        return collect(device)
    except Exception as broken:
        log.exception("facts broke off", device=device.name)
        return Failure(FailureKind.INTERNAL, f"broke off: {type(broken).__name__}")


def due(site_id: int, keyring: Keyring, at: datetime) -> list[Asked]:
    """The enabled devices with an SSH login that are to be asked now."""
    query = (
        sa.select(Device)
        .outerjoin(FactsRound, FactsRound.device_id == Device.id)
        .where(
            Device.site_id == site_id,
            Device.is_enabled,
            Device.ssh_credential_id.is_not(None),
            Device.platform.in_(list(facts.COMMANDS)),
            sa.or_(
                FactsRound.next_at.is_(None),
                FactsRound.next_at <= at,
                # The clock was set back.
                FactsRound.asked_at > at,
            ),
        )
        .order_by(Device.id)
    )
    return [asking.asked(device, keyring, seconds=SECONDS) for device in db.session.scalars(query)]


def record(device_id: int, told: facts.Facts | Failure, at: datetime) -> None:
    """Keep what came: a new record where something changed, else the last is seen again."""
    failed = isinstance(told, Failure)
    if not isinstance(told, Failure):
        _keep(device_id, told, at)
    # Spread over a sixth of the pause, so that many devices do not come due together.
    jitter = PAUSE / 6 * (device_id % 61) / 60
    said = {
        "next_at": at + (AGAIN if failed else PAUSE - jitter),
        "asked_at": at,
        "failure": told.message if isinstance(told, Failure) else None,
    }
    row = insert(FactsRound).values(device_id=device_id, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["device_id"], set_=said))


def _keep(device_id: int, told: facts.Facts, at: datetime) -> None:
    kept = facts.stable(told)
    passing = {name: value for name, value in told.items() if name not in kept}
    last = latest(device_id)
    # What was not told this time is not gone: a command may have been refused for once.
    if last is not None and {**last.facts, **kept} == last.facts:
        last.seen_at, last.passing = max(at, last.began_at), passing
        return
    whole = {**(last.facts if last is not None else {}), **kept}
    db.session.add(
        FactRecord(device_id=device_id, began_at=at, seen_at=at, facts=whole, passing=passing)
    )
    db.session.flush()


def latest(device_id: int) -> FactRecord | None:
    """What the device said last, if ever."""
    return db.session.scalar(
        sa.select(FactRecord)
        .where(FactRecord.device_id == device_id)
        .order_by(FactRecord.began_at.desc(), FactRecord.id.desc())
        .limit(1)
    )


def changes(device_id: int) -> list[Change]:
    """What changed, the newest first."""
    rows: Sequence[FactRecord] = db.session.scalars(
        sa.select(FactRecord)
        .where(FactRecord.device_id == device_id)
        .order_by(FactRecord.began_at.desc(), FactRecord.id.desc())
        .limit(HISTORY + 1)
    ).all()
    found: list[Change] = []
    for after, before in pairwise(rows):
        found += [
            Change(name, before.facts[name], value, after.began_at)
            for name, value in sorted(after.facts.items())
            if name in before.facts and before.facts[name] != value
        ]
    return found


def round_of(device_id: int) -> FactsRound | None:
    """When it was asked, and why that failed."""
    return db.session.get(FactsRound, device_id)


def ask_now(device: Device) -> None:
    """Have the device asked at the next turn of the clock, within a minute."""
    row = insert(FactsRound).values(device_id=device.id, next_at=None)
    db.session.execute(
        row.on_conflict_do_update(index_elements=["device_id"], set_={"next_at": None})
    )
