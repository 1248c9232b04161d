"""The risk of a violation: what weighs how much, and which devices an event needs."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import clock
from config.database import db
from monitoring import access_ports, risk, risks, violations
from monitoring.models import Device, DeviceRole, ViolationStatus
from monitoring.risk import Exposure, Nearness, RiskLevel, Stance, Use, assess
from monitoring.rules import Severity
from rental.models import BookingStatus, Part, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_use(starts_in: timedelta, lasts: timedelta = 2 * HOUR) -> Use:
    """An event that begins so long from now."""
    return Use("BK-1", "Họp báo", NOW + starts_in, NOW + starts_in + lasts)


@pytest.mark.parametrize(
    ("starts_in", "near"),
    [
        (-HOUR, Nearness.LIVE),
        (timedelta(), Nearness.LIVE),  # it begins this moment
        (-2 * HOUR, Nearness.NONE),  # it ends this moment
        (-3 * HOUR, Nearness.NONE),
        (timedelta(minutes=1), Nearness.HOUR),
        (HOUR, Nearness.HOUR),
        (HOUR + timedelta(seconds=1), Nearness.DAY),
        (DAY, Nearness.DAY),
        (DAY + timedelta(seconds=1), Nearness.NONE),
    ],
)
def test_an_event_is_as_near_as_the_clock_says(starts_in, near):
    assert risk.nearness(a_use(starts_in), NOW) is near
    assert risk.nearness(None, NOW) is Nearness.NONE


@pytest.mark.parametrize(
    ("severity", "exposures", "starts_in", "days", "score", "level"),
    [
        # The worst there is: critical, public, live, a month old.
        ("critical", ["public"], -HOUR, 30, 100, RiskLevel.EXTREME),
        ("critical", ["public"], -HOUR, 300, 100, RiskLevel.EXTREME),  # age stops counting
        ("critical", ["renters"], -HOUR, 0, 50, RiskLevel.EXTREME),
        ("critical", ["renters"], None, 0, 17, RiskLevel.MODERATE),  # nobody uses it
        ("high", ["renters"], -HOUR, 0, 25, RiskLevel.HIGH),
        ("high", ["renters", "public"], -HOUR, 0, 33, RiskLevel.HIGH),  # the widest counts
        ("high", ["internal"], None, 0, 6, RiskLevel.LOW),
        ("medium", ["public"], HOUR, 0, 14, RiskLevel.MODERATE),
        ("low", ["internal"], None, 0, 1, RiskLevel.LOW),
    ],
)
def test_the_four_factors_make_a_score(severity, exposures, starts_in, days, score, level):
    stance = Stance(
        tuple(Exposure(each) for each in exposures),
        use=a_use(starts_in) if starts_in is not None else None,
    )
    found = assess(Severity(severity), stance, NOW - timedelta(days=days), NOW)
    assert (found.score, found.level) == (score, level)


severities = st.sampled_from(list(Severity))
exposures = st.sampled_from(list(Exposure))
ages = st.timedeltas(timedelta(), timedelta(days=2000))


@given(exposures, ages, ages)
def test_age_alone_never_overtakes_severity(exposure, one, other):
    stance = Stance((exposure,))
    for graver, lesser in pairwise(Severity):
        assert (
            assess(graver, stance, NOW - one, NOW).weight
            > assess(lesser, stance, NOW - other, NOW).weight
        )


@given(severities, exposures, ages, st.timedeltas(-DAY, 3 * DAY))
def test_a_score_is_from_1_to_100_and_an_event_never_lowers_it(severity, exposure, age, ahead):
    quiet = assess(severity, Stance((exposure,)), NOW - age, NOW)
    busy = assess(severity, Stance((exposure,), use=a_use(ahead)), NOW - age, NOW)
    assert 1 <= quiet.score <= busy.score <= 100


def test_of_running_events_the_last_to_end_counts_and_else_the_next():
    early, late, next_one = a_use(-HOUR), a_use(-HOUR, 5 * HOUR), a_use(3 * HOUR)
    assert risk.foremost([next_one, early, late], NOW) is late
    assert risk.foremost([a_use(5 * HOUR), next_one], NOW) is next_one
    assert risk.foremost([a_use(-9 * HOUR)], NOW) is None


def test_an_operators_mark_is_believed_and_of_two_the_wider():
    assert risk.marked(["tầng 3", "exposure-internal"]) is Exposure.INTERNAL
    assert risk.marked(["exposure-internal", "exposure-public"]) is Exposure.PUBLIC
    assert risk.marked(["exposure", "public"]) is None


@pytest.fixture
def now(house):
    return clock.now()


def running(*resources, starts_at, **over):
    """A confirmed booking of these."""
    return build.a_booking(*resources, starts_at=starts_at, status=BookingStatus.CONFIRMED, **over)


def stance_of(device, at):
    return risks.stances([device.id], at)[device.id]


def test_who_reaches_a_device_is_derived(now):
    hall_site = build.a_site()
    public = a_switch(resource=None, address="8.8.8.8")
    serving = a_switch(address="10.0.0.1")
    above = a_switch(resource=None, site=hall_site)
    a_switch(resource=None, parent=above)
    handing = a_switch(resource=None, role=DeviceRole.SWITCH)
    access_ports.add(handing, "Gi0/1", build.a_circuit(), by=build.a_member(role=Role.OPERATOR))
    retired = a_switch(resource=build.a_circuit(is_retired=True))
    lonely = a_switch(resource=None)
    found = risks.stances(
        [each.id for each in (public, serving, above, handing, retired, lonely)], now
    )
    assert [found[each.id].exposures for each in (public, serving, above, handing)] == [
        (Exposure.PUBLIC,),
        (Exposure.RENTERS,),
        (Exposure.SHARED,),
        (Exposure.RENTERS,),
    ]
    assert found[retired.id].exposures == found[lonely.id].exposures == (Exposure.INTERNAL,)


def test_a_mark_overrules_what_is_derived(now):
    device = a_switch(address="8.8.8.8", tags=["exposure-internal"])
    assert stance_of(device, now) == Stance((Exposure.INTERNAL,), is_marked=True)


def test_an_event_uses_the_devices_of_its_parts_and_the_way_to_them(now):
    core = a_switch(resource=None)
    device = a_switch(parent=core)
    whole = build.a_hall()
    db.session.add(Part(whole=whole, part=device.resource, quantity=1))
    booking = running(whole, starts_at=now - HOUR)
    db.session.flush()
    assert stance_of(device, now).use == stance_of(core, now).use
    assert stance_of(core, now).use.reference == booking.reference
    assert stance_of(core, now).use.ends_at == booking.lines[0].ends_at


def test_a_line_of_the_afternoon_is_not_in_use_in_the_morning(now):
    morning, afternoon = a_switch(), a_switch()
    booking = running(morning.resource, afternoon.resource, starts_at=now - HOUR, hours=8)
    booking.lines[0].ends_at = now + HOUR
    booking.lines[1].starts_at = now + 4 * HOUR
    db.session.flush()
    assert risk.nearness(stance_of(morning, now).use, now) is Nearness.LIVE
    assert risk.nearness(stance_of(afternoon, now).use, now) is Nearness.DAY
    after = now + 2 * HOUR
    assert stance_of(morning, after).use is None


@pytest.mark.parametrize("status", ["requested", "cancelled", "returned"])
def test_only_what_was_promised_counts_as_an_event(now, status):
    device = a_switch()
    booking = running(device.resource, starts_at=now - HOUR)
    booking.status = BookingStatus(status)
    db.session.flush()
    assert stance_of(device, now).use is None


def opened(device: Device, severity: str, at: datetime, rule: str = "N01") -> int:
    failure = a_failure(rule, Severity(severity))
    return violations.open_or_refresh(device, failure, at=at).id


def test_the_list_begins_with_what_an_event_needs(now):
    idle, busy = a_switch(), a_switch()
    running(busy.resource, starts_at=now - HOUR)
    grave = opened(idle, "critical", now)
    lesser = opened(busy, "high", now)
    old = opened(idle, "high", now - 10 * DAY, "N02")
    new = opened(idle, "high", now, "N04")
    ids = risks.ranked([], now).ids
    assert ids == [lesser, grave, old, new]
    second = risks.ranked([], now, limit=2, offset=1)
    assert (second.ids, second.total) == ([grave, old], 4)
    assert [each.id for each in risks.loaded(ids)] == ids
    waived = risks.ranked([violations.Violation.status == ViolationStatus.WAIVED], now)
    assert (waived.ids, waived.total) == ([], 0)
