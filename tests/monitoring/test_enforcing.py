"""What is done about a broken rule: by its own word or its severity, and never to what runs."""

from datetime import timedelta
from pathlib import Path

import pytest

from config import clock
from config.database import db
from monitoring import access_ports, enforcement, enforcing, rule_check, rules, troubles, violations
from monitoring.alerts import standing
from monitoring.models import DeviceRole
from monitoring.rules import Enforce, Severity
from monitoring.signals import resource_quarantined
from portal import quarantine
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import Asset, Closure, EventKind, Movement, Part, Role
from rental.period import Period
from tests import build
from tests.monitoring.policy_world import a_failure, a_switch, open_closures

HOUR = timedelta(hours=1)
RULE = """
rules:
  - id: C01
    title: {{vi: "Không telnet", en: "No telnet"}}
    severity: {severity}
    {enforce}
    platforms: [{platforms}]
    evidence: config
    condition: {{absent: '^telnet'}}
    reason: {{vi: "Nghe được", en: "it is heard"}}
    cure: {{vi: "Tắt", en: "turn it off"}}
    {commands}
"""


REMEDY = "remedy: {playbook: sshd_options, platforms: [cisco_ios]}"


def a_rule(folder: Path, enforce="", severity="medium", **over):
    """The one rule of a folder that says this."""
    words = {"platforms": "cisco_ios", "commands": "commands: [no telnet]", **over}
    text = RULE.format(enforce=enforce and f"enforce: {enforce}", severity=severity, **words)
    (folder / "own.yml").write_text(text)
    return rules.load(folder)[0]


@pytest.mark.parametrize(
    ("severity", "enforce", "done"),
    [
        ("critical", "", {"notify", "quarantine"}),
        ("high", "", {"notify", "quarantine"}),
        ("medium", "", {"notify"}),
        ("low", "", {"notify"}),
        ("critical", "[notify]", {"notify"}),  # its own word, not its severity's
        ("low", "[quarantine, shut_port]", {"quarantine", "shut_port"}),
        ("critical", "[]", set()),
    ],
)
def test_a_rule_says_what_is_done_and_else_its_severity_does(tmp_path, severity, enforce, done):
    rule = a_rule(tmp_path, enforce, severity)
    assert {step.value for step in enforcing.steps(rule, rule.severity)} == done


def test_a_rule_off_the_books_follows_its_severity():
    assert enforcing.steps_of("ZZZ", Severity.HIGH) == enforcing.by_severity(Severity.HIGH)


@pytest.mark.parametrize(
    ("enforce", "over", "fault"),
    [
        ("[notify, notify]", {}, "enforce names notify twice"),
        ("[shut_port]", {"platforms": "linux"}, "none of its platforms is a switch's"),
        ("[remediate]", {}, "the rule has no remedy"),
        ("[notify, raise, quarantine, remediate, shut_port]", {"commands": REMEDY}, None),
    ],
)
def test_the_check_names_what_cannot_be_done(tmp_path, enforce, over, fault):
    a_rule(tmp_path, enforce, **over)
    found = [each.what for each in rule_check.check(tmp_path).faults if "enforce" in each.what]
    assert [fault in each for each in found] == ([True] if fault else [])


def test_an_unknown_step_is_refused_with_its_place(tmp_path):
    (tmp_path / "own.yml").write_text(
        RULE.format(enforce="enforce: [explode]", severity="low", platforms="linux", commands="")
    )
    [fault] = [str(each) for each in rule_check.check(tmp_path).faults if "enforce" in str(each)]
    assert "own.yml" in fault


@pytest.fixture
def says(house, tmp_path, monkeypatch):
    """Lets rule N01 say what is done about it."""

    def say(*steps: Enforce):
        book = {rule.id: rule for rule in rules.load()}
        book["N01"] = book["N01"].model_copy(update={"enforce": steps})
        monkeypatch.setattr(enforcing, "_book", lambda: book)

    return say


