"""Ports of a platform that an operator described: tried on a simulated ProCurve over SSH."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from netmiko import platforms
from pydantic import ValidationError

from monitoring import port_templates
from monitoring.models import Platform
from monitoring.port_blocks import PortSetting
from monitoring.port_templates import PortTemplate, Templated
from monitoring.probes import switching
from monitoring.probes.logins import SshLogin
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome
from tests.monitoring.procurve_switch import Port, ProCurveSwitch

SAMPLE = port_templates.FOLDER / "hp_procurve-sample.yml"
KNOWN = frozenset({110, 111, 999})
ON, OFF = PortSetting("3", True, 111, KNOWN), PortSetting("3", False, 999, KNOWN)
DEAD_MAN = {
    "arm": "commit confirmed {minutes}",
    "confirm": ["confirm"],
    "discard": ["rollback 0"],
    "undo": ["undo now"],
}


@pytest.fixture
def switch() -> Iterator[ProCurveSwitch]:
    with ProCurveSwitch() as running:
        yield running


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The sample, enabled; what a test changes in it counts from `settle` on."""
    monkeypatch.setattr(port_templates, "FOLDER", tmp_path)
    return yaml.safe_load(SAMPLE.read_text("utf-8")) | {"enabled": True}


def settle(switch: ProCurveSwitch, written: dict[str, Any], setting: PortSetting, **over):
    (port_templates.FOLDER / "mine.yml").write_text(yaml.safe_dump(written), "utf-8")
    port_templates.by_platform.cache_clear()
    target = SshTarget(
        "127.0.0.1",
        SshLogin(switch.username, switch.password),
        PinnedKey(*switch.public_key.split()),
        platform="hp_procurve",
        port=switch.port,
        seconds=60.0,
    )
    switch.typed.clear()
    found = switching.switch(target, setting, **over)
    assert isinstance(found, Switched), found
    return found


def test_a_port_is_opened_and_shut_and_a_second_time_nothing_is_typed(switch, written):
    opened = settle(switch, written, ON)
    assert opened.outcome is SwitchOutcome.APPLIED, opened.reason
    assert opened.commands == ["vlan 111 untagged 3", "interface 3 enable"]
    assert (switch.ports["3"], opened.has_dead_man) == (Port(is_on=True, vlan=111), False)
    assert switch.saved == switch.ports, "saved"
    again = settle(switch, written, ON)
    assert (again.outcome, again.commands) == (SwitchOutcome.UNCHANGED, [])
    assert "configure" not in switch.typed
    shut = settle(switch, written, OFF)
    assert shut.commands == ["interface 3 disable", "vlan 999 untagged 3"]
    assert switch.ports["3"] == Port()


def test_another_renter_never_stands_in_the_vlan_of_the_one_before(switch, written):
    switch.ports["3"] = Port(is_on=True, vlan=111)
    trial = settle(switch, written, PortSetting("3", True, 110, KNOWN), is_trial=True)
    assert trial.outcome is SwitchOutcome.PLANNED
    assert trial.commands == ["interface 3 disable", "vlan 110 untagged 3", "interface 3 enable"]
    assert switch.ports["3"] == Port(is_on=True, vlan=111), "a trial types nothing"


@pytest.mark.parametrize(
    ("name", "vlan", "reason"),
    [
        ("24", 111, "is a trunk"),
        ("23", 111, "part of a bundle"),
        ("22", 111, "cannot read in which VLAN 22 stands"),
        ("21", 111, "no interface 21"),
        ("3", 10, "VLAN 10 is neither"),
        ("trk1", 111, "no name of an interface"),
        ("3\nreload", 111, "no name of an interface"),
        ("3 disable", 111, "no name of an interface"),
        ("3-24", 111, "no name of an interface"),
    ],
)
def test_what_must_not_be_touched_is_refused_and_left_alone(switch, written, name, vlan, reason):
    found = settle(switch, written, PortSetting(name, True, vlan, KNOWN))
    assert found.outcome is SwitchOutcome.REFUSED
    assert reason in found.reason
    assert "configure" not in switch.typed


def test_a_port_with_a_switch_behind_it_is_not_opened_but_one_with_a_phone_is(switch, written):
    able = "  System Capabilities Supported  : bridge, telephone\n"
    switch.neighbours["3"] = f"{able}  System Capabilities Enabled    : bridge\n"
    assert "switch or router is connected" in settle(switch, written, ON).reason
    switch.neighbours["3"] = f"{able}  System Capabilities Enabled    : telephone\n"
    assert settle(switch, written, ON).outcome is SwitchOutcome.APPLIED


def test_a_question_for_neighbours_that_the_device_does_not_know_opens_nothing(switch, written):
    written["show"]["neighbours"] = ["show ldp {port}"]
    found = settle(switch, written, ON)
    assert found.outcome is SwitchOutcome.REFUSED
    assert found.reason == "The device said to show ldp 3: Invalid input: show."


