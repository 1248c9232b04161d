"""Bookings switch a port of a simulated switch: on in time, off after, healed, or told."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import access_ports, hostkeys, provisioning, readiness
from monitoring.circuits import VlanRange, Wanted
from monitoring.models import (
    AccessPort,
    DeviceRole,
    PortChange,
    PortState,
    PortStatus,
    Problem,
    Verdict,
)
from monitoring.probes import calls
from monitoring.probes.logins import SshLogin
from monitoring.rules import Severity
from portal.demo.ssh_switch import SshSwitch
from rental.models import BookingStatus
from tests import build
from tests.monitoring.policy_world import KEYRING, a_switch, with_login

PORT = "GigabitEthernet1/0/3"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def switch() -> Iterator[SshSwitch]:
    with SshSwitch() as running:
        yield running


@pytest.fixture
def port(house, switch) -> AccessPort:
    """A managed port of the switch that hands out a circuit."""
    with transaction():
        circuit = build.a_circuit()
        device = with_login(
            a_switch(
                resource=None,
                site=circuit.site,
                role=DeviceRole.SWITCH,
                ssh_port=switch.port,
            ),
            SshLogin(switch.username, switch.password),
        )
        shown = hostkeys.note(device, *switch.public_key.split())
        hostkeys.approve(device, shown, by=None)
        port = access_ports.add(device, PORT, circuit, by=None)
        provisioning.manage(port, is_managed=True, by=None)
    return port


def book(port: AccessPort, begins: datetime, hours: int = 2):
    with transaction():
        booking = build.a_booking(port.resource, starts_at=begins, hours=hours)
        booking.status = BookingStatus.CONFIRMED
    return booking


def round_at(port: AccessPort, at: datetime, **over) -> provisioning.Summary:
    with clock.standing_at(at):
        told = provisioning.reconcile_site(port.device.site_id, KEYRING, **over)
    db.session.expire_all()
    return told


def is_on(switch: SshSwitch, port: str = PORT) -> bool:
    return " shutdown" not in switch.running.section(f"interface {port}")


def changes() -> list[PortChange]:
    return list(db.session.scalars(sa.select(PortChange).order_by(PortChange.id)))


def test_a_port_is_on_while_somebody_has_booked_it(port, switch):
    start = clock.now().replace(microsecond=0) + HOUR
    booking = book(port, start)
    assert round_at(port, start - HOUR).changed == 0
    assert not is_on(switch)
    assert round_at(port, start - 16 * MINUTE).asked == 0, "nothing to do, nobody is asked"
    assert round_at(port, start - 14 * MINUTE).changed == 1
    assert is_on(switch)
    assert "switchport access vlan 110" in switch.running.section(f"interface {PORT}")
    assert round_at(port, start).asked == 0
    assert round_at(port, start + 2 * HOUR + 6 * MINUTE).changed == 1
    assert not is_on(switch)
    assert "switchport access vlan 999" in switch.running.section(f"interface {PORT}")
    opened, shut = changes()
    assert (opened.reference, opened.is_on, opened.vlan) == (booking.reference, True, 110)
    assert (shut.is_on, shut.vlan, shut.outcome) == (False, 999, "applied")
    assert opened.commands[-1] == "no shutdown"


def test_a_missed_hour_heals_itself_and_a_cancelled_booking_is_off(port, switch):
    start = clock.now().replace(microsecond=0)
    booking = book(port, start, hours=5)
    # Nobody ran for three hours.
    assert round_at(port, start + 3 * HOUR).changed == 1
    assert is_on(switch)
    with transaction():
        booking.status = BookingStatus.CANCELLED
    assert round_at(port, start + 3 * HOUR + MINUTE).changed == 1
    assert not is_on(switch)


def test_a_port_that_nobody_lets_bookings_switch_is_left_alone(port, switch):
    start = clock.now().replace(microsecond=0)
    book(port, start)
    with transaction():
        provisioning.manage(db.session.get(AccessPort, port.id), is_managed=False, by=None)
    assert round_at(port, start).asked == 0
    assert not is_on(switch)
    assert db.session.get(PortState, port.id) is None


def test_a_trial_keeps_what_it_would_type(port, switch):
    start = clock.now().replace(microsecond=0)
    book(port, start)
    told = round_at(port, start, is_trial=True)
    assert (told.asked, told.changed, told.failed) == (1, 0, 0)
    assert not is_on(switch)
    (planned,) = changes()
    assert (planned.outcome, planned.commands[-1]) == ("planned", "no shutdown")
    assert db.session.get(PortState, port.id).status is PortStatus.PLANNED
    assert round_at(port, start + MINUTE, is_trial=True).asked == 0, "once is enough"


def test_a_switch_that_cannot_be_reached_is_told_before_the_event_and_tried_again(port, switch):
    start = clock.now().replace(microsecond=0) + HOUR
    book(port, start)
    switch.password = "another"
    early = start - 14 * MINUTE
    assert round_at(port, early).failed == 1
    state = db.session.get(PortState, port.id)
    assert (state.status, state.attempts) == (PortStatus.FAILED, 1)
    (problem,) = db.session.scalars(sa.select(Problem))
    assert (problem.kind, problem.subject, problem.severity) == ("access_port", PORT, Severity.HIGH)
    assert problem.evidence["wanted"] == "on"
    assert round_at(port, early + 30 * timedelta(seconds=1)).asked == 0, "a pause in between"
    assert round_at(port, start + MINUTE).failed == 1
    db.session.refresh(problem)
    assert problem.severity is Severity.CRITICAL, "now somebody sits before a dead line"
    switch.password = "demo-switch-password"
    assert round_at(port, start + 4 * MINUTE).changed == 1
    db.session.refresh(problem)
    assert problem.cleared_at is not None
    assert is_on(switch)


def test_what_the_guard_refuses_is_told_and_left(port, switch):
    start = clock.now().replace(microsecond=0)
    book(port, start)
    switch.neighbours[PORT] = "Enabled Capabilities: B\n"
    assert round_at(port, start).failed == 1
    assert not is_on(switch)
    assert "switch or router" in str(db.session.get(PortState, port.id).reasons)


def test_a_worker_that_dies_after_typing_leaves_what_the_next_round_settles(
    port, switch, monkeypatch
):
    start = clock.now().replace(microsecond=0)
    book(port, start)
    real = provisioning.port_records.record

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(provisioning.port_records, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        round_at(port, start)
    monkeypatch.setattr(provisioning.port_records, "record", real)
    assert is_on(switch)
    assert changes() == []
    told = round_at(port, start + MINUTE)
    assert (told.asked, told.changed, told.failed) == (1, 0, 0), "it looked, and it was so already"
    assert db.session.get(PortState, port.id).is_on is True


def test_who_looks_only_once_an_hour_still_sees_what_changed_by_hand(port, switch, monkeypatch):
    start = clock.now().replace(microsecond=0)
    assert round_at(port, start).asked == 1
    switch.running.edit("no shutdown", switch.running.open(f"interface {PORT}"))
    seen = provisioning._Seen(start + MINUTE, True)
    assert round_at(port, start + MINUTE).asked == 0
    monkeypatch.setattr(provisioning, "_seen", lambda *_: seen)
    assert round_at(port, start + 2 * MINUTE).changed == 1
    assert not is_on(switch), "on without a booking for two minutes at most"


def test_one_device_that_breaks_us_does_not_stop_the_others(port, switch, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a defect")

    monkeypatch.setattr(calls, "switch", broken)
    start = clock.now().replace(microsecond=0)
    book(port, start)
    assert round_at(port, start).failed == 1
    assert "RuntimeError" in str(db.session.get(PortState, port.id).reasons)


def test_a_key_that_nobody_approved_is_said(port, switch):
    with transaction():
        db.session.execute(sa.text("UPDATE host_key SET approved_at = NULL"))
    start = clock.now().replace(microsecond=0)
    book(port, start)
    assert round_at(port, start).failed == 1
    assert "not approved" in str(db.session.get(PortState, port.id).reasons)


def test_a_booking_of_more_ports_than_there_are_is_told(port, switch):
    start = clock.now().replace(microsecond=0)
    booking = book(port, start)
    with transaction():
        booking.lines[0].quantity = 2
        port.resource.stock = 2
    told = round_at(port, start)
    assert told.short == 1
    subjects = set(db.session.scalars(sa.select(Problem.subject)))
    assert any("no port or VLAN left" in subject for subject in subjects)
    assert is_on(switch), "what there is, is on"


def test_a_driver_is_told_what_the_circuit_is_rented_as_while_it_is_on(port):
    terms = provisioning.circuits.terms_on(clock.now().date())
    on = provisioning._setting(port, Wanted(port.id, 1, 110), terms)
    off = provisioning._setting(port, Wanted(port.id), terms)
    assert (on.mbps, off.mbps) == (100, None)


def lacks(booking) -> list[Problem]:
    query = sa.select(Problem).where(Problem.subject.endswith(booking.reference))
    return list(db.session.scalars(query.order_by(Problem.id)))


def test_who_will_find_no_vlan_is_told_a_day_before_and_is_red_until_it_is_mended(
    port, switch, monkeypatch
):
    with transaction():
        other = build.a_circuit(site=port.device.site)
        second = access_ports.add(port.device, "GigabitEthernet1/0/2", other, by=None)
        provisioning.manage(second, is_managed=True, by=None)
    terms = provisioning.circuits.terms_on(clock.now().date())
    one_vlan = terms.model_copy(update={"vlans": [VlanRange(first=110, last=110)]})
    monkeypatch.setattr(provisioning.circuits, "terms_on", lambda _day: one_vlan)
    start = clock.now().replace(microsecond=0) + 30 * HOUR
    first, late = book(port, start), book(second, start + HOUR)
    round_at(port, start - 27 * HOUR)
    assert lacks(late) == [], "there is time"
    round_at(port, start - 24 * HOUR)
    (problem,) = lacks(late)
    assert (problem.severity, lacks(first)) == (Severity.HIGH, [])
    assert "no port or VLAN left" in problem.subject
    red = [check for check in readiness.of_booking(late).checks if check.verdict is Verdict.RED]
    assert [(check.kind, check.found) for check in red] == [
        (readiness.CheckKind.SWITCHED, readiness.NOTHING_LEFT)
    ]
    well = readiness.of_booking(first).checks
    assert all(check.verdict is not Verdict.RED for check in well), "another's trouble"
    monkeypatch.setattr(provisioning.circuits, "terms_on", lambda _day: terms)
    round_at(port, start - 23 * HOUR)
    db.session.refresh(problem)
    assert problem.cleared_at is not None


def test_who_only_waits_for_the_lag_of_the_one_before_lacks_nothing(port, switch):
    start = clock.now().replace(microsecond=0)
    book(port, start, hours=2)
    following = book(port, start + 2 * HOUR)
    for minutes in (0, 110, 119):
        round_at(port, start + minutes * MINUTE)
        assert lacks(following) == []
