"""A simulated HP ProCurve on loopback; with `candidate` it commits for a time, as others do."""

import re
from dataclasses import dataclass, replace
from typing import Any

from portal.demo.ios import Terminal
from portal.demo.ssh_switch import SshSwitch

GREETING = "HP J9726A 2920-24G Switch\nCopyright (C) 1991-2016 HP\nPress any key to continue"
# ProCurve paints its prompt.
PAINTED = "\x1b[24;1H\x1b[2K"
LLDP = "\n LLDP Remote Device Information Detail\n\n  Local Port   : {}\n"


@dataclass(frozen=True)
class Port:
    """One port: whether it is on, its VLAN without a tag, and what else stands in its block."""

    is_on: bool = False
    vlan: int | None = 999
    more: tuple[str, ...] = ()


class ProCurveTerminal(Terminal):
    """One session with the device."""

    box: Any
    greeted = False

    @property
    def prompt(self) -> str:
        """The greeting asks for a key first."""
        mode = "(config)" if self.configuring else ""
        return f"{PAINTED}HP-press{mode}# " if self.greeted else GREETING

    def line(self, typed: str) -> str:
        """Obey one line."""
        command = " ".join(typed.split())
        if not self.greeted:
            self.greeted = True
            return ""
        self.box.typed.append(command)
        if command in self.box.deaf:
            return ""
        if command in ("", "no page", "terminal width 511", "end"):
            self.configuring = self.configuring and command != "end"
            return ""
        told = self._configured(command) if self.configuring else self._asked(command)
        return f"Invalid input: {command.split()[0]}\n" if told is None else told

    def _asked(self, command: str) -> str | None:
        if command == "configure":
            self.configuring, self.box.candidate = True, dict(self.box.ports)
            return ""
        if command == "write memory":
            self.box.saved = dict(self.box.ports)
            return ""
        if command in ("confirm", "undo now") and self.box.previous is not None:
            self.box.ports = self.box.ports if command == "confirm" else self.box.previous
            self.box.previous = None
            return ""
        if found := re.fullmatch(r"show lldp info remote-device (\S+)", command):
            return LLDP.format(found[1]) + self.box.neighbours.get(found[1], "")
        found = re.fullmatch(r"show running-config interface (\S+)", command)
        return self._block(found[1]) if found else None

    def _block(self, name: str) -> str:
        port = self.box.ports.get(name)
        if port is None:
            return f"Module not present for port or invalid port: {name}\n"
        lines = [f"interface {name}", *port.more, *([] if port.is_on else ["disable"])]
        lines += [] if port.vlan is None else [f"untagged vlan {port.vlan}"]
        return "\nRunning configuration:\n\n" + "\n   ".join([*lines, "exit"]) + "\n"

    def _configured(self, command: str) -> str | None:
        box = self.box
        ports = box.candidate if box.commits else box.ports
        if found := re.fullmatch(r"interface (\S+) (enable|disable)", command):
            ports[found[1]] = replace(ports[found[1]], is_on=found[2] == "enable")
        elif found := re.fullmatch(r"vlan (\d+) untagged (\S+)", command):
            ports[found[2]] = replace(ports[found[2]], vlan=int(found[1]))
        elif box.commits and re.fullmatch(r"commit confirmed \d+", command):
            box.previous, box.ports = box.ports, dict(box.candidate)
        elif box.commits and command == "rollback 0":
            box.candidate = dict(box.ports)
        else:
            return None
        return ""


class ProCurveSwitch(SshSwitch):
    """The device; `deaf` holds lines that it takes and does not obey."""

    terminal = ProCurveTerminal

    def __init__(self, *, commits: bool = False) -> None:
        """A parked port 3, an uplink 24, a bundle's member 23 and one without a VLAN, 22."""
        super().__init__()
        self.commits = commits
        self.ports = {
            "3": Port(),
            "22": Port(vlan=None),
            "23": Port(more=("trunk trk1 lacp",), vlan=None),
            "24": Port(is_on=True, vlan=1, more=("tagged vlan 110-119",)),
        }
        self.saved: dict[str, Port] = {}
        self.candidate: dict[str, Port] = {}
        self.previous: dict[str, Port] | None = None
        self.typed: list[str] = []
        self.deaf: set[str] = set()
