"""Cisco NX-OS over SSH: facts, configurations without noise, and what the rules say of it."""

from collections.abc import Iterator

import pytest

from config.database import db
from monitoring import config_backups, config_blocks, config_diff, device_facts, evidence, hostkeys
from monitoring.models import Device, FactRecord, Platform
from monitoring.policy import Result
from monitoring.probes.logins import SshLogin
from tests.monitoring.nexus_switch import SAMPLE, NexusSwitch
from tests.monitoring.policy_world import KEYRING, a_switch, with_login

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def switch() -> Iterator[NexusSwitch]:
    with NexusSwitch() as running:
        yield running


@pytest.fixture
def device(house, switch: NexusSwitch) -> Device:
    found = with_login(
        a_switch(platform=Platform.CISCO_NXOS, ssh_port=switch.port),
        SshLogin(switch.username, switch.password),
    )
    hostkeys.approve(found, switch.public_key, by=None)
    db.session.commit()
    return found


def test_it_tells_what_it_is(device: Device):
    assert device_facts.collect_site(device.site_id, KEYRING) == (1, 0)
    db.session.expire_all()
    kept = db.session.scalars(db.select(FactRecord)).one()
    assert kept.facts["system"] == "Cisco NX-OS"
    assert (kept.facts["version"], kept.facts["firmware"]) == ("9.3(10)", "05.47")
    assert (kept.facts["model"], kept.facts["serial"]) == ("C93180YC-EX", "FDO21120AB1")
    assert kept.facts["image"] == "bootflash:///nxos.9.3.10.bin"
    assert kept.facts["restart_reason"] == "Reset Requested by CLI command reload"
    assert len(kept.facts["modules"]) == 2
    passing = kept.passing
    assert passing["uptime_seconds"] == 26 * 86400 + 3600 + 120
    assert (passing["cpu_percent"], passing["memory_percent"]) == (7.6, 37.5)
    assert passing["ntp"] == "synchronised"


def test_it_is_backed_up_and_its_clock_makes_no_version(device: Device, switch: NexusSwitch):
    def again():
        config_backups.ask_now(device)
        db.session.commit()
        return config_backups.collect_site(device.site_id, KEYRING)

    assert config_backups.collect_site(device.site_id, KEYRING).new > 0
    running = switch.told["show running-config"]
    switch.told["show running-config"] = running.replace("09:00:01", "10:00:07")
    done = again()
    assert (done.new, done.failed) == (0, 0)
    switch.told["show running-config"] = running.replace("vlan 110", "vlan 120")
    assert again().new == 1


def test_what_changed_is_named_by_its_block():
    before = SAMPLE.read_text("utf-8")
    after = before.replace("vlan 110", "vlan 120").replace("09:00:01", "11:11:11")
    told = config_diff.edits(
        config_blocks.blocks("cisco_nxos", before), config_blocks.blocks("cisco_nxos", after)
    )
    assert config_diff.counted(told) == (1, 1)


def test_the_rules_judge_it(device: Device, switch: NexusSwitch):
    evidence.collect_site(device.site_id, KEYRING, seconds=20)
    db.session.expire_all()
    found = {one.rule: one.result for one in evidence.findings(device)}
    assert found["N01"] is Result.PASS
    assert found["N05"] is Result.FAIL, "a community"
    assert found["N14"] is Result.PASS
    assert found["N17"] is Result.FAIL, "one source of time"
    assert found["N28"] is Result.FAIL, "no storm control"
    switch.told["show running-config"] += "feature telnet\n"
    evidence.collect_site(device.site_id, KEYRING, seconds=20)
    db.session.expire_all()
    assert {one.rule: one.result for one in evidence.findings(device)}["N01"] is Result.FAIL
