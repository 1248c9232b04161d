"""Reads a network configuration into a tree of statements.

The tree follows indentation (Cisco IOS and IOS-XE, Arista EOS). What people wrote for people is
kept out of reach of the rules: a banner is one opaque statement, a comment is dropped. Every
statement knows its line, so that evidence can be shown as the device wrote it.
"""

import re
from collections.abc import Callable

from monitoring import flat_configs
from monitoring.statements import ConfigTree, Statement, effective, first_word

__all__ = ["ConfigTree", "Statement", "effective", "first_word", "parse"]

# What begins a text of several lines: the delimiter follows it, or (EOS) EOF stands on a line.
_BANNER = re.compile(
    r"^(?P<head>banner\s+(?:exec|incoming|login|motd|prompt-timeout|slip-ppp)"
    r"|aaa\s+authentication\s+(?:banner|fail-message)|menu\s+\S+\s+(?:title|prompt))"
    r"(?:\s+(?P<rest>\S.*))?$",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(r"^certificate\s+(ca\s+|self-signed\s+)?[0-9A-Fa-f]+(\s+nvram:\S+)?$")
_KNOWN_HEADS = re.compile(
    r"^(no|default|version|hostname|interface|line|ip|ipv6|snmp-server|username|enable|aaa|service"
    r"|ntp|logging|router|vlan|spanning-tree|crypto|banner|management|transceiver|boot|clock|cdp"
    r"|lldp|access-list|archive|switch|vrf|daemon|privilege|redundancy|license|platform|end)\b",
    re.IGNORECASE,
)


def parse(text: str, platform: str) -> ConfigTree:
    """The tree of `text`. Never raises: what cannot be trusted is said in `problem`."""
    if platform == "juniper_junos":
        return flat_configs.junos(text)
    if platform == "mikrotik_routeros":
        return flat_configs.routeros(text)
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
            # ProCurve begins its remarks with a semicolon.
            if not text or text.startswith(("!", ";")):
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
            body = self._skip_banner(banner["rest"])
            return Statement(" ".join(banner["head"].split()), line, opaque=True, body=body)
        if _CERTIFICATE.match(text):
            self._skip_to(lambda raw: raw.strip() == "quit", "a certificate does not end")
            return Statement(text, line, opaque=True)
        return Statement(text, line)

    def _skip_banner(self, rest: str | None) -> str:
        """Pass over the text of a banner, to its delimiter; `^C` is written as two characters."""
        began = self.at
        if rest is None:
            self._skip_to(lambda raw: raw.strip() == "EOF", "a banner does not end with EOF")
            return "\n".join(self.lines[began : self.at - 1])
        delimiter = "^C" if rest.startswith("^C") else rest[0]
        first = rest[len(delimiter) :]
        if delimiter in first:
            return first.split(delimiter)[0]
        self._skip_to(
            lambda raw: delimiter in raw.replace("\x03", "^C"),
            f"a banner does not end with its delimiter {delimiter}",
        )
        last = self.lines[self.at - 1].replace("\x03", "^C").split(delimiter)[0]
        return "\n".join([first, *self.lines[began : self.at - 1], last])

    def _skip_to(self, is_last: Callable[[str], bool], problem: str) -> None:
        for number in range(self.at, len(self.lines)):
            if is_last(self.lines[number]):
                self.at = number + 1
                return
        self.at, self.problem = len(self.lines), problem
