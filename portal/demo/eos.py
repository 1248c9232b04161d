"""The command line of a simulated Arista EOS switch: configuration sessions and their timer."""

import difflib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from config import clock
from portal.demo.ios import Terminal, means
from portal.demo.running_config import RunningConfig

VERSION = """\
Arista DCS-7050TX3-48C8 (simulated by Media Center for its demo)
Software image version: 4.31.5M
Uptime: {uptime}
"""
INVALID = "% Invalid input\n"
SESSIONS = """\
Maximum number of completed sessions: 1
Maximum number of pending sessions: 5

   Name   State   User   Terminal
-- ------ ------- ------ --------
"""
TIMER = re.compile(r"commit timer (\d\d):(\d\d):(\d\d)")


class EosBox(Protocol):
    """What the sessions of one EOS switch share beside what those of IOS do."""

    # The configurations that were begun and not yet committed for good, by name.
    sessions: dict[str, RunningConfig]
    # The session that is in force for a time, and until when; then comes what was before.
    timed: str | None
    reverting: tuple[datetime, str] | None
    running: RunningConfig
    neighbours: dict[str, str]


class EosTerminal(Terminal):
    """One session with the device; it may be inside a configuration session."""

    box: EosBox  # type: ignore[assignment]
    inside: str | None = None
    # The interface that is being configured, as it was typed.
    interface: str | None = None

    @property
    def prompt(self) -> str:
        """The prompt: six characters of the session's name, and the interface cut short."""
        name = self.box.running.hostname
        if self._ask is not None:
            return self._ask[0]
        if self.inside is None:
            return name + ("#" if self.privileged else ">")
        port = re.sub(r"^Ethernet", "Et", self.interface, flags=re.I) if self.interface else ""
        return f"{name}(config-s-{self.inside[:6]}{f'-if-{port}' if port else ''})#"

    def line(self, typed: str) -> str:
        """Obey one line; the answer ends with a line feed or is empty."""
        if self.box.reverting is not None and clock.now() >= self.box.reverting[0]:
            self._revert()
        if self.inside is not None and self._ask is None:
            return self._in_session(" ".join(typed.split()))
        return super().line(typed)

    def _execute(self, command: str) -> str:
        if re.fullmatch(r"terminal length 0", command):
            return "Pagination disabled.\n"
        if width := re.fullmatch(r"terminal width (\d+)", command):
            return f"Width set to {width[1]} columns.\n"
        return super()._execute(command)

    def _commands(self) -> dict[str, Callable[[], str]]:
        commands = super()._commands()
        unknown = ("configure confirm", "configure revert now", "configure terminal")
        return {full: obey for full, obey in commands.items() if full not in unknown} | (
            {"show configuration sessions": self._sessions} if self.privileged else {}
        )

    def _with_words(self, command: str) -> str:
        words = command.split()
        head = " ".join(words[:3])
        if means(" ".join(words[:2]), "configure session") and len(words) in (3, 4):
            return self._session(words[2], words[3] if len(words) == 4 else "")
        if means(head, "show running-config interfaces"):
            return self._interface(" ".join(words[3:]))
        if means(head, "show lldp neighbors"):
            nobody = f"\nInterface {words[3]} detected 0 LLDP neighbors:\n"
            return self.box.neighbours.get(words[3], nobody)
        return self._invalid(command)

    def _session(self, name: str, verb: str) -> str:
        if not verb:
            self.box.sessions.setdefault(name, RunningConfig(self.box.running.text))
            self.inside = name
            return ""
        if name not in self.box.sessions:
            return f"% Session {name} does not exist\n"
        if verb == "commit" and self.box.timed == name:
            self.box.timed = self.box.reverting = None
            del self.box.sessions[name]
            return ""
        if verb == "abort":
            del self.box.sessions[name]
            return self._revert() if self.box.timed == name else ""
        return self._invalid(verb)

    def _sessions(self) -> str:
        return SESSIONS + "".join(
            f"   {name} {'pendingCommitTimer' if name == self.box.timed else 'pending'} netops -\n"
            for name in self.box.sessions
        )

    def _in_session(self, command: str) -> str:
        name = self.inside or ""
        candidate = self.box.sessions[name]
        if command in ("abort", "end") or (command == "exit" and self.blocks is None):
            if command == "abort":
                del self.box.sessions[name]
            self._leave()
        elif command == "exit":
            self.blocks = self.interface = None
        elif command == "show session-config diffs":
            return self._diffs(name, candidate)
        elif command == "commit" or TIMER.fullmatch(command):
            return self._commit(name, command)
        elif port := re.fullmatch(r"interface (\S+ ?\S*)", command):
            self.blocks, self.interface = candidate.open(command), port[1]
        elif command.startswith("switchport nonegotiate"):
            return INVALID
        elif command:
            self._change(candidate, command)
        return ""

    def _change(self, candidate: RunningConfig, command: str) -> None:
        candidate.edit(command, self.blocks)

    def _diffs(self, name: str, candidate: RunningConfig) -> str:
        texts = (self.box.running.text.splitlines(), candidate.text.splitlines())
        told = ("system:/running-config", f"session:/{name}-session-config")
        return "".join(f"{line}\n" for line in difflib.unified_diff(*texts, *told, lineterm=""))

    def _commit(self, name: str, command: str) -> str:
        if self.box.timed is not None:
            return f"% Session {self.box.timed} is pending commit timer\n"
        before = self.box.running.text
        self.box.running = RunningConfig(self.box.sessions[name].text)
        if timer := TIMER.fullmatch(command):
            hours, minutes, seconds = map(int, timer.groups())
            lasts = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            self.box.timed, self.box.reverting = name, (clock.now() + lasts, before)
        else:
            del self.box.sessions[name]
        self._leave()
        return ""

    def _leave(self) -> None:
        self.inside = self.blocks = self.interface = None

    def _revert(self) -> str:
        if self.box.reverting is not None:
            self.box.running = RunningConfig(self.box.reverting[1])
        if self.box.timed is not None:
            self.box.sessions.pop(self.box.timed, None)
        self.box.timed = self.box.reverting = None
        return ""

    def _interface(self, name: str) -> str:
        block = self.box.running.section(f"interface {name}")
        return block.replace("\n ", "\n   ") if block else INVALID

    def _invalid(self, command: str) -> str:  # noqa: ARG002  # EOS does not repeat it
        return INVALID

    def _version(self) -> str:
        return VERSION.format(uptime="1 hour")
