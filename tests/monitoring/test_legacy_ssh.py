"""Devices that offer nothing newer than SHA-1: asked by a program apart, and by nothing else."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from config.database import db
from monitoring import config_backups, device_facts, device_tests, evidence, hostkeys
from monitoring.models import Device, Platform
from monitoring.policy import Result
from monitoring.port_blocks import PortSetting
from monitoring.probes import calls, legacy, ssh
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.steps import Finding
from monitoring.probes.switched import Switched, SwitchOutcome
from tests.monitoring.policy_world import KEYRING, OpenSshServer, a_switch, an_sshd, with_login

LOGIN = SshLogin("netops", "demo-switch-password")
SHA1_ONLY = {
    "KexAlgorithms": "diffie-hellman-group14-sha1",
    "HostKeyAlgorithms": "ssh-rsa",
    "Ciphers": "aes128-cbc",
    "MACs": "hmac-sha1",
    "PubkeyAcceptedAlgorithms": "ssh-rsa,ssh-ed25519",
}


@pytest.fixture(autouse=True)
def installed() -> str:
    python = legacy.interpreter()
    if python is None:
        pytest.skip("legacy SSH is not installed (make legacy-ssh)")
    return python


@contextmanager
def an_old_switch() -> Iterator[SshTarget]:
    """A simulated IOS switch under the older libraries, as a target that needs legacy SSH."""
    python = legacy.interpreter()
    assert python is not None
    program = [python, "-I", str(Path(__file__).with_name("old_switch.py"))]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as switch:
        assert switch.stdout is not None
        port, algorithm, key = switch.stdout.readline().split()
        pinned = PinnedKey(algorithm, key)
        yield SshTarget(
            "127.0.0.1", LOGIN, pinned, "cisco_ios", int(port), seconds=20, is_legacy=True
        )
        switch.communicate(timeout=10)


@pytest.fixture(scope="module")
def target() -> Iterator[SshTarget]:
    with an_old_switch() as found:
        yield found


@contextmanager
def an_old_host(folder: Path) -> Iterator[OpenSshServer]:
    """The machine's own sshd, which still knows what nobody should offer."""
    with an_sshd(folder) as server:
        (folder / "host").unlink()
        make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", f"{folder}/host"]
        subprocess.run(make, check=True)
        server.start(**SHA1_ONLY)
        yield server


def failure_of(told: object) -> Failure:
    assert isinstance(told, Failure), told
    return told


def _command_line(one: psutil.Process) -> list[str]:
    try:
        return one.cmdline()
    except psutil.Error:
        return []


def programs() -> list[psutil.Process]:
    """The programs for legacy SSH that this test has started."""
    return [
        one
        for one in psutil.Process().children(recursive=True)
        if str(legacy.PROGRAM) in " ".join(_command_line(one))
    ]


def a_device(target: SshTarget, *, is_legacy: bool = True) -> Device:
    device = a_switch(
        platform=Platform(target.platform), ssh_port=target.port, needs_legacy_ssh=is_legacy
    )
    with_login(device, target.login)
    hostkeys.approve(device, f"{target.host_key.algorithm} {target.host_key.key}", by=None)
    db.session.commit()
    return device


def test_an_old_switch_is_refused_here_and_asked_apart(target: SshTarget):
    told = failure_of(ssh.read_host_key("127.0.0.1", target.port))
    assert told.kind is FailureKind.OUTDATED
    assert "turn on legacy SSH" in told.message
    here = replace(target, is_legacy=False)
    assert failure_of(calls.read_config(here)).kind is FailureKind.OUTDATED
    shown = calls.read_host_key("127.0.0.1", target.port, is_legacy=True)
    assert shown == target.host_key
    config = calls.read_config(target)
    assert isinstance(config, str)
    assert config.rstrip().endswith("end")
    told_all = calls.read_commands(target, {"version": "show version", "odd": "show nonsense"})
    assert isinstance(told_all, dict)
    assert list(told_all) == ["version"]


def test_a_port_of_an_old_switch_is_switched_apart(target: SshTarget):
    name = "GigabitEthernet1/0/1"
    off = PortSetting(name, is_on=False, vlan=999, known_vlans=frozenset(range(2, 1000)))
    planned = calls.switch(target, off, is_trial=True)
    assert isinstance(planned, Switched)
    assert planned.outcome is SwitchOutcome.PLANNED, planned
    done = calls.switch(target, off)
    assert isinstance(done, Switched)
    assert done.outcome is SwitchOutcome.APPLIED, done
    again = calls.switch(target, off)
    assert isinstance(again, Switched)
    assert again.outcome is SwitchOutcome.UNCHANGED


def test_wrong_login_and_wrong_key_are_told_as_ever(target: SshTarget):
    wrong = replace(target, login=SshLogin("netops", "no"))
    assert failure_of(calls.read_config(wrong)).kind is FailureKind.AUTHENTICATION
    with an_old_switch() as other:
        strange = replace(target, host_key=other.host_key)
        assert failure_of(calls.read_config(strange)).kind is FailureKind.HOST_KEY_CHANGED


def test_every_room_asks_a_marked_device_apart(house, target: SshTarget):
    device = a_device(target)
    site_id = device.site_id
    assert device_facts.collect_site(site_id, KEYRING) == (1, 0)
    assert config_backups.collect_site(site_id, KEYRING).failed == 0
    totals = evidence.collect_site(site_id, KEYRING, seconds=20)
    assert totals["pass"] > 5
    assert totals["fail"] > 0
    db.session.expire_all()
    steps = list(device_tests.steps(device_tests.asked_of(device, KEYRING)))
    assert steps[-1].finding is Finding.COMMAND_RAN


