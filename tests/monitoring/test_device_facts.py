"""Facts come from a real sshd and a simulated switch, are kept once, and their changes told."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import device_facts, hostkeys
from monitoring.models import FactRecord, FactsRound, Platform
from monitoring.probes import linux, ssh
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from portal.demo.ssh_switch import SshSwitch
from tests.monitoring.policy_world import KEYRING, a_switch, an_sshd, with_login

NOW = clock.now().replace(microsecond=0)
HOUR = timedelta(hours=1)


def shown_by(port: int) -> str:
    """The key that a host shows, as a line."""
    key = ssh.read_host_key("127.0.0.1", port)
    assert isinstance(key, ssh.PinnedKey)
    return f"{key.algorithm} {key.key}"


def records() -> list[FactRecord]:
    return list(db.session.scalars(sa.select(FactRecord).order_by(FactRecord.id)))


def test_a_real_host_tells_what_it_is(house, tmp_path: Path):
    with an_sshd(tmp_path) as server:
        server.start()
        device = with_login(a_switch(platform=Platform.LINUX, ssh_port=server.port), server.login)
        hostkeys.approve(device, shown_by(server.port), by=None)
        site_id = device.site_id
        db.session.commit()
        assert device_facts.collect_site(site_id, KEYRING) == (1, 0)
        # Not again before the hour is over.
        assert device_facts.collect_site(site_id, KEYRING) == (0, 0)
        device_facts.ask_now(device)
        db.session.commit()
        assert device_facts.collect_site(site_id, KEYRING) == (1, 0)
    db.session.expire_all()
    (kept,) = records()
    assert kept.facts["system"]
    assert kept.facts["version"]
    assert kept.passing["uptime_seconds"] >= 0
    assert kept.passing["memory_percent"] > 0


def test_a_switch_tells_what_it_is_by_netmiko(house):
    with SshSwitch() as switch:
        device = with_login(
            a_switch(platform=Platform.CISCO_IOS, ssh_port=switch.port),
            SshLogin(switch.username, switch.password),
        )
        hostkeys.approve(device, switch.public_key, by=None)
        site_id = device.site_id
        db.session.commit()
        assert device_facts.collect_site(site_id, KEYRING) == (1, 0)
    db.session.expire_all()
    (kept,) = records()
    assert kept.facts["system"] == "Cisco IOS"
    assert kept.facts["version"]


def test_a_host_key_that_nobody_approved_or_that_changed_ends_it(house, tmp_path: Path):
    with an_sshd(tmp_path) as server, SshSwitch() as other:
        server.start()
        strange = with_login(a_switch(platform=Platform.LINUX, ssh_port=server.port), server.login)
        changed = with_login(
            a_switch(platform=Platform.LINUX, ssh_port=server.port, site=strange.site),
            server.login,
        )
        hostkeys.approve(changed, other.public_key, by=None)
        site_id = strange.site_id
        db.session.commit()
        assert device_facts.collect_site(site_id, KEYRING) == (2, 2)
    db.session.expire_all()
    failures = {one.device_id: one.failure for one in db.session.scalars(sa.select(FactsRound))}
    assert "nobody has approved" in (failures[strange.id] or "")
    assert "not the approved key" in (failures[changed.id] or "")
    assert records() == []


@pytest.mark.parametrize("read", [ssh.read_commands, linux.read_commands])
def test_a_wrong_login_is_told(read):
    with SshSwitch() as switch:
        target = ssh.SshTarget(
            "127.0.0.1",
            SshLogin("nobody", "wrong"),
            ssh.PinnedKey(*switch.public_key.split()),
            platform="cisco_ios",
            port=switch.port,
            seconds=20.0,
        )
        answer = read(target, {"version": "show version"})
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.AUTHENTICATION


def test_what_a_switch_does_not_know_is_left_out():
    with SshSwitch() as switch:
        target = ssh.SshTarget(
            "127.0.0.1",
            SshLogin(switch.username, switch.password),
            ssh.PinnedKey(*switch.public_key.split()),
            platform="cisco_ios",
            port=switch.port,
            seconds=20.0,
        )
        told = ssh.read_commands(target, {"version": "show version", "x": "show flying carpets"})
    assert isinstance(told, dict)
    assert list(told) == ["version"]


def test_history_has_a_record_for_each_change_and_none_for_what_passes(house):
    device = a_switch()
    for hours, told in (
        (0, {"version": "1", "serial": "A", "load": [1.0, 1.0, 1.0]}),
        (1, {"version": "1", "serial": "A", "load": [9.0, 9.0, 9.0]}),
        # A command was refused for once: the serial is not gone.
        (2, {"version": "1"}),
        (3, {"version": "2", "serial": "A"}),
        (4, Failure(FailureKind.TIMEOUT, "the host does not answer")),
    ):
        device_facts.record(device.id, told, NOW + hours * HOUR)
    first, second = records()
    assert (first.began_at, first.seen_at) == (NOW, NOW + 2 * HOUR)
    assert second.facts == {"version": "2", "serial": "A"}
    (change,) = device_facts.changes(device.id)
    assert (change.name, change.before, change.after) == ("version", "1", "2")
    state = device_facts.round_of(device.id)
    assert state is not None
    assert state.failure == "the host does not answer"
    assert state.next_at == NOW + 4 * HOUR + device_facts.AGAIN