def broken(device, severity=Severity.CRITICAL, rule="N01"):
    violation = violations.open_or_refresh(device, a_failure(rule, severity))
    enforcement.settle(device)
    return violation


def test_the_rules_that_ask_for_a_remediation_are_known_by_id(says):
    assert enforcing.rules_that(Enforce.REMEDIATE) == []
    says(Enforce.REMEDIATE)
    assert enforcing.rules_that(Enforce.REMEDIATE) == ["N01"]


def test_a_grave_rule_that_only_notifies_closes_nothing(says):
    says(Enforce.NOTIFY)
    device = a_switch()
    broken(device)
    assert open_closures(device) == []


def test_a_lesser_rule_that_quarantines_closes(says):
    says(Enforce.QUARANTINE)
    device = a_switch()
    broken(device, Severity.LOW)
    assert len(open_closures(device)) == 1


def test_what_does_not_notify_is_listed_and_wakes_nobody(says):
    says(Enforce.QUARANTINE)
    quiet, loud = broken(a_switch()), broken(a_switch(), rule="N02")
    at = clock.now()
    assert {one.record for one in troubles.all_(at)} == {quiet, loud}
    assert [one.cause_id for one in standing.all_(at)] == [loud.id]


@pytest.mark.parametrize(
    ("steps", "is_live", "address", "severity"),
    [
        (None, True, "10.0.0.1", Severity.HIGH),
        (None, False, "8.8.8.8", Severity.MEDIUM),  # as ever: an event alone raises it
        ((Enforce.RAISE,), True, "10.0.0.1", Severity.HIGH),
        ((Enforce.RAISE,), False, "8.8.8.8", Severity.HIGH),
        ((Enforce.RAISE,), False, "10.0.0.1", Severity.MEDIUM),
        ((Enforce.NOTIFY,), True, "8.8.8.8", Severity.MEDIUM),
    ],
)
def test_a_rule_that_raises_counts_more_where_it_matters_more(
    says, steps, is_live, address, severity
):
    if steps is not None:
        says(*steps)
    device = a_switch(address=address)
    if is_live:
        running(device.resource)
    broken(device, Severity.MEDIUM)
    [trouble] = troubles.all_(clock.now() + timedelta(minutes=10))
    assert trouble.severity is severity


def running(resource, *, quantity=1, lasts=2 * HOUR, ahead=timedelta(0)):
    """A confirmed booking that runs now, or begins so long from now."""
    starts_at = clock.now() + ahead + timedelta(seconds=30)
    line = WantedLine(resource.code, quantity, Period(starts_at, starts_at + lasts))
    member, unit = build.desk(), build.a_unit()
    wanted = RequestedBooking(unit, "Phát trực tiếp", EventKind.BROADCAST, [line])
    booking = bookings.request(wanted, by=member)
    bookings.confirm(booking, by=member)
    return booking


def during(booking):
    """While the event runs."""
    return clock.standing_at(booking.starts_at + timedelta(minutes=10))


def test_what_an_event_uses_now_is_closed_from_the_end_of_that_use(house):
    device = a_switch()
    booking = running(device.resource)
    with during(booking):
        broken(device)
        [closure] = open_closures(device)
        assert closure.during.lower == booking.ends_at
        # The event goes on: it is handed over, late as it is.
        bookings.hand_over(booking, by=build.desk())
        enforcement.settle(device)
        assert len(open_closures(device)) == 1


def test_an_event_that_ends_early_lets_the_quarantine_begin(house):
    device = a_switch()
    booking = running(device.resource)
    with during(booking):
        broken(device)
        bookings.hand_over(booking, by=build.desk())
        bookings.return_(booking, by=build.desk())
        enforcement.bring_forward()
        [closure] = open_closures(device)
        assert closure.during.lower == clock.now()
        assert closure.during.upper is None


