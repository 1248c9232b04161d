"""What should be back and is not, and whom that endangers."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, render_template

from config import clock
from config.database import db
from portal.access import may
from rental import overdue
from rental.models import Booking, BookingStatus, Line, Movement
from rental.overdue import Late

pages = Blueprint("overdue", __name__, url_prefix="/desk/overdue")


@dataclass(frozen=True, slots=True)
class Missed:
    """Late pieces, and the next bookings that would find too few."""

    late: Late
    endangered: list[Booking]


def count() -> int:
    """How many bookings have gear out beyond its time."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(sa.distinct(Line.booking_id)))
            .join(Movement, Movement.line_id == Line.id)
            .join(Booking, Booking.id == Line.booking_id)
            .where(
                Movement.returned_at.is_(None),
                Line.ends_at <= clock.now(),
                Booking.status == BookingStatus.HANDED_OVER,
            )
        )
        or 0
    )


@pages.get("")
@may("return bookings")
def show() -> str:
    """The longest overdue first."""
    missed = [Missed(late, overdue.endangered(late)) for late in overdue.late_pieces()]
    return render_template("counter/overdue.html", missed=missed)
