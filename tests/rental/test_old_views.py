"""A page is read, a colleague changes the booking, the page is sent: what counts is what is now."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from billing import reactions
from billing.models import Charge
from config.database import db, transaction
from rental import bookings, units
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.errors import BadBooking
from rental.models import Booking, EventKind, Line, Occupancy, Role
from rental.period import Period
from tests import build
from tests.build import TUESDAY

MORNING = Period(TUESDAY, TUESDAY + timedelta(hours=4))


@pytest.fixture
def request_of_one(house):
    """One camera of seven is asked for; the desk and the unit both look at it."""
    reactions.subscribe()
    with transaction():
        site = build.a_site()
        build.equipment(site=site, code="CAM", tariff="camera")
        build.a_hall(site=site, code="H100")
        member = build.a_member(email="unit@example.com")
        centre = build.a_unit(is_centre=True)
        build.a_member(email="desk@example.com", unit=centre, role=Role.DESK)
        lines = [WantedLine("CAM", 1, MORNING)]
        wanted = RequestedBooking(member.unit, "Họp báo", EventKind.CONFERENCE, lines)
        return bookings.request(wanted, by=member).reference


def meanwhile(house, reference, email, *lines):
    """A colleague changes the lines and commits, in a session of its own."""

    def change():
        with house.app_context(), transaction():
            changes = Changes(lines=list(lines))
            bookings.change(bookings.get(reference), changes, by=units.member_by_email(email))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(change).result()


@pytest.mark.parametrize(
    "lines",
    [
        [WantedLine("CAM", 5, MORNING)],  # the same line, for more
        [WantedLine("H100", 1, MORNING)],  # another thing: the old line is gone
        [WantedLine("CAM", 1, MORNING), WantedLine("H100", 1, MORNING)],  # one thing more
    ],
    ids=["more pieces", "another thing", "one thing more"],
)
def test_a_confirmation_charges_what_the_booking_holds_now(house, request_of_one, lines):
    seen = bookings.get(request_of_one)
    assert [line.quantity for line in seen.lines] == [1]
    meanwhile(house, request_of_one, "unit@example.com", *lines)

    with transaction():
        bookings.confirm(seen, by=units.member_by_email("desk@example.com"))

    held = set(db.session.execute(sa.select(Occupancy.line_id, Occupancy.quantity)).tuples())
    now = set(db.session.execute(sa.select(Line.id, Line.quantity)).tuples())
    charged = db.session.scalars(sa.select(Charge).where(Charge.reversed_at.is_(None))).all()
    assert held == now
    assert {charge.line_id for charge in charged} == {line_id for line_id, _ in now}
    assert sum(charge.amount_minor for charge in charged) == _price_of(lines)


def _price_of(lines):
    each = {"CAM": 1_200_000, "H100": 9_000_000}
    return sum(each[line.resource] * line.quantity for line in lines)


def test_a_change_starts_from_the_lines_as_they_are(house, request_of_one):
    seen = bookings.get(request_of_one)
    assert len(seen.lines) == 1
    meanwhile(house, request_of_one, "unit@example.com", WantedLine("H100", 1, MORNING))

    with transaction():
        changes = Changes(lines=[WantedLine("CAM", 2, MORNING)])
        bookings.change(seen, changes, by=units.member_by_email("desk@example.com"))

    assert db.session.scalars(sa.select(Line.quantity)).all() == [2]
    assert db.session.scalars(sa.select(Occupancy.quantity)).all() == [2]


def test_nobody_came_is_not_said_of_an_event_that_was_put_off(house, request_of_one):
    desk = units.member_by_email("desk@example.com")
    with transaction():
        bookings.confirm(bookings.get(request_of_one), by=desk)
        db.session.execute(sa.update(Booking).values(starts_at=TUESDAY - timedelta(days=9000)))
    seen = bookings.get(request_of_one)
    meanwhile(house, request_of_one, "desk@example.com", WantedLine("CAM", 2, MORNING))
    with pytest.raises(BadBooking), transaction():
        bookings.no_show(seen, by=units.member_by_email("desk@example.com"))
