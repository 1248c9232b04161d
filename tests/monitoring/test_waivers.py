"""Waivers: two people where it is grave, an end that follows a booking, ended exactly once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations, waivers
from monitoring.errors import (
    BadWaiver,
    OtherPersonNeeded,
    UnknownWaiver,
    ViolationMovedOn,
    WaiverAsked,
    WaiverDecided,
)
from monitoring.models import Device, ViolationStatus, Waiver, WaiverStatus
from monitoring.rules import Severity
from monitoring.waiver_terms import WaiverTerms
from monitoring.waivers import NewWaiver
from rental import journal
from rental.models import Booking, BookingStatus, Member, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, open_closures

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


pytestmark = pytest.mark.usefixtures("grave_takes_two")


@pytest.fixture
def operator(house):
    return build.a_member(role=Role.OPERATOR)


@pytest.fixture
def other(house):
    return build.a_member(role=Role.DIRECTOR)


@pytest.fixture
def device(house):
    return a_switch()


@pytest.fixture
def grave(device):
    """A critical violation that closes the circuit."""
    violation = violations.open_or_refresh(device, a_failure())
    enforcement.settle(device)
    return violation


def for_days(days=3):
    return NewWaiver("thay trong tuần", clock.now() + days * DAY)


@pytest.mark.parametrize(
    ("severity", "takes_two"),
    [("critical", True), ("high", True), ("medium", False), ("low", False)],
)
def test_what_is_grave_takes_two_people(device, operator, severity, takes_two):
    violation = violations.open_or_refresh(device, a_failure(severity=Severity(severity)))
    waiver = waivers.ask(violation, for_days(), by=operator)
    assert waiver.takes_two == takes_two
    assert (violation.status is ViolationStatus.WAIVED) == (not takes_two)
    assert (waiver.status is WaiverStatus.IN_FORCE) == (not takes_two)


def test_the_terms_are_an_operators():
    assert not WaiverTerms(source="x").take_two(Severity.CRITICAL)
    assert WaiverTerms(second_person=("critical",), source="x").take_two(Severity.CRITICAL)


def test_what_one_person_waived_opens_again_where_it_becomes_grave(device, operator, other):
    lesser = violations.open_or_refresh(device, a_failure("N01", Severity.MEDIUM))
    grave = violations.open_or_refresh(device, a_failure("N02", Severity.HIGH))
    waivers.ask(lesser, for_days(), by=operator)
    waivers.approve(waivers.ask(grave, for_days(), by=operator), by=other)
    for rule in ("N01", "N02"):
        violations.open_or_refresh(device, a_failure(rule, Severity.CRITICAL))
    assert (lesser.status, grave.status) == (ViolationStatus.OPEN, ViolationStatus.WAIVED)


def test_until_a_second_person_agrees_nothing_changes(grave, operator, other):
    waiver = waivers.ask(grave, for_days(), by=operator)
    enforcement.settle(grave.device)
    assert len(open_closures(grave.device)) == 1
    with pytest.raises(OtherPersonNeeded):
        waivers.approve(waiver, by=operator)
    waivers.approve(waiver, by=other)
    enforcement.settle(grave.device)
    assert open_closures(grave.device) == []
    assert grave.status is ViolationStatus.WAIVED
    assert (grave.waived_by, grave.waived_until) == (other, waiver.until)
    assert [each.verb for each in journal.of(grave)] == ["opened", "waiver_asked", "waived"]
    assert waivers.in_force() == [waiver]
    assert waivers.asked() == []


def test_the_table_itself_refuses_the_approval_of_who_asked(grave, operator):
    waiver = waivers.ask(grave, for_days(), by=operator)
    with pytest.raises(IntegrityError, match="second_person"):
        db.session.execute(
            sa.update(Waiver)
            .where(Waiver.id == waiver.id)
            .values(status=WaiverStatus.IN_FORCE, decided_by_id=operator.id)
        )


def test_one_waiver_waits_at_a_time_and_is_decided_once(grave, operator, other):
    waiver = waivers.ask(grave, for_days(), by=operator)
    with pytest.raises(WaiverAsked):
        waivers.ask(grave, for_days(5), by=other)
    waivers.decline(waiver, by=other, reason="thay ngay hôm nay")
    assert (waiver.status, waiver.decision) == (WaiverStatus.DECLINED, "thay ngay hôm nay")
    with pytest.raises(WaiverDecided):
        waivers.approve(waiver, by=other)
    with pytest.raises(UnknownWaiver):
        waivers.get_asked(grave)
    mine = waivers.ask(grave, for_days(), by=operator)
    waivers.decline(mine, by=operator)
    assert mine.status is WaiverStatus.WITHDRAWN
    assert grave.status is ViolationStatus.OPEN


def test_a_waiver_in_force_may_be_asked_for_anew_and_stands_until_then(grave, operator, other):
    first = waivers.ask(grave, for_days(1), by=operator)
    waivers.approve(first, by=other)
    longer = waivers.ask(grave, for_days(30), by=other)
    assert grave.waived_until == first.until
    waivers.approve(longer, by=operator)
    db.session.refresh(first)
    assert (first.status, longer.status) == (WaiverStatus.ENDED, WaiverStatus.IN_FORCE)
    assert grave.waived_until == longer.until


@pytest.mark.parametrize(
    ("reason", "days"), [("", 3), ("  ", 3), ("x", 0), ("x", -1), ("x", 367), ("x", None)]
)
def test_a_waiver_has_a_reason_and_one_end_within_a_year(grave, operator, reason, days):
    until = clock.now() + days * DAY if days is not None else None
    with pytest.raises(BadWaiver):
        waivers.ask(grave, NewWaiver(reason, until), by=operator)


def test_a_waiver_approved_after_its_time_is_refused(grave, operator, other):
    waiver = waivers.ask(grave, for_days(1), by=operator)
    with clock.standing_at(clock.now() + 2 * DAY), pytest.raises(BadWaiver):
        waivers.approve(waiver, by=other)


def test_a_rule_that_passes_ends_what_was_asked_for_and_what_was_in_force(device, operator, other):
    asked = violations.open_or_refresh(device, a_failure("N01"))
    borne = violations.open_or_refresh(device, a_failure("N02"))
    waiting = waivers.ask(asked, for_days(), by=operator)
    standing = waivers.ask(borne, for_days(), by=operator)
    waivers.approve(standing, by=other)
    for violation in (asked, borne):
        violations.resolve(violation)
    db.session.expire_all()
    assert (waiting.status, standing.status) == (WaiverStatus.LAPSED, WaiverStatus.ENDED)
    with pytest.raises(ViolationMovedOn):
        waivers.ask(asked, for_days(), by=operator)


@pytest.fixture
def booking(device):
    """A confirmed booking: the circuit until four o'clock, a hall until six."""
    starts_at = clock.now() + DAY
    booking = build.a_booking(device.resource, build.a_hall(), starts_at=starts_at, hours=6)
    booking.status = BookingStatus.CONFIRMED
    booking.lines[0].ends_at = starts_at + 4 * HOUR
    db.session.flush()
    return booking


