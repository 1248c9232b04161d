"""An equal model that stands in for what was booked: the stock taken follows what really went."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config import clock
from config.database import db
from rental import occupancies
from rental.counting import Need
from rental.models import Booking, Line, Occupancy, Resource, ResourceKind
from rental.occupancies import Wanted
from rental.period import Period


def is_equal(one: Resource, other: Resource) -> bool:
    """Whether one model may stand in for the other: equipment of one category.

    Where both are priced by a rate of their own, it is the same rate: an encoder is no camera.
    """
    rates = {one.tariff, other.tariff} - {None}
    return (
        len(rates) < 2
        and one.kind is other.kind is ResourceKind.EQUIPMENT
        and one.category is not None
        and one.category == other.category
    )


def take(booking: Booking, need: Need, resource: Resource) -> None:
    """Move one piece of the occupancy from what was booked to `resource`, both locked.

    Raises ResourceUnavailable where the stand-in is promised to somebody else until the line ends.
    """
    line = next(line for line in booking.lines if line.id == need.line_id)
    now = clock.now()
    until = _held_until(line, need.resource_id)
    period = Period(now, until) if now < until else None
    if period is not None:
        occupancies.require_free([Wanted(0, resource.id, 1, period)])
    _give_up_one(line, need.resource_id, now)
    if period is not None:
        db.session.add(
            Occupancy(
                resource_id=resource.id,
                line_id=line.id,
                quantity=1,
                during=Range(period.starts_at, period.ends_at, bounds="[)"),
            )
        )
    db.session.flush()


def _held_until(line: Line, resource_id: int) -> datetime:
    held = db.session.scalar(
        sa.select(sa.func.max(sa.func.upper(Occupancy.during))).where(
            Occupancy.line_id == line.id, Occupancy.resource_id == resource_id
        )
    )
    return held or line.ends_at


def _give_up_one(line: Line, resource_id: int, at: datetime) -> None:
    """One piece less of what was booked, by an update: the guard lets stock go at any time."""
    row = db.session.scalar(
        sa.select(Occupancy)
        .where(
            Occupancy.line_id == line.id,
            Occupancy.resource_id == resource_id,
            sa.func.upper(Occupancy.during) > at,
        )
        .order_by(Occupancy.id)
        .limit(1)
    )
    if row is None:
        return
    if row.quantity > 1:
        row.quantity -= 1
    elif row.during.lower is not None and row.during.lower < at:
        row.during = Range(row.during.lower, at, bounds="[)")
    else:
        db.session.delete(row)
    db.session.flush()
