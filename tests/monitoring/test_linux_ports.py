"""One port of a Linux bridge, reached through a real sshd: opened, shaped, undone by its own timer.

Where a network namespace is allowed, shaping is the kernel's; VLANs are where the kernel keeps them
apart. What a machine lacks is simulated there, so that no test is left out.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitoring import bridge_ports
from monitoring.bridge_ports import LINKS, BridgePort, Shaping, Told, Vlan
from monitoring.port_blocks import PortSetting
from monitoring.probes import linux_ports, switching
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome
from tests.monitoring.iproute_world import LONE, PORT, TRUNK, WHERE, Host, a_host, drop
from tests.monitoring.policy_world import an_sshd

KNOWN = frozenset({110, 111, 999})
ON = PortSetting(PORT, True, 111, KNOWN, mbps=50)
OFF = PortSetting(PORT, False, 999, KNOWN)
UNTAGGED = ["PVID", "Egress Untagged"]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with an_sshd(tmp_path) as sshd:
        found = a_host(sshd)
        print(f"real namespace: {found.is_real}; real VLANs: {found.has_vlans}")
        sshd.start(SetEnv=f"PATH={tmp_path}/bin:{WHERE} HOME={tmp_path}")
        try:
            yield found
        finally:
            found.end_timers()
            drop(found.namespace)


def settle(host: Host, setting: PortSetting, **over) -> Switched:
    key = (host.sshd.folder / "host.pub").read_text().split()
    target = SshTarget(
        "127.0.0.1",
        host.sshd.login,
        PinnedKey(key[0], key[1]),
        platform="linux",
        port=host.sshd.port,
        seconds=30.0,
    )
    found = switching.switch(target, setting, **over)
    assert isinstance(found, Switched), found
    return found


def timers(host: Host) -> list[Path]:
    return list((host.sshd.folder / ".media-center").glob("*"))


def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_a_port_is_opened_as_fast_as_it_was_rented_and_shut_again(host):
    opened = settle(host, ON)
    assert opened.outcome is SwitchOutcome.APPLIED, opened.reason
    assert opened.commands[0] == f"bridge vlan del dev {PORT} vid 999"
    assert opened.commands[-1] == f"ip link set dev {PORT} up"
    assert opened.before == f"{PORT}: down, bridge br-press\n vlan vid 999 pvid untagged\n"
    assert (host.is_up(), host.vlans()) == (True, {111: UNTAGGED})
    assert (host.mbps(), host.mbps(host.inward())) == (50, 50), "in both directions"
    assert opened.has_dead_man
    assert timers(host) == [], "confirmed"
    assert settle(host, ON).outcome is SwitchOutcome.UNCHANGED
    faster = settle(host, PortSetting(PORT, True, 111, KNOWN, mbps=80))
    assert not any("ip link set dev press3" in command for command in faster.commands)
    assert (host.mbps(), host.mbps(host.inward())) == (80, 80)
    shut = settle(host, OFF)
    assert shut.outcome is SwitchOutcome.APPLIED, shut.reason
    assert shut.commands[0] == f"ip link set dev {PORT} down"
    assert (host.is_up(), host.vlans(), host.mbps()) == (False, {999: UNTAGGED}, None)
    assert settle(host, OFF).outcome is SwitchOutcome.UNCHANGED


def test_another_renter_never_stands_in_the_vlan_of_the_one_before(host):
    settle(host, ON)
    following = settle(host, PortSetting(PORT, True, 110, KNOWN, mbps=50))
    assert following.commands == [
        f"ip link set dev {PORT} down",
        f"bridge vlan del dev {PORT} vid 111",
        f"bridge vlan add dev {PORT} vid 110 pvid untagged",
        f"ip link set dev {PORT} up",
    ]


def test_a_trial_says_what_would_be_done_and_does_nothing(host):
    trial = settle(host, ON, is_trial=True)
    assert trial.outcome is SwitchOutcome.PLANNED
    assert f"tc qdisc replace dev {PORT} root" in "\n".join(trial.commands)
    assert (host.is_up(), host.vlans(), host.mbps()) == (False, {999: UNTAGGED}, None)
    assert timers(host) == []


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (PortSetting(TRUNK, True, 111, KNOWN), "is a trunk"),
        (PortSetting(LONE, True, 111, KNOWN), "no port of a bridge"),
        (PortSetting("eth99", True, 111, KNOWN), "no interface"),
        (PortSetting(PORT, True, 10, KNOWN), "VLAN 10 is neither"),
        (PortSetting("press3; reboot", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("$(reboot)", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("-all", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("press3\nreboot", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("../press3", True, 111, KNOWN), "no name of an interface"),
        (PortSetting("a-name-too-long-0", True, 111, KNOWN), "no name of an interface"),
    ],
)
def test_what_must_not_be_touched_is_refused_and_left_alone(host, setting, reason):
    found = settle(host, setting)
    assert found.outcome is SwitchOutcome.REFUSED
    assert reason in found.reason
    assert host.vlans(TRUNK).keys() == {10, 110}
    assert timers(host) == []


def test_a_port_with_a_switch_behind_it_is_not_opened(host):
    told = f"lldp.{PORT}.chassis.Bridge.enabled={{}}\nlldp.{PORT}.chassis.Router.enabled=off\n"
    (host.sshd.folder / "lldp").write_text(told.format("on"))
    found = settle(host, ON)
    assert found.outcome is SwitchOutcome.REFUSED
    assert "switch or router is connected" in found.reason
    (host.sshd.folder / "lldp").write_text(told.format("off"))
    assert settle(host, ON).outcome is SwitchOutcome.APPLIED


def break_tool(host: Host, tool: str, words: str) -> None:
    """From now on the tool fails where these words are said to it."""
    path = host.sshd.folder / "bin" / tool
    line = path.read_text().splitlines()[1]
    path.write_text(f'#!/bin/sh\ncase "$*" in "{words}"*) echo "no such luck" >&2; exit 2;; esac\n')
    with path.open("a") as script:
        script.write(f"{line}\n")


def test_what_the_host_refuses_half_way_is_undone(host):
    break_tool(host, "tc", f"filter add dev {PORT}")
    found = settle(host, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert "no such luck" in found.reason
    assert "brought back either" not in found.reason
    assert (host.is_up(), host.vlans(), host.mbps()) == (False, {999: UNTAGGED}, None)
    assert timers(host) == []


def test_a_worker_that_dies_half_way_leaves_a_timer_that_undoes(host, monkeypatch):
    monkeypatch.setattr(linux_ports._Port, "_confirm", killed)
    with pytest.raises(AssertionError, match="killed"):
        settle(host, ON)
    assert (host.is_up(), host.vlans(), host.mbps()) == (True, {111: UNTAGGED}, 50)
    host.end_timers()
    eventually(lambda: host.vlans() == {999: UNTAGGED} and host.mbps() is None)
    eventually(lambda: not host.is_up())


def killed(*_) -> None:
    raise OSError("killed")


def test_what_a_worker_that_died_left_to_its_timer_is_undone_before_anything_else(
    host, monkeypatch
):
    monkeypatch.setattr(linux_ports._Port, "_confirm", killed)
    with pytest.raises(AssertionError, match="killed"):
        settle(host, ON)
    monkeypatch.undo()
    assert host.is_up()
    assert len(timers(host)) == 1
    again = settle(host, OFF)
    assert again.outcome is SwitchOutcome.UNCHANGED, "the two minutes are not waited for"
    assert timers(host) == []


def test_a_confirmation_that_comes_after_the_timer_is_none(host, monkeypatch):
    real = linux_ports._Port._confirm

    def late(self, folder):
        host.end_timers()
        eventually(lambda: not host.is_up())
        return real(self, folder)

    monkeypatch.setattr(linux_ports._Port, "_confirm", late)
    found = settle(host, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert "took the change back before it was confirmed" in found.reason


def test_queues_of_somebody_else_are_left_alone(host):
    if host.is_real:
        host.run(f"tc qdisc replace dev {PORT} root handle 1: htb")
        found = settle(host, ON)
        assert found.outcome is SwitchOutcome.REFUSED
        assert "limits or filters" in found.reason
        assert "htb" in host.run(f"tc qdisc show dev {PORT}")
    port = a_port(shaping=Shaping(is_foreign=True))
    assert bridge_ports.guard(port, "", ON) is not None
    assert bridge_ports.guard(port, "", OFF) is None, "to shut it is allowed"


def a_port(**over) -> BridgePort:
    vlans = (Vlan(999, True, True),)
    values = {"kind": None, "bridge": "br0", "keeps_vlans_apart": True, "is_up": False}
    return BridgePort(**{"name": PORT, "index": 7, "vlans": vlans, "shaping": Shaping(), **values,
                         **over})  # fmt: skip


@pytest.mark.parametrize(
    ("over", "is_refused"),
    [
        ({}, False),
        ({"vlans": ()}, False),  # a bridge without a default VLAN
        ({"vlans": (Vlan(110, False, False),)}, True),  # tagged
        ({"vlans": (Vlan(1, True, True), Vlan(110, False, True))}, True),
        ({"kind": "bond"}, True),
        ({"kind": "vxlan"}, True),
        ({"kind": "vlan"}, True),
        ({"keeps_vlans_apart": False}, True),
        ({"bridge": None}, True),
    ],
)
def test_only_an_access_port_of_a_bridge_that_keeps_vlans_apart_is_one(over, is_refused):
    assert (bridge_ports.guard(a_port(**over), "", ON) is not None) is is_refused


UP = '[{"ifindex": 7, "flags": ["UP"], "master": "br0", "linkinfo": {"info_slave_kind": "bridge"}}]'
FILTERING = '[{"ifindex": 2, "flags": [], "linkinfo": {"info_data": {"vlan_filtering": 1}}}]'


def read(vlans: str, **over: str) -> BridgePort:
    link, bridge = (LINKS.validate_json(text)[0] for text in (UP, FILTERING))
    return bridge_ports.read(PORT, Told(link, bridge, vlans, "", "", **over))


@pytest.mark.parametrize(
    ("vlans", "is_refused"),
    [
        (
            '[{"ifname": "press3", "vlans": [{"vlan": 9, "flags": ["PVID", "Egress Untagged"]}]}]',
            False,
        ),
        ('[{"ifname": "press3", "vlans": [{"vlan": 9}]}]', True),
        ('[{"ifname": "press3", "vlans": [{"vlan": 100, "vlanEnd": 102}]}]', True),
        ('[{"vlans": [' + ",".join(['{"vlan": 1, "vlanEnd": 4094}'] * 9000) + "]}]", True),
    ],
)
def test_what_bridge_prints_of_vlans_is_read(vlans, is_refused):
    assert (bridge_ports.guard(read(vlans), "", ON) is not None) is is_refused


@pytest.mark.parametrize(
    "vlans",
    [
        '[{"vlans": [{"vlan": -1000000000}]}]',
        '[{"vlans": [{"vlan": 1, "vlanEnd": 1000000000}]}]',
        '{"press3": [{"vlan": 9}]}',  # as iproute2 before 5.0 wrote it
        "Command line is not complete.",
    ],
)
def test_what_is_no_answer_of_bridge_is_a_failure_and_no_accident(vlans):
    with pytest.raises(ValueError, match="validation error"):
        read(vlans)


def test_a_host_that_says_yes_and_tells_no_folder_is_refused(host, monkeypatch):
    real = linux_ports._Port._run

    def mute(self, script):
        status, told = real(self, script)
        return (0, "") if "mktemp" in script else (status, told)

    monkeypatch.setattr(linux_ports._Port, "_run", mute)
    assert settle(host, ON).outcome is SwitchOutcome.REFUSED
    assert not host.is_up()