def test_a_test_of_an_unmarked_device_says_that_it_is_outdated(house, target: SshTarget):
    device = a_device(target, is_legacy=False)
    steps = list(device_tests.steps(device_tests.asked_of(device, KEYRING)))
    assert steps[-1].finding is Finding.SSH_OUTDATED


def test_a_real_sshd_with_sha1_alone_is_judged(house, tmp_path: Path):
    with an_old_host(tmp_path) as server:
        key = calls.read_host_key("127.0.0.1", server.port, is_legacy=True)
        assert isinstance(key, PinnedKey)
        assert failure_of(ssh.read_host_key("127.0.0.1", server.port)).kind is FailureKind.OUTDATED
        target = SshTarget("127.0.0.1", server.login, key, "linux", server.port)
        device = a_device(target)
        evidence.collect_site(device.site_id, KEYRING, seconds=20)
        db.session.expire_all()
        found = {one.rule: one.result for one in evidence.findings(device)}
    assert found["L01"] is not Result.UNKNOWN
    assert Result.FAIL in found.values(), "SHA-1 is a violation all the same"


@pytest.mark.parametrize(
    "options", [{"Ciphers": "aes128-cbc"}, {"MACs": "hmac-md5", "Ciphers": "aes128-ctr"}]
)
def test_without_the_mark_nothing_unsound_is_spoken(tmp_path: Path, options: dict[str, str]):
    with an_sshd(tmp_path) as server:
        server.start(**options)
        told = ssh.read_host_key("127.0.0.1", server.port)
        assert failure_of(told).kind is FailureKind.OUTDATED
        shown = ssh.read_host_key("127.0.0.1", server.port, is_legacy=True)
        assert isinstance(shown, PinnedKey)


@contextmanager
def a_silent_host() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


ASKS = """
import sys
from monitoring.probes import calls
from monitoring.probes.logins import SshLogin
from monitoring.probes.ssh import PinnedKey, SshTarget
key = PinnedKey("ssh-rsa", sys.argv[2])
login = SshLogin("netops", sys.stdin.readline().strip())
target = SshTarget("127.0.0.1", login, key, "cisco_ios", int(sys.argv[1]), 60, is_legacy=True)
calls.read_config(target)
"""


def test_the_program_sees_no_secret_of_ours_and_ends_with_who_asked(target: SshTarget):
    environment = {**os.environ, "MEDIA_CENTER_CREDENTIAL_KEY": "not-for-others"}
    with a_silent_host() as port:
        asking = subprocess.Popen(
            [sys.executable, "-c", ASKS, str(port), target.host_key.key],
            stdin=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert asking.stdin is not None
        asking.stdin.write("a-password-of-a-device\n")
        asking.stdin.flush()
        [program] = _until(programs)
        assert "MEDIA_CENTER_CREDENTIAL_KEY" not in program.environ()
        assert "DATABASE_URL" not in program.environ()
        assert "a-password-of-a-device" not in " ".join(program.cmdline())
        assert psutil.Process(asking.pid).status() != psutil.STATUS_ZOMBIE
        asking.send_signal(signal.SIGKILL)
        asking.wait(timeout=10)
        program.wait(timeout=20)
    assert not program.is_running()


def _until(found: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    for _ in range(200):
        if these := found():
            return these
        time.sleep(0.05)
    raise AssertionError("no program was started")


def test_a_silent_host_ends_with_its_time(target: SshTarget):
    with a_silent_host() as port:
        told = failure_of(calls.read_config(replace(target, port=port, seconds=1.0)))
    assert told.kind is FailureKind.TIMEOUT
    assert not programs()


def test_of_many_devices_a_few_are_asked_at_once_and_none_is_forgotten(target: SshTarget):
    most = 0
    with a_silent_host() as port, ThreadPoolExecutor(6) as pool:
        silent = replace(target, port=port, seconds=1.0)
        asked = [pool.submit(calls.read_config, silent) for _ in range(6)]
        while not all(one.done() for one in asked):
            most = max(most, len(programs()))
            time.sleep(0.02)
    assert 1 <= most <= legacy.MOST_AT_ONCE
    assert {failure_of(one.result()).kind for one in asked} == {FailureKind.TIMEOUT}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("print('{\"answer\": [1, 2]}')", FailureKind.INTERNAL),
        ('print(\'{"failure": {"kind": "hacked", "message": ""}}\')', FailureKind.INTERNAL),
        ("print('[]')", FailureKind.INTERNAL),
        ("print('nonsense')", FailureKind.INTERNAL),
        ("raise SystemExit(3)", FailureKind.INTERNAL),
        ("import time; time.sleep(60)", FailureKind.TIMEOUT),
        (
            "import os, time\nif os.fork() == 0: time.sleep(60)\nelse: time.sleep(60)",
            FailureKind.TIMEOUT,
        ),
        ("while True: print('x' * 100_000)", FailureKind.MALFORMED),
    ],
)
def test_whatever_the_program_answers_is_a_failure_of_this_device_alone(
    target: SshTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, kind: FailureKind
):
    program = tmp_path / "program.py"
    program.write_text(body)
    monkeypatch.setattr(legacy, "PROGRAM", program)
    monkeypatch.setattr(legacy, "GRACE_SECONDS", 1.0)
    told = failure_of(calls.read_config(replace(target, seconds=1.0)))
    assert told.kind is kind, told
    left = [one for one in psutil.process_iter() if str(program) in " ".join(_command_line(one))]
    assert not left


def test_without_the_environment_it_says_what_to_do(
    target: SshTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "make legacy-ssh" in failure_of(calls.read_config(target)).message
    step = list(calls.try_login(target))[-1]
    assert step.finding is Finding.LOGIN_BROKEN
    assert "make legacy-ssh" in step.facts["told"]
