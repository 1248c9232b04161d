"""One port of a simulated Arista switch: compared, committed for a time, kept or taken back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from config import clock
from monitoring import port_blocks
from monitoring.port_blocks import EOS, PortSetting
from monitoring.probes import switching
from monitoring.probes.logins import SshLogin
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome
from portal.demo import eos
from portal.demo.ssh_switch import EosSwitch

PORT = "Ethernet3"
KNOWN = frozenset({110, 111, 999})
ON, OFF = PortSetting(PORT, True, 111, KNOWN), PortSetting(PORT, False, 999, KNOWN)


@pytest.fixture
def switch() -> Iterator[EosSwitch]:
    with EosSwitch() as running:
        yield running


def settle(switch: EosSwitch, setting: PortSetting, **over) -> Switched:
    target = SshTarget(
        "127.0.0.1",
        SshLogin(switch.username, switch.password),
        PinnedKey(*switch.public_key.split()),
        platform="arista_eos",
        port=switch.port,
        seconds=30.0,
    )
    found = switching.switch(target, setting, **over)
    assert isinstance(found, Switched), found
    return found


def lines(switch: EosSwitch, port: str = PORT) -> list[str]:
    return [line.strip() for line in switch.running.section(f"interface {port}").splitlines()[1:]]


def test_a_port_is_opened_and_shut_and_a_second_time_nothing_is_typed(switch):
    opened = settle(switch, ON)
    assert opened.outcome is SwitchOutcome.APPLIED, opened.reason
    assert opened.commands == ["switchport access vlan 111", "no shutdown"]
    assert sorted(lines(switch)) == ["description press room, table 3", ON_IN_111]
    assert switch.startup == switch.running.text, "saved"
    assert (switch.timed, switch.reverting, switch.sessions) == (None, None, {}), "confirmed"
    assert opened.has_dead_man
    assert settle(switch, ON).outcome is SwitchOutcome.UNCHANGED
    shut = settle(switch, OFF)
    assert shut.commands == ["shutdown", "switchport access vlan 999"]
    assert "shutdown" in lines(switch)
    assert settle(switch, OFF).outcome is SwitchOutcome.UNCHANGED


ON_IN_111 = "switchport access vlan 111"


def test_a_trial_says_what_would_be_typed_and_opens_no_session(switch):
    before = switch.running.text
    trial = settle(switch, ON, is_trial=True)
    assert (trial.outcome, switch.running.text) == (SwitchOutcome.PLANNED, before)
    assert trial.commands == ["switchport access vlan 111", "no shutdown"]
    assert switch.sessions == {}


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (PortSetting("Ethernet1", True, 111, KNOWN), "is a trunk"),
        (PortSetting("Ethernet2", True, 111, KNOWN), "routed"),
        (PortSetting("Ethernet4", True, 111, KNOWN), "part of a bundle"),
        (PortSetting("Ethernet99", True, 111, KNOWN), "no interface"),
        (PortSetting(PORT, True, 10, KNOWN), "VLAN 10 is neither"),
        (PortSetting("Port-Channel5", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("Management1", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("Ethernet3\nreload", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("Ethernet3 | bash rm", True, 111, KNOWN), "no name of an interface"),
    ],
)
def test_what_must_not_be_touched_is_refused_and_left_alone(switch, setting, reason):
    before = switch.running.text
    found = settle(switch, setting)
    assert found.outcome is SwitchOutcome.REFUSED
    assert reason in found.reason
    assert (switch.running.text, switch.sessions) == (before, {})


def test_a_port_with_a_switch_behind_it_is_not_opened_but_one_with_a_phone_is(switch):
    told = "Interface Ethernet3 detected 1 LLDP neighbors:\n  - System Capabilities : {}\n"
    able = told.format("Bridge, Telephone")
    switch.neighbours[PORT] = able + "    Enabled Capabilities: Bridge, Router\n"
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.REFUSED
    assert "switch or router is connected" in found.reason
    switch.neighbours[PORT] = able + "    Enabled Capabilities: Telephone\n"
    assert settle(switch, ON).outcome is SwitchOutcome.APPLIED


def test_what_does_not_hold_is_taken_back(switch, monkeypatch):
    before = lines(switch)
    real = eos.EosTerminal._change

    def deaf(self, candidate, command):
        if command != "no shutdown":
            real(self, candidate, command)

    monkeypatch.setattr(eos.EosTerminal, "_change", deaf)
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert found.reason == "It was typed and does not hold: no shutdown."
    assert lines(switch) == before
    assert (switch.reverting, switch.sessions) == (None, {})


def test_a_session_that_would_change_more_than_the_port_is_never_committed(switch, monkeypatch):
    before = switch.running.text
    real = eos.EosTerminal._session

    def crowded(self, name, verb):
        told = real(self, name, verb)
        if not verb:
            # What another session committed since the copy was taken shows in the comparison.
            self.box.sessions[name].edit("hostname elsewhere")
        return told

    monkeypatch.setattr(eos.EosTerminal, "_session", crowded)
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert "hostname elsewhere" in found.reason
    assert (switch.running.text, switch.sessions) == (before, {})


def test_a_session_that_dies_under_the_timer_goes_back_by_itself(switch, monkeypatch):
    before = lines(switch)
    monkeypatch.setattr(port_blocks, "missing", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(AssertionError, match="killed"):
        settle(switch, ON)
    monkeypatch.undo()
    assert "no shutdown" not in lines(switch)
    assert lines(switch) != before, "in force, for two minutes"
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        eos.EosTerminal(switch).line("show clock")
        assert lines(switch) == before, "the switch went back by itself"
        assert settle(switch, ON).outcome is SwitchOutcome.APPLIED


def test_what_a_worker_that_died_left_is_taken_back_before_anything_else(switch, monkeypatch):
    before = lines(switch)
    monkeypatch.setattr(port_blocks, "missing", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(AssertionError, match="killed"):
        settle(switch, ON)
    monkeypatch.undo()
    # One that is not ours stays.
    switch.sessions["sess-1"] = switch.running
    again = settle(switch, OFF)
    assert again.outcome is SwitchOutcome.UNCHANGED
    assert lines(switch) == before
    assert list(switch.sessions) == ["sess-1"]


def test_another_timer_that_runs_is_waited_for(switch):
    switch.timed, switch.reverting = "theirs", (clock.now() + timedelta(minutes=9), "x")
    before = switch.running.text
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert "theirs is pending commit timer" in found.reason
    assert (switch.running.text, switch.sessions) == (before, {})


def test_a_login_that_may_not_configure_is_told(switch):
    switch.running.edit(f"no username {switch.username}")
    assert settle(switch, ON).outcome is SwitchOutcome.REFUSED


@pytest.mark.parametrize(
    ("line", "stands_against"),
    [
        ("switchport mode trunk", True),
        ("switchport mode dot1q-tunnel", True),
        ("switchport mode tool", True),
        ("switchport mode access", False),
        ("switchport trunk allowed vlan 10", True),
        ("description switchport mode trunk", False),
    ],
)
def test_only_an_access_port_is_one(line, stands_against):
    block = f"interface Ethernet3\n   {line}\n"
    assert (port_blocks.guard(block, [], ON, EOS) is not None) is stands_against
