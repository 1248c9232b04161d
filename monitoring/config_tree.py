"""Reads a network configuration into a tree of statements.

The tree follows indentation (Cisco IOS and IOS-XE, Arista EOS). What people wrote for people is
kept out of reach of the rules: a banner is one opaque statement, a comment is dropped. Every
statement knows its line, so that evidence can be shown as the device wrote it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

# What begins a text of several lines: the delimiter follows it, or (EOS) EOF stands on a line.
_BANNER = re.compile(
    r"^(?P<head>banner\s+(?:exec|incoming|login|motd|prompt-timeout|slip-ppp)"
    r"|aaa\s+authentication\s+(?:banner|fail-message)|menu\s+\S+\s+(?:title|prompt))"
    r"(?:\s+(?P<rest>\S.*))?$",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(r"^certificate\s+(ca\s+|self-signed\s+)?[0-9A-Fa-f]+(\s+nvram:\S+)?$")
# The abbreviations people type most; a running configuration never abbreviates.
_WHOLE_WORDS = (
    (re.compile(r"^int[a-z]*\s+(?=[a-z])", re.IGNORECASE), "interface "),
    (re.compile(r"^lin[e]?\s+(?=vty|con|aux|\d)", re.IGNORECASE), "line "),
    (re.compile(r"^user[a-z]*\s+(?=\S)", re.IGNORECASE), "username "),
    (re.compile(r"^snmp(-[a-z]*)?\s+(?=com|host|user|group|view)", re.IGNORECASE), "snmp-server "),
    (re.compile(r"^trans[a-z]*\s+in[a-z]*\s+", re.IGNORECASE), "transport input "),
    (re.compile(r"^exec-t[a-z]*\s+", re.IGNORECASE), "exec-timeout "),
)
_KNOWN_HEADS = re.compile(
    r"^(no|default|version|hostname|interface|line|ip|ipv6|snmp-server|username|enable|aaa|service"
    r"|ntp|logging|router|vlan|spanning-tree|crypto|banner|management|transceiver|boot|clock|cdp"
    r"|lldp|access-list|archive|switch|vrf|daemon|privilege|redundancy|license|platform|end)\b",
    re.IGNORECASE,
)


@dataclass
class Statement:
    """One line of a configuration and what stands beneath it. `line` counts from 1."""

    text: str
    line: int
    opaque: bool = False
    children: list["Statement"] = field(default_factory=list)

    @cached_property
    def words(self) -> str:
        """The statement with single spaces and its leading words written out."""
        plain = " ".join(self.text.split())
        for pattern, whole in _WHOLE_WORDS:
            plain = pattern.sub(whole, plain, count=1)
        return plain

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern fits the statement; an opaque text fits nothing."""
        return not self.opaque and pattern.search(self.words) is not None


@dataclass(slots=True)
class ConfigTree:
    """A whole configuration. `problem` says why it may not be all there is, or None."""

    source: str
    statements: list[Statement]
    problem: str | None = None

    def everywhere(self) -> Iterator[Statement]:
        """Every statement at every depth that a later `no …` beside it does not take back."""
        yield from _walk(self.statements)

    def top(self) -> list[Statement]:
        """The statements of the outermost level that hold."""
        return list(effective(self.statements))

    def blocks(self, head: re.Pattern[str]) -> list[Statement]:
        """The outermost statements whose words fit `head`, each with its lines."""
        return [statement for statement in self.top() if statement.matches(head)]


def effective(beside: Iterable[Statement]) -> Iterator[Statement]:
    """Of statements side by side, those that no later `no …` (or its return) takes back."""
    kept: list[Statement] = []
    later: set[str] = set()
    for statement in reversed(list(beside)):
        words = statement.words.casefold()
        if statement.opaque or not _taken_back(words, later):
            kept.append(statement)
        if not statement.opaque:
            later.add(words)
    return reversed(kept)


