"""Gear that should be back and is not counts as out: a closure follows the occupancy until it is.

One closure for each line and resource, cause `overdue:line:ID`, from the end of the occupancy to a
day from now; the round of every minute pushes it on while it lasts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import joinedload, selectinload

from config import clock
from config.database import db
from rental import availability, catalogue, closures, journal, occupancies
from rental.closures import NewClosure
from rental.models import (
    Booking,
    BookingStatus,
    Closure,
    ClosureKind,
    JournalEntry,
    Line,
    Movement,
    Occupancy,
    Resource,
    ResourceKind,
)
from rental.period import Period
from rental.signals import booking_overdue

CAUSE = "overdue:line:"
AHEAD = timedelta(hours=24)
# Pushed on once an hour, not once a minute.
PUSH_BELOW = timedelta(hours=23)
REMIND = timedelta(hours=24)
REASON = "Thiết bị chưa được trả đúng hạn"


@dataclass(frozen=True, slots=True)
class Late:
    """Pieces of one resource that one line still has out, and since when it should not."""

    line: Line
    resource: Resource
    quantity: int
    since: datetime


def sweep(limit: int = 200) -> list[Booking]:
    """Close what became overdue, push on what still is; gives the bookings to be told today."""
    now = clock.now()
    bookings = _lock_late(now, limit)
    if not bookings:
        return []
    lates = late_pieces([booking.id for booking in bookings])
    catalogue.lock(late.resource.id for late in lates)
    settle([line.id for booking in bookings for line in booking.lines])
    told = [booking for booking in bookings if not _told_since(booking, now - REMIND)]
    for booking in told:
        pieces = sum(late.quantity for late in lates if late.line.booking_id == booking.id)
        journal.record(booking, "overdue", by=None, pieces=pieces)
        # The instant of the entry is read again tomorrow: it is written now.
        db.session.flush()
        booking_overdue.send(booking)
    return told


def _lock_late(now: datetime, limit: int) -> list[Booking]:
    late = (
        sa.select(Line.booking_id)
        .join(Movement, Movement.line_id == Line.id)
        .where(Movement.returned_at.is_(None), Line.ends_at <= now)
    )
    return list(
        db.session.scalars(
            sa.select(Booking)
            .where(Booking.id.in_(late), Booking.status == BookingStatus.HANDED_OVER)
            .options(selectinload(Booking.lines).joinedload(Line.resource))
            .order_by(Booking.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Booking)
            .execution_options(populate_existing=True)
        )
    )


def late_pieces(booking_ids: Sequence[int] | None = None) -> list[Late]:
    """All that is overdue now, longest first; of these bookings only, if they are named."""
    rows = (
        sa.select(Movement.line_id, Movement.resource_id, sa.func.sum(Movement.quantity))
        .join(Line, Line.id == Movement.line_id)
        .join(Booking, Booking.id == Line.booking_id)
        .join(Resource, Resource.id == Movement.resource_id)
        .where(
            Movement.returned_at.is_(None),
            Line.ends_at <= clock.now(),
            Booking.status == BookingStatus.HANDED_OVER,
            Resource.kind == ResourceKind.EQUIPMENT,
        )
        .group_by(Movement.line_id, Movement.resource_id)
    )
    if booking_ids is not None:
        rows = rows.where(Line.booking_id.in_(booking_ids))
    found = list(db.session.execute(rows).tuples())
    lines = {
        line.id: line
        for line in db.session.scalars(
            sa.select(Line)
            .where(Line.id.in_({row[0] for row in found}))
            .options(joinedload(Line.booking))
        )
    }
    resources = {
        resource.id: resource
        for resource in db.session.scalars(
            sa.select(Resource).where(Resource.id.in_({row[1] for row in found}))
        )
    }
    lates = [
        Late(lines[line_id], resources[resource_id], quantity, lines[line_id].ends_at)
        for line_id, resource_id, quantity in found
    ]
    return sorted(lates, key=lambda late: (late.since, late.line.id, late.resource.id))


def settle(line_ids: Iterable[int]) -> None:
    """Make the closures of these lines say what is overdue now. Call it under their locks."""
    lines = sorted(set(line_ids))
    standing = _standing(lines)
    bookings = db.session.scalars(sa.select(Line.booking_id).where(Line.id.in_(lines))).all()
    for late in late_pieces(list(set(bookings))):
        if late.line.id not in lines:
            continue
        closure = standing.pop((late.resource.id, f"{CAUSE}{late.line.id}"), None)
        if closure is None:
            _close(late)
        else:
            _push(closure, late.quantity)
    for closure in standing.values():
        closures.reopen(closure)


def _standing(line_ids: Sequence[int]) -> dict[tuple[int, str], Closure]:
    causes = [f"{CAUSE}{line_id}" for line_id in line_ids]
    rows = db.session.scalars(
        sa.select(Closure).where(Closure.cause.in_(causes), Closure.reopened_at.is_(None))
    )
    return {(closure.resource_id, closure.cause or ""): closure for closure in rows}


def _close(late: Late) -> None:
    now = clock.now()
    starts_at = max(_held_until(late) or late.since, late.since)
    closures.close(
        late.resource,
        NewClosure(
            ClosureKind.OVERDUE,
            Period(starts_at, max(now, starts_at) + AHEAD),
            reason=f"{REASON} ({late.line.booking.reference}).",
            cause=f"{CAUSE}{late.line.id}",
            quantity=min(late.quantity, max(late.resource.stock, 1)),
        ),
    )


def _push(closure: Closure, quantity: int) -> None:
    now = clock.now()
    lower, upper = closure.during.lower, closure.during.upper
    if upper is not None and upper < now + PUSH_BELOW:
        closure.during = Range(lower, now + AHEAD, bounds="[)")
    if closure.quantity != quantity:
        closure.quantity = quantity
    db.session.flush()


def _held_until(late: Late) -> datetime | None:
    """The end of the occupancy, turnaround included."""
    held: datetime | None = db.session.scalar(
        sa.select(sa.func.max(sa.func.upper(Occupancy.during))).where(
            Occupancy.line_id == late.line.id, Occupancy.resource_id == late.resource.id
        )
    )
    return held


def _told_since(booking: Booking, since: datetime) -> bool:
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    JournalEntry.subject == "booking",
                    JournalEntry.subject_id == booking.id,
                    JournalEntry.verb == "overdue",
                    JournalEntry.at > since,
                )
            )
        )
    )


def endangered(late: Late, within: timedelta = timedelta(days=7)) -> list[Booking]:
    """The next bookings that would find too few pieces if these do not come back."""
    now = clock.now()
    span = Period(now, now + within)
    stock = late.resource.stock
    taken = occupancies.taken({late.resource.id: stock}, span)[late.resource.id]
    # As if they stayed away all week: the closure itself reaches a day ahead only.
    held = closures.find_open(late.resource, f"{CAUSE}{late.line.id}")
    begins = max(now, held.during.upper) if held is not None and held.during.upper else now
    if begins < span.ends_at:
        taken = [*taken, availability.Claim(begins, span.ends_at, late.quantity)]
    rows = db.session.execute(
        sa.select(Booking, sa.func.lower(Occupancy.during), sa.func.upper(Occupancy.during))
        .join(Line, Line.booking_id == Booking.id)
        .join(Occupancy, Occupancy.line_id == Line.id)
        .where(
            Occupancy.resource_id == late.resource.id,
            Occupancy.during.overlaps(Range(span.starts_at, span.ends_at, bounds="[)")),
            Booking.id != late.line.booking_id,
            Booking.status.in_((BookingStatus.REQUESTED, BookingStatus.CONFIRMED)),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    found: dict[int, Booking] = {}
    for booking, starts_at, ends_at in rows.tuples():
        wanted = Period(max(starts_at, now), ends_at)
        # Twice the stock, so that "nothing left" and "too few" do not look alike.
        spare = availability.free_stock(2 * stock, taken, wanted)
        if spare < stock:
            found.setdefault(booking.id, booking)
    return list(found.values())
