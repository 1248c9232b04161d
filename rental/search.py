"""Finding bookings: by unit, state, time and words, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
    # Only what ends at this instant or later.
    ends_after: datetime | None = None


def bookings(sought: Sought, *, limit: int = 50, offset: int = 0) -> tuple[list[Booking], int]:
    """One page, the newest request first, with lines and resources; and how many there are."""
    ids = narrowed(sought)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0
    if offset >= total:
        return [], total
    page = db.session.scalars(
        sa.select(Booking)
        .where(Booking.id.in_(ids))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(page), total


def narrowed(sought: Sought) -> sa.Select[tuple[int]]:
    """The ids of the bookings sought, for whoever selects more of them."""
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
    if sought.ends_after is not None:
        query = query.where(Booking.ends_at >= sought.ends_after)
    if sought.resource is not None:
        lines = sa.select(Line.booking_id).join(Resource).where(Resource.code == sought.resource)
        query = query.where(Booking.id.in_(lines))
    if sought.q and sought.q.strip():
        words = sought.q.strip()
        query = query.where(
            sa.or_(
                Booking.title.icontains(words, autoescape=True),
                Booking.reference == references.canonical(words),
                Booking.reference.icontains(words, autoescape=True),
            )
        )
    return query
