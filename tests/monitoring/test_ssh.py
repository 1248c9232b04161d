"""The SSH probes against a simulated switch and a real sshd: strict, bounded, and never raising."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from monitoring.probes import linux, ssh, tcp
from monitoring.probes.linux import HostTexts
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from portal.demo.running_config import RunningConfig
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch
from tests.monitoring.policy_world import an_sshd, free_port


@pytest.fixture
def switch() -> Iterator[SshSwitch]:
    with SshSwitch() as running:
        yield running


def target(server: SshServer, **over: object) -> SshTarget:
    values = {
        "address": "127.0.0.1",
        "port": server.port,
        "platform": "cisco_ios",
        "login": SshLogin(server.username, server.password),
        "host_key": PinnedKey(*server.public_key.split()),
        "seconds": 20.0,
        **over,
    }
    return SshTarget(**values)  # type: ignore[arg-type]


def kind(answer: object) -> FailureKind:
    assert isinstance(answer, Failure), answer
    return answer.kind


def test_the_running_configuration_comes_whole_without_echo_and_prompt(switch: SshSwitch) -> None:
    text = ssh.read_config(target(switch))
    assert isinstance(text, str)
    body = text[text.index("!\n") :]
    assert body.strip() == switch.config.strip()


def test_the_host_key_is_read_before_any_login(switch: SshSwitch) -> None:
    key = ssh.read_host_key("127.0.0.1", switch.port)
    assert isinstance(key, PinnedKey)
    assert f"{key.algorithm} {key.key}" == switch.public_key
    assert key.fingerprint.startswith("SHA256:")


def test_a_changed_host_key_is_named_before_the_password_is_sent(switch: SshSwitch) -> None:
    with SshServer() as other:
        stranger = PinnedKey(*other.public_key.split())
    for read in (ssh.read_config, linux.read_host):
        answer = read(target(switch, host_key=stranger, login=SshLogin("nobody", "wrong")))
        # The wrong login was not tried: the answer would speak of it.
        assert kind(answer) is FailureKind.HOST_KEY_CHANGED


def test_a_key_of_another_kind_is_a_changed_key_too(switch: SshSwitch) -> None:
    other = paramiko.RSAKey.generate(2048)
    pinned = PinnedKey(other.get_name(), other.get_base64())
    for read in (ssh.read_config, linux.read_host):
        assert kind(read(target(switch, host_key=pinned))) is FailureKind.HOST_KEY_CHANGED


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"login": SshLogin("netops", "wrong")}, FailureKind.AUTHENTICATION),
        ({"login": SshLogin("netops", None, "no key")}, FailureKind.AUTHENTICATION),
        ({"port": 1}, FailureKind.REFUSED),
        ({"seconds": 0.2}, FailureKind.TIMEOUT),
        ({"most_bytes": 200}, FailureKind.MALFORMED),
        ({"host_key": PinnedKey("ssh-ed25519", "%%%")}, FailureKind.MALFORMED),
        ({"platform": "generic"}, FailureKind.INTERNAL),
    ],
)
def test_what_goes_wrong_is_a_value(
    switch: SshSwitch, over: dict[str, object], expected: FailureKind
) -> None:
    assert kind(ssh.read_config(target(switch, **over))) is expected


class CutConfig(RunningConfig):
    @property
    def text(self) -> str:
        return super().text.removesuffix("end\n")


def test_a_configuration_without_its_end_is_partial(switch: SshSwitch) -> None:
    switch.running = CutConfig(switch.config)
    assert kind(ssh.read_config(target(switch))) is FailureKind.PARTIAL


def test_a_host_that_accepts_and_says_nothing_ends_with_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        key = PinnedKey("ssh-ed25519", "AAAA")
        began = time.monotonic()
        port = listener.getsockname()[1]
        assert kind(ssh.read_host_key("127.0.0.1", port, seconds=0.5)) is FailureKind.TIMEOUT
        assert time.monotonic() - began < 5
        assert key.algorithm


def test_a_host_that_talks_garbage_is_malformed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 400)

        threading.Thread(target=babble, daemon=True).start()
        answer = ssh.read_host_key("127.0.0.1", listener.getsockname()[1], seconds=5)
    assert kind(answer) in (FailureKind.MALFORMED, FailureKind.TIMEOUT)


def test_no_thread_or_socket_outlives_its_question(switch: SshSwitch) -> None:
    ssh.read_config(target(switch))
    before = threading.active_count()
    for _ in range(3):
        ssh.read_config(target(switch, login=SshLogin("netops", "wrong")))
        ssh.read_config(target(switch))
    time.sleep(1.5)
    assert threading.active_count() <= before + 1


def test_a_plain_host_answers_by_whatever_command_it_has() -> None:
    answers = {
        "/usr/sbin/sshd -T": "permitrootlogin no\n",
        "netstat -ltn": "tcp 0 0 :::22 :::* LISTEN\n",
    }
    with SshServer(answers=answers) as host:
        texts = linux.read_host(target(host, platform="linux"))
    assert isinstance(texts, HostTexts)
    assert texts.sshd == "permitrootlogin no\n"
    assert texts.ports == "tcp 0 0 :::22 :::* LISTEN\n"


def test_what_a_host_does_not_have_is_a_failure_of_that_part_alone() -> None:
    with SshServer(answers={"sshd -T": "permitrootlogin no\n"}) as host:
        texts = linux.read_host(target(host, platform="linux"))
    assert isinstance(texts, HostTexts)
    assert texts.sshd == "permitrootlogin no\n"
    assert isinstance(texts.ports, Failure)


def test_an_endless_answer_is_cut() -> None:
    with SshServer(answers={"sshd -T": "x" * 200_000}) as host:
        answer = linux.read_host(target(host, platform="linux", most_bytes=100_000))
    assert kind(answer) is FailureKind.MALFORMED


def test_a_real_sshd_tells_what_holds_for_everybody_and_for_root(tmp_path: Path) -> None:
    with an_sshd(tmp_path) as server:
        server.start(PermitRootLogin="prohibit-password")
        key = ssh.read_host_key("127.0.0.1", server.port)
        assert isinstance(key, PinnedKey)
        texts = linux.read_host(
            SshTarget("127.0.0.1", server.login, key, platform="linux", port=server.port)
        )
    assert isinstance(texts, HostTexts)
    assert isinstance(texts.sshd, str)
    assert "permitrootlogin without-password" in texts.sshd
    assert "\nMatch user=root" in texts.sshd
    assert isinstance(texts.ports, str)
    assert f":{server.port}" in texts.ports or f"{server.port:04X}" in texts.ports


def test_a_port_is_open_or_it_is_not() -> None:
    closed = free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert tcp.open_ports("127.0.0.1", [port, closed]) == {port: True, closed: False}
