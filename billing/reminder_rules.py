"""When an invoice is reminded of, how and whom: dated policies of `config/reminders`, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.models import Tone
from billing.tariff import Title
from config import documents
from config.documents import BadDocument
from config.validity import Dated

FOLDER = documents.HOME / "reminders"


class Recipient(StrEnum):
    """Whom a reminder is written to.

    Who asked for the booking, the unit's heads, the unit's own address, our finance.
    """

    REQUESTER = "requester"
    HEADS = "heads"
    UNIT = "unit"
    FINANCE = "finance"


class Step(BaseModel):
    """One reminder: so many days after the due day (below zero: before it)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(ge=-60, le=365)
    tone: Tone
    channel: Literal["email"] = "email"
    to: tuple[Recipient, ...] = Field(min_length=1)


class Stop(BaseModel):
    """From when on an overdue unit asks for nothing new; amounts in minor units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # More than so many days past the due day …
    overdue_days: int = Field(ge=0, le=3650)
    # … and so much of it at least.
    amount: int = Field(ge=1)
    longest_grace_days: int = Field(default=60, ge=1, le=366)


class ReminderPolicy(Dated):
    """One dated policy of a file of `config/reminders`."""

    code: str = Field(max_length=60)
    title: Title
    decision: str
    source: str
    sample: bool = False
    from_hour: int = Field(default=8, ge=0, le=23)
    least_days_between: int = Field(default=2, ge=1, le=60)
    steps: tuple[Step, ...]
    stop: Stop | None = None

    @model_validator(mode="after")
    def _day_after_day(self) -> Self:
        days = [step.days for step in self.steps]
        if days != sorted(set(days)):
            raise ValueError("the steps stand in the order of their days, each day once")
        return self


@dataclass(frozen=True, slots=True)
class Window:
    """The due days whose latest step today is `step`; without `earliest` all before `latest`."""

    step: Step
    earliest: date | None
    latest: date


@cache
def policies() -> tuple[ReminderPolicy, ...]:
    """The policies of `config/reminders`, read once; `policies.cache_clear()` reads them anew."""
    found = tuple(documents.read_folder(FOLDER, ReminderPolicy))
    for i, one in enumerate(found):
        for other in found[:i]:
            if one.overlaps(other):
                raise BadDocument(
                    f"{other.code} and {one.code} are in force on the same day; end one first"
                )
    return found


def policy_on(day: date) -> ReminderPolicy | None:
    """The policy in force on that day, if any."""
    return next((one for one in policies() if one.holds_on(day)), None)


def windows(steps: Sequence[Step], today: date) -> list[Window]:
    """Which due days stand at which step today.

    Each due day stands at one step at most, the latest whose day has come: a round that was missed
    is caught up with one mail.
    """
    found = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        latest = today - timedelta(days=step.days)
        earliest = None if following is None else today - timedelta(days=following.days - 1)
        found.append(Window(step, earliest, latest))
    return found


def step_on(steps: Sequence[Step], due_on: date, today: date) -> Step | None:
    """The latest step whose day has come."""
    reached = [step for step in steps if due_on + timedelta(days=step.days) <= today]
    return reached[-1] if reached else None


def next_step(
    steps: Sequence[Step], due_on: date, today: date, last_days: int | None = None
) -> tuple[date, Step] | None:
    """The day and the step that comes next, where `last_days` is the last one written.

    The day is today at the earliest: what is due and not written is written today.
    """
    reached = step_on(steps, due_on, today)
    if reached is not None and (last_days is None or reached.days > last_days):
        return today, reached
    for step in steps:
        day = due_on + timedelta(days=step.days)
        if day > today and (last_days is None or step.days > last_days):
            return day, step
    return None
