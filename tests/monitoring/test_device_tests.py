"""Tests of a device against real agents and hosts: each failure is named for what it is."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from config.database import db, transaction
from monitoring import credentials, device_tests, devices, hostkeys
from monitoring.credentials import Keyring
from monitoring.device_tests import Asked, Locked
from monitoring.devices import NewDevice
from monitoring.models import DeviceTest, Platform
from monitoring.probes import snmp_steps, ssh_steps, usm_steps
from monitoring.probes.codec import OCTETS, REPORT, SEQUENCE, object_id, tlv, whole_number
from monitoring.probes.logins import AuthProtocol, SnmpCommunity, SnmpUser, SshLogin
from monitoring.probes.outcomes import Target
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.steps import Finding, Stage, Step, Verdict
from portal.demo.running_config import RunningConfig
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch
from tests import build
from tests.monitoring import agents
from tests.monitoring.policy_world import an_sshd, free_port

RIGHT = SnmpUser(
    agents.USER, auth_password=agents.AUTH_PASSWORD, privacy_password=agents.PRIVACY_PASSWORD
)
SECRETS = (agents.AUTH_PASSWORD, agents.PRIVACY_PASSWORD, "wrong-password", "demo-switch-password")
KEYS = Keyring(b"k" * 32)


def asked_of(port: int, login: object) -> list[Step]:
    """The steps of SNMP against a port on loopback."""
    return list(snmp_steps.steps(Target("127.0.0.1", port, login, timeout=0.5, tries=1)))


@pytest.mark.parametrize("login", [RIGHT, SnmpCommunity(agents.COMMUNITY)], ids=["v3", "v2c"])
def test_a_device_that_answers_says_who_it_is_and_what_it_tells(agent, login):
    answers, mibs = asked_of(agent.port, login)
    assert answers.finding is Finding.SNMP_ANSWERS
    assert answers.facts["name"] == "test-agent"
    assert mibs.finding is Finding.MIBS_TOLD
    assert int(mibs.facts["interfaces"]) >= 1


@pytest.mark.parametrize(
    ("login", "finding"),
    [
        # An engine of SNMPv3 gives itself away where the community is met with silence.
        (SnmpCommunity("wrong-community"), Finding.WRONG_COMMUNITY),
        (replace(RIGHT, name="stranger"), Finding.UNKNOWN_USER),
        (replace(RIGHT, auth_password="wrong-password"), Finding.WRONG_AUTHENTICATION),
        (replace(RIGHT, auth_protocol=AuthProtocol.SHA256), Finding.WRONG_AUTHENTICATION),
        (replace(RIGHT, privacy_password="wrong-password"), Finding.WRONG_PRIVACY),
        # The agent knows keys of this user for a higher level only.
        (replace(SnmpUser("demo-noauth"), auth_password="12345678"), Finding.WRONG_LEVEL),
    ],
    ids=["community", "user", "authentication", "algorithm", "privacy", "level"],
)
def test_what_is_wrong_with_the_login_is_named(agent, login, finding):
    (step,) = asked_of(agent.port, login)
    assert (step.verdict, step.finding) == (Verdict.FAILED, finding)
    assert not any(secret in str(step.as_json()) for secret in SECRETS)


def test_a_closed_port_a_silent_and_a_babbling_one_are_told_apart():
    login = SnmpCommunity(agents.COMMUNITY)
    assert asked_of(free_port(), login)[0].finding is Finding.SNMP_CLOSED
    with agents.hostile(lambda _: None) as silent:
        assert asked_of(silent.port, login)[0].finding is Finding.SNMP_SILENT
        assert asked_of(silent.port, RIGHT)[0].finding is Finding.SNMP_SILENT
    with agents.hostile(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n") as babbling:
        assert asked_of(babbling.port, login)[0].finding is Finding.SNMP_GARBLED


def report(counter: str) -> bytes:
    """An SNMPv3 report of one counter, as an engine sends it in the clear."""
    engine = b"\x80\x00\x1f\x88\x04sample"
    name = tlv(SEQUENCE, object_id(counter) + tlv(0x41, b"\x01"))
    zero = whole_number(0)
    pdu = tlv(REPORT, whole_number(1) + zero + zero + tlv(SEQUENCE, name))
    scoped = tlv(SEQUENCE, tlv(OCTETS, engine) + tlv(OCTETS, b"") + pdu)
    security = tlv(OCTETS, engine) + whole_number(3) + whole_number(99) + 3 * tlv(OCTETS, b"")
    header = whole_number(1) + whole_number(65_000) + tlv(OCTETS, b"\x00") + whole_number(3)
    return tlv(
        SEQUENCE,
        whole_number(3) + tlv(SEQUENCE, header) + tlv(OCTETS, tlv(SEQUENCE, security)) + scoped,
    )


@pytest.mark.parametrize(
    ("counter", "told"),
    [
        (usm_steps.Report.WRONG_CLOCK, usm_steps.Report.WRONG_CLOCK),
        (usm_steps.Report.WRONG_LEVEL, usm_steps.Report.WRONG_LEVEL),
        (usm_steps.Report.UNKNOWN_USER, usm_steps.Report.UNKNOWN_USER),
    ],
)
def test_an_engine_says_which_counter_rose(counter, told):
    with agents.hostile(lambda _: report(counter.value)) as engine:
        assert usm_steps.why("127.0.0.1", engine.port, RIGHT, 1.0) is told


@pytest.mark.parametrize(
    "garbage", [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00", b"x" * 1400]
)
def test_a_hostile_engine_is_silence(garbage):
    with agents.hostile(lambda _: garbage) as engine:
        assert usm_steps.why("127.0.0.1", engine.port, RIGHT, 0.3) is usm_steps.Report.SILENT


@contextmanager
def a_switch(**over: object) -> Iterator[SshSwitch]:
    with SshSwitch(**over) as running:
        yield running


def target(server: SshServer, **over: object) -> SshTarget:
    """The server as it is asked, its key approved."""
    key = PinnedKey(*server.public_key.split())
    login = SshLogin(server.username, server.password)
    target = SshTarget("127.0.0.1", login, key, "cisco_ios", server.port, 15.0)
    return replace(target, **over)


def found(steps: list[Step]) -> list[Finding]:
    return [step.finding for step in steps]


def test_a_switch_is_logged_into_and_shows_prompt_privilege_and_configuration():
    with a_switch() as switch:
        steps = list(ssh_steps.steps(target(switch)))
    assert found(steps) == [
        Finding.LOGGED_IN, Finding.PROMPT_SEEN, Finding.PRIVILEGED, Finding.COMMAND_RAN
    ]  # fmt: skip
    assert all(step.seconds >= 0 for step in steps)
    # What it says of its configuration is how long it is, not what stands there.
    assert set(steps[-1].facts) == {"command", "lines"}


def test_a_key_that_is_new_or_another_stops_before_any_password():
    with a_switch() as switch, SshServer() as other:
        shown = PinnedKey(*switch.public_key.split())
        step, key = ssh_steps.host_key("127.0.0.1", switch.port, None)
        assert (step.finding, key) == (Finding.KEY_NEW, shown)
        step, _ = ssh_steps.host_key("127.0.0.1", switch.port, shown)
        assert step.finding is Finding.KEY_APPROVED
        stranger = PinnedKey(*other.public_key.split())
        step, _ = ssh_steps.host_key("127.0.0.1", switch.port, stranger)
        assert step.finding is Finding.KEY_CHANGED
        assert step.facts["approved"] == stranger.fingerprint


def test_a_closed_ssh_port_and_one_that_speaks_no_ssh_are_told_apart():
    step, key = ssh_steps.host_key("127.0.0.1", free_port(), None)
    assert (step.finding, key) == (Finding.SSH_CLOSED, None)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 400)

        threading.Thread(target=babble, daemon=True).start()
        step, _ = ssh_steps.host_key("127.0.0.1", listener.getsockname()[1], None)
    assert step.finding in (Finding.SSH_GARBLED, Finding.SSH_SILENT)


class CutConfig(RunningConfig):
    @property
    def text(self) -> str:
        return super().text.removesuffix("end\n")


def test_a_wrong_password_and_a_cut_configuration_are_named():
    with a_switch() as switch:
        login = SshLogin(switch.username, "wrong-password")
        steps = list(ssh_steps.steps(target(switch, login=login)))
        assert found(steps) == [Finding.LOGIN_REFUSED]
        assert "wrong-password" not in str(steps[0].as_json())
        switch.running = CutConfig(switch.config)
        assert found(list(ssh_steps.steps(target(switch))))[-1] is Finding.COMMAND_CUT


@pytest.mark.parametrize("platform", ["cisco_ios", "linux"])
def test_a_private_key_that_was_kept_damaged_is_no_refusal_of_the_device(platform):
    with a_switch() as switch:
        login = SshLogin(switch.username, switch.password, private_key="-----BEGIN OPENSSH")
        [step] = ssh_steps.steps(target(switch, login=login, platform=platform))
    assert step.finding is Finding.LOGIN_KEY_DAMAGED
    assert "BEGIN" not in str(step.as_json())


def test_a_real_sshd_lets_a_plain_host_be_asked(tmp_path: Path):
    with an_sshd(tmp_path) as server:
        server.start()
        _, key = ssh_steps.host_key("127.0.0.1", server.port, None)
        assert key is not None
        asked = SshTarget("127.0.0.1", server.login, key, "linux", server.port, 15.0)
        steps = list(ssh_steps.steps(asked))
        wrong = replace(asked, login=SshLogin(server.login.username, "wrong-password"))
        refused = list(ssh_steps.steps(wrong))
    assert found(steps) == [Finding.LOGGED_IN, Finding.COMMAND_RAN]
    assert found(refused) == [Finding.LOGIN_REFUSED]


def test_what_a_device_sends_is_one_printable_line_of_a_bounded_length():
    step = Step(Stage.SNMP, Verdict.PASSED, Finding.SNMP_ANSWERS, 0, {"name": "a\x1b[2J\n" * 999})
    assert "\x1b" not in step.facts["name"]
    assert "\n" not in step.facts["name"]
    assert len(step.facts["name"]) <= 1500


def test_a_credential_that_does_not_open_is_not_a_wrong_password(agent):
    asked = Asked(
        "127.0.0.1",
        agent.port,
        free_port(),
        "generic",
        Locked("SNMP", "sealed with key 1"),
        None,
        None,
    )
    steps = list(device_tests.steps(asked))
    assert found(steps) == [Finding.TCP_CLOSED, Finding.CREDENTIAL_LOCKED, Finding.SSH_CLOSED]


@pytest.fixture
def a_device(house, agent):
    """A device in the inventory whose agent and switch answer."""
    with a_switch() as switch, house.app_context():
        with transaction():
            community = SnmpCommunity(agents.COMMUNITY)
            login = SshLogin(switch.username, switch.password)
            device = devices.add(
                NewDevice(
                    "SW-1",
                    "127.0.0.1",
                    build.a_site(),
                    platform=Platform.CISCO_IOS,
                    snmp_port=agent.port,
                    ssh_port=switch.port,
                    snmp_credential=credentials.add("SNMP", community, KEYS),
                    ssh_credential=credentials.add("SSH", login, KEYS),
                )
            )
        yield device


def test_a_new_key_waits_for_approval_and_the_next_test_goes_through(a_device):
    site_id = a_device.site_id
    with transaction():
        first = device_tests.ask(a_device, by=None).id
        # Who presses twice looks at the same test.
        assert device_tests.ask(a_device, by=None).id == first
    assert device_tests.run_waiting(site_id, KEYS) == 1
    test = db.session.get(DeviceTest, first)
    assert [step["finding"] for step in test.steps][-1] == "key_new"
    assert test.finished_at is not None
    (key,) = hostkeys.waiting(a_device)
    with transaction():
        hostkeys.approve(a_device, key, by=None)
        second = device_tests.ask(a_device, by=None).id
    assert device_tests.run_waiting(site_id, KEYS) == 1
    steps = db.session.get(DeviceTest, second).steps
    assert [step["finding"] for step in steps] == [
        "tcp_open", "snmp_answers", "mibs_told", "key_approved", "logged_in", "prompt_seen",
        "privileged", "command_ran",
    ]  # fmt: skip
    assert not any(secret in str(steps) for secret in SECRETS)


def test_a_test_that_a_killed_worker_left_is_begun_anew(a_device):
    with transaction():
        test = device_tests.ask(a_device, by=None)
        test.steps = [Step(Stage.ADDRESS, Verdict.PASSED, Finding.TCP_OPEN).as_json()]
    assert device_tests.run_waiting(a_device.site_id, KEYS) == 1
    stages = [step["stage"] for step in device_tests.latest(a_device).steps]
    assert stages.count("address") == 1
    assert device_tests.run_waiting(a_device.site_id, KEYS) == 0


def test_a_key_encryption_key_that_is_gone_is_told_apart(a_device):
    with transaction():
        device_tests.ask(a_device, by=None)
    device_tests.run_waiting(a_device.site_id, Keyring(b"n" * 32))
    assert "credential_locked" in [step["finding"] for step in device_tests.latest(a_device).steps]
