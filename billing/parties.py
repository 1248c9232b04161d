"""Who paid: the payer's name and account against the units. It supports and never decides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from billing.spelling import core, squeezed

# A name cut after fewer letters could be many units.
SHORTEST = 10


@dataclass(frozen=True, slots=True)
class Party:
    """A unit as a payer may call it."""

    unit_id: int
    name: str


class Fit(StrEnum):
    """What the payer says about a unit."""

    NAME = "name"
    ACCOUNT = "account"
    # Neither for nor against: an accountant pays from an account of their own.
    UNKNOWN = "unknown"
    # The payer is another unit.
    OTHER = "other"


class Parties:
    """The units, to be found by a payer's name or by an account that paid for them before."""

    def __init__(self, parties: Iterable[Party], accounts: Mapping[str, frozenset[int]]) -> None:
        """`accounts`: the squeezed account of a payer → the units it has paid for."""
        self.accounts = accounts
        self.cores = {one.unit_id: core(one.name) for one in parties}
        self.joined = {unit: "".join(words) for unit, words in self.cores.items()}
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for unit, words in self.cores.items():
            for word in words:
                self._by_word[word].add(unit)
        self._named: dict[str, frozenset[int]] = {}

    def named(self, name: str) -> frozenset[int]:
        """The units that the name fits; the equal one alone where there is one."""
        if name not in self._named:
            self._named[name] = self._find(core(name))
        return self._named[name]

    def in_text(self, text: str) -> frozenset[int]:
        """The units whose whole name stands in a text; of two names in one another the longer."""
        said = "".join(core(text))
        found = {u: j for u, j in self.joined.items() if len(j) >= SHORTEST and j in said}
        longest = max(map(len, found.values()), default=0)
        return frozenset(u for u, joined in found.items() if len(joined) == longest)

    def fit(self, unit_id: int, name: str, account: str, text: str) -> Fit:
        """What name and account say about the unit."""
        known = self.accounts.get(squeezed(account)) if account else None
        named = self.named(name) if name else frozenset()
        if (known and unit_id not in known) or (named and unit_id not in named):
            return Fit.OTHER
        if named == frozenset({unit_id}):
            return Fit.NAME
        if known == frozenset({unit_id}):
            return Fit.ACCOUNT
        joined = self.joined.get(unit_id, "")
        if len(joined) >= SHORTEST and joined in "".join(core(text)):
            return Fit.NAME if self.in_text(text) == frozenset({unit_id}) else Fit.UNKNOWN
        return Fit.UNKNOWN

    def candidates(self, name: str, account: str, text: str) -> frozenset[int]:
        """The units that the payer may be."""
        known = self.accounts.get(squeezed(account), frozenset()) if account else frozenset()
        return (self.named(name) if name else frozenset()) or known or self.in_text(text)

    def _find(self, words: tuple[str, ...]) -> frozenset[int]:
        joined = "".join(words)
        if len(joined) < 5:
            return frozenset()
        near: set[int] = set().union(*(self._by_word.get(word, set()) for word in words))
        equal = frozenset(unit for unit in near if self.joined[unit] == joined)
        return equal or frozenset(unit for unit in near if self._resembles(unit, words, joined))

    def _resembles(self, unit: int, words: tuple[str, ...], joined: str) -> bool:
        """One name is cut from the other, or has all its words (two at least)."""
        own, whole = self.cores[unit], self.joined[unit]
        short, long = sorted((joined, whole), key=len)
        if len(short) >= SHORTEST and long.startswith(short):
            return True
        few, many = sorted((set(words), set(own)), key=len)
        return len(few) >= 3 and few <= many
