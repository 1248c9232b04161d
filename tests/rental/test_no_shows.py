"""Nobody came: what is confirmed and not handed over is let go after a set time."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from rental import bookings, calendar
from rental.calendar import Search
from rental.models import BookingStatus, Movement
from tests import build
from tests.rental.test_bookings import ask, span

LIMIT = timedelta(minutes=120)


@pytest.fixture
def confirmed(house):
    hall = build.a_hall()
    booking = ask(build.a_member(), (hall, 1, span(0, 4)))
    bookings.confirm(booking, by=build.desk())
    return booking


@pytest.mark.parametrize(
    ("minutes", "released"),
    [
        (119, False),  # a minute is left to come
        (120, True),
    ],
)
def test_a_confirmed_booking_is_let_go_after_the_limit(confirmed, minutes, released):
    with clock.standing_at(span(0, 1).starts_at + timedelta(minutes=minutes)):
        found = bookings.no_show_overdue(LIMIT)
        again = bookings.no_show_overdue(LIMIT)
    assert (found, again) == ([confirmed] if released else [], [])
    assert (confirmed.status is BookingStatus.NO_SHOW) is released
    free = calendar.free(Search(span(3, 4)))
    assert bool(free) is released


def test_what_was_handed_over_even_in_part_stays(confirmed):
    line = confirmed.lines[0]
    db.session.add(Movement(line_id=line.id, resource_id=line.resource_id))
    db.session.flush()
    with clock.standing_at(span(3, 4).starts_at):
        assert bookings.no_show_overdue(LIMIT) == []


def test_a_request_waits_for_its_answer(house):
    ask(build.a_member(), (build.a_hall(), 1, span(0, 4)))
    with clock.standing_at(span(3, 4).starts_at):
        assert bookings.no_show_overdue(LIMIT) == []
