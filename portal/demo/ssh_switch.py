"""A simulated IOS switch that a person, netmiko or Ansible can log in to over SSH."""

import threading
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import paramiko

from config import clock
from portal.demo.eos import EosTerminal
from portal.demo.ios import Terminal
from portal.demo.running_config import RunningConfig
from portal.demo.ssh_server import IDLE_SECONDS, SshServer

SAMPLE = Path(__file__).parents[2] / "config" / "demo" / "press-switch.cfg"
MOST_TYPED = 4096


def sample_config() -> str:
    """The configuration that the demo's switch starts with.

    It is lax in two places: telnet on `line vty 0 4` and the read community `public`.
    """
    return SAMPLE.read_text(encoding="utf-8")


class SshSwitch(SshServer):
    """An IOS switch on loopback; what sessions configure is kept in memory in `config`."""

    has_shell = True
    terminal: ClassVar[type[Terminal]] = Terminal

    def __init__(
        self,
        port: int = 0,
        config: str | None = None,
        *,
        username: str = "netops",
        password: str = "demo-switch-password",  # noqa: S107  # a demo login, on loopback only
        host_key: Path | paramiko.PKey | None = None,
    ) -> None:
        """Prepare the switch with `config` (else the shipped sample) as running and start-up."""
        super().__init__(port, username=username, password=password, host_key=host_key)
        self.running = RunningConfig(sample_config() if config is None else config)
        self.startup = self.running.text
        self.booted_at = clock.now()
        self.reverting: tuple[datetime, str] | None = None
        self.neighbours: dict[str, str] = {}
        self._editing = threading.Lock()

    @property
    def config(self) -> str:
        """The running configuration as text."""
        return self.running.text

    def answer(self, command: str) -> tuple[str, int]:
        """One command beside a session, as `ssh switch show version` sends it."""
        with self._editing:
            return self.terminal(self).line(command).replace("\n", "\r\n"), 0

    def run_shell(self, channel: paramiko.Channel) -> None:
        """Read keys, echo them, obey each line, print the prompt."""
        channel.settimeout(IDLE_SECONDS)
        terminal = self.terminal(self)
        channel.sendall(f"\r\n{terminal.prompt}".encode())
        typed, last = bytearray(), b""
        while not terminal.closed:
            received = channel.recv(1024)
            if not received:
                return
            out = bytearray()
            for key in (bytes([byte]) for byte in received):
                ends_line = key == b"\r" or (key == b"\n" and last != b"\r")
                last = key
                if ends_line:
                    out += self._obey(terminal, typed.decode("utf-8", "replace"))
                    typed.clear()
                elif key in (b"\x7f", b"\x08"):
                    out += b"\b \b" if typed else b""
                    del typed[-1:]
                elif key == b"\x03":
                    typed.clear()
                    out += f"\r\n{terminal.prompt}".encode()
                elif key == b"\x1a":
                    out += self._obey(terminal, "\x1a")
                    typed.clear()
                elif key != b"\n" and len(typed) < MOST_TYPED:
                    typed += key
                    out += key if terminal.echoes else b""
            if out:
                channel.sendall(bytes(out))

    def _obey(self, terminal: Terminal, typed: str) -> bytes:
        with self._editing:
            answer = terminal.line(typed)
        prompt = "" if terminal.closed else terminal.prompt
        return f"\n{answer}{prompt}".replace("\n", "\r\n").encode()


EOS_SAMPLE = """\
hostname press-leaf
username netops privilege 15 secret sha512 $6$demo
interface Ethernet1
 description uplink to the core
 switchport mode trunk
interface Ethernet2
 no switchport
 ip address 192.0.2.1/31
interface Ethernet3
 description press room, table 3
 shutdown
 switchport access vlan 999
interface Ethernet4
 channel-group 5 mode active
interface Ethernet5
"""


class EosSwitch(SshSwitch):
    """An Arista EOS switch on loopback."""

    terminal = EosTerminal

    def __init__(self, config: str = EOS_SAMPLE) -> None:
        """Prepare the switch with `config` as running and start-up."""
        super().__init__(config=config)
        self.sessions: dict[str, RunningConfig] = {}
        self.timed: str | None = None
