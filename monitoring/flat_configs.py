"""Reads Junos (braces or `set` lines) and RouterOS (`/export`) into statements of one level.

Each statement is the whole path: `system services ssh root-login deny`, `/ip service set telnet
disabled=yes`. So one pattern fits whichever of its forms a configuration is written in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitoring.statements import ConfigTree, Statement

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|/\*.*?\*/|#[^\n]*|[{};]|[^\s{};"#]+|["#]|\n', re.S)
_SET_LINE = re.compile(r"^\s*set\s+\S", re.M)
_JUNOS_HEADS = re.compile(
    r"^(version|system|chassis|interfaces|snmp|routing-options|protocols|policy-options|firewall"
    r"|vlans|security|groups|class-of-service|ethernet-switching-options)\b"
)
_VERB = re.compile(
    r"^/[a-z0-9 -]+? (?:set|add|remove|enable|disable|print|export|reset|edit|comment|unset)(?= |$)"
)


@dataclass
class _Junos:
    """The paths of a configuration with the line each one ends on."""

    paths: list[tuple[str, int]] = field(default_factory=list)
    problem: str | None = None


def junos(text: str) -> ConfigTree:
    """A Junos configuration: what is inactive is left out, groups that are applied are written out.

    Never raises; a brace that is not closed, or a group that cannot be followed, is a `problem`.
    """
    source = text.removeprefix("\ufeff")
    found = _Junos()
    if _SET_LINE.search(source) and "{" not in source:
        found.paths = _set_lines(source)
    else:
        _braces(source, found)
    if found.problem is None and not any(_JUNOS_HEADS.match(path) for path, _ in found.paths):
        found.problem = "this is not a configuration that the platform writes"
    return _tree(source, _with_groups(found), found.problem)


def _tree(source: str, paths: list[tuple[str, int]], problem: str | None) -> ConfigTree:
    return ConfigTree(source, [Statement(p, line, literal=True) for p, line in paths], problem)


def _set_lines(source: str) -> list[tuple[str, int]]:
    kept: list[tuple[str, int]] = []
    for number, raw in enumerate(source.split("\n"), start=1):
        verb, _, path = " ".join(raw.split()).partition(" ")
        if verb == "set" and path:
            kept.append((path, number))
        elif verb in ("deactivate", "delete") and path:
            kept = [one for one in kept if one[0] != path and not one[0].startswith(f"{path} ")]
    return kept


def _braces(source: str, found: _Junos) -> None:
    """One pass over the tokens; a path is whole at its semicolon, or at the brace that opens it."""
    open_: list[str] = []
    words: list[str] = []
    for token, line in _tokens(source):
        if token == "{":  # noqa: S105
            open_.append(" ".join(words))
            words = []
        elif token == ";":  # noqa: S105
            if words and not any(part.startswith("inactive:") for part in [*open_, words[0]]):
                found.paths.append((" ".join([*open_, *words]), line))
            words = []
        elif token == "}":  # noqa: S105  # a brace
            words = []
            if not open_:
                found.problem = "a brace is closed that was not opened"
                return
            open_.pop()
        else:
            words.append(token)
    if open_:
        found.problem = "a brace is not closed"


def _tokens(source: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(source):
        token = match[0]
        if not token.startswith(("/*", "#", "\n")):
            yield token, line
        line += token.count("\n")


def _with_groups(found: _Junos) -> list[tuple[str, int]]:
    """Groups by what they say where they are applied at the top; elsewhere they cannot be told."""
    applied: set[str] = set()
    defined: dict[str, list[tuple[str, int]]] = {}
    plain: list[tuple[str, int]] = []
    for path, line in found.paths:
        words = path.split(" ")
        if words[0] == "apply-groups":
            applied |= {word.strip('"') for word in words[1:] if word not in "[]"}
        elif words[0] == "groups" and len(words) > 2:
            defined.setdefault(words[1], []).append((" ".join(words[2:]), line))
        else:
            if "apply-groups" in words:
                found.problem = found.problem or "groups are applied inside the configuration"
            plain.append((path, line))
    if applied - defined.keys():
        found.problem = found.problem or "a group is applied that is not there"
    return plain + [each for name in sorted(applied) for each in defined.get(name, [])]


def routeros(text: str) -> ConfigTree:
    r"""What `/export` prints: menus, then their commands; long lines go on after a `\`."""
    source = text.removeprefix("\ufeff")
    paths: list[tuple[str, int]] = []
    menu = ""
    for raw, line in _joined(source):
        words = " ".join(raw.split())
        if not words or words.startswith("#"):
            continue
        if words.startswith("/"):
            first, _, rest = words.partition(" ")
            words = f"/{first[1:].replace('/', ' ')} {rest}".strip()
            if not _VERB.match(words):
                menu = words
                continue
            paths.append((words, line))
        elif menu:
            paths.append((f"{menu} {words}", line))
    problem = None if paths else "this is not a configuration that the platform writes"
    return _tree(source, paths, problem)


def _joined(source: str) -> Iterator[tuple[str, int]]:
    """Lines with what they are continued by, each with the number of its first."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(source.split("\n"), start=1):
        line = raw.rstrip()
        first = first or number
        if line.endswith("\\"):
            parts.append(line[:-1].lstrip() if parts else line[:-1])
            continue
        yield "".join([*parts, line.lstrip() if parts else line]), first
        parts, first = [], 0
    if parts:
        yield "".join(parts), first
