"""The window of the timeline: which days it shows, and how an instant becomes a column.

A day is drawn from 06:00 to 22:00 in columns of five minutes, a week in columns of thirty; a month
has one column a day, from midnight to midnight.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import ceil, floor
from zoneinfo import ZoneInfo

from rental.hours import OpeningHours
from rental.period import Period

FIRST_HOUR = 6
LAST_HOUR = 22
DAY_COLUMNS = 192
WEEK = 7
WEEK_COLUMNS = 224
# Columns are reckoned in binary fractions: this much is no column.
TINY = 1e-6


class View(StrEnum):
    """How much of the calendar is shown at once."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Window:
    """The days shown and how an instant becomes a column."""

    first: date
    days: int
    zone: ZoneInfo
    # Bars share their ends: each instant is reckoned once.
    _known: dict[datetime, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def view(self) -> View:
        """Day, week or month, by the number of days."""
        return View.DAY if self.days == 1 else View.WEEK if self.days == WEEK else View.MONTH

    @property
    def columns(self) -> int:
        """How many columns the window has."""
        return {View.DAY: DAY_COLUMNS, View.WEEK: WEEK_COLUMNS}.get(self.view, self.days)

    @property
    def hours(self) -> tuple[int, int]:
        """The first and the last hour drawn of each day."""
        return (0, 24) if self.view is View.MONTH else (FIRST_HOUR, LAST_HOUR)

    @property
    def last(self) -> date:
        """The last day shown."""
        return self.first + timedelta(days=self.days - 1)

    @property
    def period(self) -> Period:
        """From the first hour drawn of the first day to the last hour drawn of the last."""
        opens, closes = self.hours
        return Period(self._at(self.first, opens), self._at(self.last, closes))

    def day(self, offset: int) -> Period:
        """The hours drawn of one day, by its place in the window."""
        opens, closes = self.hours
        day = self.first + timedelta(days=offset)
        return Period(self._at(day, opens), self._at(day, closes))

    def _at(self, day: date, hour: int) -> datetime:
        begins = datetime.combine(day, time(0), self.zone) + timedelta(hours=hour)
        return begins.astimezone(UTC)

    def exact(self, instant: datetime) -> float:
        """The column of an instant, hours that are not drawn cut out, clamped to the window."""
        if instant in self._known:
            return self._known[instant]
        opens, closes = self.hours
        wall = instant.astimezone(self.zone)
        day = (wall.date() - self.first).days
        share = (wall.hour + wall.minute / 60 + wall.second / 3600 - opens) / (closes - opens)
        a_day = self.columns / self.days
        place = (day + min(max(share, 0.0), 1.0)) * a_day
        self._known[instant] = column = min(max(place, 0.0), float(self.columns))
        return column

    def span(self, starts_at: datetime, ends_at: datetime) -> tuple[int, int] | None:
        """First column and number of columns, rounded outwards; None where nothing is visible."""
        first = floor(self.exact(starts_at) + TINY)
        last = ceil(self.exact(ends_at) - TINY)
        return (first, last - first) if last > first else None


def window(view: View, day: date, zone: ZoneInfo) -> Window:
    """The window around a day: the day itself, its week from Monday, its calendar month."""
    if view is View.DAY:
        return Window(day, 1, zone)
    if view is View.WEEK:
        return Window(day - timedelta(days=day.weekday()), WEEK, zone)
    first = day.replace(day=1)
    return Window(first, (_month_after(first) - first).days, zone)


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def neighbour(view: View, day: date, ahead: int) -> date:
    """The day to show `ahead` windows later; the 31st becomes the last day of a shorter month."""
    if view is not View.MONTH:
        return day + timedelta(days=ahead * (1 if view is View.DAY else WEEK))
    months = day.year * 12 + day.month - 1 + ahead
    first = date(months // 12, months % 12 + 1, 1)
    last = _month_after(first) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def closed_hours(hours: OpeningHours | None, window: Window) -> list[tuple[int, int]]:
    """The spans outside opening hours, as columns."""
    if hours is None:
        return []
    shut: list[tuple[int, int]] = []
    a_day = window.columns // window.days
    for offset in range(window.days):
        begin = offset * a_day
        open_hours = hours.on(window.first + timedelta(days=offset))
        if open_hours is None:
            shut.append((begin, a_day))
            continue
        if window.view is View.MONTH:
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


def touched(starts_at: datetime, ends_at: datetime, window: Window) -> range:
    """The days of the window, by place, on which a span lies."""
    first = (starts_at.astimezone(window.zone).date() - window.first).days
    last = (
        (ends_at - timedelta(microseconds=1)).astimezone(window.zone).date() - window.first
    ).days
    return range(max(first, 0), min(last, window.days - 1) + 1)