def test_what_does_not_hold_is_typed_back(switch, written):
    switch.deaf = {"interface 3 enable"}
    found = settle(switch, written, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert found.reason == "It was typed and does not hold: interface 3 enable."
    assert (switch.ports["3"], switch.saved) == (Port(), {})


def test_a_port_that_the_device_will_not_move_is_not_opened(switch, written):
    written["type"]["place"] = ["vlann {vlan} untagged {port}"]
    found = settle(switch, written, ON)
    assert found.outcome is SwitchOutcome.ROLLED_BACK
    assert found.reason == "The device said to vlann 111 untagged 3: Invalid input: vlann."
    assert "interface 3 enable" not in switch.typed
    assert switch.ports["3"] == Port()


def test_a_change_under_a_timer_is_confirmed_or_taken_back_at_once(written):
    written["type"]["dead_man"] = DEAD_MAN
    with ProCurveSwitch(commits=True) as switch:
        before = dict(switch.ports)
        opened = settle(switch, written, ON)
        assert (opened.outcome, opened.has_dead_man) == (SwitchOutcome.APPLIED, True), opened.reason
        assert "commit confirmed 2" in switch.typed
        assert (switch.ports["3"], switch.previous) == (Port(is_on=True, vlan=111), None)
        assert settle(switch, written, OFF).outcome is SwitchOutcome.APPLIED
        switch.deaf = {"vlan 111 untagged 3"}
        back = settle(switch, written, ON)
        assert back.outcome is SwitchOutcome.ROLLED_BACK
        assert "does not hold: interface 3 disable; vlan 111 untagged 3;" in back.reason
        assert (switch.ports, switch.previous) == (before, None)


def test_what_was_typed_is_thrown_away_where_the_timer_is_refused(switch, written):
    written["type"]["dead_man"] = DEAD_MAN | {"arm": "commit for {minutes}"}
    switch.commits = True
    before = dict(switch.ports)
    found = settle(switch, written, ON)
    assert (found.outcome, found.has_dead_man) == (SwitchOutcome.ROLLED_BACK, False)
    assert found.reason == "The device said to commit for 2: Invalid input: commit."
    assert "rollback 0" in switch.typed
    assert "undo now" not in switch.typed, "that would take back what somebody else committed"
    assert switch.ports == before


def test_as_shipped_the_sample_is_off_and_its_platform_refused(switch, written):
    assert port_templates.by_platform(SAMPLE.parent) == {}
    found = settle(switch, written | {"enabled": False}, ON)
    assert found.reason == "Ports of hp_procurve cannot be switched yet."
    assert not switching.can_shape("hp_procurve")


def test_platforms_are_those_of_the_inventory_that_netmiko_knows_and_no_driver_has():
    named = set(get_args(Templated))
    assert named <= {platform.value for platform in Platform}
    assert named <= set(platforms)
    assert named.isdisjoint(switching.DRIVERS)


@pytest.mark.parametrize(
    ("room", "key", "value", "told"),
    [
        ("type", "shut", ["interface {port.__class__} disable"], "plain name"),
        ("type", "shut", ["interface {port!r} disable"], "plain name"),
        ("type", "shut", ["interface {port:>9} disable"], "plain name"),
        ("type", "shut", ["interface {0} disable"], "plain name"),
        ("type", "shut", ["interface {port disable"], "expected '}'"),
        ("type", "shut", ["interface {port}\nreload"], "one line"),
        ("type", "shut", ["interface {vlan} {port}"], "does not know the places vlan"),
        ("type", "shut", ["disable"], "speaks of no port"),
        ("type", "place", ["vlan 1 untagged {port}"], "speaks of no vlan"),
        ("type", "save", ["write {port}"], "does not know the places port"),
        ("type", "dead_man", DEAD_MAN | {"arm": "commit"}, "speaks of no minutes"),
        ("type", "shape", ["rate-limit"], "Extra inputs"),
        ("read", "is_on", "enable", "`is_on` or `is_off`"),
        ("read", "vlan", r"untagged (\d+)", "lacks (?P<vlan>"),
        ("read", "trunk", "(", "not a regular expression"),
        ("show", "neighbours", [], "at least 1"),
    ],
)
def test_a_file_that_could_type_something_else_is_not_taken(written, room, key, value, told):
    written[room][key] = value
    with pytest.raises(ValidationError) as wrong:
        PortTemplate.model_validate(written)
    assert told in str(wrong.value)


def test_a_file_with_a_mistake_and_two_for_one_platform_are_left_out(written, tmp_path, caplog):
    (tmp_path / "a.yml").write_text("platform: cisco_ios\n", "utf-8")
    (tmp_path / "b.yml").write_text(yaml.safe_dump(written), "utf-8")
    port_templates.by_platform.cache_clear()
    assert set(port_templates.by_platform(tmp_path)) == {"hp_procurve"}
    assert "a.yml, line 1, platform" in caplog.text
    (tmp_path / "c.yml").write_text(yaml.safe_dump(written), "utf-8")
    port_templates.by_platform.cache_clear()
    assert port_templates.by_platform(tmp_path) == {}
    assert "hp_procurve has two" in caplog.text
