"""Steps that several tests of billing take."""

from datetime import UTC, datetime, timedelta

from billing.models import PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from rental import bookings, interruptions
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, UnitClass
from rental.period import Period
from tests import build

STARTS = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)


def asked(*codes: str, hours: float = 4, unit_class: UnitClass = UnitClass.OTHER) -> Booking:
    member = build.a_member(unit=build.a_unit(unit_class=unit_class))
    period = Period(STARTS, STARTS + timedelta(hours=hours))
    lines = [WantedLine(code, 1, period) for code in codes]
    wanted = RequestedBooking(member.unit, "Họp báo thường kỳ", EventKind.CONFERENCE, lines)
    return bookings.request(wanted, by=member)


def paid_by_transfer(minor: int, reference: str = "FT1") -> NewPayment:
    return NewPayment(PaymentMethod.TRANSFER, Money(minor), reference)


def interrupt(booking: Booking, number: int, start: float, end: float) -> None:
    """Minutes after the start of the booking's `number`th line."""
    line = booking.lines[number]
    interruptions.begin(
        line.resource, cause=f"outage:{start}", at=STARTS + timedelta(minutes=start)
    )
    interruptions.end(line.resource, cause=f"outage:{start}", at=STARTS + timedelta(minutes=end))