def _taken_back(words: str, later: set[str]) -> bool:
    """`no snmp-server community x` takes back `snmp-server community x RO`, and so on."""
    if words.startswith("no "):
        return words.removeprefix("no ") in later
    parts = words.split(" ")
    return any("no " + " ".join(parts[:n]) in later for n in range(1, len(parts) + 1))


def _walk(statements: list[Statement]) -> Iterator[Statement]:
    for statement in effective(statements):
        yield statement
        yield from _walk(statement.children)


def parse(text: str, platform: str) -> ConfigTree:
    """The tree of `text`. Never raises: what cannot be trusted is said in `problem`."""
    if platform == "juniper_junos":
        return _Braces(text).parse()
    return _Indented(text).parse()


class _Indented:
    """One pass over the lines of an indented configuration."""

    def __init__(self, text: str) -> None:
        self.source = text.removeprefix("\ufeff")
        self.lines = self.source.split("\n")
        self.at = 0
        self.problem: str | None = None

    def parse(self) -> ConfigTree:
        top: list[Statement] = []
        open_: list[tuple[int, Statement]] = []
        while self.at < len(self.lines):
            raw = self.lines[self.at].replace("\x03", "^C").expandtabs(8).rstrip()
            self.at += 1
            text = raw.strip()
            if not text or text.startswith("!"):
                continue
            depth = len(raw) - len(raw.lstrip())
            statement = self._statement(text)
            while open_ and open_[-1][0] >= depth:
                open_.pop()
            (open_[-1][1].children if open_ else top).append(statement)
            if not statement.opaque:
                open_.append((depth, statement))
        if self.problem is None and not any(_KNOWN_HEADS.match(s.words) for s in top):
            self.problem = "this is not a configuration that the platform writes"
        return ConfigTree(self.source, top, self.problem)

    def _statement(self, text: str) -> Statement:
        line = self.at
        banner = _BANNER.match(text)
        if banner:
            self._skip_banner(banner["rest"])
            return Statement(" ".join(banner["head"].split()), line, opaque=True)
        if _CERTIFICATE.match(text):
            self._skip_to(lambda raw: raw.strip() == "quit", "a certificate does not end")
            return Statement(text, line, opaque=True)
        return Statement(text, line)

    def _skip_banner(self, rest: str | None) -> None:
        """Pass over the text of a banner, to its delimiter; `^C` is written as two characters."""
        if rest is None:
            self._skip_to(lambda raw: raw.strip() == "EOF", "a banner does not end with EOF")
            return
        delimiter = "^C" if rest.startswith("^C") else rest[0]
        if delimiter not in rest[len(delimiter) :]:
            self._skip_to(
                lambda raw: delimiter in raw.replace("\x03", "^C"),
                f"a banner does not end with its delimiter {delimiter}",
            )

    def _skip_to(self, is_last: Callable[[str], bool], problem: str) -> None:
        for number in range(self.at, len(self.lines)):
            if is_last(self.lines[number]):
                self.at = number + 1
                return
        self.at, self.problem = len(self.lines), problem


class _Braces:
    """Junos in braces or in `set` form: enough to walk, not to render."""

    def __init__(self, text: str) -> None:
        self.source = text.removeprefix("\ufeff")

    def parse(self) -> ConfigTree:
        top: list[Statement] = []
        open_ = [top]
        plain = re.sub(
            r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", "", found[0]), self.source, flags=re.S
        )
        for number, raw in enumerate(plain.split("\n"), start=1):
            text = re.sub(r"\s*##?\s.*$|^#.*$", "", raw).strip()
            if text.startswith("}"):
                if len(open_) > 1:
                    open_.pop()
                continue
            if not text:
                continue
            statement = Statement(text.rstrip("{;").rstrip(), number)
            open_[-1].append(statement)
            if text.endswith("{"):
                open_.append(statement.children)
        return ConfigTree(self.source, top, "a brace is not closed" if len(open_) > 1 else None)
