"""The timeline as rows of bars: pure arithmetic from calendar entries to columns.

A day is drawn from 06:00 to 22:00 in columns of five minutes, a week in columns of thirty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor
from zoneinfo import ZoneInfo

from rental.availability import Segment
from rental.calendar import Entry, EntryKind
from rental.hours import OpeningHours
from rental.models import Resource
from rental.period import Period

FIRST_HOUR = 6
LAST_HOUR = 22
DAY_COLUMNS = 192
WEEK_COLUMNS = 224
MOST_LANES = 6
# Columns are reckoned in binary fractions: this much is no column.
TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Window:
    """The days shown and how an instant becomes a column."""

    first: date
    days: int
    zone: ZoneInfo
    # Bars share their ends: each instant is reckoned once.
    _known: dict[datetime, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def columns(self) -> int:
        """How many columns the window has."""
        return DAY_COLUMNS if self.days == 1 else WEEK_COLUMNS

    @property
    def period(self) -> Period:
        """From the first day's 06:00 to the last day's 22:00."""
        last = self.first + timedelta(days=self.days - 1)
        return Period(self._at(self.first, FIRST_HOUR), self._at(last, LAST_HOUR))

    def _at(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), self.zone).astimezone(UTC)

    def exact(self, instant: datetime) -> float:
        """The column of an instant, nights cut out, clamped to the window."""
        if instant in self._known:
            return self._known[instant]
        wall = instant.astimezone(self.zone)
        day = (wall.date() - self.first).days
        share = (wall.hour + wall.minute / 60 + wall.second / 3600 - FIRST_HOUR) / (
            LAST_HOUR - FIRST_HOUR
        )
        a_day = self.columns / self.days
        place = (day + min(max(share, 0.0), 1.0)) * a_day
        self._known[instant] = column = min(max(place, 0.0), float(self.columns))
        return column

    def span(self, starts_at: datetime, ends_at: datetime) -> tuple[int, int] | None:
        """First column and number of columns, rounded outwards; None where nothing is visible."""
        first = floor(self.exact(starts_at) + TINY)
        last = ceil(self.exact(ends_at) - TINY)
        return (first, last - first) if last > first else None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes: which unit's bookings are theirs, and whether they see everybody's."""

    unit_id: int
    sees_all: bool

    def knows(self, entry: Entry) -> bool:
        """Whether title and reference may be shown."""
        return self.sees_all or entry.unit_id == self.unit_id


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where, how it looks, what it says; `lane` stacks the bars of a pool."""

    column: int
    columns: int
    look: str
    entry: Entry | None
    known: bool
    lane: int = 0
    busy: bool = True


@dataclass(frozen=True, slots=True)
class Level:
    """How many of a pool are free over a span."""

    column: int
    columns: int
    free: int
    stock: int

    @property
    def look(self) -> str:
        """none, low (a quarter or less) or plenty."""
        if self.free == 0:
            return "none"
        return "low" if self.free * 4 <= self.stock else "plenty"


@dataclass(frozen=True, slots=True)
class Row:
    """One resource with its bars."""

    resource: Resource
    bars: list[Bar]
    levels: list[Level] = field(default_factory=list)
    lanes: int = 1

    @property
    def is_pool(self) -> bool:
        """Whether several pieces exist, so that bars lie beside each other."""
        return self.resource.stock > 1


def row(
    resource: Resource,
    entries: Iterable[Entry],
    free: Sequence[Segment],
    window: Window,
    viewer: Viewer,
) -> Row:
    """The row of one resource, for one viewer."""
    if resource.stock > 1:
        return _pool(resource, entries, free, (window, viewer))
    # A whole whose part is taken cannot be had, though nothing of its own lies there.
    bars = [
        Bar(*place, "parts", None, known=False)
        for segment in free
        if segment.free == 0 and (place := window.span(segment.starts_at, segment.ends_at))
    ]
    for entry in entries:
        known = viewer.knows(entry)
        bars.extend(_turnarounds(entry, window))
        if place := window.span(entry.starts_at, entry.ends_at):
            bars.append(Bar(*place, _look(entry, known=known), entry, known))
    return Row(resource, bars)


def _turnarounds(entry: Entry, window: Window) -> Iterable[Bar]:
    if entry.kind is not EntryKind.BOOKING:
        return
    for starts_at, ends_at in (
        (entry.takes.starts_at, entry.starts_at),
        (entry.ends_at, entry.takes.ends_at),
    ):
        if starts_at < ends_at and (place := window.span(starts_at, ends_at)):
            yield Bar(*place, "turnaround", entry, known=False)


def _pool(
    resource: Resource,
    entries: Iterable[Entry],
    free: Sequence[Segment],
    seen: tuple[Window, Viewer],
) -> Row:
    window, viewer = seen
    levels = [
        Level(*place, segment.free, resource.stock)
        for segment in free
        if (place := window.span(segment.starts_at, segment.ends_at))
    ]
    bars: list[Bar] = []
    ends: list[int] = []
    for entry in entries:
        place = window.span(entry.starts_at, entry.ends_at)
        if place is None:
            continue
        column, columns = place
        known = viewer.knows(entry)
        lane = next((i for i, end in enumerate(ends) if end <= column), len(ends))
        if lane >= MOST_LANES:
            continue
        ends[lane : lane + 1] = [column + columns]
        bars.append(Bar(column, columns, _look(entry, known=known), entry, known, lane, busy=False))
    return Row(resource, bars, levels, max(len(ends), 0))


def _look(entry: Entry, *, known: bool) -> str:
    """The class of the bar: a booking's state, a closure's kind, or merely taken."""
    if entry.kind is EntryKind.CLOSURE or known:
        return entry.status
    return "taken"


def closed_hours(hours: OpeningHours | None, window: Window) -> list[tuple[int, int]]:
    """The spans outside opening hours, as columns."""
    if hours is None:
        return []
    shut: list[tuple[int, int]] = []
    for offset in range(window.days):
        day = window.first + timedelta(days=offset)
        a_day = window.columns // window.days
        begin = offset * a_day
        open_hours = hours.on(day)
        if open_hours is None:
            shut.append((begin, a_day))
            continue
        opens, closes = (_column(at, a_day) for at in open_hours)
        if opens > 0:
            shut.append((begin, opens))
        if closes < a_day:
            shut.append((begin + closes, a_day - closes))
    return shut


def _column(at: time, a_day: int) -> int:
    share = (at.hour + at.minute / 60 - FIRST_HOUR) / (LAST_HOUR - FIRST_HOUR)
    return round(min(max(share, 0.0), 1.0) * a_day)
