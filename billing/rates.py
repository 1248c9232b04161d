"""What one entry of a price list says: rates, own prices for some times, kits and add-ons."""

from datetime import date, time
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rental import clock_hours
from rental.clock_hours import ClockHours
from rental.models import ResourceKind, UnitClass

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Prices = dict[UnitClass, int]


class Measure(StrEnum):
    """What one price buys."""

    SESSION = "session"
    HOUR = "hour"
    HALF_HOUR = "half_hour"
    HALF_DAY = "half_day"
    DAY = "day"
    EVENT = "event"
    ATTENDEE = "attendee"
    MBPS_DAY = "mbps_day"
    # What a price made of several comes to; no rate is written so.
    LUMP_SUM = "lump_sum"


# Those that may go on by the half hour, and whose length a list may say.
LASTING = frozenset({Measure.SESSION, Measure.DAY})


class Title(BaseModel):
    """A name in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str
    en: str


class Entry(BaseModel):
    """An amount in minor units for each class of unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prices: Prices = Field(min_length=len(UnitClass))

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if any(price < 0 for price in self.prices.values()):
            raise ValueError("a price is below zero")
        return self


class Window(BaseModel):
    """A period of day on the site's wall clock; what starts in it has its price."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: Title
    hours: ClockHours

    @model_validator(mode="after")
    def _is_open(self) -> Self:
        if clock_hours.parsed(self.hours) is None:
            raise ValueError("a period of day has hours such as 18:00-22:00")
        return self

    @property
    def ends(self) -> tuple[time, time]:
        """From when until when, the end not included."""
        return clock_hours.parsed(self.hours) or (time(0), time(0))

    def includes(self, at: time) -> bool:
        """Whether the wall clock's time lies in it."""
        first, last = self.ends
        return first <= at < last


class Special(BaseModel):
    """Another price on weekends, on holidays or in a period of day: its own, or a part of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Literal["weekend", "holiday"] | None = None
    window: str | None = None
    percent: int | None = Field(default=None, ge=0, le=1000)
    prices: Prices | None = Field(default=None, min_length=len(UnitClass))

    @model_validator(mode="after")
    def _says_when_and_how_much(self) -> Self:
        if self.day is None and self.window is None:
            raise ValueError("a special price says when: day, window, or both")
        if (self.percent is None) == (self.prices is None):
            raise ValueError("a special price has either a percent or prices")
        if any(price < 0 for price in (self.prices or {}).values()):
            raise ValueError("a price is below zero")
        return self


class OverTime(Entry):
    """What each half hour begun beyond the last session or day costs."""


class Rate(Entry):
    """One price: of a resource or tariff key, or (`kind`) of everything of a kind without one."""

    key: str | None = None
    kind: ResourceKind | None = None
    per: Measure
    service: str
    # The first that fits decides.
    special: tuple[Special, ...] = ()
    over_time: OverTime | None = None
    # How long a session or day is; 4.5 and 24 hours unless given.
    lasts_minutes: int | None = Field(default=None, ge=30, le=24 * 60)
    # Less is charged as this; longer than that the rate does not serve.
    minimum_minutes: int | None = Field(default=None, ge=1)
    maximum_minutes: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.key is None) == (self.kind is None):
            raise ValueError("a rate names either a key (resource or tariff key) or a kind")
        if self.per is Measure.LUMP_SUM:
            raise ValueError("no rate is per lump sum; say per event")
        if self.per not in LASTING and (self.over_time or self.lasts_minutes):
            raise ValueError("only a session or a day has over_time and lasts_minutes")
        if self.per is Measure.DAY and self.lasts_minutes and not self.over_time:
            raise ValueError("a day that says how long it lasts says what over_time costs")
        if (self.maximum_minutes or self.minimum_minutes or 0) < (self.minimum_minutes or 0):
            raise ValueError("maximum_minutes lies below minimum_minutes")
        return self

    @property
    def subject(self) -> str:
        """What it prices, as one word: kinds are kept apart from keys."""
        return f"kind:{self.kind.value}" if self.kind is not None else str(self.key)


class Kit(BaseModel):
    """A kit that costs what its parts cost, or a percentage of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    service: str
    percent: int = Field(default=100, ge=0, le=1000)


class AddOn(Entry):
    """Something asked for with a line, at a price beside the line's own; it bears its tax."""

    code: str = Field(pattern="^[a-z0-9_]{1,40}$")
    title: Title
    keys: tuple[str, ...] = ()
    kinds: tuple[ResourceKind, ...] = ()
    per: Measure

    @model_validator(mode="after")
    def _goes_with_something(self) -> Self:
        if not (self.keys or self.kinds):
            raise ValueError("an add-on says what it goes with: keys, kinds, or both")
        if self.per in (Measure.LUMP_SUM, Measure.MBPS_DAY):
            raise ValueError("an add-on is priced per session, hour, day, event or attendee")
        return self

    def goes_with(self, code: str, key: str | None, kind: ResourceKind) -> bool:
        """Whether a resource of that code, tariff key and kind can have it."""
        return code in self.keys or (key or "") in self.keys or kind in self.kinds


def is_weekend(day: date, weekend: tuple[Weekday, ...]) -> bool:
    """Whether the day is one of the list's weekend."""
    return WEEKDAYS[day.weekday()] in weekend
