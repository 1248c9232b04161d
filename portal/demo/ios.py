"""The command line of a simulated IOS switch: a line goes in, text and the next prompt come out."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from config import clock
from portal.demo.running_config import BANNER, OPENERS, Entry, RunningConfig

VERSION = """\
Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E9, RELEASE
Simulated by Media Center for its demo

ROM: Bootstrap program is C2960X boot loader

{hostname} uptime is {uptime}
System returned to ROM by power-on
System image file is "flash:/c2960x-universalk9-mz.152-7.E9.bin"

cisco WS-C2960X-24TS-L (APM86XXX) processor with 524288K bytes of memory.
Processor board ID FCW0000DEMO
24 Gigabit Ethernet interfaces
512K bytes of flash-simulated non-volatile configuration memory.
Base ethernet MAC Address       : 02:00:5E:00:02:02
Model number                    : WS-C2960X-24TS-L

Configuration register is 0xF
"""
INVALID = "{gap}^\n% Invalid input detected at '^' marker.\n"
COMMENT = re.compile(r"\s*!")


class Box(Protocol):
    """What several sessions of one switch share."""

    running: RunningConfig
    startup: str
    username: str
    password: str
    booted_at: datetime
    # What the configuration goes back to unless somebody confirms before then.
    reverting: tuple[datetime, str] | None
    # What `show lldp neighbors INTERFACE detail` prints, by interface.
    neighbours: dict[str, str]


def means(typed: str, *commands: str) -> bool:
    """Whether `typed` is one of the commands, each word perhaps cut short.

    >>> means("conf t", "configure terminal"), means("sh run", "show version")
    (True, False)
    """
    words = typed.lower().split()
    return any(
        len(words) == len(command.split())
        and all(full.startswith(word) for word, full in zip(words, command.split(), strict=True))
        for command in commands
    )


def _filtered(text: str, pipe: str) -> str:
    """`show … | include|exclude|begin|section PATTERN`."""
    how, _, pattern = pipe.strip().partition(" ")
    lines = text.splitlines()
    try:
        found = re.compile(pattern.strip())
    except re.error:
        return "% Invalid regular expression\n"
    if "include".startswith(how):
        kept = [line for line in lines if found.search(line)]
    elif "exclude".startswith(how):
        kept = [line for line in lines if not found.search(line)]
    elif "begin".startswith(how):
        first = next((at for at, line in enumerate(lines) if found.search(line)), len(lines))
        kept = lines[first:]
    else:
        kept, inside = [], False
        for line in lines:
            inside = bool(found.search(line)) or (inside and line.startswith(" "))
            kept += [line] if inside else []
    return "".join(f"{line}\n" for line in kept)


def _wall_clock() -> str:
    return clock.now().astimezone(clock.LOCAL).strftime("*%H:%M:%S.000 ICT %a %b %d %Y\n")


class Terminal:
    """One session. `line(text)` obeys and returns the output; `prompt` is what to print next."""

    def __init__(self, box: Box) -> None:
        """Open a session; it is privileged where the login has privilege 15."""
        self.box = box
        self.privileged = f"username {box.username} privilege 15" in box.running.text
        self.configuring = False
        self.blocks: list[Entry] | None = None
        self.closed = False
        self._ask: tuple[str, Callable[[str], str]] | None = None
        self._banner: tuple[str, list[str]] | None = None

    @property
    def prompt(self) -> str:
        """The prompt; in configuration mode the name is cut at 20 characters, as IOS does."""
        if self._banner is not None:
            return ""
        if self._ask is not None:
            return self._ask[0]
        name = self.box.running.hostname
        if not self.configuring:
            return name + ("#" if self.privileged else ">")
        mode = "config"
        if self.blocks is not None:
            kind = self.blocks[0].line.split()[0]
            mode = {"interface": "config-if", "line": "config-line"}.get(kind, f"config-{kind}")
        return f"{name[:20]}({mode})#"

    @property
    def echoes(self) -> bool:
        """A password is not shown while it is typed."""
        return self._ask is None or "assword" not in self._ask[0]

    def line(self, typed: str) -> str:
        """Obey one line; the answer ends with a line feed or is empty."""
        if self.box.reverting is not None and clock.now() >= self.box.reverting[0]:
            self._revert()
        if self._ask is not None:
            reply, self._ask = self._ask[1], None
            return reply(typed.strip())
        if self.configuring:
            return self._configure(typed)
        command, _, pipe = typed.strip().partition("|")
        text = self._execute(command.strip())
        return _filtered(text, pipe) if pipe else text

    def _execute(self, command: str) -> str:
        if not command or COMMENT.match(command):
            return ""
        if re.match(r"ter\w* (len|wid|mon|no)", command.lower()):
            return ""
        for full, obey in self._commands().items():
            if means(command, full):
                return obey()
        return self._with_words(command) if self.privileged else self._invalid(command)

    def _with_words(self, command: str) -> str:
        """Commands that name something behind their first three words."""
        words = command.split()
        head = " ".join(words[:3])
        if means(head, "configure terminal revert"):
            return self._configure_for_a_time(words[3:])
        if means(head, "show lldp neighbors"):
            nobody = "\nTotal entries displayed: 0\n"
            return self.box.neighbours.get(" ".join(words[3:-1]), nobody)
        if means(head, "show running-config interface"):
            return self._interface(" ".join(words[3:]))
        return self._invalid(command)

    def _commands(self) -> dict[str, Callable[[], str]]:
        common = {
            "exit": self._exit,
            "logout": self._exit,
            "quit": self._exit,
            "enable": self._enable,
            "disable": self._disable,
            "show version": self._version,
            "show clock": _wall_clock,
        }
        privileged = {
            "configure terminal": self._begin_configuring,
            "configure confirm": self._confirm,
            "configure revert now": self._revert,
            "show archive config rollback timer": self._pending,
            "show running-config": self._running,
            "show running-config all": self._running,
            "show startup-config": lambda: (
                f"Using {len(self.box.startup)} out of 524288 bytes\n{self.box.startup}"
            ),
            "write memory": self._save,
            "write": self._save,
            "copy running-config startup-config": self._copy,
        }
        return common | (privileged if self.privileged else {})

    def _exit(self) -> str:
        self.closed = True
        return ""

    def _disable(self) -> str:
        self.privileged = False
        return ""

    def _begin_configuring(self) -> str:
        self.configuring = True
        return "Enter configuration commands, one per line.  End with CNTL/Z.\n"

    def _configure_for_a_time(self, words: list[str]) -> str:
        """`configure terminal revert timer MINUTES`, which an `archive` makes possible."""
        if len(words) != 2 or not means(words[0], "timer") or not words[1].isdigit():
            return self._invalid("configure")
        if self.box.reverting is not None:
            return "%A Rollback Confirmed Change is pending already\n"
        if not self.box.running.section("archive"):
            return "%Rollback requires an archive to be configured first.\n"
        until = clock.now() + timedelta(minutes=int(words[1]))
        self.box.reverting = (until, self.box.running.text)
        return "Rollback Confirmed Change: Backing up current running config\n" + (
            self._begin_configuring()
        )

    def _pending(self) -> str:
        if self.box.reverting is None:
            return "%No Rollback Confirmed Change pending\n"
        until = f"{self.box.reverting[0]:%H:%M:%S %Z %a %b %d %Y}"
        return f"Time configured(or reconfigured): {until}\nUser: {self.box.username}\n"

    def _confirm(self) -> str:
        if self.box.reverting is None:
            return "%No Rollback Confirmed Change pending\n"
        self.box.reverting = None
        return ""

    def _revert(self) -> str:
        if self.box.reverting is None:
            return "%No Rollback Confirmed Change pending\n"
        self.box.running = RunningConfig(self.box.reverting[1])
        self.box.reverting = None
        return "Rollback Confirmed Change: rolling to the configuration before\n"

    def _running(self) -> str:
        text = self.box.running.text
        return f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n{text}"

    def _interface(self, name: str) -> str:
        block = self.box.running.section(f"interface {name}")
        return f"Building configuration...\n\n!\n{block}end\n\n" if block else "\n"

    def _copy(self) -> str:
        self._ask = ("Destination filename [startup-config]? ", lambda _: self._save())
        return ""

    def _invalid(self, command: str) -> str:
        return INVALID.format(gap=" " * (len(self.prompt) + len(command.partition(" ")[0]) - 1))

    def _enable(self) -> str:
        if not self.privileged:
            self._ask = ("Password: ", self._check_enable)
        return ""

    def _check_enable(self, typed: str) -> str:
        self.privileged = typed == self.box.password
        return "" if self.privileged else "% Access denied\n\n"

    def _version(self) -> str:
        minutes = int((clock.now() - self.box.booted_at).total_seconds()) // 60
        uptime = f"{minutes // 60} hours, {minutes % 60} minutes"
        return VERSION.format(hostname=self.box.running.hostname, uptime=uptime)

    def _save(self) -> str:
        self.box.startup = self.box.running.text
        return "Building configuration...\n[OK]\n"

    def _configure(self, typed: str) -> str:
        if self._banner is not None:
            return self._continue_banner(typed)
        command = " ".join(typed.split())
        if not command or COMMENT.match(command):
            return ""
        if means(command, "end") or command == "\x1a":
            self.configuring, self.blocks = False, None
        elif means(command, "exit"):
            self.configuring, self.blocks = self.blocks is not None, None
        elif (banner := BANNER.match(command)) and command.count(banner.group(2)) < 2:
            self._banner = (banner.group(2), [typed.strip()])
        elif command.split()[0] == "do":
            return self._execute(command[3:])
        elif command.startswith("show "):
            return self._invalid(command)
        elif OPENERS.match(command):
            self.blocks = self.box.running.open(command)
        else:
            self._apply(command)
        return ""

    def _apply(self, command: str) -> None:
        opens = OPENERS.match(command.removeprefix("no "))
        # A line that only makes sense at the top level leaves the block, as IOS does.
        at_top = self.blocks is None or opens or command.removeprefix("no ").startswith(GLOBAL)
        if at_top:
            self.blocks = None
        self.box.running.edit(command, self.blocks)

    def _continue_banner(self, typed: str) -> str:
        mark, lines = self._banner or ("", [])
        lines.append(typed)
        if mark in typed:
            self.box.running.edit("\n".join(lines))
            self._banner = None
        return ""


GLOBAL = (
    "snmp-server ", "hostname ", "ntp ", "logging host", "username ", "enable ", "aaa ", "service ",
    "ip ssh ", "ip http ", "banner ", "vstack",
)  # fmt: skip
