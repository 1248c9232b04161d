"""The work list: by risk, raised by a running event, quiet behind a parent and in maintenance."""

from datetime import timedelta

import pytest

from config.database import db, transaction
from monitoring import exposure, outages, problems, troubles, violations
from monitoring.errors import OutageOver
from monitoring.exposure import Quiet
from monitoring.models import Device, DeviceStatus
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from monitoring.troubles import TroubleKind
from rental import closures
from rental.closures import NewClosure
from rental.models import BookingStatus, ClosureKind
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.monitoring.policy_world import a_failure, a_switch

HOUR = timedelta(hours=1)
NOW = TUESDAY + HOUR
WARM = NewProblem("sensor", "inlet", Severity.MEDIUM)


def told(at=NOW) -> list[tuple[str, str, str]]:
    """Device, kind and severity, in the order of the list."""
    return [(one.device.name, one.kind.value, one.severity.value) for one in troubles.all_(at)]


@pytest.mark.parametrize(
    ("severity", "is_live", "shown"),
    [
        (Severity.LOW, True, Severity.MEDIUM),
        (Severity.HIGH, True, Severity.CRITICAL),
        (Severity.CRITICAL, True, Severity.CRITICAL),
        (Severity.LOW, False, Severity.LOW),
    ],
)
def test_a_running_event_raises_the_severity_one_step(severity, is_live, shown):
    assert exposure.raised(severity, is_live=is_live) is shown


def test_what_touches_a_running_event_stands_first(house):
    with transaction():
        idle, used, broken = a_switch(name="idle"), a_switch(name="used"), a_switch(name="broken")
        booking = build.a_booking(used.resource, status=BookingStatus.HANDED_OVER)
        outages.open_(idle, NOW - 3 * HOUR, {})
        problems.open_(used, WARM, at=NOW)
        violations.open_or_refresh(broken, a_failure(severity=Severity.LOW))
    assert told() == [
        ("used", "problem", "high"),
        ("idle", "outage", "high"),
        ("broken", "violation", "low"),
    ]
    (first, *_) = troubles.all_(NOW)
    assert [use.reference for use in first.uses] == [booking.reference]
    # When the event is over, its device is a device like others.
    assert told(NOW + 9 * HOUR)[-2:] == [
        ("used", "problem", "medium"),
        ("broken", "violation", "low"),
    ]


def test_what_an_event_is_reached_through_is_used_by_it_too(house):
    with transaction():
        core = a_switch(name="core", resource=None)
        access = a_switch(name="access", parent=core)
        build.a_booking(access.resource, status=BookingStatus.CONFIRMED)
        problems.open_(core, WARM, at=NOW)
    assert told() == [("core", "problem", "high")]


def test_a_request_that_nobody_confirmed_raises_nothing(house):
    with transaction():
        device = a_switch(name="used")
        build.a_booking(device.resource, status=BookingStatus.REQUESTED)
        problems.open_(device, WARM, at=NOW)
    assert told() == [("used", "problem", "medium")]


def test_nobody_is_woken_for_a_device_behind_one_that_is_down_or_in_maintenance(house):
    with transaction():
        core = a_switch(name="core", status=DeviceStatus.DOWN)
        behind = a_switch(name="behind", parent=core)
        mended = a_switch(name="mended")
        pause = Period(NOW - HOUR, NOW + HOUR)
        closures.close(mended.resource, NewClosure(ClosureKind.MAINTENANCE, pause, "thay nguồn"))
        for device in (behind, mended):
            problems.open_(device, NewProblem("sensor", "inlet", Severity.CRITICAL), at=NOW)
        outages.open_(core, NOW, {})
    found = troubles.all_(NOW)
    assert found[0].device.name == "core"
    assert {one.device.name: one.quiet for one in found} == {
        "core": None,
        "behind": Quiet.PARENT,
        "mended": Quiet.MAINTENANCE,
    }
    later = {one.device.name: one.quiet for one in troubles.all_(NOW + 2 * HOUR)}
    assert later["mended"] is None


def test_a_circle_of_parents_is_walked_once(house):
    with transaction():
        one, two = a_switch(), a_switch()
        one.parent = two
        db.session.flush()
        two.parent = one
        problems.open_(one, WARM, at=NOW)
    assert [t.device for t in troubles.all_(NOW)] == [one]


def test_a_person_looks_after_an_outage_while_it_lasts(house):
    with transaction():
        operator, device = build.desk(), a_switch()
        outage = outages.open_(device, NOW, {})
        outages.acknowledge(outage, by=operator, note="gọi nhà mạng")
    (trouble,) = troubles.all_(NOW)
    assert trouble.kind is TroubleKind.OUTAGE
    assert trouble.is_acknowledged
    with transaction():
        outages.close(db.session.merge(outage), NOW + HOUR)
    with pytest.raises(OutageOver), transaction():
        outages.acknowledge(outage, by=operator)
    assert db.session.get_one(Device, device.id)
    assert troubles.all_(NOW) == []
