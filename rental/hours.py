"""Opening hours: dated by nobody, edited by the operator, asked before a promise is made."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from config import documents
from rental.models import Line, Resource, ResourceKind
from rental.period import Period

FOLDER = documents.HOME / "hours"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OpeningHours(BaseModel):
    """One site's week. A weekday is `HH:MM-HH:MM` or `closed`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: str
    outside: Literal["ask", "refuse"] = "ask"
    source: str = ""
    weekdays: dict[str, str] = Field(min_length=7, max_length=7)

    @field_validator("weekdays")
    @classmethod
    def _readable(cls, value: dict[str, str]) -> dict[str, str]:
        for day, hours in value.items():
            if day not in DAYS:
                raise ValueError(f"{day!r} is not a weekday")
            _hours(hours)
        return value

    def on(self, day: date) -> tuple[time, time] | None:
        """When the site opens and closes that day, in its own zone; None where it does not."""
        return _hours(self.weekdays[DAYS[day.weekday()]])


def _hours(written: str) -> tuple[time, time] | None:
    if written == "closed":
        return None
    opens, _, closes = written.partition("-")
    try:
        first, last = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError as wrong:
        raise ValueError(f"{written!r} is neither HH:MM-HH:MM nor closed") from wrong
    if first >= last:
        raise ValueError(f"{written!r} closes before it opens")
    return first, last


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
    return {hours.site: hours for hours in documents.read_folder(folder, OpeningHours)}


def lines_outside(lines: Iterable[Line]) -> list[Line]:
    """The lines whose hall is asked for while its site is closed; the desk decides on them."""
    return [
        line
        for line in lines
        if (hours := _of_hall(line.resource)) is not None
        and is_outside(hours, Period(line.starts_at, line.ends_at), line.resource.site.tzinfo)
    ]


def refuses(resource: Resource, period: Period) -> bool:
    """Whether the site's hours turn this period away at once."""
    hours = _of_hall(resource)
    return (
        hours is not None
        and hours.outside == "refuse"
        and is_outside(hours, period, resource.site.tzinfo)
    )


def _of_hall(resource: Resource) -> OpeningHours | None:
    """Gear and lines follow the event; only a hall has doors to open."""
    return load().get(resource.site.slug) if resource.kind is ResourceKind.HALL else None
