"""Finding bookings: by unit, state, time and words, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import references
from config.database import db
from rental.models import Booking, BookingStatus, Line, Resource, Unit
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list of bookings is narrowed to; None narrows nothing."""

    unit_id: int | None = None
    unit: str | None = None
    statuses: Sequence[BookingStatus] = ()
    period: Period | None = None
    resource: str | None = None
    q: str | None = None


def bookings(sought: Sought, *, limit: int = 50, offset: int = 0) -> tuple[list[Booking], int]:
    """One page, the newest request first, with lines and resources; and how many there are."""
    narrowed = _narrowed(sought)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(narrowed.subquery())) or 0
    if offset >= total:
        return [], total
    page = db.session.scalars(
        sa.select(Booking)
        .where(Booking.id.in_(narrowed))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(page), total


def _narrowed(sought: Sought) -> sa.Select[tuple[int]]:
    query = sa.select(Booking.id)
    if sought.unit_id is not None:
        query = query.where(Booking.unit_id == sought.unit_id)
    if sought.unit is not None:
        query = query.where(
            Booking.unit_id == sa.select(Unit.id).where(Unit.slug == sought.unit).scalar_subquery()
        )
    if sought.statuses:
        query = query.where(Booking.status.in_(sought.statuses))
    if sought.period is not None:
        query = query.where(
            Booking.starts_at < sought.period.ends_at, Booking.ends_at > sought.period.starts_at
        )
    if sought.resource is not None:
        lines = sa.select(Line.booking_id).join(Resource).where(Resource.code == sought.resource)
        query = query.where(Booking.id.in_(lines))
    if sought.q and sought.q.strip():
        words = sought.q.strip()
        query = query.where(
            sa.or_(
                Booking.title.icontains(words, autoescape=True),
                Booking.reference == references.canonical(words),
            )
        )
    return query
