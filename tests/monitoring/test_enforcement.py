"""From what a device shows over SSH to what may be booked: a real sshd, a simulated switch."""

from datetime import timedelta
from pathlib import Path

import pytest

from config import clock
from config.database import db, transaction
from monitoring import evidence, hostkeys, policy, violations
from monitoring.models import Device, EvidenceRecord, Platform, ViolationStatus
from monitoring.policy import Result
from monitoring.probes.logins import SshLogin
from monitoring.rules import Source
from portal.demo.ssh_switch import SshSwitch
from rental import closures
from rental.errors import ResourceClosed
from rental.period import Period
from tests import build
from tests.monitoring.policy_world import (
    KEYRING,
    OpenSshServer,
    a_switch,
    an_sshd,
    open_closures,
    with_login,
)

pytestmark = pytest.mark.usefixtures("house")


def results(device: Device) -> dict[str, Result]:
    db.session.expire_all()
    return {finding.rule: finding.result for finding in evidence.findings(device)}


def kept(device: Device) -> list[EvidenceRecord]:
    return db.session.query(EvidenceRecord).filter_by(device_id=device.id).order_by("id").all()


def collect(device: Device) -> dict[str, Result]:
    evidence.collect_site(device.site_id, KEYRING, seconds=20)
    return results(device)


def approve_what_it_shows(device: Device) -> None:
    with transaction():
        [key] = hostkeys.waiting(device)
        hostkeys.approve(device, key, by=build.desk())


def may_be_booked(device: Device) -> bool:
    starts_at = clock.now() + timedelta(days=1)
    try:
        closures.require_open(
            [device.resource_id or 0],
            Period(starts_at, starts_at + timedelta(hours=1)),
        )
    except ResourceClosed:
        return False
    return True


def switch_device(switch: SshSwitch) -> Device:
    with transaction():
        device = a_switch(ssh_port=switch.port)
        with_login(device, SshLogin(switch.username, switch.password))
    return device


def linux_device(server: OpenSshServer) -> Device:
    with transaction():
        device = a_switch(platform=Platform.LINUX, ssh_port=server.port)
        with_login(device, server.login)
    return device


def test_a_host_that_lets_root_in_leaves_the_calendar_until_it_no_longer_does(
    tmp_path: Path,
) -> None:
    with an_sshd(tmp_path) as server:
        server.start(PermitRootLogin="yes")
        device = linux_device(server)
        assert collect(device)["L01"] is Result.UNKNOWN, "nobody has approved its key"
        approve_what_it_shows(device)

        found = collect(device)
        assert found["L01"] is Result.FAIL
        assert found["L02"] is Result.PASS
        violation = violations.find_open(device, "L01")
        assert violation is not None
        assert violation.evidence[0] == "permitrootlogin yes"
        assert not may_be_booked(device)

        # Root signs in by key alone now: better, and still not what the rule asks for.
        server.start(PermitRootLogin="prohibit-password")
        assert collect(device)["L01"] is Result.FAIL
        assert not may_be_booked(device)

        # The rule holds for the world; the station that audits keeps its way in.
        server.start("Match Address 127.0.0.1\n PermitRootLogin yes\n", PermitRootLogin="no")
        assert collect(device)["L01"] is Result.PASS
        assert violations.get(violation.id).status is ViolationStatus.RESOLVED
        assert may_be_booked(device)


def test_a_match_block_for_root_does_not_hide_behind_a_good_default(tmp_path: Path) -> None:
    with an_sshd(tmp_path) as server:
        server.start("Match User root\n PermitRootLogin yes\n", PermitRootLogin="no")
        device = linux_device(server)
        collect(device)
        approve_what_it_shows(device)
        assert collect(device)["L01"] is Result.FAIL
        violation = violations.find_open(device, "L01")
    assert violation is not None
    assert "Match user=root" in violation.evidence[0]


def test_a_switch_that_takes_telnet_is_found_cured_and_booked_again() -> None:
    with SshSwitch() as switch:
        device = switch_device(switch)
        collect(device)
        approve_what_it_shows(device)
        found = collect(device)
        assert (found["N01"], found["N03"], found["N02"]) == (
            Result.FAIL,
            Result.FAIL,
            Result.PASS,
        )
        # Telnet, the name of the community, and that there is one at all.
        assert len(open_closures(device)) == 3
        assert not may_be_booked(device)

        block = switch.running.open("line vty 0 4")
        switch.running.edit("transport input ssh", block)
        assert collect(device)["N01"] is Result.PASS
        assert not may_be_booked(device), "the community public is still there"
        switch.running.edit("no snmp-server community public")
        assert collect(device)["N03"] is Result.PASS
        assert may_be_booked(device)
    configs = [record for record in kept(device) if record.source is Source.CONFIG]
    # One for the key that waited, then one for each state of the configuration.
    assert [record.failure is None for record in configs] == [False, True, True, True]
    assert all("N0t4realHash" not in (record.text or "") for record in configs)


