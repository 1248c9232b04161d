"""Alerts follow what stands; the right person is told, once, and nobody else."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import outages, problems, violations
from monitoring.alerts import duty, review, silences
from monitoring.errors import BadShift, BadSilence, ShiftTaken
from monitoring.models import DeviceStatus, Telling
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_switch
from tests.portal.alert_world import NOW, a_policy, an_outage, looked, queued, standing


def test_alerts_follow_what_stands_however_often_one_looks(service):
    outage = an_outage(name="SW-1")
    problem = problems.open_(a_switch(), NewProblem("sensor", "inlet", Severity.MEDIUM))
    assert looked(NOW) == review.Reviewed(opened=2, resolved=0, queued=3)
    assert looked(NOW + timedelta(seconds=15)) == review.Reviewed(0, 0, 0)
    with transaction():
        outages.close(outage, NOW + timedelta(minutes=2))
    assert looked(NOW + timedelta(minutes=3)).resolved == 1
    assert looked(NOW + timedelta(minutes=3)) == review.Reviewed(0, 0, 0)
    kinds = {(one.kind.value, one.is_standing) for one in standing()}
    assert kinds == {("outage", False), ("problem", True)}
    # The end went to the three who heard of the beginning.
    assert len([one for one in queued() if one.facts[0]["stage"] == "resolved"]) == 3
    assert problem.is_open


def test_what_is_due_to_one_receiver_comes_in_one_message(service):
    for number in range(5):
        an_outage(name=f"SW-{number}")
    assert looked(NOW).queued == 3
    assert [len(one.facts) for one in queued()] == [5, 5, 5]


def test_a_device_behind_one_that_is_down_is_kept_and_not_told(service):
    core = a_switch(name="core", status=DeviceStatus.DOWN)
    outages.open_(core, NOW, {})
    outages.open_(a_switch(name="leaf", parent=core, status=DeviceStatus.DOWN), NOW, {})
    looked(NOW)
    assert {(one.device_name, one.quiet) for one in standing()} == {
        ("core", None),
        ("leaf", "parent"),
    }
    assert {fact["device"] for one in queued() for fact in one.facts} == {"core"}


def test_a_silence_keeps_messages_back_until_it_ends(service):
    operator = build.desk(role=Role.OPERATOR)
    outage = an_outage()
    with clock.standing_at(NOW):
        silences.add(outage.device, "thay nguồn", NOW + timedelta(hours=1), by=operator)
    assert looked(NOW).queued == 0
    assert standing()[0].quiet == "silence"
    assert looked(NOW + timedelta(minutes=61)).queued == 3


@pytest.mark.parametrize(
    ("reason", "hours"), [("", 1), ("x" * 501, 1), ("why", 0), ("why", -1), ("why", 721)]
)
def test_a_silence_says_why_and_ends(service, reason, hours):
    device, operator = a_switch(), build.desk(role=Role.OPERATOR)
    with pytest.raises(BadSilence):
        silences.add(device, reason, clock.now() + timedelta(hours=hours), by=operator)


def test_an_event_that_begins_raises_and_tells_again(service):
    outage = an_outage()
    looked(NOW)
    build.a_booking(outage.device.resource, starts_at=NOW + timedelta(minutes=5),
                    status=BookingStatus.CONFIRMED, title="Họp báo")  # fmt: skip
    assert looked(NOW + timedelta(minutes=6)).queued == 3
    newest = queued()[-1].facts[0]
    assert (newest["stage"], newest["severity"], newest["events"]) == (
        "raised:critical",
        "critical",
        ["Họp báo"],
    )


def test_acknowledging_ends_the_repeats(service):
    outage, operator = an_outage(), build.desk(role=Role.OPERATOR)
    looked(NOW)
    assert looked(NOW + timedelta(minutes=61)).queued == 3
    outages.acknowledge(outage, by=operator)
    assert looked(NOW + timedelta(minutes=200)).queued == 0


def test_a_waived_violation_that_comes_back_is_a_new_alert(service):
    operator, device = build.desk(role=Role.OPERATOR), a_switch()
    violation = violations.Violation(device=device, rule="N01", severity=Severity.HIGH,
                                     opened_at=NOW, refreshed_at=NOW)  # fmt: skip
    db.session.add(violation)
    looked(NOW)
    with clock.standing_at(NOW):
        violations.waive(violation, by=operator, reason="phiên", until=NOW + timedelta(hours=2))
    assert looked(NOW + timedelta(minutes=1)).resolved == 1
    with clock.standing_at(NOW + timedelta(hours=3)), transaction():
        violations.end_waivers()
    assert looked(NOW + timedelta(hours=3)).opened == 1
    assert [one.is_standing for one in standing()] == [False, True]


def test_two_reviews_at_once_tell_once(service):
    an_outage()
    db.session.commit()
    policy, errors = a_policy(), []

    def look() -> None:
        try:
            with service.app_context(), transaction():
                review.review(NOW, policy, clock.LOCAL)
        except Exception as wrong:  # noqa: BLE001  # told below, from the main thread
            errors.append(wrong)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (len(standing()), len(queued())) == (1, 3)
    assert db.session.scalar(sa.select(sa.func.count(Telling.id))) == 3


def test_whoever_is_on_call_hears_first_and_a_hole_is_no_silence(service):
    first, second = (build.desk(role=Role.OPERATOR, name=name) for name in ("Một", "Hai"))
    duty.plan([first, second], NOW.date() - timedelta(days=1), 2, clock.LOCAL, by=None)
    an_outage()
    looked(NOW)
    assert [one.receiver for one in queued() if one.channel == "mail"] == [first.email]
    # Three weeks on nobody is planned.
    later = NOW + timedelta(weeks=3)
    outages.open_(a_switch(status=DeviceStatus.DOWN), later, {})
    looked(later)
    mails = {one.receiver for one in queued() if one.created_at and one.channel == "mail"}
    assert mails == {first.email, second.email}


def test_shifts_do_not_overlap_and_keep_the_wall_clock(service):
    one = build.desk(role=Role.OPERATOR)
    made = duty.plan([one], NOW.date(), 3, clock.LOCAL, by=None)
    assert {shift.starts_at.astimezone(clock.LOCAL).hour for shift in made} == {8}
    with pytest.raises(ShiftTaken):
        duty.plan([one], NOW.date() + timedelta(days=20), 2, clock.LOCAL, by=None)
    assert len(duty.shifts(NOW - timedelta(weeks=9), NOW + timedelta(weeks=9))) == 3
    for members, weeks in (([], 1), ([one], 0), ([one], 54)):
        with pytest.raises(BadShift):
            duty.plan(members, NOW.date() + timedelta(weeks=9), weeks, clock.LOCAL, by=None)
    with pytest.raises(BadShift, match="no operator"):
        duty.give(made[0], build.a_member(), by=None)
