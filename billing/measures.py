"""How much of a measure is used, and when each piece of it begins. All pure.

- session (buổi): every 4.5 hours begun (the published hall lists: "a session is at most 4.5 h"),
  or as long as the list says;
- hour: exactly as long as it lasts, 1 h 15 is 1.25 hours; half hour: every one begun;
- day: every 24 hours begun. A list may say how long a day is: within each 24 hours the time beyond
  it is over-time;
- half day: two for every 24 hours; of what is left over, one for up to 5 hours, else two. A half-
  day rate used for a full day charges two half days;
- event: one, however long; attendee: one for each who will come;
- Mbps-day: the circuit's Mbps × days.

Over-time is counted by the half hour begun beyond the last whole session or day, and is charged as
one more session or day where that is cheaper.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.rates import Measure, Rate
from rental.period import Period

SESSION = timedelta(hours=4, minutes=30)
# Half of the Centre's opening day (08:00–18:00).
HALF_DAY = timedelta(hours=5)
DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
# What is charged whole once it has begun.
LENGTHS = {Measure.SESSION: SESSION, Measure.DAY: DAY, Measure.HALF_HOUR: HALF_HOUR}


@dataclass(frozen=True, slots=True)
class Run:
    """Some units of a measure that begin at one moment and so have one price."""

    starts_at: datetime
    units: Fraction
    measure: Measure


@dataclass(frozen=True, slots=True)
class Counted:
    """What is used for certain, and the tails of which the cheaper side is charged."""

    runs: tuple[Run, ...]
    # Half hours of over-time, or one more unit instead.
    tails: tuple[tuple[tuple[Run, ...], Run], ...] = ()


def units_of(measure: Measure, duration: timedelta, mbps: int | None = None) -> Fraction:
    """How many of the measure one piece uses in that time; of attendees, for one of them."""
    if measure in LENGTHS:
        return _begun(duration, LENGTHS[measure])
    match measure:
        case Measure.HOUR:
            return Fraction(duration // timedelta(microseconds=1), 3_600_000_000)
        case Measure.HALF_DAY:
            days, rest = divmod(duration, DAY)
            return Fraction(2 * days + (rest > timedelta(0)) + (rest > HALF_DAY))
        case Measure.MBPS_DAY:
            return (mbps or 1) * _begun(duration, DAY)
        case _:
            return Fraction(1)


def counted(rate: Rate, period: Period, mbps: int | None, edges: "Edges | None") -> Counted:
    """What a rate counts of a period. With `edges` each piece is told apart by its beginning."""
    if rate.over_time is not None:
        return _with_over_time(rate, period)
    if rate.lasts_minutes is not None:
        length = timedelta(minutes=rate.lasts_minutes)
        return Counted(tuple(_each(rate.per, period, length)))
    if edges is None or rate.per in (Measure.EVENT, Measure.ATTENDEE):
        units = units_of(rate.per, period.duration, mbps)
        return Counted((Run(period.starts_at, units, rate.per),))
    return Counted(tuple(_told_apart(rate.per, period, mbps, edges)))


@dataclass(frozen=True, slots=True)
class Edges:
    """The times of day at which a price may change on a wall clock, midnight among them."""

    times: Collection[time]
    zone: ZoneInfo

    def within(self, period: Period) -> list[datetime]:
        """The moments inside the period, in order."""
        first, last = (end.astimezone(self.zone).date() for end in period)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found = {
            datetime.combine(day, at, self.zone).astimezone(UTC)
            for day in days
            for at in self.times
        }
        return sorted(at for at in found if period.starts_at < at < period.ends_at)


def _told_apart(measure: Measure, period: Period, mbps: int | None, edges: Edges) -> Iterator[Run]:
    match measure:
        case Measure.HOUR:
            ends = [period.starts_at, *edges.within(period), period.ends_at]
            for first, last in pairwise(ends):
                yield Run(first, units_of(measure, last - first), measure)
        case Measure.HALF_DAY:
            for day in _each(Measure.DAY, period, DAY):
                left = period.ends_at - day.starts_at
                yield Run(day.starts_at, Fraction(1), measure)
                if left > HALF_DAY:
                    yield Run(day.starts_at + HALF_DAY, Fraction(1), measure)
        case Measure.MBPS_DAY:
            for day in _each(Measure.DAY, period, DAY):
                yield Run(day.starts_at, Fraction(mbps or 1), measure)
        case _:
            yield from _each(measure, period, LENGTHS[measure])


def _with_over_time(rate: Rate, period: Period) -> Counted:
    if rate.per is Measure.DAY and rate.lasts_minutes is not None:
        return _short_days(timedelta(minutes=rate.lasts_minutes), period)
    usual = SESSION if rate.per is Measure.SESSION else DAY
    length = timedelta(minutes=rate.lasts_minutes) if rate.lasts_minutes else usual
    whole = max(1, period.duration // length)
    runs = tuple(
        Run(period.starts_at + number * length, Fraction(1), rate.per) for number in range(whole)
    )
    ends_at = period.starts_at + whole * length
    if ends_at >= period.ends_at:
        return Counted(runs)
    return Counted(runs, (_tail(rate.per, Period(ends_at, period.ends_at), ends_at),))


def _short_days(length: timedelta, period: Period) -> Counted:
    """Days that are shorter than 24 hours: what lies beyond in each of them is over-time."""
    days = tuple(_each(Measure.DAY, period, DAY))
    tails = []
    for day in days:
        ends_at = min(day.starts_at + DAY, period.ends_at)
        if day.starts_at + length < ends_at:
            beyond = Period(day.starts_at + length, ends_at)
            tails.append(_tail(Measure.DAY, beyond, day.starts_at))
    return Counted(days, tuple(tails))


def _tail(measure: Measure, beyond: Period, unit_starts: datetime) -> tuple[tuple[Run, ...], Run]:
    halves = tuple(_each(Measure.HALF_HOUR, beyond, HALF_HOUR))
    return halves, Run(unit_starts, Fraction(1), measure)


def _each(measure: Measure, period: Period, length: timedelta) -> Iterator[Run]:
    for number in range(int(_begun(period.duration, length))):
        yield Run(period.starts_at + number * length, Fraction(1), measure)


def _begun(duration: timedelta, length: timedelta) -> Fraction:
    return Fraction(-(-duration // length))
