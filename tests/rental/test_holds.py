"""Holds on a real database: placing, challenging, converting, lapsing, and who is told."""

from datetime import timedelta

import pytest
import time_machine

from config import clock
from rental import bookings, calendar, hold_ends, holds, journal, signals
from rental.asking import Changes, WantedLine
from rental.errors import (
    BadHold,
    HeldByAnother,
    HoldEnded,
    ResourceUnavailable,
    TooManyHolds,
    UnknownHold,
)
from rental.holds import Conversion
from rental.models import BookingStatus, HoldStatus, Part
from tests import build
from tests.rental.claims import MORNING, at, heard, held, requested

DAY = timedelta(days=1)


@pytest.fixture
def hall(house):
    return build.a_hall()


@pytest.fixture
def ours(house):
    return build.a_member()


@pytest.fixture
def theirs(house):
    return build.a_member()


def test_a_hold_takes_no_stock(hall, ours):
    before = calendar.segments([hall], MORNING)
    with time_machine.travel(clock.now(), tick=False):
        hold = held(ours, hall)
    assert calendar.segments([hall], MORNING) == before
    assert hold.reference.startswith("HD-")
    assert holds.rank_of(hold) == 1
    assert hold.expires_at - hold.placed_at == 7 * DAY


def test_the_second_on_a_date_learns_its_rank(hall, ours, theirs):
    first, second = held(ours, hall), held(theirs, hall)
    assert holds.ranks_of([first, second]) == {first.id: 1, second.id: 2}
    assert first.told_first_at is not None
    assert second.told_first_at is None


def test_a_hold_of_a_combined_hall_competes_with_one_of_its_rooms(ours, theirs, hall):
    whole = build.a_hall(site=hall.site)
    whole.parts = [Part(part=hall, quantity=1)]
    held(ours, hall)
    assert holds.rank_of(held(theirs, whole)) == 2


def test_turnaround_counts_between_holds_as_between_bookings(house, ours, theirs):
    hall = build.a_hall(turnaround_after_minutes=60)
    held(ours, hall, period=at(0, 3))
    assert holds.rank_of(held(theirs, hall, period=at(3, 5))) == 2


def test_a_taken_date_cannot_be_held(hall, ours, theirs):
    requested(theirs, hall)
    with pytest.raises(ResourceUnavailable):
        held(ours, hall)


@pytest.mark.parametrize("days", [0, -1, 31, 10_000])
def test_a_hold_lasts_one_day_to_thirty(hall, ours, days):
    with pytest.raises(BadHold):
        held(ours, hall, days=days)


def test_a_hold_ends_when_its_event_begins(house, ours):
    hall = build.a_hall()
    with time_machine.travel(MORNING.starts_at - 2 * DAY, tick=False):
        assert held(ours, hall, days=7).expires_at == MORNING.starts_at


def test_a_unit_has_five_holds_at_the_most_and_the_desk_may_place_more(house, ours):
    for _ in range(5):
        held(ours, build.a_hall())
    with pytest.raises(TooManyHolds):
        held(ours, build.a_hall())
    desk = build.desk()
    desk.unit = ours.unit
    held(desk, build.a_hall())


def test_a_unit_holds_a_date_once(hall, ours):
    held(ours, hall)
    with pytest.raises(BadHold):
        held(build.a_member(unit=ours.unit), hall)


def test_a_request_over_a_hold_is_taken_and_challenges_its_holder(hall, ours, theirs):
    hold = held(ours, hall, days=20)
    told = heard(signals.hold_challenged)
    booking = requested(theirs, hall)
    assert booking.status is BookingStatus.REQUESTED
    assert [one for one, _facts in told] == [hold]
    assert hold.expires_at <= clock.now() + 2 * DAY
    assert hold.challenged_at is not None


