"""A running configuration that can be edited a line at a time, the way IOS edits it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Lines that open a block of their own.
OPENERS = re.compile(
    r"(interface|line|vlan|router|class-map|policy-map|route-map|key chain|crypto pki|archive"
    r"|aaa group server|ip access-list|ip dhcp pool|control-plane|vrf definition)\b"
)
# A second line of these replaces the first; any other line stands beside its like.
SINGLE = (
    "hostname", "description", "exec-timeout", "transport input", "transport output", "login",
    "ip ssh version", "ip ssh time-out", "ip ssh authentication-retries", "enable secret",
    "enable password", "access-class", "switchport mode", "switchport access vlan", "speed",
    "switchport trunk native vlan", "storm-control broadcast level", "name", "ip address",
    "session-timeout", "snmp-server location", "snmp-server contact", "logging buffered",
)  # fmt: skip
# Features that are on by default: IOS remembers that they were turned off.
ON_BY_DEFAULT = (
    "ip http server", "ip http secure-server", "vstack", "cdp run", "cdp enable", "service pad",
    "ip bootp server", "lldp transmit", "lldp receive", "ip domain lookup", "switchport",
)  # fmt: skip
VTY = re.compile(r"line vty (?P<first>\d+) (?P<last>\d+)")
BANNER = re.compile(r"banner (motd|login|exec) (\^C|\S)")


@dataclass(slots=True)
class Entry:
    """A top-level line and the lines inside it."""

    line: str
    inside: list[str] = field(default_factory=list)


def _same_setting(old: str, new: str) -> bool:
    if old == new:
        return True
    for key in SINGLE:
        if (new == key or new.startswith(key + " ")) and (old == key or old.startswith(key + " ")):
            return True
    return False


def _names(line: str, wanted: str) -> bool:
    return line == wanted or line.startswith(wanted + " ")


def _edit(lines: list[str], command: str) -> None:
    """Apply one command to the lines of a block or of the top level."""
    negated = command.startswith("no ")
    setting = command[3:] if negated else command
    kept = [old for old in lines if not _same_setting(old, setting)]
    if negated:
        kept = [old for old in kept if not _names(old, setting)]
        if setting in ON_BY_DEFAULT and command not in kept:
            kept.append(command)
    else:
        kept = [old for old in kept if old != f"no {setting}"]
        if setting not in ON_BY_DEFAULT or setting.startswith("ip http"):
            kept.append(command)
    lines[:] = kept


class RunningConfig:
    """The configuration as blocks; `text` is what `show running-config` prints after its header."""

    def __init__(self, text: str) -> None:
        """Read a configuration; comment lines and the final `end` are left out and put back."""
        self._entries: list[Entry] = []
        lines = iter(text.splitlines())
        for line in lines:
            stripped = line.rstrip()
            if not stripped or stripped.startswith("!") or stripped == "end":
                continue
            banner = BANNER.match(stripped)
            if banner:
                stripped = _whole_banner(stripped, banner.group(2), lines)
            if stripped.startswith(" ") and self._entries:
                self._entries[-1].inside.append(stripped.strip())
            else:
                self._entries.append(Entry(stripped))

    @property
    def text(self) -> str:
        """Every block, each followed by `!`, and `end`."""
        out: list[str] = ["!"]
        for at, entry in enumerate(self._entries):
            out.append(entry.line)
            out += [f" {line}" for line in entry.inside]
            following = self._entries[at + 1] if at + 1 < len(self._entries) else None
            alike = following is not None and _first(following.line) == _first(entry.line)
            if entry.inside or OPENERS.match(entry.line) or not alike:
                out.append("!")
        return "\n".join([*out, "end", ""])

    @property
    def hostname(self) -> str:
        """The name the prompt shows."""
        for entry in self._entries:
            if entry.line.startswith("hostname "):
                return entry.line.split()[1]
        return "Switch"

    def section(self, opener: str) -> str:
        """One block as text, or nothing."""
        for entry in self._entries:
            if entry.line.lower() == opener.lower():
                return "\n".join([entry.line, *(f" {line}" for line in entry.inside)]) + "\n"
        return ""

    def open(self, opener: str) -> list[Entry]:
        """The blocks that `opener` speaks of; one is made where there is none yet.

        `line vty 0 15` speaks of every range of terminals inside it, as on a switch.
        """
        found = [entry for entry in self._entries if entry.line.lower() == opener.lower()]
        if not found and (wanted := VTY.fullmatch(opener)):
            found = [entry for entry in self._entries if _lies_in(entry.line, wanted)]
        if not found:
            found = [Entry(opener)]
            self._entries.insert(self._place(opener), found[0])
        return found

    def edit(self, command: str, blocks: list[Entry] | None = None) -> None:
        """Apply one command at the top level, or inside `blocks`."""
        if blocks is not None:
            for block in blocks:
                _edit(block.inside, command)
            return
        before = [entry.line for entry in self._entries]
        after = list(before)
        _edit(after, command)
        removed = set(before) - set(after)
        self._entries = [entry for entry in self._entries if entry.line not in removed]
        for line in after:
            if line not in before:
                self._entries.insert(self._place(line), Entry(line))

    def _place(self, line: str) -> int:
        """Behind the last line of the same kind; a new kind goes before the `line` blocks."""
        kin = [at for at, entry in enumerate(self._entries) if _first(entry.line) == _first(line)]
        if kin:
            return kin[-1] + 1
        lines = [at for at, entry in enumerate(self._entries) if _first(entry.line) == "line"]
        return lines[0] if lines else len(self._entries)


def _lies_in(line: str, wanted: re.Match[str]) -> bool:
    here = VTY.fullmatch(line)
    return here is not None and (
        int(wanted["first"]) <= int(here["first"]) and int(here["last"]) <= int(wanted["last"])
    )


def _first(line: str) -> str:
    words = line.split()
    return words[1] if words[0] == "no" and len(words) > 1 else words[0]


def _whole_banner(first: str, mark: str, rest: Iterator[str]) -> str:
    """A banner runs over lines until its delimiter comes again."""
    banner = [first]
    while banner[-1].count(mark) < (2 if len(banner) == 1 else 1):
        line = next(rest, None)
        if line is None:
            break
        banner.append(line)
    return "\n".join(banner)
