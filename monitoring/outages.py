"""Outages: opened at the first lost poll, closed at the first answer, one open a device.

An outage of a device that serves a resource, or whose ports alone hand out a circuit, begins an
interruption of it, and its end ends it. A device that never answered was not taken from anybody: it
has an outage and interrupts nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased, joinedload

from config import clock
from config.database import db
from monitoring.errors import OutageOver, UnknownOutage
from monitoring.models import AccessPort, Device, Outage, OutageCause
from monitoring.signals import outage_closed, outage_opened, outage_reassigned
from rental import interruptions, journal
from rental.models import Interruption, Member, Resource

# What the cause of an interruption begins with where an outage began it.
CAUSE = "outage:"


def open_(device: Device, began_at: datetime, evidence: dict[str, Any]) -> Outage:
    """Note that the device is unreachable since `began_at`; once, however often it is called."""
    blamed = ancestor_down(device)
    if blamed is not None:
        evidence = {**evidence, "parent": blamed.name}
    added = db.session.scalar(
        insert(Outage)
        .values(
            device_id=device.id,
            began_at=began_at,
            cause=OutageCause.PARENT if blamed else OutageCause.DEVICE,
            evidence=evidence,
        )
        .on_conflict_do_nothing(
            index_elements=["device_id"], index_where=sa.text("ended_at IS NULL")
        )
        .returning(Outage.id)
    )
    if added is None:
        return db.session.scalars(_open(device)).one()
    outage = get(added)
    if device.last_answer_at is not None:
        for resource in served(device):
            interruptions.begin(resource, cause=_cause(outage), at=began_at)
    outage_opened.send(outage)
    return outage


def served(device: Device) -> list[Resource]:
    """What renters lose with the device: what it is, and circuits that only its ports hand out."""
    elsewhere = aliased(AccessPort)
    handed = (
        sa.select(AccessPort.resource_id)
        .where(
            AccessPort.device_id == device.id,
            ~sa.exists().where(
                elsewhere.resource_id == AccessPort.resource_id, elsewhere.device_id != device.id
            ),
        )
        .scalar_subquery()
    )
    query = sa.select(Resource).where(
        sa.or_(Resource.id == device.resource_id, Resource.id.in_(handed))
    )
    return list(db.session.scalars(query.order_by(Resource.id)))


def close(outage: Outage, at: datetime) -> None:
    """Note that the device answers again since `at`; a second call changes nothing."""
    if outage.ended_at is not None:
        return
    outage.ended_at = max(at, outage.began_at)
    db.session.flush()
    # By the cause, not by the device: it may have been given another resource meanwhile.
    for resource in _interrupted(outage):
        interruptions.end(resource, cause=_cause(outage), at=outage.ended_at)
    outage_closed.send(outage)


def close_all(ended: Sequence[tuple[Outage, datetime]]) -> None:
    """Note that several devices answer again, each since its instant."""
    if ended:
        interruptions.lock_renters([_cause(o) for o, _ in ended], max(at for _, at in ended))
    for outage, at in ended:
        close(outage, at)


def acknowledge(outage: Outage, *, by: Member, note: str = "") -> None:
    """A person looks after it; raises OutageOver where the device answers again."""
    locked = db.session.execute(
        sa.select(Outage)
        .where(Outage.id == outage.id)
        .with_for_update(of=Outage)
        .execution_options(populate_existing=True)
    ).scalar_one()
    if locked.ended_at is not None:
        raise OutageOver
    locked.acknowledged_at, locked.acknowledged_by_id = clock.now(), by.id
    locked.note = note.strip() or None
    db.session.flush()
    journal.record(locked, "acknowledged", by=by, note=locked.note)


def reassign(device_ids: Iterable[int]) -> list[Outage]:
    """Blame the devices themselves whose parent is back while they are still down."""
    query = (
        sa.select(Outage)
        .where(
            Outage.device_id.in_(list(device_ids)),
            Outage.ended_at.is_(None),
            Outage.cause == OutageCause.PARENT,
        )
        .order_by(Outage.id)
    )
    changed = [o for o in db.session.scalars(query) if ancestor_down(o.device) is None]
    for outage in changed:
        outage.cause = OutageCause.DEVICE
        db.session.flush()
        outage_reassigned.send(outage)
    return changed


def ancestor_down(device: Device) -> Device | None:
    """The nearest device above that lost its last poll, so that this one cannot be judged."""
    above, seen = device.parent, {device.id}
    while above is not None and above.id not in seen:
        if above.is_enabled and (above.misses > 0 or find_open(above) is not None):
            return above
        seen.add(above.id)
        above = above.parent
    return None


def behind(found: Sequence[Interruption]) -> dict[int, Device]:
    """The device whose outage began each interruption, by the interruption's id."""
    query = (
        sa.select(Outage)
        .where(sa.literal(CAUSE).concat(sa.cast(Outage.id, sa.String)).in_(o.cause for o in found))
        .options(joinedload(Outage.device))
    )
    devices = {_cause(outage): outage.device for outage in db.session.scalars(query)}
    return {one.id: devices[one.cause] for one in found if one.cause in devices}


def _cause(outage: Outage) -> str:
    return f"{CAUSE}{outage.id}"


def _interrupted(outage: Outage) -> list[Resource]:
    query = (
        sa.select(Resource)
        .join(Interruption, Interruption.resource_id == Resource.id)
        .where(Interruption.cause == _cause(outage), Interruption.ended_at.is_(None))
        .order_by(Resource.id)
    )
    return list(db.session.scalars(query))


def _open(device: Device) -> sa.Select[tuple[Outage]]:
    return sa.select(Outage).where(Outage.device_id == device.id, Outage.ended_at.is_(None))


def find_open(device: Device) -> Outage | None:
    """The outage the device is in, if any."""
    return db.session.scalars(_open(device)).one_or_none()


def get(outage_id: int) -> Outage:
    """The outage of this id; raises UnknownOutage."""
    outage = db.session.get(Outage, outage_id)
    if outage is None:
        raise UnknownOutage
    return outage


def all_(
    *, open_only: bool = False, device: Device | None = None, limit: int = 200
) -> list[Outage]:
    """Outages, the newest first, with their devices loaded."""
    query = sa.select(Outage).options(joinedload(Outage.device)).order_by(Outage.began_at.desc())
    if open_only:
        query = query.where(Outage.ended_at.is_(None))
    if device is not None:
        query = query.where(Outage.device_id == device.id)
    return list(db.session.scalars(query.limit(limit)))
