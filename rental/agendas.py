"""What lies in somebody's calendar: the events of a member, a unit, the house, or a resource.

Bounded: from a day to a day, and never more than `MOST` of them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from config.database import db
from rental.models import Booking, Line, Occupancy, Resource
from rental.period import Period

MOST = 2000


def _within(period: Period) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return Booking.starts_at < period.ends_at, Booking.ends_at > period.starts_at


def of_member(member_id: int, period: Period) -> list[Booking]:
    """The bookings this member asked for, soonest first."""
    return _bookings(Booking.member_id == member_id, period)


def of_unit(unit_id: int, period: Period) -> list[Booking]:
    """The bookings of a unit, soonest first."""
    return _bookings(Booking.unit_id == unit_id, period)


def of_house(period: Period) -> list[Booking]:
    """Every unit's bookings, soonest first."""
    return _bookings(sa.true(), period)


def _bookings(whose: sa.ColumnElement[bool], period: Period) -> list[Booking]:
    found: Sequence[Booking] = db.session.scalars(
        sa.select(Booking)
        .where(whose, *_within(period))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        # The newest first, where there are too many: what lies ahead matters more.
        .order_by(Booking.starts_at.desc(), Booking.id)
        .limit(MOST)
    ).all()
    return list(reversed(found))


def of_resource(resource: Resource, period: Period) -> list[Line]:
    """The lines that take this resource, also as a part of another; each with its booking."""
    during = Range(period.starts_at, period.ends_at, bounds="[)")
    own = sa.select(Line.id).where(
        Line.resource_id == resource.id,
        Line.starts_at < period.ends_at,
        Line.ends_at > period.starts_at,
    )
    taking = sa.select(Occupancy.line_id).where(
        Occupancy.resource_id == resource.id, Occupancy.during.overlaps(during)
    )
    found: Sequence[Line] = (
        db.session.scalars(
            sa.select(Line)
            .join(Booking)
            .where(Line.id.in_(sa.union(own, taking)))
            .options(
                contains_eager(Line.booking).joinedload(Booking.unit),
                joinedload(Line.resource),
            )
            .order_by(Line.starts_at.desc(), Line.id)
            .limit(MOST)
        )
        .unique()
        .all()
    )
    return list(reversed(found))
