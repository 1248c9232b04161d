"""References and invoice numbers in a transfer's text, however the bank or the payer spelled them.

A reference (`IV-4T9Q-W2M7`) is 8 letters and digits of 26, drawn at random: with 20 000 invoices
open, eight of eight are a chance of 1 in 10 million a place, seven of eight behind `IV` of 1 in
25 000. An invoice number counts up, so that one wrong digit is another invoice: what is seen is
never enough, and `matching` asks for amount and unit as well.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from billing.spelling import plain, squeezed

BODY = 8
_ANCHORS = {"IV": re.compile("[I1L][VU]"), "BK": re.compile("[B8][KX]")}
# What reads alike, in numbers.
_ALIKE = {"0": "[0OQD]", "1": "[1IL]", "5": "[5S]", "8": "[8B]", "2": "[2Z]", "6": "[6G]"}
_DIGITS = str.maketrans("OQDILSBZG", "000115826")
_BETWEEN = r"[^A-Z0-9]{0,3}"
_SPOKEN = re.compile(r"\b(?:HD|HDGTGT|HOA ?DON|SO|INV|INVOICE|NO)[^A-Z0-9]{0,3}(\d{1,8})\b")


class Kind(StrEnum):
    """What was seen."""

    REFERENCE = "reference"
    BOOKING = "booking"
    NUMBER = "number"


class Grade(IntEnum):
    """How surely it was read."""

    # Something like it: a person may say so.
    WEAK = 1
    # One character is lost, added or changed, two are swapped, or up to two are cut off.
    CLOSE = 2
    # Every character is there.
    EXACT = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place of the text that reads as something we know: `key` is its body or its number."""

    kind: Kind
    key: str
    grade: Grade
    seen: str


class Bodies:
    """The bodies of one kind of reference, found whole, damaged by one character, or cut."""

    def __init__(self, kind: Kind, prefix: str, bodies: Iterable[str]) -> None:
        self.kind = kind
        self.anchor = _ANCHORS[prefix]
        self.whole = frozenset(bodies)
        self.ranked = sorted(self.whole)
        self.shortened: dict[str, list[str]] = defaultdict(list)
        for body in self.whole:
            for short in _shorter(body):
                self.shortened[short].append(body)

    def sightings(self, compact: str) -> list[Sighting]:
        """The surest readings: a whole one, else those behind a beginning such as `IV`."""
        found = {one.key: one for one in self._exact(compact)}
        if found:
            return list(found.values())
        for anchor in self.anchor.finditer(compact):
            for one in self._behind(compact[anchor.end() : anchor.end() + BODY + 1]):
                found.setdefault(one.key, one)
        return list(found.values())

    def weak(self, compact: str) -> list[Sighting]:
        """Without its beginning, one character off: too likely by chance to be more than weak."""
        return list({one.key: one for one in self._bare(compact)}.values())

    def _exact(self, compact: str) -> Iterator[Sighting]:
        for at in range(len(compact) - BODY + 1):
            window = compact[at : at + BODY]
            if window in self.whole:
                yield Sighting(self.kind, window, Grade.EXACT, window)

    def _behind(self, tail: str) -> Iterator[Sighting]:
        """Readings of what follows an anchor."""
        for body in self._one_off(tail):
            yield Sighting(self.kind, body, Grade.CLOSE, tail[:BODY])
        for length in (7, 6, 5):
            begun = self._begun(tail[:length]) if len(tail) >= length else []
            if begun:
                grade = Grade.CLOSE if length > 5 and len(begun) == 1 else Grade.WEAK
                for body in begun[:5]:
                    yield Sighting(self.kind, body, grade, tail[:length])
                return

    def _one_off(self, tail: str) -> set[str]:
        """Bodies that one lost, added or changed character, or two swapped, make of `tail`."""
        found = set(self.shortened.get(tail[: BODY - 1], ()))
        found |= {short for short in _shorter(tail[: BODY + 1]) if short in self.whole}
        if len(tail) >= BODY:
            found |= self._changed(tail[:BODY])
            found |= {word for word in _swapped(tail[:BODY]) if word in self.whole}
        return found

    def _changed(self, window: str) -> set[str]:
        near = {body for s in _shorter(window) for body in self.shortened.get(s, ())}
        return {b for b in near if sum(x != y for x, y in zip(b, window, strict=True)) == 1}

    def _begun(self, begin: str) -> list[str]:
        at = bisect_left(self.ranked, begin)
        found = []
        while at < len(self.ranked) and self.ranked[at].startswith(begin):
            found.append(self.ranked[at])
            at += 1
        return found

    def _bare(self, compact: str) -> Iterator[Sighting]:
        for at in range(len(compact) - BODY + 1):
            window = compact[at : at + BODY]
            for body in self._changed(window):
                yield Sighting(self.kind, body, Grade.WEAK, window)


class Numbers:
    """The invoice numbers that stand open: `1C26TMC-00000042`, by symbol and count."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.whole = frozenset(numbers)
        symbols = {number.rpartition("-")[0] for number in self.whole}
        self.readers = [(symbol, _reader(symbol)) for symbol in sorted(symbols)]
        self.by_count: dict[int, list[str]] = defaultdict(list)
        for number in self.whole:
            self.by_count[int(number.rpartition("-")[2])].append(number)

    def sightings(self, text: str) -> list[Sighting]:
        """Readings with the symbol before, surest first, else a count behind a word for invoice."""
        said = plain(text)
        found: dict[str, Sighting] = {}
        for symbol, reader in self.readers:
            for match in reader.finditer(said):
                one = self._read(symbol, match)
                if one is not None and found.get(one.key, one).grade <= one.grade:
                    found[one.key] = one
        if not found:
            for match in _SPOKEN.finditer(said):
                for key in self.by_count.get(int(match[1]), ()):
                    found[key] = Sighting(Kind.NUMBER, key, Grade.WEAK, match[0])
        return list(found.values())

    def _read(self, symbol: str, match: re.Match[str]) -> Sighting | None:
        digits = squeezed(match["count"]).translate(_DIGITS)
        key = f"{symbol}-{int(digits):08d}"
        if key not in self.whole:
            return None
        is_whole = len(digits) == 8 and squeezed(match["symbol"]) == symbol
        # Zeros may be left out by hand; a count cut in the middle is another number.
        return Sighting(Kind.NUMBER, key, Grade.EXACT if is_whole else Grade.CLOSE, digits)


def digits_of(number: str) -> str:
    """The eight digits of an invoice number."""
    return number.rpartition("-")[2]


def _swapped(word: str) -> set[str]:
    return {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}


def _shorter(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _reader(symbol: str) -> re.Pattern[str]:
    """The symbol, or its last three characters at least, and up to eight digits behind it."""
    letters = [_ALIKE.get(c, _ALIKE["0"] if c == "O" else re.escape(c)) for c in symbol]
    head, tail = letters[:-3], letters[-3:]
    loose = "".join(f"(?:{c}{_BETWEEN})?" for c in head) + _BETWEEN.join(tail)
    digit = "[0-9OQDILSBZG]"
    whole = f"{digit}(?:[ .]{{0,2}}{digit}){{7}}"
    return re.compile(f"(?P<symbol>{loose}){_BETWEEN}(?P<count>{whole}|{digit}{{1,7}}(?![A-Z0-9]))")
