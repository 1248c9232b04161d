"""Services: one piece is taken off the calendar, looked after, and put back; the history of it.

A running service closes one piece by a closure with the cause `service:ID`. What turns out to be
broken goes on as a repair, so that it is never on the calendar in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import asking, catalogue, closures, journal, shelves
from rental.closures import NewClosure
from rental.errors import AlreadyOut, BadService, InService, ServiceOver, UnknownService
from rental.models import (
    Asset,
    AssetCondition,
    Closure,
    ClosureKind,
    MaintenancePlan,
    Member,
    Resource,
    ServiceKind,
    ServiceRecord,
)
from rental.period import Period

CAUSE = "service:"
# Renters read why something is closed; what staff note about it they do not.
REASONS = {
    ServiceKind.MAINTENANCE: "Bảo trì",
    ServiceKind.INSPECTION: "Kiểm tra kỹ thuật",
    ServiceKind.REPAIR: "Sửa chữa",
}
LONGEST_NOTE = 2000
# A service that lasts longer than was thought stays off the calendar a day at a time.
AHEAD = timedelta(hours=24)
PUSH_BELOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewService:
    """What begins: on which resource or asset, by which plan, until when it is thought to last."""

    resource: Resource
    kind: ServiceKind = ServiceKind.MAINTENANCE
    asset: Asset | None = None
    plan: MaintenancePlan | None = None
    until: datetime | None = None
    note: str | None = None


def begin(new: NewService, *, by: Member | None) -> ServiceRecord:
    """Take one piece off the calendar and note who looks after it, from now on.

    Raises InService where it is being looked after already, AlreadyOut where the asset is with a
    renter, BadService for what cannot be looked after, BadPeriod for an end in the past.
    """
    note = _note(new.note)
    catalogue.lock([new.resource.id])
    if new.asset is not None:
        db.session.refresh(new.asset)
        _require_here(new.asset, new.resource)
    _require_idle(new)
    now = clock.now()
    record = ServiceRecord(
        resource=new.resource,
        asset=new.asset,
        plan=new.plan,
        kind=new.kind,
        began_at=now,
        note=note,
        member=by,
    )
    db.session.add(record)
    db.session.flush()
    during = Period(now, new.until) if new.until is not None else now
    record.closure = closures.close(
        new.resource,
        NewClosure(
            ClosureKind.MAINTENANCE,
            during,
            reason=_reason(new),
            cause=f"{CAUSE}{record.id}",
            quantity=1 if new.resource.stock > 1 else None,
        ),
        by=by,
    )
    db.session.flush()
    journal.record(record, "service_begun", by=by, reason=_reason(new), reference=_of(record))
    return record


def _note(text: str | None) -> str | None:
    note = asking.text(text)
    if len(note or "") > LONGEST_NOTE:
        raise BadService("A note has {most} characters at most; shorten it.", most=LONGEST_NOTE)
    return note


def _reason(new: NewService) -> str:
    what = f": {new.plan.title}" if new.plan is not None else ""
    tag = f" ({new.asset.tag})" if new.asset is not None else ""
    return f"{REASONS[new.kind]}{what}{tag}."


def _of(record: ServiceRecord) -> str:
    return record.asset.tag if record.asset is not None else record.resource.code


def _require_here(asset: Asset, resource: Resource) -> None:
    if asset.resource_id != resource.id:
        raise BadService(
            "{tag} is not an asset of {resource}; choose one that is.",
            tag=asset.tag,
            resource=resource.code,
        )
    if asset.condition is AssetCondition.LOST:
        raise BadService("{tag} is marked lost; say that it was found first.", tag=asset.tag)
    if (movement := shelves.out_by_asset([asset.id]).get(asset.id)) is not None:
        raise AlreadyOut(
            "{tag} is out on {booking}; begin when it is back.",
            tag=asset.tag,
            booking=movement.line.booking.reference,
        )


def _require_idle(new: NewService) -> None:
    """One service of a plan and of an asset at a time; of a pool, no more than there are pieces."""
    going = running(new.resource)
    same_plan = new.plan is not None and any(one.plan_id == new.plan.id for one in going)
    same_asset = new.asset is not None and any(one.asset_id == new.asset.id for one in going)
    if same_plan or same_asset or len(going) >= max(new.resource.stock, 1):
        raise InService(
            "{resource} is being looked after already; finish that first.",
            resource=new.asset.tag if new.asset is not None else new.resource.code,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a service ended: what was done, and in what state the piece is now."""

    condition: AssetCondition = AssetCondition.GOOD
    note: str | None = None


