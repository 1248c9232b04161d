"""What renters were deprived of: begun and ended by the floors that measure it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import journal
from rental.errors import BadJudgement, UnknownInterruption
from rental.models import (
    Booking,
    BookingStatus,
    Closure,
    ClosureKind,
    Interruption,
    InterruptionFault,
    Line,
    Member,
    Occupancy,
    Resource,
)
from rental.period import Period
from rental.signals import interruption_judged, rental_interrupted

# Promised and used, or used and given back: a request that nobody confirmed is owed nothing.
OWED = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)


def begin(resource: Resource, *, cause: str, at: datetime) -> Interruption:
    """Note that renters of `resource` go without from `at` on; once for one cause."""
    db.session.execute(
        insert(Interruption)
        .values(resource_id=resource.id, cause=cause, began_at=at)
        .on_conflict_do_nothing(
            index_elements=["resource_id", "cause"],
            index_where=sa.text("ended_at IS NULL"),
        )
    )
    return db.session.execute(_open(resource, cause)).scalar_one()


def end(resource: Resource, *, cause: str, at: datetime) -> None:
    """Note that the renters have it back, and say `rental_interrupted` for each line affected.

    Without an open interruption of this cause nothing happens: a second call is harmless.
    """
    lock_renters([cause], at)
    interruption = db.session.execute(_open(resource, cause).with_for_update()).scalar_one_or_none()
    if interruption is None:
        return
    interruption.ended_at = max(at, interruption.began_at)
    db.session.flush()
    if interruption.ended_at == interruption.began_at:
        return
    span = Period(interruption.began_at, interruption.ended_at)
    for line, period in deprived(resource, span):
        rental_interrupted.send(line.booking, line=line, interruption=interruption, period=period)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whose doing an interruption was, and how one knows."""

    fault: InterruptionFault
    reason: str


def judge(interruption: Interruption, word: Judgement, *, by: Member) -> None:
    """Write down whose doing it was; what it gave back is reckoned anew by who listens.

    Raises BadJudgement without a reason. The same word again changes nothing.
    """
    reason = " ".join(word.reason.split())[:500]
    if not reason:
        raise BadJudgement
    _lock_touched(interruption)
    found = db.session.execute(
        sa.select(Interruption)
        .where(Interruption.id == interruption.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    was = found.fault
    if (was, found.fault_reason) == (word.fault, reason):
        return
    found.fault, found.fault_reason, found.judged_at = word.fault, reason, clock.now()
    db.session.flush()
    journal.record(found, "judged", by=by, fault=word.fault.value, was=was.value, reason=reason)
    if was is not word.fault:
        interruption_judged.send(found, was=was)


def get(interruption_id: int) -> Interruption:
    """The interruption of this id; raises UnknownInterruption."""
    found = db.session.get(Interruption, interruption_id)
    if found is None:
        raise UnknownInterruption
    return found


def listed(fault: InterruptionFault | None = None) -> sa.Select[tuple[Interruption]]:
    """The interruptions, all or those of one fault, the newest first."""
    query = sa.select(Interruption).options(joinedload(Interruption.resource))
    if fault is not None:
        query = query.where(Interruption.fault == fault)
    return query.order_by(Interruption.began_at.desc(), Interruption.id.desc())


def announced(resource_id: int, span: Period, notice: timedelta) -> list[Period]:
    """When the resource was closed for maintenance, of what was announced so long before."""
    rows = db.session.scalars(
        sa.select(Closure).where(
            Closure.resource_id == resource_id,
            Closure.kind == ClosureKind.MAINTENANCE,
            Closure.during.overlaps(Range(span.starts_at, span.ends_at, bounds="[)")),
            Closure.closed_at <= sa.func.lower(Closure.during) - notice,
        )
    )
    found: list[Period] = []
    for closure in rows:
        starts_at = closure.during.lower or span.starts_at
        until = [at for at in (closure.during.upper, closure.reopened_at) if at is not None]
        ends_at = min(until, default=span.ends_at)
        if starts_at < ends_at:
            overlap = Period(starts_at, ends_at).overlap(span)
            if overlap is not None:
                found.append(overlap)
    return sorted(found)


def _lock_touched(interruption: Interruption) -> None:
    """Lock the bookings whose lines it touched, in id order, as `lock_renters` does."""
    until = interruption.ended_at or clock.now()
    touched = (
        sa.select(Line.booking_id)
        .join(Occupancy, Occupancy.line_id == Line.id)
        .where(
            Occupancy.resource_id == interruption.resource_id,
            sa.func.lower(Occupancy.during) < until,
            sa.func.upper(Occupancy.during) > interruption.began_at,
        )
    )
    db.session.execute(
        sa.select(Booking.id)
        .where(Booking.id.in_(touched))
        .order_by(Booking.id)
        .with_for_update(of=Booking)
    ).all()


def lock_renters(causes: Sequence[str], until: datetime) -> None:
    """Lock the bookings that open interruptions of these causes touch until then, in id order.

    Whoever ends several interruptions in one transaction takes these locks before the first end:
    once a credit note has its number, a booking that a colleague holds is a deadlock.
    """
    touched = (
        sa.select(Line.booking_id)
        .join(Occupancy, Occupancy.line_id == Line.id)
        .join(Interruption, Interruption.resource_id == Occupancy.resource_id)
        .where(
            Interruption.cause.in_(causes),
            Interruption.ended_at.is_(None),
            sa.func.lower(Occupancy.during) < until,
            sa.func.upper(Occupancy.during) > Interruption.began_at,
        )
    )
    db.session.execute(
        sa.select(Booking.id)
        .where(Booking.id.in_(touched))
        .order_by(Booking.id)
        .with_for_update(of=Booking)
    ).all()


def _open(resource: Resource, cause: str) -> sa.Select[tuple[Interruption]]:
    return sa.select(Interruption).where(
        Interruption.resource_id == resource.id,
        Interruption.cause == cause,
        Interruption.ended_at.is_(None),
    )


def deprived(resource: Resource, span: Period) -> list[tuple[Line, Period]]:
    """The lines that rent `resource`, itself or inside a kit, with the overlap with `span`."""
    rows = db.session.execute(
        sa.select(Line, sa.func.upper(Occupancy.during))
        .join(Occupancy, Occupancy.line_id == Line.id)
        .join(Booking, Booking.id == Line.booking_id)
        .where(
            Occupancy.resource_id == resource.id,
            Occupancy.during.overlaps(Range(span.starts_at, span.ends_at, bounds="[)")),
            Booking.status.in_(OWED),
        )
        .options(joinedload(Line.booking), joinedload(Line.resource))
        .order_by(Line.id)
        # The line as it is under the lock, not as it was read before.
        .execution_options(populate_existing=True)
    )
    found: list[tuple[Line, Period]] = []
    for line, held_until in rows:
        # Turnaround is not rented time, and what was returned early is no longer missed.
        until = min(line.ends_at, held_until)
        if line.starts_at < until:
            overlap = Period(line.starts_at, until).overlap(span)
            if overlap is not None:
                found.append((line, overlap))
    return found


def running(resource_ids: set[int]) -> list[Interruption]:
    """The interruptions that have not ended yet on any of these resources."""
    return list(
        db.session.scalars(
            sa.select(Interruption).where(
                Interruption.resource_id.in_(resource_ids), Interruption.ended_at.is_(None)
            )
        )
    )