def with_booking(violation, booking, operator, other):
    """A waiver in force until the end of the booking."""
    waiver = waivers.ask(violation, NewWaiver("sự kiện đang chạy", booking=booking), by=operator)
    waivers.approve(waiver, by=other)
    enforcement.settle(violation.device)
    return waiver


def test_it_ends_with_the_line_that_needs_the_device(grave, booking, operator, other):
    with_booking(grave, booking, operator, other)
    circuit, _hall = booking.lines
    assert grave.waived_until == circuit.ends_at
    assert waivers.end_over() == []
    assert waivers.end_over(at=circuit.ends_at) == [grave]
    assert grave.status is ViolationStatus.OPEN
    assert waivers.end_over(at=circuit.ends_at) == []


def test_of_a_device_no_line_is_known_to_need_it_ends_with_the_booking(booking, operator):
    lonely = a_switch(resource=None)
    violation = violations.open_or_refresh(lonely, a_failure(severity=Severity.LOW))
    waivers.ask(violation, NewWaiver("x", booking=booking), by=operator)
    assert violation.waived_until == booking.ends_at


def test_it_follows_a_booking_that_is_moved(grave, booking, operator, other):
    with_booking(grave, booking, operator, other)
    circuit = booking.lines[0]
    circuit.ends_at += 3 * HOUR
    db.session.flush()
    assert waivers.end_over() == []
    assert grave.waived_until == circuit.ends_at
    assert journal.of(grave)[-1].verb == "waiver_moved"
    circuit.starts_at, circuit.ends_at = clock.now() - 2 * HOUR, clock.now() - HOUR
    db.session.flush()
    assert waivers.end_over() == [grave]


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired", "no_show", "returned"])
def test_it_ends_at_once_with_a_booking_that_is_given_up(grave, booking, operator, other, status):
    with_booking(grave, booking, operator, other)
    booking.status = BookingStatus(status)
    db.session.flush()
    assert waivers.end_over() == [grave]
    with pytest.raises(BadWaiver):
        waivers.ask(grave, NewWaiver("x", booking=booking), by=operator)


def test_a_booking_moved_beyond_a_year_does_not_carry_the_waiver_there(
    grave, booking, operator, other
):
    waiver = with_booking(grave, booking, operator, other)
    booking.lines[0].ends_at = clock.now() + 800 * DAY
    db.session.flush()
    waivers.end_over()
    assert grave.waived_until == waiver.asked_at + violations.LONGEST_WAIVER


def test_two_workers_end_a_waiver_once(house, operator, other):
    with transaction():
        device = a_switch()
        grave = violations.open_or_refresh(device, a_failure())
        booking = build.a_booking(device.resource, starts_at=clock.now() + DAY)
        booking.status = BookingStatus.CONFIRMED
        db.session.flush()
        waiver = with_booking(grave, booking, operator, other)
        ids = grave.id, booking.id, waiver.id, device.id
    with transaction():
        db.session.get_one(Booking, ids[1]).status = BookingStatus.CANCELLED

    def end(_number: int) -> int:
        with house.app_context(), transaction():
            over = waivers.end_over()
            enforcement.settle_all([each.device for each in over])
            return len(over)

    with ThreadPoolExecutor(4) as pool:
        ended = sum(pool.map(end, range(8)))
    db.session.expire_all()
    grave = violations.get(ids[0])
    assert ended == 1
    assert [each.verb for each in journal.of(grave)].count("waiver_ended") == 1
    assert len(open_closures(db.session.get_one(Device, ids[3]))) == 1
    assert db.session.get_one(Waiver, ids[2]).status is WaiverStatus.ENDED


def test_of_two_colleagues_who_approve_at_once_one_does(house, operator, other):
    with transaction():
        violation = violations.open_or_refresh(a_switch(), a_failure())
        waivers.ask(violation, for_days(), by=operator)
        violation_id = violation.id
        people = [other.id, build.a_member(role=Role.DIRECTOR).id]

    def approve(member_id: int) -> str:
        try:
            with house.app_context(), transaction():
                waiver = waivers.get_asked(violations.get(violation_id))
                waivers.approve(waiver, by=db.session.get_one(Member, member_id))
        except (WaiverDecided, UnknownWaiver):
            return "late"
        return "first"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, people)) == ["first", "late"]
