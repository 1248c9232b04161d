"""Series for charts, from seconds to a year: each from the level that suits its length.

What is drawn is named by a key: `port:Gi0/1` is the traffic of an interface in both directions,
`load:CPU`, `used:/` and `sensor:Inlet` are the other parts of a device. Names are followed through
layouts, because indexes move; where a name occurs twice the second is `load:CPU#2`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

import sqlalchemy as sa

from config.database import db
from monitoring import discovery, readings, rolling
from monitoring.models import Device, FiveMinuteRow, HourRow, ReadingRow
from monitoring.probes.reading import PORT_VALUES, Layout, Reading
from monitoring.rolling import STATS, Number, Series, SeriesKind
from rental.period import Period

PORT = "port"
# So many points are drawn at most: more than a screen has columns for.
LIMIT = 600
# Points further apart than so many usual steps are not joined by a line.
GAP_STEPS = 4


class Level(StrEnum):
    """What a series is read from."""

    POLL = "poll"
    FIVE_MINUTES = "five_minutes"
    HOUR = "hour"


# Up to how long a span each level is drawn from; hours take the rest.
LONGEST = {Level.POLL: timedelta(hours=6), Level.FIVE_MINUTES: timedelta(days=14)}
TABLES: dict[Level, type[FiveMinuteRow] | type[HourRow]] = {
    Level.FIVE_MINUTES: FiveMinuteRow,
    Level.HOUR: HourRow,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured around `at`; None where nothing was."""

    at: datetime
    mean: Number
    low: Number
    high: Number


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart."""

    series: Series
    samples: list[Sample]


def level_for(period: Period, at: datetime, days: dict[Level, int]) -> Level:
    """The level for a span, by its length and by for how many days each level is kept."""
    length = period.ends_at - period.starts_at
    for level, longest in LONGEST.items():
        if length <= longest and period.starts_at >= at - timedelta(days=days[level]):
            return level
    return Level.HOUR


@lru_cache(maxsize=512)
def places(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Where the series of each key stand among the series of a layout."""
    found: dict[str, tuple[int, ...]] = {}
    for place, one in enumerate(rolling.series_of(layout)):
        if one.kind is SeriesKind.OUT:
            continue
        is_port = one.kind is SeriesKind.IN
        plain = f"{PORT if is_port else one.kind.value}:{one.name or ''}"
        key, again = plain, 1
        while key in found:
            again += 1
            key = f"{plain}#{again}"
        found[key] = (place, place + 1) if is_port else (place,)
    return found


def keys(device: Device) -> dict[str, Series]:
    """What can be drawn of a device as it is now, by key; an interface stands for both ways."""
    if device.layout_id is None:
        return {}
    layout = discovery.layouts([device.layout_id])[device.layout_id]
    series = rolling.series_of(layout)
    return {key: series[at[0]] for key, at in places(layout).items()}


def lines(
    device: Device, key: str, period: Period, level: Level, *, limit: int = LIMIT
) -> list[Line]:
    """The lines of a key in a period, at most `limit` samples each; none for an unknown key."""
    rows = (
        _polls(device, key, period) if level is Level.POLL else _rolled(device, key, period, level)
    )
    if not rows:
        return []
    _, series, _ = rows[-1]
    found = []
    for nth, one in enumerate(series):
        told = [samples[nth] for _, _, samples in rows if nth < len(samples)]
        found.append(Line(one, with_gaps(thinned(told, period, limit))))
    return found


Row = tuple[datetime, list[Series], list[Sample]]


def _rolled(device: Device, key: str, period: Period, level: Level) -> list[Row]:
    table = TABLES[level]
    within = (
        table.device_id == device.id,
        table.starts_at >= period.starts_at,
        table.starts_at < period.ends_at,
    )
    found: list[Row] = []
    for layout_id, layout, at in _layouts(key, sa.select(table.layout_id).where(*within)):
        # PostgreSQL counts the elements of an array from 1.
        numbers = [table.stats[place * STATS + stat + 1] for place in at for stat in range(STATS)]
        query = sa.select(table.starts_at, *numbers).where(*within, table.layout_id == layout_id)
        series = [rolling.series_of(layout)[place] for place in at]
        for starts_at, *stats in db.session.execute(query):
            samples = [
                Sample(starts_at, *stats[nth * STATS : (nth + 1) * STATS]) for nth in range(len(at))
            ]
            found.append((starts_at, series, samples))
    return sorted(found, key=lambda row: row[0])


