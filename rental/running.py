"""Until when what runs now uses a resource: nobody is cut off by what begins afterwards."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config.database import db
from rental.models import Booking, BookingStatus, Line, Movement, Occupancy, Resource

RUNNING = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)


def until(resource: Resource, quantity: int | None, at: datetime) -> datetime | None:
    """When so many pieces (None: all) are out of use, of what is used now; None where they are.

    A part is used with its whole. Only the time that was rented counts, and no turnaround.
    """
    uses = _uses(resource, at)
    left = resource.stock - sum(pieces for _ends_at, pieces in uses)
    wanted = resource.stock if quantity is None else quantity
    for ends_at, pieces in uses:
        if left >= wanted:
            break
        left += pieces
        if left >= wanted:
            return ends_at
    return None


def asset_until(asset_id: int, at: datetime) -> datetime | None:
    """Until when the booking that an asset went out on may use it; None where it is here or late.

    Who holds it beyond its time is told to bring it back, and nothing waits for that.
    """
    query = (
        sa.select(Line.ends_at)
        .join(Movement, Movement.line_id == Line.id)
        .where(Movement.asset_id == asset_id, Movement.returned_at.is_(None), Line.ends_at > at)
    )
    return db.session.scalar(query.limit(1))


def _uses(resource: Resource, at: datetime) -> list[tuple[datetime, int]]:
    """The end and pieces of each line in use, the first to end first."""
    query = (
        sa.select(Line.ends_at, Occupancy.quantity)
        .join(Occupancy, Occupancy.line_id == Line.id)
        .join(Booking, Booking.id == Line.booking_id)
        .where(
            Occupancy.resource_id == resource.id,
            Occupancy.during.overlaps(Range(at, at, bounds="[]")),
            Booking.status.in_(RUNNING),
            Line.starts_at <= at,
            Line.ends_at > at,
        )
        .order_by(Line.ends_at, Line.id)
    )
    return [(ends_at, pieces) for ends_at, pieces in db.session.execute(query).tuples()]