def test_what_is_yet_to_begin_is_quarantined_at_once(house):
    device = a_switch()
    booking = running(device.resource, ahead=HOUR)
    broken(device)
    [closure] = open_closures(device)
    assert closure.during.lower < booking.starts_at


def test_a_part_is_in_use_with_its_whole(house):
    whole = build.a_hall(code="WHOLE")
    device = a_switch(resource=build.a_hall(code="HALF", site=whole.site))
    db.session.add(Part(whole=whole, part=device.resource, quantity=1))
    db.session.flush()
    booking = running(whole)
    with during(booking):
        broken(device)
    [closure] = open_closures(device)
    assert closure.during.lower == booking.ends_at


def test_of_a_pool_a_piece_is_closed_as_soon_as_one_is_out_of_use(house):
    device = a_switch(resource=build.equipment(stock=3))
    first = running(device.resource, quantity=2)
    with during(first):
        broken(device)
        [closure] = open_closures(device)
        assert closure.during.lower == clock.now()  # the third is in the store


def test_of_a_pool_all_in_use_the_first_to_come_back_counts(house):
    device = a_switch(resource=build.equipment(stock=3))
    longer, sooner = running(device.resource, quantity=2, lasts=5 * HOUR), running(device.resource)
    with during(longer):
        broken(device)
    [closure] = open_closures(device)
    assert closure.during.lower == sooner.ends_at


def test_an_asset_that_is_out_is_quarantined_when_it_is_due_back(house):
    resource = build.equipment(stock=3)
    asset = Asset(resource=resource, tag="CAM-9")
    db.session.add(asset)
    db.session.flush()
    device = a_switch(resource=resource, asset=asset)
    booking = running(resource)
    with during(booking):
        db.session.add(Movement(line=booking.lines[0], resource=resource, asset=asset))
        db.session.flush()
        broken(device)
    [closure] = open_closures(device)
    assert closure.during.lower == booking.ends_at


def test_a_rule_that_shuts_ports_closes_the_circuits_of_its_ports(says):
    says(Enforce.SHUT_PORT)
    operator = build.a_member(role=Role.OPERATOR)
    switch = a_switch(resource=None, role=DeviceRole.SWITCH)
    circuit, pool = build.a_circuit(), build.a_circuit(stock=4)
    for port, served in (("Gi0/1", circuit), ("Gi0/2", pool), ("Gi0/3", pool)):
        access_ports.add(switch, port, served, by=operator)
    booking = running(circuit)
    with during(booking):
        violation = broken(switch)
        found = db.session.query(Closure).order_by(Closure.resource_id).all()
        assert [(c.resource_id, c.quantity) for c in found] == [(circuit.id, None), (pool.id, 2)]
        assert found[0].during.lower == booking.ends_at
        assert found[1].during.lower == clock.now()
        violations.resolve(violation)
        enforcement.settle(switch)
    assert all(closure.reopened_at is not None for closure in found)


def test_an_asset_stays_behind_the_counter_for_its_own_closure_alone(says):
    resource = build.equipment(stock=3)
    asset = Asset(resource=resource, tag="SW-9")
    switch = a_switch(resource=resource, asset=asset, role=DeviceRole.SWITCH)
    operator = build.a_member(role=Role.OPERATOR)
    access_ports.add(switch, "Gi0/1", build.a_circuit(), by=operator)
    says(Enforce.SHUT_PORT)
    broken(switch)
    assert quarantine.assets() == {}
    says(Enforce.SHUT_PORT, Enforce.QUARANTINE)
    enforcement.settle(switch)
    assert quarantine.assets() == {asset.id: "N01"}


def test_the_floor_above_hears_once_of_a_quarantine(house):
    heard = []

    def told(violation, closure):
        heard.append((violation.id, closure.id))

    with resource_quarantined.connected_to(told):
        device = a_switch()
        violation = broken(device)
        enforcement.settle(device)
    [closure] = open_closures(device)
    assert heard == [(violation.id, closure.id)]
