"""One port of a simulated switch: opened, shut, refused, rolled back; nothing half done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from config import clock
from monitoring import port_blocks
from monitoring.port_blocks import PortSetting
from monitoring.probes import switching
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome
from portal.demo import ios
from portal.demo.ssh_switch import SshSwitch, sample_config

PORT = "GigabitEthernet1/0/3"
KNOWN = frozenset({110, 111, 999})
ON, OFF = PortSetting(PORT, True, 111, KNOWN), PortSetting(PORT, False, 999, KNOWN)
ARCHIVE = "archive\n path flash:backup\n!\n"


@pytest.fixture(params=["dead-man timer", "no timer"])
def switch(request) -> Iterator[SshSwitch]:
    config = sample_config()
    if request.param == "dead-man timer":
        config = config.replace("interface Vlan110", ARCHIVE + "interface Vlan110")
    with SshSwitch(config=config) as running:
        yield running


def settle(switch: SshSwitch, order: PortSetting, **over) -> Switched:
    target = SshTarget(
        "127.0.0.1",
        SshLogin(switch.username, switch.password),
        PinnedKey(*switch.public_key.split()),
        platform="cisco_ios",
        port=switch.port,
        seconds=30.0,
    )
    found = switching.switch(target, order, **over)
    assert isinstance(found, Switched), found
    return found


def lines(switch: SshSwitch, port: str = PORT) -> list[str]:
    return [line.strip() for line in switch.running.section(f"interface {port}").splitlines()[1:]]


def test_a_port_is_opened_and_shut_and_a_second_time_nothing_is_typed(switch):
    opened = settle(switch, ON)
    assert opened.outcome is SwitchOutcome.APPLIED
    assert opened.commands == ["switchport access vlan 111", "no shutdown"]
    assert "shutdown" not in lines(switch)
    assert "switchport access vlan 111" in lines(switch)
    assert switch.startup == switch.running.text, "saved"
    assert switch.reverting is None, "confirmed"
    assert settle(switch, ON).outcome is SwitchOutcome.UNCHANGED
    shut = settle(switch, OFF)
    assert shut.commands == ["shutdown", "switchport access vlan 999"]
    assert "shutdown" in lines(switch)
    assert settle(switch, OFF).outcome is SwitchOutcome.UNCHANGED
    assert opened.has_dead_man == ("archive" in switch.running.text)


def test_another_renter_never_stands_in_the_vlan_of_the_one_before(switch):
    settle(switch, ON)
    next_one = settle(switch, PortSetting(PORT, True, 110, KNOWN))
    assert next_one.commands == ["shutdown", "switchport access vlan 110", "no shutdown"]


def test_a_trial_says_what_would_be_typed_and_types_nothing(switch):
    before = switch.running.text
    trial = settle(switch, ON, is_trial=True)
    assert (trial.outcome, switch.running.text) == (SwitchOutcome.PLANNED, before)
    assert trial.commands == ["switchport access vlan 111", "no shutdown"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (PortSetting("GigabitEthernet1/0/24", True, 111, KNOWN), "trunk"),
        (PortSetting("Vlan110", True, 111, KNOWN), "routed"),
        (PortSetting("GigabitEthernet9/9/9", True, 111, KNOWN), "no interface"),
        (PortSetting(PORT, True, 10, KNOWN), "VLAN 10 is neither"),
        (PortSetting("Gi1/0/3\nreload", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("Gi1/0/3; reload", True, 111, KNOWN), "no name of an interface"),
    ],
)
def test_what_must_not_be_touched_is_refused_and_left_alone(switch, order, reason):
    before = switch.running.text
    found = settle(switch, order)
    assert found.outcome is SwitchOutcome.REFUSED
    assert reason in found.reason
    assert switch.running.text == before


def test_a_port_with_a_switch_behind_it_is_not_opened(switch):
    switch.neighbours[PORT] = "Chassis id: 0200.5e00\nEnabled Capabilities: B,R\nTotal entries: 1\n"
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.REFUSED
    assert "switch or router is connected" in found.reason
    switch.neighbours[PORT] = "Enabled Capabilities: T\nTotal entries displayed: 1\n"
    assert settle(switch, ON).outcome is SwitchOutcome.APPLIED


def test_what_does_not_hold_is_brought_back(switch, monkeypatch):
    before = lines(switch)
    real = ios.Terminal._apply

    def deaf(self, command):
        if command != "no shutdown":
            real(self, command)

    monkeypatch.setattr(ios.Terminal, "_apply", deaf)
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert "no shutdown" in found.reason
    assert "brought back either" not in found.reason
    assert sorted(lines(switch)) == sorted(before)
    assert switch.reverting is None


def test_a_session_that_dies_half_way_leaves_a_timer_or_a_port_that_heals(switch, monkeypatch):
    before = lines(switch)
    monkeypatch.setattr(port_blocks, "missing", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    target_order = ON
    with pytest.raises(AssertionError, match="killed"):
        settle(switch, target_order)
    monkeypatch.undo()
    if switch.reverting is not None:
        with clock.standing_at(clock.now() + timedelta(minutes=3)):
            ios.Terminal(switch).line("show clock")
        assert sorted(lines(switch)) == sorted(before), "the switch went back by itself"
    assert settle(switch, OFF).outcome in (SwitchOutcome.APPLIED, SwitchOutcome.UNCHANGED)
    assert "shutdown" in lines(switch)


def test_a_login_that_may_not_configure_is_told(switch):
    switch.running.edit(f"no username {switch.username}")
    found = settle(switch, ON)
    assert found.outcome is SwitchOutcome.REFUSED


def test_another_platform_is_refused_and_a_silent_device_is_a_failure():
    key = PinnedKey("ssh-ed25519", "AAAA")
    target = SshTarget("127.0.0.1", SshLogin("x", "y"), key, platform="mikrotik_routeros", port=1)
    found = switching.switch(target, ON)
    assert isinstance(found, Switched)
    assert found.outcome is SwitchOutcome.REFUSED
    lost = switching.switch(SshTarget("127.0.0.1", SshLogin("x", "y"), key, "cisco_ios", 1), ON)
    assert isinstance(lost, Failure)
    assert lost.kind is FailureKind.REFUSED


PARKED = (
    " shutdown\n switchport mode access\n switchport access vlan 999\n switchport nonegotiate\n"
)
BLOCK = "interface GigabitEthernet1/0/3\n description x\n{}!\nend\n"


@pytest.mark.parametrize(
    ("inside", "order", "typed"),
    [
        (" switchport access vlan 111\n switchport mode access\n switchport nonegotiate\n", ON, []),
        ("", OFF, ["shutdown", "switchport mode access", "switchport access vlan 999",
                   "switchport nonegotiate"]),
        (PARKED, OFF, []),
    ],
)  # fmt: skip
def test_only_what_differs_is_typed(inside, order, typed):
    assert port_blocks.render(BLOCK.format(inside), order) == typed


def test_a_description_that_looks_like_a_command_is_a_description():
    block = BLOCK.format(" description switchport mode trunk\n switchport mode access\n")
    assert port_blocks.guard(block, [], ON) is None
