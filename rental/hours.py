"""Opening hours: a week of each site, public holidays and special days, edited by the operator.

A holiday is a closed day: who asks for it is noted or refused, as the site's `outside` says.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from config import documents
from rental import clock_hours, holidays
from rental.clock_hours import ClockHours
from rental.models import Line, Resource, ResourceKind, Site
from rental.period import Period

FOLDER = documents.HOME / "hours"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OpeningHours(BaseModel):
    """One site's week. A weekday is `HH:MM-HH:MM` or `closed`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: str
    outside: Literal["ask", "refuse"] = "ask"
    source: str = ""
    holidays: Literal["closed", "open"] = "closed"
    weekdays: dict[str, ClockHours] = Field(min_length=7, max_length=7)

    @field_validator("weekdays")
    @classmethod
    def _weekdays(cls, value: dict[str, str]) -> dict[str, str]:
        for day in value:
            if day not in DAYS:
                raise ValueError(f"{day!r} is not a weekday")
        return value

    def on(self, day: date) -> tuple[time, time] | None:
        """When the site opens and closes that day, in its own zone; None where it does not.

        Special hours of the day count first, then public holidays, then the week.
        """
        if (special := holidays.special(self.site, day)) is not None:
            return clock_hours.parsed(special.hours)
        if self.holidays == "closed" and holidays.on(day) is not None:
            return None
        return clock_hours.parsed(self.weekdays[DAYS[day.weekday()]])


def is_outside(hours: OpeningHours, period: Period, zone: ZoneInfo) -> bool:
    """Whether any part of `period` lies outside the hours, read on the site's wall clock."""
    starts_at, ends_at = period.starts_at.astimezone(zone), period.ends_at.astimezone(zone)
    if starts_at.date() != (ends_at - timedelta(microseconds=1)).date():
        return True
    open_hours = hours.on(starts_at.date())
    if open_hours is None:
        return True
    opens = datetime.combine(starts_at.date(), open_hours[0], zone)
    closes = datetime.combine(starts_at.date(), open_hours[1], zone)
    return not (opens <= starts_at and ends_at <= closes)


@cache
def load(folder: Path = FOLDER) -> dict[str, OpeningHours]:
    """The hours of every site that has any, by slug."""
    # Beside the sites' files lies the table of holidays, which has another shape.
    sites = [path for path in sorted(folder.glob("*.yml")) if path.name != holidays.FILE.name]
    return {hours.site: hours for hours in (documents.read(path, OpeningHours) for path in sites)}


def spans(
    on: Callable[[date], tuple[time, time] | None], period: Period, zone: ZoneInfo
) -> list[Period]:
    """When doors are open within `period`: `on` says the hours of a day on the zone's clock."""
    first, last = (instant.astimezone(zone).date() for instant in period)
    found: list[Period] = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        hours = on(day)
        if hours is None:
            continue
        opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in hours)
        # On a day that a clock change shortens, hours may have vanished.
        if opens < closes and (shared := Period(opens, closes).overlap(period)) is not None:
            found.append(shared)
    return found


def open_spans(site: Site, period: Period) -> list[Period]:
    """When the site is open within `period`, in order; all of it where it has no hours."""
    hours = load().get(site.slug)
    return spans(hours.on, period, site.tzinfo) if hours is not None else [period]


def is_working_day(day: date) -> bool:
    """Whether administrations work that day: what deadlines of laws are counted in."""
    return holidays.is_working_day(day)


def day_off(site: Site, day: date) -> holidays.Name | None:
    """Why the site keeps other hours than its week's that day: a holiday, a special day."""
    special = holidays.special(site.slug, day)
    return special.name if special is not None else holidays.on(day)


def lines_outside(lines: Iterable[Line]) -> list[Line]:
    """The lines whose hall is asked for while its site is closed; the desk decides on them."""
    return [
        line for line in lines if is_closed(line.resource, Period(line.starts_at, line.ends_at))
    ]


def is_closed(resource: Resource, period: Period) -> bool:
    """Whether it is a hall whose site is not open throughout the period."""
    hours = _of_hall(resource)
    return hours is not None and is_outside(hours, period, resource.site.tzinfo)


def refuses(resource: Resource, period: Period) -> bool:
    """Whether the site's hours turn this period away at once."""
    hours = _of_hall(resource)
    return hours is not None and hours.outside == "refuse" and is_closed(resource, period)


def _of_hall(resource: Resource) -> OpeningHours | None:
    """Gear and lines follow the event; only a hall has doors to open."""
    return load().get(resource.site.slug) if resource.kind is ResourceKind.HALL else None
