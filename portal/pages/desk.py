"""The desk's queue: requests to answer, oldest first, with what stands in their way."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from portal.access import may
from rental import closures, hours
from rental.models import Booking, BookingStatus, Closure, Line
from rental.period import Period

pages = Blueprint("desk", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request, the closures that would refuse its confirmation, and whether it is after hours."""

    booking: Booking
    closures: list[Closure]
    is_outside: bool


def waiting() -> int:
    """How many requests wait for an answer."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Booking.id)).where(Booking.status == BookingStatus.REQUESTED)
        )
        or 0
    )


def requests(limit: int = 100) -> list[Waiting]:
    """The requests that wait, the soonest event first."""
    rows = db.session.scalars(
        sa.select(Booking)
        .where(Booking.status == BookingStatus.REQUESTED)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
    )
    return [
        Waiting(booking, _in_the_way(booking), bool(hours.lines_outside(booking.lines)))
        for booking in rows.unique()
    ]


def _in_the_way(booking: Booking) -> list[Closure]:
    found = closures.standing(
        [line.resource_id for line in booking.lines], Period(booking.starts_at, booking.ends_at)
    )
    return [closure for closure in found if closure.quantity is None]


@pages.get("")
@may("confirm bookings")
def queue() -> str:
    """Every request that waits, to be confirmed or declined on the spot."""
    return render_template("desk/queue.html", requests=requests(), now=clock.now())
