"""Quotas: how much a unit may book in a day, a week or a month. Rules over values.

Read from `config/quotas`. Hours count by the pieces rented, and only where they lie within the
rule's windows; a booking counts in the day, week or month in which its line starts.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config import documents
from rental.hours import DAYS
from rental.models import Resource, ResourceKind, Unit, UnitClass
from rental.period import Period
from rental.wording import Dated, Wording

FOLDER = documents.HOME / "quotas"


class Measure(StrEnum):
    """What a quota counts: hours, bookings, or holds that stand at once."""

    HOURS = "hours"
    BOOKINGS = "bookings"
    HOLDS = "holds"


class Span(StrEnum):
    """The part of the site's calendar in which a quota counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Window(BaseModel):
    """Hours of some weekdays, on the site's wall clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[str, ...] = Field(default=DAYS, min_length=1)
    hours: str = "00:00-24:00"

    @field_validator("days")
    @classmethod
    def _weekdays(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [day for day in value if day not in DAYS]:
            raise ValueError(f"{unknown[0]!r} is not a weekday")
        return value

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: str) -> str:
        _minutes(value)
        return value

    def on(self, day: date, zone: ZoneInfo) -> Period | None:
        """The window on that day; None on a weekday that is not named."""
        if DAYS[day.weekday()] not in self.days:
            return None
        first, last = _minutes(self.hours)
        return Period(_at(day, first, zone), _at(day, last, zone))


def _minutes(written: str) -> tuple[int, int]:
    first, _, last = written.partition("-")
    found = [_minute(part) for part in (first, last)]
    if found[0] >= found[1]:
        raise ValueError(f"{written!r} ends before it begins")
    return found[0], found[1]


def _minute(written: str) -> int:
    if written == "24:00":
        return 24 * 60
    try:
        parsed = time.fromisoformat(written)
    except ValueError as wrong:
        raise ValueError(f"{written!r} is not HH:MM") from wrong
    return parsed.hour * 60 + parsed.minute


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The wall clock of the zone that many minutes into the day, as UTC."""
    later, minute = divmod(minute, 24 * 60)
    local = datetime.combine(day + timedelta(days=later), time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """A resource as quotas see it: what it is, and where its wall clock hangs."""

    kind: ResourceKind
    code: str
    category: str | None
    zone: ZoneInfo

    @classmethod
    def of(cls, resource: Resource) -> Self:
        """The same, of a row."""
        return cls(resource.kind, resource.code, resource.category, resource.site.tzinfo)


class Quota(Dated):
    """One dated limit. An empty list names everything."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    title: Wording
    units: tuple[str, ...] = ()
    classes: tuple[UnitClass, ...] = ()
    kinds: tuple[ResourceKind, ...] = ()
    codes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    measure: Measure
    per: Span | None = None
    within: tuple[Window, ...] = ()
    limit: int = Field(ge=0)

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if (self.per is None) != (self.measure is Measure.HOLDS):
            raise ValueError("per: day, week or month for hours and bookings; none for holds")
        return self

    def speaks_of(self, unit: Unit) -> bool:
        """Whether it limits this unit. The Centre's own is never limited."""
        return (
            not unit.is_centre
            and (not self.units or unit.slug in self.units)
            and (not self.classes or unit.unit_class in self.classes)
        )

    def counts(self, resource: Counted) -> bool:
        """Whether lines of this resource count."""
        return (
            (not self.kinds or resource.kind in self.kinds)
            and (not self.codes or resource.code in self.codes)
            and (not self.categories or resource.category in self.categories)
        )


class QuotaFile(BaseModel):
    """A file of quotas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quotas: tuple[Quota, ...]


@cache
def load(folder: Path = FOLDER) -> tuple[Quota, ...]:
    """Every quota of the installation."""
    return tuple(
        quota for each in documents.read_folder(folder, QuotaFile) for quota in each.quotas
    )


@dataclass(frozen=True, slots=True)
class Use:
    """One line as quotas see it; lines of one booking share its `booking` key."""

    booking: int
    resource: Counted
    quantity: int
    period: Period

    @property
    def zone(self) -> ZoneInfo:
        """Where its wall clock hangs."""
        return self.resource.zone


@dataclass(frozen=True, slots=True)
class Excess:
    """A quota that a wish exceeds: what is left of it, and until when this span of it lasts."""

    quota: Quota
    span: Period
    used: Decimal
    wanted: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be booked before `span` ends; never below nothing."""
        return max(Decimal(self.quota.limit) - self.used, Decimal(0))

    @property
    def is_over(self) -> bool:
        """Whether the wish does not fit any more."""
        return self.used + self.wanted > self.quota.limit


def span_of(per: Span, instant: datetime, zone: ZoneInfo) -> Period:
    """The day, the week from Monday or the month around an instant, on the wall clock."""
    day = instant.astimezone(zone).date()
    if per is Span.DAY:
        first, after = day, day + timedelta(days=1)
    elif per is Span.WEEK:
        first = day - timedelta(days=day.weekday())
        after = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return Period(_at(first, 0, zone), _at(after, 0, zone))


def _spans(quota: Quota, use: Use) -> Iterable[Period]:
    """The spans of the quota that a line touches."""
    if quota.per is None:
        return
    last = span_of(quota.per, use.period.starts_at, use.zone)
    yield last
    while quota.measure is Measure.HOURS and last.ends_at < use.period.ends_at:
        last = span_of(quota.per, last.ends_at, use.zone)
        yield last


def _hours(quota: Quota, use: Use, span: Period) -> Decimal:
    shared = use.period.overlap(span)
    if shared is None:
        return Decimal(0)
    pieces = [shared] if not quota.within else _inside(quota.within, shared, use.zone)
    seconds = sum(int(piece.duration.total_seconds()) for piece in pieces)
    return Decimal(seconds * use.quantity) / 3600


def _inside(windows: Sequence[Window], shared: Period, zone: ZoneInfo) -> list[Period]:
    """The parts of a period that lie in any of the windows, each instant once."""
    day = shared.starts_at.astimezone(zone).date()
    last = shared.ends_at.astimezone(zone).date()
    found: list[Period] = []
    while day <= last:
        opened = [w for window in windows if (w := window.on(day, zone)) is not None]
        found += [part for window in opened if (part := window.overlap(shared)) is not None]
        day += timedelta(days=1)
    instants = sorted({p.starts_at for p in found} | {p.ends_at for p in found})
    return [Period(a, b) for a, b in pairwise(instants) if any(p.contains(a) for p in found)]


class _Counted:
    """The lines that a quota counts, found by their time: a year of a large unit has thousands."""

    def __init__(self, quota: Quota, uses: Iterable[Use]) -> None:
        counted = (use for use in uses if quota.counts(use.resource))
        self.uses = sorted(counted, key=lambda use: use.period.starts_at)
        self.starts = [use.period.starts_at for use in self.uses]
        self.longest = max((use.period.duration for use in self.uses), default=timedelta())

    def near(self, span: Period) -> Sequence[Use]:
        """Those that may lie in the span, and few others."""
        first = bisect_left(self.starts, span.starts_at - self.longest)
        return self.uses[first : bisect_left(self.starts, span.ends_at)]


def _measured(quota: Quota, counted: _Counted, span: Period) -> Decimal:
    if quota.measure is Measure.HOURS:
        return sum((_hours(quota, use, span) for use in counted.near(span)), Decimal(0))
    bookings = {
        use.booking
        for use in counted.near(span)
        if span.contains(use.period.starts_at) and (not quota.within or _hours(quota, use, span))
    }
    return Decimal(len(bookings))


def measured(quotas: Iterable[Quota], taken: Sequence[Use], wanted: Sequence[Use]) -> list[Excess]:
    """For each quota and each span that the wish touches: used, wanted, and so what is left."""
    found: list[Excess] = []
    for quota in quotas:
        spans = {
            span: None
            for use in wanted
            if quota.counts(use.resource) and quota.holds_on(_day(use))
            for span in _spans(quota, use)
        }
        wishes, used = _Counted(quota, wanted), _Counted(quota, taken if spans else ())
        for span in spans:
            wish = _measured(quota, wishes, span)
            if wish:
                found.append(Excess(quota, span, _measured(quota, used, span), wish))
    return found


def _day(use: Use) -> date:
    return use.period.starts_at.astimezone(use.zone).date()


def exceeded(quotas: Iterable[Quota], taken: Sequence[Use], wanted: Sequence[Use]) -> list[Excess]:
    """Where what is wanted exceeds what is left beside what is taken."""
    return [one for one in measured(quotas, taken, wanted) if one.is_over]
