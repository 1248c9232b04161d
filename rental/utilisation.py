"""How much of what could be rented was rented. Pure arithmetic over whole seconds.

Capacity is stock times the time a site is open, less what is closed. A use counts as far as it lies
within capacity; the rest (an evening, a Sunday, a closure laid over a booking) is told apart, so a
share never exceeds one and inside and outside add up to all that was booked. Where more pieces are
booked than are there (stock was lowered later), those there are divided in proportion.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

Amount = int | Fraction
HOUR = 3600
# 1 January 1970 was a Thursday: so many hours after a Monday's midnight.
_EPOCH_HOUR = 3 * 24


@dataclass(frozen=True, slots=True)
class Spell:
    """So many pieces could be rented from one second to another (seconds since 1970, half-open)."""

    starts: int
    ends: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Use:
    """So many pieces were rented, by a unit, for a kind of event."""

    starts: int
    ends: int
    pieces: int
    unit_id: int = 0
    event_kind: str = ""

    @property
    def amount(self) -> int:
        """Piece-seconds."""
        return self.pieces * (self.ends - self.starts)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a use that lies within capacity; `pieces` is a fraction where they were scarce."""

    use: Use
    starts: int
    ends: int
    pieces: Amount

    @property
    def amount(self) -> Amount:
        """Piece-seconds."""
        return self.pieces * (self.ends - self.starts)


@dataclass(frozen=True, slots=True)
class Usage:
    """Piece-seconds: what could be rented, what was within it, and what was booked beside it."""

    capacity: int = 0
    inside: Amount = 0
    outside: Amount = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            self.capacity + other.capacity,
            self.inside + other.inside,
            self.outside + other.outside,
        )

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing could be rented."""
        return float(self.inside / self.capacity) if self.capacity else None


def capacity(stock: int, opened: Iterable[tuple[int, int]], closed: Sequence[Spell]) -> list[Spell]:
    """The spells in which pieces can be rented, in time order. `closed` takes its pieces away."""
    spells: list[Spell] = []
    for starts, ends in opened:
        near = [each for each in closed if each.starts < ends and starts < each.ends]
        cuts = {starts, ends}
        cuts |= {cut for each in near for cut in (each.starts, each.ends) if starts < cut < ends}
        for first, last in pairwise(sorted(cuts)):
            gone = sum(each.pieces for each in near if each.starts <= first and last <= each.ends)
            if stock > gone:
                spells.append(Spell(first, last, stock - gone))
    return spells


def within(spells: Sequence[Spell], uses: Iterable[Use]) -> Iterator[Stretch]:
    """The parts of `uses` that lie within `spells`; at each instant never more than there is."""
    waiting = sorted(uses, key=lambda use: use.starts, reverse=True)
    active: list[Use] = []
    for spell in spells:
        while waiting and waiting[-1].starts < spell.ends:
            active.append(waiting.pop())
        active = [use for use in active if use.ends > spell.starts]
        if len(active) == 1 and active[0].pieces <= spell.pieces:
            use = active[0]
            yield Stretch(use, max(use.starts, spell.starts), min(use.ends, spell.ends), use.pieces)
        elif active:
            yield from _divided(spell, active)


def _divided(spell: Spell, active: Sequence[Use]) -> Iterator[Stretch]:
    cuts = {spell.starts, spell.ends}
    for use in active:
        cuts |= {cut for cut in (use.starts, use.ends) if spell.starts < cut < spell.ends}
    for first, last in pairwise(sorted(cuts)):
        now = [use for use in active if use.starts <= first and last <= use.ends]
        wanted = sum(use.pieces for use in now)
        for use in now:
            fits = wanted <= spell.pieces
            pieces = use.pieces if fits else Fraction(use.pieces * spell.pieces, wanted)
            yield Stretch(use, first, last, pieces)


def clipped(use: Use, starts: int, ends: int) -> Use | None:
    """The part of a use that lies within a period, if any."""
    first, last = max(use.starts, starts), min(use.ends, ends)
    if first >= last:
        return None
    return Use(first, last, use.pieces, use.unit_id, use.event_kind)


def usage(spells: Iterable[Spell], uses: Iterable[Use], stretches: Iterable[Stretch]) -> Usage:
    """One resource's figures."""
    inside: Amount = sum(stretch.amount for stretch in stretches)
    booked = sum(use.amount for use in uses)
    held = sum(spell.pieces * (spell.ends - spell.starts) for spell in spells)
    return Usage(held, inside, booked - inside)


def split(
    uses: Iterable[Use], stretches: Iterable[Stretch], key: Callable[[Use], object]
) -> dict[object, Usage]:
    """What each key had of it, inside and outside; capacity belongs to nobody and is 0."""
    booked: dict[object, int] = defaultdict(int)
    inside: dict[object, Amount] = defaultdict(int)
    for use in uses:
        booked[key(use)] += use.amount
    for stretch in stretches:
        inside[key(stretch.use)] += stretch.amount
    return {each: Usage(0, inside[each], booked[each] - inside[each]) for each in booked}


@cache
def _offset(quarter: int, zone: ZoneInfo) -> int:
    """Seconds the zone is ahead of UTC, asked once a quarter of an hour."""
    ahead = datetime.fromtimestamp(quarter * 900, zone).utcoffset()
    return int(ahead.total_seconds()) if ahead is not None else 0


def hours_of(starts: int, ends: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The hours of the week that a span touches, on the wall clock, each with its seconds.

    Hour 0 begins on Monday at midnight, hour 167 ends the Sunday.
    """
    at = starts
    while at < ends:
        local = at + _offset(at // 900, zone)
        last = min(ends, at + HOUR - local % HOUR)
        yield (local // HOUR + _EPOCH_HOUR) % 168, last - at
        at = last


def by_hour(parts: Iterable[Spell] | Iterable[Stretch], zone: ZoneInfo) -> dict[int, Amount]:
    """Piece-seconds by hour of the week."""
    found: dict[int, Amount] = defaultdict(int)
    for part in parts:
        for hour, seconds in hours_of(part.starts, part.ends, zone):
            found[hour] += part.pieces * seconds
    return found
