"""Public holidays: those of the country's law as a library knows them, and the operator's table.

The library `holidays` knows the law's days, their substitutes and the swaps announced so far; what
is announced later stands in `config/hours/holidays.yml` until the library has learnt it.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Self

import holidays as calendars
from pydantic import BaseModel, ConfigDict, Field, model_validator

from config import documents
from rental.clock_hours import ClockHours

FILE = documents.HOME / "hours" / "holidays.yml"
SATURDAY = 5


class Name(BaseModel):
    """What a day is called, in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """The name in `vi` or `en`."""
        return self.en if language == "en" else self.vi


class Days(BaseModel):
    """A span of days, both ends included, and the decision behind it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self

    def includes(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.valid_from <= day <= self.valid_to


class NamedDays(Days):
    """Days off that the library does not know."""

    name: Name


class SpecialHours(Days):
    """Other hours than the week's at one site, for some days."""

    site: str
    hours: ClockHours
    name: Name


class Table(BaseModel):
    """The country whose law counts, and what differs from the library."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str = "VN"
    added: tuple[NamedDays, ...] = ()
    removed: tuple[Days, ...] = ()
    # Days of a weekend that are worked for a day off elsewhere.
    worked: tuple[Days, ...] = ()
    special: tuple[SpecialHours, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.country not in calendars.list_supported_countries(include_aliases=False):
            raise ValueError(f"{self.country!r} is no country whose holidays are known")
        return self


@cache
def load(path: Path = FILE) -> Table:
    """The operator's table; raises BadDocument with file, line and key."""
    return documents.read(path, Table)


@cache
def of_law(country: str, year: int) -> tuple[dict[date, Name], frozenset[date]]:
    """The holidays of a year as the library knows them, and the days of weekends worked for one."""
    english = calendars.country_holidays(country, years=year, language="en_US")
    own = calendars.country_holidays(country, years=year, language="vi")
    named = {day: Name(vi=own[day], en=name) for day, name in english.items() if day.year == year}
    return named, frozenset(own.weekend_workdays)


def on(day: date, table: Table | None = None) -> Name | None:
    """The holiday of this day, if it is one: the table's word counts before the library's."""
    table = table or load()
    if any(days.includes(day) for days in table.removed):
        return None
    added = next((days.name for days in table.added if days.includes(day)), None)
    return added or of_law(table.country, day.year)[0].get(day)


def special(site: str, day: date, table: Table | None = None) -> SpecialHours | None:
    """The special hours of a site on this day, if it has any; the last one written counts."""
    found: Sequence[SpecialHours] = [
        hours for hours in (table or load()).special if hours.site == site and hours.includes(day)
    ]
    return found[-1] if found else None


def is_working_day(day: date, table: Table | None = None) -> bool:
    """Whether administrations work: Monday to Friday but holidays, and weekends worked for one.

    Source: Labour Code 45/2019/QH14, Articles 111 and 112; swaps by yearly announcement.
    """
    table = table or load()
    if on(day, table) is not None:
        return False
    if day.weekday() < SATURDAY:
        return True
    worked = of_law(table.country, day.year)[1]
    return day in worked or any(days.includes(day) for days in table.worked)


def between(first: date, last: date) -> Iterator[tuple[date, Name]]:
    """The holidays from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if (name := on(day)) is not None:
            yield day, name
