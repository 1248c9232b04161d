"""Statements of a configuration and the tree they make; how they are read is config_tree's."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

# The abbreviations people type most, by their first letter; a running configuration never
# abbreviates. A word that hides behind an abbreviation would hide from the rules as well.
_WHOLE_WORDS = {
    letter: tuple((re.compile(pattern, re.IGNORECASE), whole) for pattern, whole in pairs)
    for letter, pairs in {
        "c": ((r"^channel-g[a-z]*\s+", "channel-group "),),
        "e": (
            (r"^exec-t[a-z]*\s+", "exec-timeout "),
            (r"^ena?b?l?e?\s+(?=sec|pas)", "enable "),
            (r"^enable\s+pas[a-z]*\s+", "enable password "),
            (r"^enable\s+sec[a-z]*\s+", "enable secret "),
        ),
        "i": (
            (r"^int[a-z]*\s+(?=[a-z])", "interface "),
            (r"^ip\s+http\s+ser[a-z]*$", "ip http server"),
        ),
        "l": ((r"^lin[e]?\s+(?=vty|con|aux|\d)", "line "),),
        "s": (
            (r"^snmp(-[a-z]*)?\s+(?=com|host|user|group|view)", "snmp-server "),
            (r"^snmp-server\s+com[a-z]*\s+", "snmp-server community "),
            (r"^shut[a-z]*$", "shutdown"),
            (r"^swi?t?c?h?p?o?r?t?\s+(?=mode|acc|trunk|noneg|port)", "switchport "),
            (r"^switchport\s+acc[a-z]*\s+vl[an]*\s+", "switchport access vlan "),
            (r"^switchport\s+mode\s+acc[a-z]*$", "switchport mode access"),
        ),
        "t": ((r"^trans[a-z]*\s+in[a-z]*\s+", "transport input "),),
        "u": ((r"^user[a-z]*\s+(?=\S)", "username "),),
    }.items()
}


@dataclass
class Statement:
    """One line of a configuration and what stands beneath it. `line` counts from 1.

    A text written for people (a banner, a certificate) is `opaque`: no pattern fits it; what it
    says is its `body`. A `literal` statement is never abbreviated.
    """

    text: str
    line: int
    opaque: bool = False
    literal: bool = False
    body: str = ""
    children: list["Statement"] = field(default_factory=list)
    # What was looked for inside: many rules ask every port the same.
    _held: dict[re.Pattern[str], list["Statement"]] = field(default_factory=dict, repr=False)

    @cached_property
    def words(self) -> str:
        """The statement with single spaces and its leading words written out."""
        plain = " ".join(self.text.split())
        if self.literal:
            return plain
        before = "no " if plain[:3].casefold() == "no " else ""
        plain = plain[len(before) :]
        for pattern, whole in _WHOLE_WORDS.get(plain[:1].lower(), ()):
            plain = pattern.sub(whole, plain, count=1)
        return before + plain

    @cached_property
    def inside(self) -> list["Statement"]:
        """The statements of the block that hold."""
        return list(effective(self.children))

    def holding(self, pattern: re.Pattern[str]) -> list["Statement"]:
        """The statements inside that fit the pattern; looked for once."""
        held = self._held.get(pattern)
        if held is None:
            held = [statement for statement in self.inside if statement.matches(pattern)]
            self._held[pattern] = held
        return held

    def everything(self) -> Iterator["Statement"]:
        """The statements inside at every depth."""
        for statement in self.inside:
            yield statement
            yield from statement.everything()

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern fits the statement; an opaque text fits nothing."""
        return not self.opaque and pattern.search(self.words) is not None


# `^snmp-server community …`: whatever fits begins with that word.
_FIRST_WORD = re.compile(r"\^([a-z][a-z0-9-]*) (?![?*+{])")


@cache
def first_word(pattern: re.Pattern[str]) -> str | None:
    """The word that begins whatever fits the pattern; None where there is no telling."""
    found = _FIRST_WORD.match(pattern.pattern)
    depth = 0
    for letter in pattern.pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            return None
    return found[1] if found else None


class Shelf:
    """Statements by their first words, so that a pattern is tried on those it may fit."""

    def __init__(self, statements: list[Statement]) -> None:
        """Put them up in their order."""
        self.all = statements
        self._by_word: dict[str, list[Statement]] = {}
        for statement in statements:
            word = statement.words.partition(" ")[0].casefold()
            self._by_word.setdefault(word, []).append(statement)

    def fitting(self, pattern: re.Pattern[str]) -> list[Statement]:
        """Those that the pattern fits, in their order."""
        word = first_word(pattern)
        likely = self.all if word is None else self._by_word.get(word, [])
        return [statement for statement in likely if statement.matches(pattern)]


@dataclass
class ConfigTree:
    """A whole configuration. `problem` says why it may not be all there is, or None."""

    source: str
    statements: list[Statement]
    problem: str | None = None
    _found: dict[re.Pattern[str], list[Statement]] = field(default_factory=dict, repr=False)

    def everywhere(self) -> list[Statement]:
        """Every statement at every depth that a later `no …` beside it does not take back."""
        return self._everywhere.all

    def fitting(self, pattern: re.Pattern[str]) -> list[Statement]:
        """Of all of these, those that the pattern fits."""
        return self._everywhere.fitting(pattern)

    def top(self) -> list[Statement]:
        """The statements of the outermost level that hold."""
        return self._top.all

    def blocks(self, head: re.Pattern[str]) -> list[Statement]:
        """The outermost statements whose words fit `head`, each with its lines; sought once."""
        found = self._found.get(head)
        if found is None:
            found = self._found[head] = self._top.fitting(head)
        return found

    @cached_property
    def _top(self) -> Shelf:
        return Shelf(list(effective(self.statements)))

    @cached_property
    def _everywhere(self) -> Shelf:
        return Shelf([each for outer in self.top() for each in (outer, *outer.everything())])


def effective(beside: Iterable[Statement]) -> Iterator[Statement]:
    """Of statements side by side, those that no later `no …` (or its return) takes back."""
    kept: list[Statement] = []
    later: set[str] = set()
    negated = False
    for statement in reversed(list(beside)):
        words = statement.words.casefold()
        if statement.opaque or not _taken_back(words, later, negated=negated):
            kept.append(statement)
        if not statement.opaque:
            later.add(words)
            negated = negated or words.startswith("no ")
    return reversed(kept)


def _taken_back(words: str, later: set[str], *, negated: bool) -> bool:
    """`no snmp-server community x` takes back `snmp-server community x RO`, and so on."""
    if words.startswith("no "):
        return words.removeprefix("no ") in later
    if not negated:
        return False
    parts = words.split(" ")
    return any("no " + " ".join(parts[:n]) in later for n in range(1, len(parts) + 1))
