"""What a cancelled booking still owes: dated terms by notice period, one formula. All pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.money import GAP, Money
from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import ResourceKind, UnitClass

FOLDER = documents.HOME / "cancellation"


class Step(BaseModel):
    """Who cancels at least so long before the start owes so much of the price."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int | None = Field(default=None, ge=0, le=366)
    hours: int | None = Field(default=None, ge=0, le=366 * 24)
    percent: int = Field(ge=0, le=100)

    @model_validator(mode="after")
    def _says_one_notice(self) -> Self:
        if (self.days is None) == (self.hours is None):
            raise ValueError("a step has either days or hours")
        return self

    @property
    def length(self) -> timedelta:
        """The notice by the watch, to put steps in a row."""
        return timedelta(days=self.days or 0, hours=self.hours or 0)

    def deadline(self, starts_at: datetime, zone: ZoneInfo) -> datetime:
        """The last instant at which this notice is still given.

        Days run on the wall clock of `zone`, so that a change to summer time between does not
        move the deadline to another hour; hours run by the watch.
        """
        if self.days is None:
            return starts_at - self.length
        wall = starts_at.astimezone(zone).replace(tzinfo=None) - self.length
        return wall.replace(tzinfo=zone).astimezone(UTC)


class Terms(Dated):
    """The steps of one kind of resource; those of a class of unit go before the common ones."""

    kind: ResourceKind
    unit_class: UnitClass | None = None
    # A sample stands for the Centre's own terms, which are not published.
    sample: bool = False
    source: str
    # The service that VAT asks for; without one that of the line which is given up.
    service: str | None = None
    # What is owed where nobody came.
    no_show_percent: int = Field(default=100, ge=0, le=100)
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _falls_from_long_to_none(self) -> Self:
        lengths = [step.length for step in self.steps]
        if lengths != sorted(set(lengths), reverse=True):
            raise ValueError("steps go from the longest notice to the shortest, each once")
        if lengths[-1]:
            raise ValueError("the last step has hours: 0, so that every cancellation has one")
        return self

    def step_at(self, at: datetime, starts_at: datetime, zone: ZoneInfo) -> Step:
        """The step that a cancellation at `at` falls into; on the deadline it is the milder one."""
        for step in self.steps:
            if at <= step.deadline(starts_at, zone):
                return step
        return self.steps[-1]


class CancellationFile(BaseModel):
    """A file of `config/cancellation`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A line that is cancelled: what it is, whose, what it costs and when it would have begun."""

    kind: ResourceKind
    unit_class: UnitClass
    price: Money
    starts_at: datetime
    zone: ZoneInfo
    # The local day on which it was asked for: its terms hold.
    requested_on: date


@dataclass(frozen=True, slots=True)
class Due:
    """What is owed for one line, and why, in both languages."""

    percent: int
    amount: Money
    explanation: str
    explanation_en: str
    service: str | None
    sample: bool


def due(terms: Sequence[Terms], line: GivenUp, at: datetime) -> Due | None:
    """What cancelling `line` at `at` costs; None where no terms are in force for it."""
    held = terms_of(terms, line.kind, line.unit_class, line.requested_on)
    if held is None:
        return None
    step = held.step_at(at, line.starts_at, line.zone)
    amount = line.price.times(Fraction(step.percent, 100))
    notice, notice_en = spoken_notice(at, line.starts_at, line.zone)
    return Due(
        percent=step.percent,
        amount=amount,
        explanation=f"{notice}: {step.percent}{GAP}% của {line.price.text()}",
        explanation_en=f"{notice_en}: {step.percent}% of {line.price.text(',')}",
        service=held.service,
        sample=held.sample,
    )


def no_show_due(terms: Sequence[Terms], line: GivenUp) -> Due | None:
    """What `line` costs when nobody came; None where no terms are in force for it."""
    held = terms_of(terms, line.kind, line.unit_class, line.requested_on)
    if held is None:
        return None
    percent = held.no_show_percent
    return Due(
        percent=percent,
        amount=line.price.times(Fraction(percent, 100)),
        explanation=f"không đến: {percent}{GAP}% của {line.price.text()}",
        explanation_en=f"nobody came: {percent}% of {line.price.text(',')}",
        service=held.service,
        sample=held.sample,
    )


def terms_of(
    terms: Sequence[Terms], kind: ResourceKind, unit_class: UnitClass, day: date
) -> Terms | None:
    """The terms of a kind on a day, those of the class first; None where nothing was agreed."""
    held = [one for one in terms if one.kind is kind and one.holds_on(day)]
    for wanted in (unit_class, None):
        for one in held:
            if one.unit_class is wanted:
                return one
    return None


def spoken_notice(at: datetime, starts_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """How long before the start it was, in whole days or hours: `hủy trước 2 ngày`."""
    if at >= starts_at:
        return "hủy sau giờ bắt đầu", "cancelled after the start"
    first, last = (end.astimezone(zone).replace(tzinfo=None) for end in (at, starts_at))
    if days := (last - first).days:
        return f"hủy trước {days} ngày", f"cancelled {_count(days, 'day')} before"
    if hours := int((starts_at - at) / timedelta(hours=1)):
        return f"hủy trước {hours} giờ", f"cancelled {_count(hours, 'hour')} before"
    return "hủy trước chưa đến 1 giờ", "cancelled less than an hour before"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"


def require_no_overlap(terms: Sequence[Terms]) -> None:
    """Refuse two terms for one kind and class on the same day; raises BadDocument."""
    for i, one in enumerate(terms):
        for other in terms[:i]:
            same = (one.kind, one.unit_class) == (other.kind, other.unit_class)
            if same and one.overlaps(other):
                raise BadDocument(
                    f"config/cancellation has two terms for {one.kind.value} in force together; "
                    "end one before the other begins"
                )


@cache
def terms() -> tuple[Terms, ...]:
    """The terms of `config/cancellation`, read once; `terms.cache_clear()` reads them anew."""
    files = documents.read_folder(FOLDER, CancellationFile)
    found = tuple(one for file in files for one in file.terms)
    require_no_overlap(found)
    return found