def finish(record: ServiceRecord, outcome: Outcome, *, by: Member | None) -> ServiceRecord | None:
    """End a service: the piece is back on the calendar, the plan falls due anew from today.

    What is found damaged is not back: a repair begins at once, and is given back. Raises
    ServiceOver where somebody has ended it, BadService for a piece that is said to be lost.
    """
    if outcome.condition is AssetCondition.LOST:
        raise BadService("What is lost cannot be finished; report the loss at the counter.")
    note = _note(outcome.note)
    _lock(record)
    record.ended_at = clock.now()
    if note:
        record.note = _note(f"{record.note}\n{note}" if record.note else note)
    if record.plan is not None:
        today = clock.today(record.resource.site.tzinfo)
        record.plan.next_due_on = today + timedelta(days=record.plan.every_days)
    if record.asset is not None:
        record.asset.condition = outcome.condition
    db.session.flush()
    journal.record(
        record,
        "service_finished",
        by=by,
        state=outcome.condition.value,
        reference=_of(record),
        reason=note or "",
    )
    _reopen(record, by)
    if outcome.condition is not AssetCondition.DAMAGED:
        return None
    return begin(NewService(record.resource, ServiceKind.REPAIR, record.asset, note=note), by=by)


def drop(record: ServiceRecord, *, by: Member | None) -> None:
    """It was begun by mistake: the piece is back, the plan stands as before; the journal knows.

    Raises ServiceOver where it has ended.
    """
    _lock(record)
    journal.record(record, "service_dropped", by=by, reference=_of(record))
    _reopen(record, by)
    db.session.delete(record)
    db.session.flush()


def _lock(record: ServiceRecord) -> None:
    catalogue.lock([record.resource_id])
    live = db.session.scalar(
        sa.select(ServiceRecord)
        .where(ServiceRecord.id == record.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if live is None or live.ended_at is not None:
        raise ServiceOver


def _reopen(record: ServiceRecord, by: Member | None) -> None:
    if record.closure is not None:
        closures.reopen(record.closure, by=by)


def get(record_id: int) -> ServiceRecord:
    """The service of this number; raises UnknownService."""
    record = db.session.get(ServiceRecord, record_id)
    if record is None:
        raise UnknownService
    return record


def running(resource: Resource | None = None) -> list[ServiceRecord]:
    """What is being looked after now, longest first; of one resource, or all."""
    query = sa.select(ServiceRecord).where(ServiceRecord.ended_at.is_(None)).options(*_WHOLE)
    if resource is not None:
        query = query.where(ServiceRecord.resource_id == resource.id)
    return list(db.session.scalars(query.order_by(ServiceRecord.began_at, ServiceRecord.id)))


_WHOLE = (
    joinedload(ServiceRecord.resource),
    joinedload(ServiceRecord.asset),
    joinedload(ServiceRecord.plan),
    joinedload(ServiceRecord.closure),
    joinedload(ServiceRecord.member),
)


def history(
    resource: Resource | None = None, asset: Asset | None = None
) -> sa.Select[tuple[ServiceRecord]]:
    """What was done, newest first: to one asset, to a resource with all its assets, or to all."""
    query = sa.select(ServiceRecord).options(*_WHOLE)
    if resource is not None:
        query = query.where(ServiceRecord.resource_id == resource.id)
    if asset is not None:
        query = query.where(ServiceRecord.asset_id == asset.id)
    return query.order_by(ServiceRecord.began_at.desc(), ServiceRecord.id.desc())


def keep_closed(limit: int = 200) -> int:
    """Push on the closures of services that last longer than was thought; how many there were."""
    now = clock.now()
    late = list(
        db.session.scalars(
            sa.select(ServiceRecord)
            .join(Closure, Closure.id == ServiceRecord.closure_id)
            .where(
                ServiceRecord.ended_at.is_(None),
                Closure.reopened_at.is_(None),
                sa.func.upper(Closure.during) < now + PUSH_BELOW,
            )
            .order_by(ServiceRecord.resource_id)
            .limit(limit)
        )
    )
    catalogue.lock(record.resource_id for record in late)
    pushed = 0
    for record in late:
        closure = record.closure
        if closure is None:
            continue
        # Whoever ended it meanwhile did so under the same lock.
        db.session.refresh(closure)
        if closure.reopened_at is None and closure.during is not None:
            closure.during = Range(closure.during.lower, now + AHEAD, bounds="[)")
            pushed += 1
    db.session.flush()
    return pushed
