"""A device that lies, floods or speaks garbage harms nobody but itself."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
import pytest
import sqlalchemy as sa

from config.database import db, transaction
from monitoring import evidence, hostkeys
from monitoring.models import Device, EvidenceRecord, FindingRow
from monitoring.probes import ssh, values
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from portal.demo.ssh_switch import SshSwitch, sample_config
from tests import build
from tests.monitoring.policy_world import KEYRING, a_switch, with_login
from tests.monitoring.test_ssh import target


@pytest.mark.parametrize(
    ("scale", "precision", "exponent"),
    [
        (8, 1, -4),  # milli, one decimal digit
        (9, -5, 0),  # a negative precision says how much is exact
        (2**31 - 1, 0, 0),  # no scale of the standard
        (-(2**31), 0, 0),
        (9, 2**31 - 1, 0),  # no precision of the standard
        (9, -(2**31), 0),
        (0, None, 0),
    ],
)
def test_no_scale_or_precision_stops_the_arithmetic(scale, precision, exponent):
    assert values.sensor_exponent(scale, precision) == exponent
    assert values.sensor(999_999_999, values.sensor_exponent(scale, precision)) is not None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"core\x1b[31m\nGi0/1 up\x00", "core [31m Gi0/1 up"),
        ("sw\u202egnp\u2028".encode(), "sw gnp"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),  # pages escape it
        (b"x" * 4000, "x" * 255),
        (b"\x00\r\n", None),
    ],
)
def test_a_name_is_one_line_that_can_be_shown_and_kept(sent, kept):
    assert values.text(sent) == kept


@contextmanager
def a_host_that_says(greeting: bytes) -> Iterator[int]:
    """A port where every caller is told this and hung up on."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            while True:
                try:
                    caller, _ = door.accept()
                except OSError:
                    return
                with caller:
                    caller.sendall(greeting)
                    time.sleep(0.1)

        threading.Thread(target=answer, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


def collected(device: Device) -> list[str]:
    """Ask the site's devices; why each kept record is a failure."""
    evidence.collect_site(device.site_id, KEYRING, seconds=20)
    db.session.expire_all()
    return [record.failure or "" for record in db.session.query(EvidenceRecord)]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-\x00\x1b[2J\x00\r\n" * 3, b"\x00garbage\x00\r\n" * 200, b"SSH-1.5-\x00old\x00\r\n"],
    ids=["NUL in the version", "garbage", "NUL in an old version"],
)
def test_why_a_garbled_greeting_failed_can_be_kept(greeting: bytes) -> None:
    with a_host_that_says(greeting) as port:
        with transaction():
            device = with_login(a_switch(address="127.0.0.1", ssh_port=port), SshLogin("u", "p"))
        told = collected(device)
    assert told
    assert all(line.isprintable() for line in told)


@pytest.mark.usefixtures("house")
def test_a_configuration_with_control_characters_is_judged_and_kept() -> None:
    hostile = sample_config().replace("hostname ", "banner \x00\x1b[31m<b>\nhostname \x00")
    with SshSwitch(config=hostile) as switch:
        login = SshLogin(switch.username, switch.password)
        with transaction():
            device = with_login(a_switch(address="127.0.0.1", ssh_port=switch.port), login)
        collected(device)
        with transaction():
            [key] = hostkeys.waiting(device)
            hostkeys.approve(device, key, by=build.desk())
        assert "" in collected(device)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(FindingRow))


class Flooding(SshSwitch):
    """A switch that greets for ever and never prompts."""

    sent = 0

    def run_shell(self, channel: paramiko.Channel) -> None:
        while True:
            channel.sendall(b"WELCOME " * 4000)
            self.sent += 32_000


def test_an_endless_greeting_is_not_listened_to_for_ever() -> None:
    with Flooding() as switch:
        asked = target(switch, seconds=4.0, most_bytes=200_000)
        answer = ssh.read_config(asked)
        assert isinstance(answer, Failure)
        assert switch.sent < 5_000_000


def test_a_failure_says_one_line_of_bounded_length() -> None:
    found = Failure(FailureKind.MALFORMED, "SSHException: \x00\x1b[31mforged\nline " + "x" * 10_000)
    assert found.message.isprintable()
    assert len(found.message) <= 500
