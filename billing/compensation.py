"""What damage, loss and lateness are worth: dated terms of `config/damages`, and arithmetic."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from billing.money import Money
from billing.tariff import Title
from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import DamageKind, ResourceKind

FOLDER = documents.HOME / "damages"
HOUR = timedelta(hours=1)


class CompensationRate(BaseModel):
    """What one piece is worth: of a resource or tariff key, of a category, or of a kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = None
    category: str | None = None
    kind: ResourceKind | None = None
    # Minor units for one piece.
    replacement: int = Field(ge=0)
    repair: int | None = Field(default=None, ge=0)
    # Of the replacement.
    repair_percent: Decimal | None = Field(default=None, ge=0, le=100)
    late_per_hour: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if sum(one is not None for one in (self.key, self.category, self.kind)) != 1:
            raise ValueError("a rate names a key, a category or a kind")
        if (self.repair is None) == (self.repair_percent is None):
            raise ValueError("a repair is an amount or a percentage of the replacement")
        return self

    @property
    def subject(self) -> tuple[str, str]:
        """What it speaks of, kinds of words kept apart."""
        if self.key is not None:
            return "key", self.key
        if self.category is not None:
            return "category", self.category
        return "kind", str(self.kind)


class CompensationTerms(Dated):
    """One dated list of a file of `config/damages`."""

    code: str
    title: Title
    decision: str
    source: str
    sample: bool = False
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
    # Late is what comes back later than this after its line's end.
    grace_minutes: int = Field(default=30, ge=0, le=1440)
    # The services that VAT asks for.
    service: str = "compensation"
    late_service: str = "equipment_hire"
    rates: tuple[CompensationRate, ...]

    @model_validator(mode="after")
    def _each_thing_once(self) -> Self:
        subjects = [rate.subject for rate in self.rates]
        twice = {name for kind, name in subjects if subjects.count((kind, name)) > 1}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} has two rates")
        return self

    def rate_of(self, thing: "Thing") -> CompensationRate | None:
        """The rate of its code, else of its tariff key, its category, its kind."""
        rates = {rate.subject: rate for rate in self.rates}
        for subject in (
            ("key", thing.code),
            ("key", thing.tariff),
            ("category", thing.category),
            ("kind", thing.kind.value),
        ):
            if subject[1] is not None and (rate := rates.get((subject[0], subject[1]))):
                return rate
        return None


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource as the terms ask about it."""

    code: str
    kind: ResourceKind
    tariff: str | None = None
    category: str | None = None


@cache
def terms() -> tuple[CompensationTerms, ...]:
    """The lists of `config/damages`, read once; `terms.cache_clear()` reads them anew."""
    found = tuple(documents.read_folder(FOLDER, CompensationTerms))
    for i, one in enumerate(found):
        for other in found[:i]:
            if one.overlaps(other):
                raise BadDocument(
                    f"{other.code} and {one.code} are in force on the same day; end one first"
                )
    return found


def terms_on(lists: tuple[CompensationTerms, ...], day: date) -> CompensationTerms | None:
    """The list in force on that day, if any."""
    return next((one for one in lists if one.holds_on(day)), None)


def worth(found: CompensationTerms, thing: Thing, kind: DamageKind, quantity: int) -> Money:
    """What is proposed for so many broken or lost pieces; zero where the list is silent."""
    rate = found.rate_of(thing)
    if rate is None:
        return Money(0, found.currency)
    replacement = Money(rate.replacement, found.currency)
    if kind is DamageKind.LOST:
        return replacement.times(quantity)
    if rate.repair is not None:
        return Money(rate.repair, found.currency).times(quantity)
    return replacement.times((rate.repair_percent or Decimal(0)) / 100 * quantity)


def hours_late(due: datetime, returned: datetime, grace: timedelta) -> int:
    """Hours begun after the grace; within it, and exactly at its end, none."""
    late = returned - (due + grace)
    return max(-(-late // HOUR), 0)


def lateness(found: CompensationTerms, thing: Thing, piece_hours: int) -> Money:
    """What so many hours, times pieces, are worth."""
    rate = found.rate_of(thing)
    return Money(rate.late_per_hour if rate else 0, found.currency).times(piece_hours)
