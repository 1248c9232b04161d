"""How a Linux host is kept: what it tells is read, and the rules judge it over a real sshd."""

import shutil
from pathlib import Path

import pytest

from config.database import db
from monitoring import evidence, hostkeys, linux_upkeep, violations
from monitoring.linux_upkeep import Upkeep
from monitoring.models import Platform
from monitoring.policy import Result
from monitoring.probes import linux, ssh
from monitoring.probes.linux import HostTexts
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.rules import Source
from tests.monitoring.policy_world import (
    KEYRING,
    a_switch,
    an_sshd,
    open_closures,
    with_login,
)

ACTIVE = """auditd.service      loaded active running Security Auditing Service
chrony.service      loaded active running chrony, an NTP client/server
rsyslog.service     loaded active running System Logging Service
"""
WAITS = (
    "Inst openssl [3.0.15-1] (3.0.17-1 Debian-Security:12/stable-security [amd64])\n"
    "Inst vim [9.0-1] (9.0-2 Debian:12.9/stable [amd64])\n"
    "Conf openssl (3.0.17-1 Debian-Security:12/stable-security [amd64])\n"
)


def test_services_are_read_whatever_stands_before_them():
    text = (
        ACTIVE + "● postfix@-.service loaded active exited x\nssh.socket loaded active running s\n"
    )
    assert linux_upkeep.services(text) == {"auditd", "chrony", "rsyslog", "postfix@-"}
    assert linux_upkeep.services("") == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "list 3\nupdate b\nupdate a\nupdate a\nkernel 6.1 6.2\nrestart\n",
            Upkeep(("a", "b"), 3, "6.1", "6.2", must_restart=True),
        ),
        ("list -2\nkernel 6.1\n", Upkeep(list_days=0, running="6.1")),
        ("list\nkernel\nupdate\n", Upkeep()),
        ("list x\n/usr/bin/apt-get\n", Upkeep()),
        ("list 99999999999999\n", Upkeep()),
        ("", Upkeep()),
    ],
)
def test_what_the_script_prints_is_read(text: str, told: Upkeep):
    assert linux_upkeep.upkeep(text) == told


def test_the_machine_s_own_package_tool_is_asked_and_nothing_is_installed(tmp_path: Path):
    if shutil.which("apt-get") is None and shutil.which("dnf") is None:
        pytest.skip("this machine has neither apt-get nor dnf")
    with an_sshd(tmp_path) as server:
        (tmp_path / "bin" / "apt-get").unlink()
        server.start()
        key = ssh.read_host_key("127.0.0.1", server.port)
        assert isinstance(key, PinnedKey)
        texts = linux.read_host(SshTarget("127.0.0.1", server.login, key, "linux", server.port))
    assert isinstance(texts, HostTexts)
    assert isinstance(texts.updates, str)
    told = linux_upkeep.upkeep(texts.updates)
    assert told.list_days is not None
    assert told.running


def test_a_host_is_judged_by_what_waits_and_what_runs(house, tmp_path: Path):
    def findings() -> dict[str, Result]:
        evidence.collect_site(device.site_id, KEYRING, seconds=30)
        db.session.expire_all()
        return {one.rule: one.result for one in evidence.findings(device)}

    with an_sshd(tmp_path) as server:
        server.start()
        device = a_switch(platform=Platform.LINUX, ssh_port=server.port)
        with_login(device, server.login)
        key = (tmp_path / "host.pub").read_text()
        hostkeys.approve(device, " ".join(key.split()[:2]), by=None)
        db.session.commit()
        assert findings()["L08"] is Result.UNKNOWN, "it has no systemd"
        (tmp_path / "services").write_text(ACTIVE.replace("auditd", "audit-rules"))
        (tmp_path / "updates").write_text(WAITS)
        found = findings()
        assert (found["L07"], found["L08"]) == (Result.FAIL, Result.FAIL)
        violation = violations.find_open(device, "L07")
        assert violation is not None
        assert violation.evidence == ["a security update waits: openssl"]
        rules = {one.rule for one in violations.all_(device=device)}
        assert {"L07", "L08"} <= rules
        assert not [one for one in open_closures(device) if "L07" in str(one.reason)]
        records = evidence.latest(device.id, Source.UPDATES)
        again = findings()
        assert again["L07"] is Result.FAIL
        kept = evidence.latest(device.id, Source.UPDATES)
        assert records is not None
        assert records is kept, "the same text is kept once"
        (tmp_path / "services").write_text(ACTIVE)
        (tmp_path / "updates").write_text("")
        found = findings()
    assert found["L08"] is Result.PASS
    assert found["L07"] in (Result.PASS, Result.UNKNOWN), "by the age of this machine's list"
    assert violations.find_open(device, "L08") is None
