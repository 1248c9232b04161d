"""What the tests of series ask for again and again."""

from datetime import timedelta

from rental import bookings, series
from rental.asking import RequestedBooking, WantedLine
from rental.models import (
    EventKind,
)
from rental.period import Period
from rental.series import RequestedSeries, Terms
from tests import build
from tests.build import TUESDAY

WEEK = timedelta(weeks=1)
TERMS = Terms()


def lines(*resources, starts_at=TUESDAY, hours=2):
    return [
        WantedLine(resource.code, 1, Period(starts_at, starts_at + timedelta(hours=hours)))
        for resource in resources
    ]


def ask(member, wanted, rrule="FREQ=WEEKLY;COUNT=6", **over):
    terms = over.pop("terms", TERMS)
    title = over.pop("title", "Giao ban báo chí")
    booking = RequestedBooking(member.unit, title, EventKind.CONFERENCE, wanted)
    return series.request(RequestedSeries(booking, rrule, **over), by=member, terms=terms)


def starts(held):
    return [booking.starts_at for booking in series.live(held)]


def weeks(*numbers, shift=timedelta()):
    return [TUESDAY + number * WEEK + shift for number in numbers]


def take(resource, starts_at, hours=2):
    other = build.a_member()
    wanted = lines(resource, starts_at=starts_at, hours=hours)
    return bookings.request(
        RequestedBooking(other.unit, "Có trước", EventKind.OTHER, wanted), by=other
    )
