"""The same lines at another time: longer, or on another day at the same wall-clock times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rental.asking import WantedLine
from rental.models import Booking
from rental.period import Period


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line and the zone in which its site's clocks run."""

    line: WantedLine
    zone: ZoneInfo


def of(booking: Booking) -> list[PlacedLine]:
    """The lines of a booking as they stand."""
    return [
        PlacedLine(
            WantedLine(
                line.resource.code,
                line.quantity,
                Period(line.starts_at, line.ends_at),
                tuple(line.add_ons),
            ),
            line.resource.site.tzinfo,
        )
        for line in booking.lines
    ]


def extended(lines: Sequence[PlacedLine], by: timedelta) -> list[WantedLine]:
    """Every line that ends with the event lasts `by` longer; what ends before stays."""
    last = max(placed.line.period.ends_at for placed in lines)
    return [
        replace(placed.line, period=placed.line.period.widened(timedelta(), by))
        if placed.line.period.ends_at == last
        else placed.line
        for placed in lines
    ]


def moved(lines: Sequence[PlacedLine], day: date) -> list[WantedLine]:
    """The event begins on `day`; every line keeps its wall-clock times and its distance in days."""
    days = days_to(lines, day)
    return [
        replace(placed.line, period=shifted(placed.line.period, days, placed.zone))
        for placed in lines
    ]


def first_day(lines: Iterable[PlacedLine]) -> date:
    """The local day on which the first line starts."""
    first = min(lines, key=lambda placed: placed.line.period.starts_at)
    return first.line.period.starts_at.astimezone(first.zone).date()


def week_after(lines: Iterable[PlacedLine]) -> date:
    """The same weekday a week later."""
    return first_day(lines) + timedelta(days=7)


def days_to(lines: Iterable[PlacedLine], day: date) -> int:
    """How many days lie between the first day of the lines and `day`; negative before it."""
    return (day - first_day(lines)).days


def shifted(period: Period, days: int, zone: ZoneInfo) -> Period:
    """The period so many days later at the same wall-clock times; raises BadPeriod.

    A time that a change to summer time skips moves on by the hour skipped, as in a series.
    """
    return Period(*(shifted_instant(end, days, zone) for end in period))


def shifted_instant(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same wall-clock time so many days later."""
    wall = instant.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return wall.replace(tzinfo=zone).astimezone(UTC)
