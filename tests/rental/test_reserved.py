"""Dates kept for some units: they book as ever, all others are refused by name."""

import pytest

from rental import bookings, calendar, closures
from rental.asking import Changes, WantedLine
from rental.errors import BadResource, ReservedForOthers
from rental.models import BookingStatus, ClosureKind, Part
from tests import build
from tests.rental.claims import MORNING, at, held, lines, requested, waiting


@pytest.fixture
def hall(house):
    return build.a_hall()


@pytest.fixture
def friend(house):
    return build.a_member()


@pytest.fixture
def reserved(hall, friend):
    return closures.reserve(hall, MORNING, "Tuần lễ đối ngoại", [friend.unit])


def test_others_are_refused_and_read_why(hall, reserved):
    with pytest.raises(ReservedForOthers) as refused:
        requested(build.a_member(), hall, period=at(1, 2))
    assert "(Tuần lễ đối ngoại)" in refused.value.message
    assert refused.value.details["resource"] == hall.code


def test_the_units_it_is_kept_for_book_and_are_confirmed(hall, reserved, friend):
    booking = requested(friend, hall)
    bookings.confirm(booking, by=build.desk())
    assert booking.status is BookingStatus.CONFIRMED


def test_it_takes_no_stock(hall, friend):
    before = calendar.segments([hall], MORNING)[hall.id][0].free
    closures.reserve(hall, MORNING, "Lý do", [friend.unit])
    assert calendar.segments([hall], MORNING)[hall.id][0].free == before


@pytest.mark.parametrize(
    ("hours", "is_refused"),
    [
        ((-2, 0), False),  # ends when it begins
        ((3, 5), False),  # begins when it ends
        ((-1, 1), True),
        ((2, 4), True),
        ((-1, 5), True),
    ],
)
def test_it_covers_its_hours_and_no_more(hall, reserved, hours, is_refused):
    member = build.a_member()
    if is_refused:
        with pytest.raises(ReservedForOthers):
            requested(member, hall, period=at(*hours))
    else:
        requested(member, hall, period=at(*hours))


def test_it_stands_in_the_way_of_holds_waiting_and_changes(hall, friend):
    member = build.a_member()
    booking = requested(member, hall, period=at(5, 6))
    closures.reserve(hall, MORNING, "Lý do", [friend.unit])
    requested(friend, hall)
    for deed in (
        lambda: held(member, hall),
        lambda: waiting(member, hall),
        lambda: bookings.change(booking, Changes(lines=lines(hall, period=at(2, 4))), by=member),
    ):
        with pytest.raises(ReservedForOthers):
            deed()


def test_a_room_that_is_kept_keeps_the_combined_hall(hall, reserved):
    whole = build.a_hall(site=hall.site)
    whole.parts = [Part(part=hall, quantity=1)]
    with pytest.raises(ReservedForOthers):
        requested(build.a_member(), whole)


def test_bookings_made_before_it_stand_and_are_confirmed(hall, friend):
    booking = requested(build.a_member(), hall)
    closures.reserve(hall, MORNING, "Lý do", [friend.unit])
    bookings.confirm(booking, by=build.desk())
    assert booking.status is BookingStatus.CONFIRMED


def test_once_dropped_it_is_anybodys(hall, reserved):
    closures.reopen(reserved)
    requested(build.a_member(), hall)


def test_several_units_may_share_it_and_another_reservation_still_counts(hall, reserved, friend):
    second = build.a_member()
    closures.reserve(hall, at(0, 2), "Lý do khác", [friend.unit, second.unit, second.unit])
    with pytest.raises(ReservedForOthers):
        requested(second, hall)
    requested(friend, hall)


@pytest.mark.parametrize("reason", ["", "   "])
def test_it_needs_a_reason_and_a_unit(hall, friend, reason):
    with pytest.raises(BadResource):
        closures.reserve(hall, MORNING, reason, [friend.unit])
    with pytest.raises(BadResource):
        closures.reserve(hall, MORNING, "Lý do", [])
    assert closures.standing([hall.id], MORNING) == []


def test_the_desk_books_for_a_unit_that_is_not_named_only_after_dropping_it(hall, reserved):
    desk, member = build.desk(), build.a_member()
    with pytest.raises(ReservedForOthers):
        requested(member, hall, by=desk)
    assert reserved.kind is ClosureKind.RESERVED
    assert WantedLine(hall.code, 1, MORNING) in lines(hall)
