"""Tariffs: dated price lists with a decision behind each, read from `config/tariffs`."""

from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config import documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import ResourceKind, UnitClass

FOLDER = documents.HOME / "tariffs"


class Measure(StrEnum):
    """What one price buys."""

    SESSION = "session"
    HOUR = "hour"
    HALF_DAY = "half_day"
    DAY = "day"
    EVENT = "event"
    MBPS_DAY = "mbps_day"


class Title(BaseModel):
    """A name in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str
    en: str


class Rate(BaseModel):
    """One price: of a resource or tariff key, or (`kind`) of everything of a kind without one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = None
    kind: ResourceKind | None = None
    per: Measure
    service: str
    # Minor units by class of unit.
    prices: dict[UnitClass, int] = Field(min_length=len(UnitClass))

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.key is None) == (self.kind is None):
            raise ValueError("a rate names either a key (resource or tariff key) or a kind")
        if any(price < 0 for price in self.prices.values()):
            raise ValueError("a price is below zero")
        return self

    @property
    def subject(self) -> str:
        """What it prices, as one word: kinds are kept apart from keys."""
        return f"kind:{self.kind.value}" if self.kind is not None else str(self.key)


class Tariff(Dated):
    """One dated price list."""

    code: str
    title: Title
    decision: str
    source: str
    # A sample stands for the Centre's own list, which is not published.
    sample: bool = False
    tax_inclusive: bool
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
    rates: tuple[Rate, ...]

    @model_validator(mode="after")
    def _each_price_once(self) -> Self:
        seen: set[tuple[str, Measure]] = set()
        for rate in self.rates:
            if (rate.subject, rate.per) in seen:
                raise ValueError(f"{rate.subject} per {rate.per} is priced twice")
            seen.add((rate.subject, rate.per))
        return self

    def rates_for(self, subject: str) -> list[Rate]:
        """The rates of one subject, in the list's order."""
        return [rate for rate in self.rates if rate.subject == subject]


def require_no_overlap(tariffs: tuple[Tariff, ...]) -> None:
    """Refuse two lists that price the same thing on the same day; raises BadDocument."""
    for i, tariff in enumerate(tariffs):
        for other in tariffs[:i]:
            if not tariff.overlaps(other):
                continue
            twice = {r.subject for r in tariff.rates} & {r.subject for r in other.rates}
            if twice:
                raise BadDocument(
                    f"tariffs {other.code} and {tariff.code} are in force together and both price "
                    f"{', '.join(sorted(twice))}; end one before the other begins"
                )


@cache
def tariffs() -> tuple[Tariff, ...]:
    """The lists of `config/tariffs`, read once; `tariffs.cache_clear()` reads them anew."""
    found = tuple(documents.read_folder(FOLDER, Tariff))
    require_no_overlap(found)
    return found