def _polls(device: Device, key: str, period: Period) -> list[Row]:
    if key.startswith(f"{PORT}:"):
        return _traffic(device, key.removeprefix(f"{PORT}:"), period)
    within = (
        ReadingRow.device_id == device.id,
        ReadingRow.at >= period.starts_at,
        ReadingRow.at < period.ends_at,
    )
    found: list[Row] = []
    for layout_id, layout, at in _layouts(key, sa.select(ReadingRow.layout_id).where(*within)):
        series = [rolling.series_of(layout)[at[0]]]
        first = len(layout.ports) * PORT_VALUES
        query = sa.select(ReadingRow.at, ReadingRow.values[first + 1 : len(layout.oids)]).where(
            *within, ReadingRow.layout_id == layout_id
        )
        # The layout without its interfaces: its other parts are all that is wanted.
        rest = _without_ports(layout)
        place = at[0] - 2 * len(layout.ports)
        for told_at, values in db.session.execute(query):
            reading = Reading(rest, told_at, None, values)
            number = rolling.observed(None, reading)[1][place]
            found.append((told_at, series, [Sample(told_at, number, number, number)]))
    return sorted(found, key=lambda row: row[0])


@lru_cache(maxsize=512)
def _without_ports(layout: Layout) -> Layout:
    return Layout(cores=layout.cores, stores=layout.stores, gauges=layout.gauges)


def _traffic(device: Device, interface: str, period: Period) -> list[Row]:
    points = readings.series(device, interface, period.starts_at, period.ends_at, limit=10 * LIMIT)
    series = [Series(kind, interface, "bit/s") for kind in (SeriesKind.IN, SeriesKind.OUT)]
    return [
        (
            point.at,
            series,
            [Sample(point.at, bps, bps, bps) for bps in (point.in_bps, point.out_bps)],
        )
        for point in points
    ]


def _layouts(
    key: str, ids: "sa.Select[tuple[int]]"
) -> Iterator[tuple[int, Layout, tuple[int, ...]]]:
    """The layouts among these that have the key, and where."""
    for layout_id, layout in discovery.layouts(db.session.scalars(ids.distinct())).items():
        at = places(layout).get(key)
        if at is not None:
            yield layout_id, layout, at


def thinned(samples: Sequence[Sample], period: Period, limit: int) -> list[Sample]:
    """At most `limit` samples: over equal spans of the period, each at the end of what it joins."""
    if len(samples) <= limit:
        return list(samples)
    span = (period.ends_at - period.starts_at) / limit
    groups: dict[int, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(int((sample.at - period.starts_at) / span), []).append(sample)
    return [
        Sample(
            group[-1].at,
            rolling.mean((one.mean for one in group), [1.0] * len(group)),
            rolling.least(one.low for one in group),
            rolling.most(one.high for one in group),
        )
        for group in groups.values()
    ]


def with_gaps(samples: Sequence[Sample]) -> list[Sample]:
    """The same, with an empty sample wherever nothing was measured for several steps."""
    steps = [after.at - before.at for before, after in pairwise(samples)]
    if not steps:
        return list(samples)
    usual = sorted(steps)[len(steps) // 2]
    found = list(samples[:1])
    for step, after in zip(steps, samples[1:], strict=True):
        if step > GAP_STEPS * usual:
            found.append(Sample(after.at - step / 2, None, None, None))
        found.append(after)
    return found


def busier(lines_: Iterable[Line]) -> list[float]:
    """Of each moment the greater of the lines' means, where there is one."""
    found: dict[datetime, float] = {}
    for line in lines_:
        for sample in line.samples:
            if sample.mean is not None:
                found[sample.at] = max(sample.mean, found.get(sample.at, 0.0))
    return [found[at] for at in sorted(found)]