def test_the_same_configuration_again_is_kept_once() -> None:
    with SshSwitch() as switch:
        device = switch_device(switch)
        with transaction():
            hostkeys.approve(device, switch.public_key, by=build.desk())
        collect(device)
        collect(device)
    [record] = kept(device)
    assert record.last_at > record.at


def test_a_changed_host_key_is_critical_until_it_is_approved() -> None:
    with SshSwitch() as switch:
        device = switch_device(switch)
        with transaction():
            hostkeys.approve(device, switch.public_key, by=build.desk())
        assert collect(device)["N36"] is Result.PASS
        before = results(device)
        port = switch.port
    with SshSwitch(port) as replaced:
        found = collect(device)
        assert found["N36"] is Result.FAIL
        assert found["N02"] is Result.UNKNOWN
        assert before["N02"] is Result.PASS
        violation = violations.find_open(device, "N36")
        assert violation is not None
        assert violation.severity == "critical"
        assert violation.cause in {closure.cause for closure in open_closures(device)}
        # What was broken before is neither cured nor forgotten.
        assert violations.find_open(device, "N01") is not None

        approve_what_it_shows(device)
        pinned = hostkeys.pinned(device)
        assert pinned is not None
        assert f"{pinned.algorithm} {pinned.key}" == replaced.public_key
        assert collect(device)["N36"] is Result.PASS
        assert violations.get(violation.id).status is ViolationStatus.RESOLVED


def test_one_dead_device_stops_nobody_and_loses_no_violation() -> None:
    with SshSwitch() as switch:
        device = switch_device(switch)
        with transaction():
            hostkeys.approve(device, switch.public_key, by=build.desk())
            dead = a_switch(resource=device.resource, ssh_port=1)
            with_login(dead, SshLogin("netops", "x"))
            hostkeys.approve(dead, switch.public_key, by=build.desk())
        collect(device)
    assert results(device)["N01"] is Result.FAIL
    told = results(dead)
    # It hands out no circuit, has no secure endpoint, and nobody asked for a try, dead or not.
    unasked = ("N26", "X01", "X02", "X04")
    assert {told.pop(rule) for rule in unasked} == {Result.NOT_APPLICABLE}
    assert set(told.values()) == {Result.UNKNOWN}
    # The switch is off now: what it had broken stays broken.
    collect(device)
    assert results(device)["N01"] is Result.UNKNOWN
    assert not may_be_booked(device)


def test_a_wrong_login_is_a_failure_that_people_can_read() -> None:
    with SshSwitch() as switch:
        with transaction():
            device = a_switch(ssh_port=switch.port)
            with_login(device, SshLogin("netops", "wrong"))
            hostkeys.approve(device, switch.public_key, by=build.desk())
        assert collect(device)["N01"] is Result.UNKNOWN
    [record] = kept(device)
    assert record.text is None
    assert record.failure == "authentication: the host refuses the login"


def test_a_rule_that_operators_took_away_lets_the_resource_go() -> None:
    device = a_switch()
    seen = policy.evidence_from("cisco_ios", "line vty 0 4\n transport input telnet\n")
    collected = evidence.Collected(device.id, clock.now(), seen)
    rules = policy.load()
    evidence.record(device, collected, rules)
    assert not may_be_booked(device)
    evidence.record(device, collected, [rule for rule in rules if rule.id == "N03"])
    assert may_be_booked(device)
    assert results(device) == {"N03": Result.PASS}


def test_a_waived_rule_is_shown_as_waived_and_closes_nothing() -> None:
    device = a_switch()
    seen = policy.evidence_from("cisco_ios", "ip ssh version 1\n")
    rules = [rule for rule in policy.load() if rule.id == "N02"]
    evidence.record(device, evidence.Collected(device.id, clock.now(), seen), rules)
    violation = violations.find_open(device, "N02")
    assert violation is not None
    until = clock.now() + timedelta(days=3)
    violations.waive(violation, by=build.desk(), reason="replaced next week", until=until)
    evidence.record(device, evidence.Collected(device.id, clock.now(), seen), rules)
    assert results(device) == {"N02": Result.WAIVED}
    assert may_be_booked(device)
    evidence.record(device, evidence.Collected(device.id, until, seen), rules)
    assert violations.get(violation.id).status is ViolationStatus.OPEN
    assert open_closures(device) != []
