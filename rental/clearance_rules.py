"""Which clearance an event needs and by when: dated rules of `config/clearances`, all pure.

The law in force on the first local day of the event counts. Sources stand with each rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental import holidays
from rental.holidays import Table
from rental.models import EventKind, Organiser
from rental.wording import Wording

FOLDER = documents.HOME / "clearances"


class Lead(BaseModel):
    """How long before the event the notice must have arrived: hours or working days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: int | None = Field(default=None, ge=1, le=24 * 60)
    working_days: int | None = Field(default=None, ge=1, le=60)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.hours is None) == (self.working_days is None):
            raise ValueError("a lead is either hours or working_days")
        return self


class Authority(BaseModel):
    """Who receives the notice, by kind of organiser."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Wording
    name: Wording


class Exemption(BaseModel):
    """Who need not lodge a notice, and where that is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Wording
    source: Wording


class ClearanceRule(Dated):
    """One clearance that events of some kinds need, from one day to another."""

    code: str = Field(pattern="^[a-z0-9-]{1,60}$")
    event_kinds: tuple[EventKind, ...] = Field(min_length=1)
    organiser: Organiser
    title: Wording
    lead: Lead
    authorities: tuple[Authority, ...] = Field(min_length=1)
    copies: tuple[Wording, ...] = ()
    contents: tuple[Wording, ...] = ()
    # The authority refuses at the latest so many hours before the event.
    refusal_hours: int | None = Field(default=None, ge=1)
    # Whether the event may go ahead where the authority does not answer.
    silence_proceeds: bool
    exemption: Exemption | None = None
    source: Wording
    to_verify: tuple[Wording, ...] = ()


class RuleFile(BaseModel):
    """A file of `config/clearances`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[ClearanceRule, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """What of an event a rule asks for; `day` is the local day on which it starts."""

    kind: EventKind
    organiser: Organiser
    day: date


@cache
def load() -> tuple[ClearanceRule, ...]:
    """The rules of `config/clearances`; raises BadDocument where a code is given twice."""
    found = [rule for file in documents.read_folder(FOLDER, RuleFile) for rule in file.rules]
    codes = [rule.code for rule in found]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise BadDocument(f"{FOLDER}: {', '.join(twice)} is the code of two rules; rename one")
    return tuple(found)


def find(code: str) -> ClearanceRule | None:
    """The rule of this code, unless the files no longer have it."""
    return next((rule for rule in load() if rule.code == code), None)


def due(rules: Sequence[ClearanceRule], event: Event) -> list[ClearanceRule]:
    """The rules that ask something of the event, by the law of its day."""
    return [
        rule
        for rule in rules
        if event.kind in rule.event_kinds
        and event.organiser is rule.organiser
        and rule.holds_on(event.day)
    ]


def deadline(
    rule: ClearanceRule, starts_at: datetime, zone: ZoneInfo, table: Table | None = None
) -> datetime:
    """The last instant at which the notice is in time.

    Hours are counted exactly. Working days are counted back from the day of the event, which does
    not count itself (Civil Code 91/2015/QH13, Article 147), to the same hour of the wall clock.
    """
    if rule.lead.hours is not None:
        return starts_at - timedelta(hours=rule.lead.hours)
    local = starts_at.astimezone(zone)
    day, left = local.date(), rule.lead.working_days or 0
    while left:
        day -= timedelta(days=1)
        left -= holidays.is_working_day(day, table)
    return datetime.combine(day, local.timetz()).astimezone(starts_at.tzinfo)
