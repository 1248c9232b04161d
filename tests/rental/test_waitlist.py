"""The waitlist: who asked first is offered it first, and an unused offer goes to the next."""

from datetime import timedelta

import pytest
import time_machine

from config import clock
from rental import bookings, closures, hold_ends, holds, signals, waitlist
from rental.errors import BadHold, NotTaken, ReservedForOthers, TooManyHolds, WaitEnded
from rental.holds import Conversion
from rental.models import HoldStatus, WaitStatus
from tests import build
from tests.rental.claims import MORNING, at, heard, held, requested, waiting

DAY = timedelta(days=1)


@pytest.fixture
def hall(house):
    return build.a_hall()


@pytest.fixture
def taken(hall):
    return requested(build.a_member(), hall)


def gives_way(booking):
    bookings.cancel(booking, by=booking.member)


def test_one_waits_only_for_what_is_taken(hall):
    with pytest.raises(NotTaken):
        waiting(build.a_member(), hall)


def test_the_one_who_waited_longest_is_offered_a_first_hold_of_a_day(hall, taken):
    first, second = (waiting(build.a_member(), hall) for _ in range(2))
    assert waitlist.places([first, second]) == {first.id: 1, second.id: 2}
    assert waitlist.sweep() == []
    gives_way(taken)
    told = heard(signals.wait_offered)
    assert waitlist.sweep() == [first]
    assert [one for one, _facts in told] == [first]
    assert first.status is WaitStatus.OFFERED
    assert holds.rank_of(first.hold) == 1
    assert first.hold.expires_at <= clock.now() + DAY
    assert waitlist.sweep() == []
    assert waitlist.places([first, second]) == {second.id: 1}


def test_an_unused_offer_goes_to_the_next(hall, taken):
    first, second = (waiting(build.a_member(), hall) for _ in range(2))
    gives_way(taken)
    waitlist.sweep()
    with time_machine.travel(clock.now() + 1.1 * DAY, tick=False):
        hold_ends.lapse_overdue()
        assert first.status is WaitStatus.LAPSED
        assert waitlist.sweep() == [second]


def test_an_offer_that_is_taken_ends_the_waiting(hall, taken):
    first = waiting(build.a_member(), hall)
    gives_way(taken)
    waitlist.sweep()
    booking = holds.convert(first.hold, Conversion(), by=first.member)
    assert first.status is WaitStatus.TAKEN
    assert waitlist.sweep() == []
    bookings.confirm(booking, by=build.desk())


def test_an_offer_that_is_let_go_is_offered_to_the_next(hall, taken):
    first, second = (waiting(build.a_member(), hall) for _ in range(2))
    gives_way(taken)
    waitlist.sweep()
    holds.release(first.hold, by=first.member)
    assert first.status is WaitStatus.WITHDRAWN
    assert waitlist.sweep() == [second]


def test_whoever_holds_the_date_goes_before_whoever_waits_for_it(house):
    pool = build.equipment(stock=7)
    taken = requested(build.a_member(), pool, quantity=5)
    hold = held(build.a_member(), pool, quantity=2)
    entry = waiting(build.a_member(), pool, quantity=6)
    gives_way(taken)
    assert waitlist.sweep() == []
    holds.release(hold, by=hold.member)
    assert waitlist.sweep() == [entry]


def test_two_dates_are_offered_in_one_sweep(house):
    halls = [build.a_hall(), build.a_hall()]
    taken = [requested(build.a_member(), hall) for hall in halls]
    entries = [waiting(build.a_member(), hall) for hall in reversed(halls)]
    for booking in taken:
        gives_way(booking)
    assert waitlist.sweep() == entries


def test_what_nobody_could_be_offered_before_it_began_is_over(hall, taken):
    entry = waiting(build.a_member(), hall)
    told = heard(signals.wait_lapsed)
    with time_machine.travel(MORNING.starts_at + timedelta(minutes=1), tick=False):
        assert waitlist.sweep() == []
    assert entry.status is WaitStatus.LAPSED
    assert [one for one, _facts in told] == [entry]


def test_one_waits_once_for_a_date_and_for_twenty_dates_at_the_most(hall, taken):
    member = build.a_member()
    entry = waiting(member, hall)
    with pytest.raises(BadHold):
        waiting(member, hall, period=at(1, 2))
    for day in range(1, waitlist.MOST_OF_A_UNIT):
        requested(taken.member, hall, period=at(0, 3, day))
        waiting(member, hall, period=at(0, 3, day))
    requested(taken.member, hall, period=at(0, 3, 40))
    with pytest.raises(TooManyHolds):
        waiting(member, hall, period=at(0, 3, 40))
    waitlist.withdraw(entry, by=member)
    waiting(member, hall, period=at(0, 3, 40))


def test_whoever_has_left_the_waitlist_is_offered_nothing(hall, taken):
    entry = waiting(build.a_member(), hall)
    waitlist.withdraw(entry, by=entry.member)
    with pytest.raises(WaitEnded):
        waitlist.withdraw(entry, by=entry.member)
    gives_way(taken)
    assert waitlist.sweep() == []


def test_what_is_kept_for_others_cannot_be_waited_for(hall, taken):
    closures.reserve(hall, MORNING, "Ngày hội", [taken.unit])
    with pytest.raises(ReservedForOthers):
        waiting(build.a_member(), hall)


def test_more_than_there_is_can_never_become_free(house):
    pool = build.equipment(stock=3)
    with pytest.raises(BadHold):
        waiting(build.a_member(), pool, quantity=4)


def test_the_offered_hold_goes_before_a_later_request(hall, taken):
    entry = waiting(build.a_member(), hall)
    gives_way(taken)
    waitlist.sweep()
    late = requested(build.a_member(), hall)
    assert entry.hold.status is HoldStatus.STANDING
    holds.convert(entry.hold, Conversion(), by=entry.member)
    assert late.status.value == "declined"
