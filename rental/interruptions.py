"""What renters were deprived of: begun and ended by the floors that measure it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import joinedload

from config.database import db
from rental.models import Booking, BookingStatus, Interruption, Line, Occupancy, Resource
from rental.period import Period
from rental.signals import rental_interrupted

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