def test_a_challenge_never_makes_a_hold_longer_and_is_told_once(hall, ours, theirs):
    hold = held(ours, hall, days=1)
    until = hold.expires_at
    told = heard(signals.hold_challenged)
    booking = requested(theirs, hall)
    bookings.cancel(booking, by=theirs)
    requested(theirs, hall)
    assert len(told) == 1
    assert hold.expires_at == until


def test_ones_own_hold_is_no_obstacle(hall, ours):
    told = heard(signals.hold_challenged)
    held(ours, hall)
    booking = requested(ours, hall)
    bookings.confirm(booking, by=build.desk())
    assert told == []


def test_a_pool_with_room_for_both_challenges_nobody(house, ours, theirs):
    pool = build.equipment(stock=7)
    told = heard(signals.hold_challenged)
    held(ours, pool, quantity=3)
    booking = requested(theirs, pool, quantity=4)
    assert told == []
    bookings.confirm(booking, by=build.desk())


def test_the_desk_cannot_confirm_over_a_hold_unless_it_gives_a_reason(hall, ours, theirs):
    hold = held(ours, hall)
    booking = requested(theirs, hall)
    desk = build.desk()
    with pytest.raises(HeldByAnother) as refused:
        bookings.confirm(booking, by=desk)
    assert refused.value.details["holds"] == [
        {"rank": 1, "expires_at": hold.expires_at.isoformat()}
    ]
    told = heard(signals.hold_overridden)
    bookings.confirm(booking, by=desk, override="Nhiệm vụ đột xuất của Thành phố")
    assert booking.status is BookingStatus.CONFIRMED
    assert told == [(hold, {"booking": booking, "reason": "Nhiệm vụ đột xuất của Thành phố"})]
    entries = [e for e in journal.of(booking) if e.verb == "passed_over_hold"]
    assert entries[0].details["reason"] == "Nhiệm vụ đột xuất của Thành phố"


def test_an_older_request_is_not_stopped_by_a_younger_hold(house, ours, theirs):
    pool = build.equipment(stock=7)
    booking = requested(theirs, pool, quantity=4)
    held(ours, pool, quantity=3)
    bookings.confirm(booking, by=build.desk())


def test_a_request_moved_onto_a_held_date_comes_after_the_hold(hall, ours, theirs):
    booking = requested(theirs, hall, period=at(0, 3, day=7))
    hold = held(ours, hall)
    lines = [WantedLine(hall.code, 1, MORNING)]
    bookings.change(booking, Changes(lines=lines), by=theirs)
    assert hold.challenged_at is not None
    with pytest.raises(HeldByAnother):
        bookings.confirm(booking, by=build.desk())


def test_the_first_hold_becomes_a_request_and_the_later_request_gives_way(hall, ours, theirs):
    hold = held(ours, hall)
    late = requested(theirs, hall)
    declined = heard(signals.booking_declined)
    booking = holds.convert(hold, Conversion(attendees=40), by=ours)
    assert (hold.status, hold.booking_id) == (HoldStatus.CONVERTED, booking.id)
    assert (booking.status, booking.attendees) == (BookingStatus.REQUESTED, 40)
    assert late.status is BookingStatus.DECLINED
    assert [one for one, _facts in declined] == [late]
    bookings.confirm(booking, by=build.desk())


def test_what_has_been_confirmed_is_not_taken_back_by_a_hold(hall, ours, theirs):
    hold = held(ours, hall)
    booking = requested(theirs, hall)
    bookings.confirm(booking, by=build.desk(), override="Lý do")
    with pytest.raises(ResourceUnavailable):
        holds.convert(hold, Conversion(), by=ours)


def test_the_second_hold_cannot_push_aside_what_the_first_became(hall, ours, theirs):
    first, second = held(ours, hall), held(theirs, hall)
    booking = holds.convert(first, Conversion(), by=ours)
    with pytest.raises(ResourceUnavailable):
        holds.convert(second, Conversion(), by=theirs)
    bookings.confirm(booking, by=build.desk())


