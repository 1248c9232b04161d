"""Readiness: what is looked at, when a pool is ready, what stops a handover, and for how long."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import clock
from config.database import db, transaction
from monitoring import access_ports, problems, readiness, violations
from monitoring.errors import BadSignature, NotReady
from monitoring.models import ConfigRound, Device, DeviceRole, DeviceStatus, Moment, Verdict
from monitoring.probes.logins import SshLogin
from monitoring.problems import NewProblem
from monitoring.readiness import Backup, Check, CheckKind, Standing, checks_of, of_pool, worst
from monitoring.rules import Severity
from rental.models import BookingStatus, Role
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, with_login

UP, DOWN = DeviceStatus.UP, DeviceStatus.DOWN
RED, AMBER, GREEN = Verdict.RED, Verdict.AMBER, Verdict.GREEN


@pytest.mark.parametrize(
    ("status", "standing", "kind", "verdict"),
    [
        (UP, Standing(was_audited=True), CheckKind.ANSWERS, GREEN),
        (UP, Standing(was_audited=True), CheckKind.RULES, GREEN),
        (DOWN, Standing(), CheckKind.ANSWERS, RED),
        (DeviceStatus.DEGRADED, Standing(), CheckKind.ANSWERS, AMBER),
        # What nobody has looked at is never green.
        (DeviceStatus.UNKNOWN, Standing(), CheckKind.ANSWERS, AMBER),
        (UP, Standing(), CheckKind.RULES, AMBER),
        (UP, Standing(violations=[("N01", Severity.CRITICAL)]), CheckKind.RULES, RED),
        (UP, Standing(violations=[("N16", Severity.LOW)]), CheckKind.RULES, AMBER),
        (UP, Standing([("certificate", "rtmp", Severity.HIGH)]), CheckKind.CERTIFICATE, RED),
        (UP, Standing([("certificate", "rtmp", Severity.MEDIUM)]), CheckKind.CERTIFICATE, AMBER),
        (UP, Standing([("storage", "/", Severity.HIGH)]), CheckKind.DISK, RED),
        (UP, Standing([("endpoint", "RTMP", Severity.HIGH)]), CheckKind.STREAM, RED),
        (UP, Standing([("sensor", "inlet", Severity.HIGH)]), CheckKind.HEALTH, AMBER),
        (UP, Standing([("sensor", "inlet", Severity.CRITICAL)]), CheckKind.HEALTH, RED),
        (UP, Standing([("access_port", "Gi0/3", Severity.HIGH)]), CheckKind.SWITCHED, RED),
    ],
)
def test_each_thing_looked_at_has_its_verdict(status, standing, kind, verdict):
    device = Device(name="SW", status=status)
    found = [check for check in checks_of(device, standing, "Gi0/3") if check.kind is kind]
    assert [check.verdict for check in found] == [verdict]


def test_the_port_of_another_renter_is_not_ours():
    standing = Standing([("access_port", "Gi0/9", Severity.CRITICAL)])
    checks = checks_of(Device(name="SW", status=UP), standing, "Gi0/3")
    assert CheckKind.SWITCHED not in {check.kind for check in checks}


FRESH = clock.now() - timedelta(hours=2)


@pytest.mark.parametrize(
    ("backup", "backed_up", "saved"),
    [
        (Backup(FRESH, unsaved_lines=0), (GREEN, ""), (GREEN, "")),
        (Backup(FRESH), (GREEN, ""), None),  # the platform does not tell what it starts with
        (Backup(FRESH, unsaved_lines=7), (GREEN, ""), (AMBER, "7")),
        (Backup(FRESH, has_failed=True), (AMBER, "failed"), None),
        (Backup(FRESH - timedelta(days=3)), (AMBER, "old"), None),
        (Backup(), (AMBER, "none"), None),  # what nobody has looked at is never green
        (Backup(has_failed=True), (AMBER, "none"), None),
    ],
)
def test_a_configuration_is_backed_up_and_saved_and_never_stops_an_event(backup, backed_up, saved):
    checks = checks_of(Device(name="SW", status=UP), Standing(was_audited=True, backup=backup))
    found = {check.kind: (check.verdict, check.found) for check in checks}
    assert found[CheckKind.BACKED_UP] == backed_up
    assert found.get(CheckKind.SAVED) == saved
    assert worst(checks) is not RED


def test_of_what_has_no_backups_nothing_is_said():
    checks = checks_of(Device(name="UPS", status=UP), Standing(was_audited=True))
    assert {check.kind for check in checks} == {CheckKind.ANSWERS, CheckKind.RULES}


verdicts = st.lists(st.lists(st.sampled_from(Verdict), min_size=1, max_size=3), max_size=5)


@given(verdicts, st.integers(1, 5))
def test_a_pool_is_red_only_where_too_few_of_it_are_ready(pool, needed):
    by_device = [
        [Check(CheckKind.HEALTH, f"d{n}", verdict, str(at)) for at, verdict in enumerate(each)]
        for n, each in enumerate(pool)
    ]
    found = of_pool(by_device, needed)
    ready = sum(RED not in each for each in pool)
    is_red = worst(found) is RED
    assert is_red == (ready < needed and any(RED in each for each in pool))
    assert len(found) == sum(len(each) for each in pool), "nothing is hidden"


@pytest.fixture
def operator(house):
    with transaction():
        return build.a_member(role=Role.OPERATOR)


@pytest.fixture
def booking(house, operator):
    """A confirmed booking of a circuit that a switch serves, an hour and a half from now."""
    with transaction():
        device = a_switch(name="SW-1", status=UP)
        booking = build.a_booking(
            device.resource, starts_at=clock.now() + timedelta(minutes=90), hours=2
        )
        booking.status = BookingStatus.CONFIRMED
    return booking


def device_of(booking) -> Device:
    return db.session.query(Device).filter_by(resource_id=booking.lines[0].resource_id).one()


def test_what_is_red_stops_the_handover_until_an_operator_signs(booking, operator):
    readiness.require(booking)
    with transaction():
        device_of(booking).status = DOWN
    with pytest.raises(NotReady, match="SW-1"):
        readiness.require(booking)
    with pytest.raises(BadSignature), transaction():
        readiness.sign(booking, by=operator, reason="  ")
    with transaction():
        readiness.sign(booking, by=operator, reason="Đài dùng máy\ndự phòng")
    readiness.require(booking)
    ready = readiness.of_booking(booking)
    assert (ready.verdict, ready.unsigned) == (RED, []), "signed for is not mended"
    assert ready.signatures[0].reason == "Đài dùng máy dự phòng"
    with pytest.raises(BadSignature), transaction():
        readiness.sign(booking, by=operator, reason="again")
    # What turns red later was not signed for.
    with transaction():
        violations.open_or_refresh(device_of(booking), a_failure("N01"))
    with pytest.raises(NotReady):
        readiness.require(booking)


def test_reports_are_made_a_day_and_an_hour_before_and_once(booking):
    start = booking.starts_at
    assert readiness.due(start - timedelta(hours=25)) == []
    day = readiness.due(start - timedelta(hours=23))
    assert [moment for _, moment in day] == [Moment.DAY]
    with transaction():
        assert readiness.report(booking, Moment.DAY).verdict is AMBER
        assert readiness.report(booking, Moment.DAY) is None, "another worker made it"
    assert readiness.due(start - timedelta(hours=23)) == []
    assert [m for _, m in readiness.due(start - timedelta(minutes=50))] == [Moment.HOUR]
    assert readiness.due(start) == [], "too late to be of use"
    with transaction():
        booking.status = BookingStatus.CANCELLED
    assert readiness.due(start - timedelta(minutes=50)) == []


def test_a_booking_that_nothing_measures_is_not_stopped(house):
    with transaction():
        booking = build.a_booking(build.a_hall())
    ready = readiness.of_booking(booking)
    assert (ready.checks, ready.verdict) == ([], GREEN)
    readiness.require(booking)


def test_the_port_that_hands_a_circuit_out_is_looked_at(house):
    with transaction():
        circuit = build.a_circuit()
        device = a_switch(name="SW-2", resource=None, site=circuit.site, status=UP)
        device.role = DeviceRole.SWITCH
        access_ports.add(device, "Gi0/3", circuit, by=None)
        problems.open_(device, NewProblem("access_port", "Gi0/3", Severity.HIGH))
        booking = build.a_booking(circuit)
        booking.status = BookingStatus.CONFIRMED
    assert readiness.of_booking(booking).verdict is RED


def test_the_backup_of_a_device_with_a_login_is_looked_at(booking):
    device = db.session.scalars(db.select(Device).filter_by(name="SW-1")).one()
    kinds = {check.kind for check in readiness.of_booking(booking).checks}
    assert CheckKind.BACKED_UP not in kinds
    with_login(device, SshLogin("u", "p"))
    found = {check.kind: check for check in readiness.of_booking(booking).checks}
    assert (found[CheckKind.BACKED_UP].verdict, found[CheckKind.BACKED_UP].found) == (AMBER, "none")
    at = clock.now()
    db.session.add(
        ConfigRound(device_id=device.id, since=at, succeeded_at=at, failure=None, unsaved_lines=3)
    )
    db.session.flush()
    found = {check.kind: check for check in readiness.of_booking(booking).checks}
    assert found[CheckKind.BACKED_UP].verdict is GREEN
    assert (found[CheckKind.SAVED].verdict, found[CheckKind.SAVED].found) == (AMBER, "3")
