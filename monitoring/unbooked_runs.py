"""When traffic that nobody booked begins and ends on a port: bucket by bucket. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.circuits import UnbookedTerms
from monitoring.rolling import FIVE_MINUTES

KILOBIT = 1000


class RunEnd(StrEnum):
    """Why a run of loud buckets is over."""

    QUIET = "quiet"
    # Somebody has the circuit now.
    BOOKED = "booked"
    # It was long enough to be told; what goes on begins another.
    CUT = "cut"
    # The port hands out no circuit any more.
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Heard:
    """Five minutes of a port; `bps` of its busier direction, None where nothing was measured."""

    starts_at: datetime
    bps: float | None
    is_booked: bool

    @property
    def ends_at(self) -> datetime:
        """When they are over."""
        return self.starts_at + FIVE_MINUTES


@dataclass(frozen=True, slots=True)
class Spell:
    """Loud buckets so far: the first, the end of the last, how many, and whether they count."""

    since: datetime | None = None
    until: datetime | None = None
    loud: int = 0
    is_run: bool = False
    # Of the loudest bucket, bits a second.
    peak_bps: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """What a bucket made of a spell; `over` is the run that it ended, and why."""

    spell: Spell
    over: tuple[Spell, RunEnd] | None = None


def step(spell: Spell, heard: Heard, terms: UnbookedTerms) -> Step:
    """Take the next bucket in."""
    if heard.is_booked:
        return Step(Spell(), (spell, RunEnd.BOOKED) if spell.is_run else None)
    if heard.bps is None or heard.bps < terms.threshold_kbps * KILOBIT:
        return _faint(spell, heard, terms)
    loud = spell.loud + 1
    grown = replace(
        spell,
        since=spell.since or heard.starts_at,
        until=heard.ends_at,
        loud=loud,
        is_run=spell.is_run or loud >= terms.buckets,
        peak_bps=max(spell.peak_bps, heard.bps),
    )
    if grown.is_run and _length(grown) >= terms.longest:
        return Step(Spell(), (grown, RunEnd.CUT))
    return Step(grown)


def _faint(spell: Spell, heard: Heard, terms: UnbookedTerms) -> Step:
    """Silence ends a run only where it lasts; what was not measured is no traffic."""
    if not spell.is_run or spell.until is None:
        return Step(Spell())
    if heard.ends_at - spell.until >= terms.quiet_buckets * FIVE_MINUTES:
        return Step(Spell(), (spell, RunEnd.QUIET))
    return Step(spell)


def _length(spell: Spell) -> timedelta:
    if spell.since is None or spell.until is None:
        return timedelta()
    return spell.until - spell.since
