"""Readings rolled up into buckets: mean, lowest and highest of every series. Pure functions.

Of an interface the series are its rates: each is measured between two polls and belongs to the
bucket of the later one. What was not measured stays None; a counter that was reset gives no rate.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitoring import rates
from monitoring.probes.reading import IN_OCTETS, OUT_OCTETS, PORT_VALUES, Layout, Port, Reading

FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Mean, lowest, highest.
STATS = 3
# The greatest number of PostgreSQL's `real`.
GREATEST = 3.4e38

Number = float | None


class SeriesKind(StrEnum):
    """What a series measures."""

    IN = "in"
    OUT = "out"
    LOAD = "load"
    USED = "used"
    SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: what is measured, of which part, in which unit."""

    kind: SeriesKind
    name: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A stored reading with the row id of its layout."""

    layout_id: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was measured from `starts_at` on under one layout; `stats` as the rows keep them."""

    starts_at: datetime
    layout_id: int
    polls: int
    stats: list[Number]
    last: Reading | None = None


def series_of(layout: Layout) -> list[Series]:
    """The series of a layout, in the order of its statistics."""
    found = [
        Series(kind, port.name, "bit/s")
        for port in layout.ports
        for kind in (SeriesKind.IN, SeriesKind.OUT)
    ]
    found.extend(Series(SeriesKind.LOAD, core.name, "%") for core in layout.cores)
    found.extend(Series(SeriesKind.USED, store.name, "%") for store in layout.stores)
    found.extend(Series(SeriesKind.SENSOR, gauge.name, gauge.unit) for gauge in layout.gauges)
    return found


def floor(at: datetime, span: timedelta) -> datetime:
    """When the bucket of this length begins that `at` lies in; counted from 1970 in UTC."""
    return at - (at - EPOCH) % span


def rolled(told: Iterable[Told], since: datetime) -> Iterator[Bucket]:
    """Buckets of five minutes from a device's readings, which come oldest first.

    Readings before `since` only say where the counters stood.
    """
    gathered: dict[tuple[datetime, int], list[tuple[float, list[Number]]]] = {}
    last: dict[tuple[datetime, int], Reading] = {}
    before: Reading | None = None
    for one in told:
        after = one.reading
        if after.at >= since:
            key = floor(after.at, FIVE_MINUTES), one.layout_id
            gathered.setdefault(key, []).append(observed(before, after))
            last[key] = after
        before = after
    for (starts_at, layout_id), polls in gathered.items():
        stats = _stats(polls)
        yield Bucket(starts_at, layout_id, len(polls), stats, last[starts_at, layout_id])


def observed(before: Reading | None, after: Reading) -> tuple[float, list[Number]]:
    """The seconds since the reading before (1 where nobody knows), and a number of each series."""
    seconds = _seconds(before, after)
    found: list[Number] = []
    if before is None or seconds is None:
        found.extend([None] * (2 * len(after.layout.ports)))
    else:
        _add_rates(found, before, after, seconds)
    told = after.values
    at = len(after.layout.ports) * PORT_VALUES
    cores = len(after.layout.cores)
    found.extend(told[at : at + cores])
    at += cores
    for _ in after.layout.stores:
        size, used = told[at], told[at + 1]
        found.append(100 * used / size if size and used is not None else None)
        at += 2
    found.extend(
        gauge.measured(one) for gauge, one in zip(after.layout.gauges, told[at:], strict=True)
    )
    return seconds or 1.0, found


def _seconds(before: Reading | None, after: Reading) -> float | None:
    if before is None:
        return None
    return rates.elapsed(_clock(before), _clock(after))


def _clock(reading: Reading) -> rates.Count:
    return rates.Count(reading.at, reading.uptime_seconds, None, None)


def _add_rates(found: list[Number], before: Reading, after: Reading, seconds: float) -> None:
    """In and out of every interface; names are followed where the layout changed."""
    old, new = before.values, after.values
    places = None
    if before.layout is not after.layout:
        places = {port.name: place for place, port in enumerate(before.layout.ports)}
    for place, port in enumerate(after.layout.ports):
        then = place if places is None else places.get(port.name)
        if then is None:
            found += (None, None)
            continue
        was, at = then * PORT_VALUES, place * PORT_VALUES
        for octets in (IN_OCTETS, OUT_OCTETS):
            found.append(_rate(old[was + octets], new[at + octets], seconds, port))


def _rate(old: Number, new: Number, seconds: float, port: Port) -> Number:
    if old is not None and old == new:
        return 0.0
    return rates.rate(old, new, seconds, speed_bps=port.speed_bps, is_wide=port.is_wide)


def _stats(polls: Sequence[tuple[float, list[Number]]]) -> list[Number]:
    weights = [seconds for seconds, _ in polls]
    found: list[Number] = []
    for column in zip(*(numbers for _, numbers in polls), strict=True):
        known = [
            (number, weight)
            for number, weight in zip(column, weights, strict=True)
            if number is not None and -GREATEST < number < GREATEST
        ]
        if not known:
            found += (None, None, None)
            continue
        numbers = [number for number, _ in known]
        low, high = min(numbers), max(numbers)
        if low == high:
            found += (low, low, high)
            continue
        whole = sum(weight for _, weight in known)
        mean = math.fsum(number * (weight / whole) for number, weight in known)
        # Rounding must not put the mean outside what was measured.
        found += (min(max(mean, low), high), low, high)
    return found


def joined(buckets: Iterable[Bucket], span: timedelta) -> Iterator[Bucket]:
    """Longer buckets of shorter ones; means are weighed by the polls of each."""
    gathered: dict[tuple[datetime, int], list[Bucket]] = {}
    for bucket in buckets:
        key = floor(bucket.starts_at, span), bucket.layout_id
        gathered.setdefault(key, []).append(bucket)
    for (starts_at, layout_id), parts in gathered.items():
        stats: list[Number] = []
        columns = list(zip(*(part.stats for part in parts), strict=True))
        weights = [part.polls for part in parts]
        for at in range(0, len(columns), STATS):
            means, lows, highs = columns[at : at + STATS]
            stats += (mean(means, weights), least(lows), most(highs))
        yield Bucket(starts_at, layout_id, sum(weights), stats)


def mean(numbers: Iterable[Number], weights: Iterable[float]) -> Number:
    """The weighed mean of what is known; None of nothing."""
    known = [(n, w) for n, w in zip(numbers, weights, strict=True) if n is not None]
    whole = sum(weight for _, weight in known)
    return math.fsum(number * (weight / whole) for number, weight in known) if whole else None


def least(numbers: Iterable[Number]) -> Number:
    """The lowest of what is known; None of nothing."""
    return min((number for number in numbers if number is not None), default=None)


def most(numbers: Iterable[Number]) -> Number:
    """The highest of what is known; None of nothing."""
    return max((number for number in numbers if number is not None), default=None)
