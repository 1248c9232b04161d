"""What tests of the counter stand on: gear with tags, and bookings that may fetch it."""

from datetime import timedelta

from config import clock
from config.database import db
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.counting import Piece
from rental.models import Asset, Booking, EventKind, Member, Resource
from rental.period import Period
from tests import build
from tests.build import TUESDAY

START = TUESDAY
END = TUESDAY + timedelta(hours=4)


def tagged(prefix: str, number: int, **over: object) -> Resource:
    """Equipment with so many assets: CAM-1, CAM-2 …"""
    resource = build.equipment(code=prefix, stock=number, **over)
    db.session.add_all(Asset(resource=resource, tag=f"{prefix}-{n}") for n in range(1, number + 1))
    db.session.flush()
    return resource


def confirmed(
    desk: Member, *lines: tuple[Resource, int], hours: tuple[float, float] = (0, 4)
) -> Booking:
    """A confirmed booking of a unit of its own."""
    member = build.a_member()
    period = Period(TUESDAY + timedelta(hours=hours[0]), TUESDAY + timedelta(hours=hours[1]))
    wanted = RequestedBooking(
        member.unit,
        "Họp báo",
        EventKind.CONFERENCE,
        [WantedLine(resource.code, quantity, period) for resource, quantity in lines],
    )
    with clock.standing_at(TUESDAY - timedelta(days=2)):
        booking = bookings.request(wanted, by=member)
        bookings.confirm(booking, by=desk)
    return booking


def scan(*tags: str, **over: object) -> list[Piece]:
    """These tags, scanned one after the other."""
    return [Piece(tag=tag, **over) for tag in tags]


def refused(outcomes: list) -> list[str]:
    """The names of the refusals, nothing where a piece went."""
    return [type(one.refusal).__name__ for one in outcomes if one.refusal is not None]