def test_the_first_hold_still_goes_before_what_the_second_became(hall, ours, theirs):
    first, second = held(ours, hall), held(theirs, hall)
    early = holds.convert(second, Conversion(), by=theirs)
    assert first.challenged_at is not None
    with pytest.raises(HeldByAnother):
        bookings.confirm(early, by=build.desk())
    holds.convert(first, Conversion(), by=ours)
    assert early.status is BookingStatus.DECLINED


def test_when_the_first_lapses_the_second_is_told_and_converts(hall, ours, theirs):
    first = held(ours, hall, days=1)
    second = held(theirs, hall, days=7)
    lapsed, told = heard(signals.hold_lapsed), heard(signals.hold_became_first)
    with time_machine.travel(clock.now() + 1.5 * DAY, tick=False):
        assert hold_ends.lapse_overdue() == [first]
        assert [one for one, _ in lapsed] == [first]
        assert [one for one, _ in told] == [second]
        assert hold_ends.lapse_overdue() == []
        booking = holds.convert(second, Conversion(), by=theirs)
        bookings.confirm(booking, by=build.desk())
    assert len(told) == 1


@pytest.mark.parametrize("end", ["release", "convert"])
def test_when_the_first_goes_the_next_is_told(hall, ours, theirs, end):
    first, second = held(ours, hall), held(theirs, hall)
    third = held(build.a_member(), hall)
    told = heard(signals.hold_became_first)
    if end == "release":
        holds.release(first, by=ours)
    else:
        holds.convert(first, Conversion(), by=ours)
    assert [one for one, _ in told] == [second]
    assert holds.ranks_of([second, third]) == {second.id: 1, third.id: 2}


def test_a_hold_that_has_ended_has_ended(hall, ours):
    hold = held(ours, hall)
    holds.release(hold, by=ours)
    for deed in (
        lambda: holds.release(hold, by=ours),
        lambda: holds.extend(hold, 3, by=ours),
        lambda: holds.convert(hold, Conversion(), by=ours),
    ):
        with pytest.raises(HoldEnded):
            deed()


def test_a_hold_whose_time_is_over_is_over_before_the_job_comes_round(hall, ours, theirs):
    hold = held(ours, hall, days=1)
    with time_machine.travel(clock.now() + 1.1 * DAY, tick=False):
        with pytest.raises(HoldEnded):
            holds.convert(hold, Conversion(), by=ours)
        bookings.confirm(requested(theirs, hall), by=build.desk())


def test_a_hold_is_extended_up_to_thirty_days_and_not_when_challenged(hall, ours, theirs):
    hold = held(ours, hall, days=2)
    holds.extend(hold, 7, by=ours)
    assert hold.expires_at - hold.placed_at > 6 * DAY
    holds.extend(hold, 500, by=ours)
    assert hold.expires_at - hold.placed_at == 30 * DAY
    with pytest.raises(BadHold):
        holds.extend(hold, 7, by=ours)
    requested(theirs, hall)
    with pytest.raises(BadHold):
        holds.extend(hold, 7, by=ours)


def test_the_last_day_is_told_once_for_each_expiry(hall, ours):
    hold = held(ours, hall, days=3)
    start = clock.now()
    told = heard(signals.hold_expiring)
    with time_machine.travel(start + 1 * DAY, tick=False):
        assert hold_ends.warn_expiring() == []
    with time_machine.travel(start + 2.5 * DAY, tick=False):
        assert hold_ends.warn_expiring() == [hold]
        assert hold_ends.warn_expiring() == []
        holds.extend(hold, 5, by=ours)
    with time_machine.travel(start + 7 * DAY, tick=False):
        assert hold_ends.warn_expiring() == [hold]
    assert len(told) == 2


def test_a_reference_is_found_however_it_is_typed(hall, ours):
    hold = held(ours, hall)
    typed = hold.reference.replace("-", " ").lower()
    assert holds.get(typed) is hold
    with pytest.raises(UnknownHold):
        holds.get("HD-ZZZZ-ZZZZ")
