"""What the policy tests stand on: devices on resources, findings, a real sshd."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config.database import db
from monitoring import credentials
from monitoring.credentials import Keyring
from monitoring.models import Device, Platform
from monitoring.policy import Finding, Result, Severity
from monitoring.probes.logins import SshLogin
from rental.models import Closure
from tests import build
from tests.ports import free_port

KEYRING = Keyring(b"k" * 32)
_numbers = count(1)


def a_switch(**over: Any) -> Device:
    """A device on a circuit of its own."""
    if "resource" not in over:
        over["resource"] = build.a_circuit()
    device = Device(
        **{
            "site": over["resource"].site if over["resource"] else build.a_site(),
            "name": f"device-{next(_numbers)}",
            "platform": Platform.CISCO_IOS,
            "address": "127.0.0.1",
            **over,
        }
    )
    db.session.add(device)
    db.session.flush()
    return device


def with_login(device: Device, login: SshLogin) -> Device:
    device.ssh_credential = credentials.add(f"login of {device.name}", login, KEYRING)
    db.session.flush()
    return device


def a_failure(rule: str = "N01", severity: Severity = Severity.CRITICAL, **over: Any) -> Finding:
    values = {"result": Result.FAIL, "evidence": ("line vty 0 4",), "reason": "telnet", **over}
    return Finding(rule, severity=severity, **values)


def open_closures(device: Device) -> list[Closure]:
    return list(
        db.session.query(Closure)
        .filter(Closure.resource_id == device.resource_id, Closure.reopened_at.is_(None))
        .order_by(Closure.id)
    )


class OpenSshServer:
    """The machine's own sshd on a loopback port, with a configuration that tests rewrite.

    `sshd -T` on the host must speak of this server, so its sessions find a wrapper first on PATH.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self.program, self.port = folder, program, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        # What its configuration begins with: the first value of an option counts.
        self.head = ""
        self.host_key()
        self._keygen(folder / "login")
        shutil.copy(folder / "login.pub", folder / "authorized_keys")
        wrapper = folder / "bin" / "sshd"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nexec {program} -f {folder}/sshd_config "$@"\n')
        wrapper.chmod(0o755)
        # The packages and services of the machine that runs the tests are not this host's.
        self._pretend("apt-get", "updates")
        self._pretend("systemctl", "services")

    def _pretend(self, program: str, told: str) -> None:
        """A program that prints a file of the folder, and fails while there is none."""
        path = self.folder / "bin" / program
        path.write_text(f"#!/bin/sh\nexec cat {self.folder}/{told}\n")
        path.chmod(0o755)

    @property
    def login(self) -> SshLogin:
        return SshLogin(os.environ.get("USER") or "root", None, (self.folder / "login").read_text())

    def _keygen(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(command, check=True)

    def host_key(self) -> None:
        """A new host key; the next start shows it."""
        self._keygen(self.folder / "host")

    def start(self, more: str = "", **options: str) -> None:
        """Serve with these options, and `more` lines after them."""
        self.stop()
        given = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": f"{self.folder}/host",
            "AuthorizedKeysFile": f"{self.folder}/authorized_keys",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "SetEnv": f"PATH={self.folder}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PasswordAuthentication": "no",
            "MaxAuthTries": "4",
            "X11Forwarding": "no",
            "AllowTcpForwarding": "no",
            **options,
        }
        lines = (f"{key} {value}\n" for key, value in given.items())
        (self.folder / "sshd_config").write_text(self.head + "".join(lines) + more)
        command = [self.program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=5)
            self.process = None


@contextmanager
def an_sshd(folder: Path) -> Iterator[OpenSshServer]:
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(program).exists():
        pytest.skip("sshd is not installed (apt-get install openssh-server)")
    if os.geteuid() == 0:
        # sshd wants its privilege-separation folder; a package's service would have made it.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = OpenSshServer(folder, program)
    try:
        yield server
    finally:
        server.stop()
