"""Deposit: what a unit pays before its event, by dated terms read from `config/deposits`. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from billing.money import GAP, Money
from billing.quotes import Quote, first_day
from billing.tariff import Title
from config import clock, documents
from config.documents import BadDocument
from config.validity import Dated
from rental.models import ResourceKind, Unit, UnitClass

FOLDER = documents.HOME / "deposits"


class DepositRule(BaseModel):
    """Who owes which part in advance; an empty list of classes or kinds fits all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit_classes: tuple[UnitClass, ...] = ()
    # Fits where any line rents something of these kinds.
    kinds: tuple[ResourceKind, ...] = ()
    # The quoted total with VAT, in minor units, from which on it fits.
    at_least: int = Field(default=0, ge=0)
    percent: Decimal = Field(ge=0, le=100)
    due_days_before: int = Field(default=0, ge=0, le=366)
    # The amount is rounded up to whole thousands, say, and never beyond the total.
    rounded_to: int = Field(default=1, ge=1)

    def fits(self, unit_class: UnitClass, kinds: Collection[ResourceKind], total: Money) -> bool:
        """Whether the rule speaks of this unit, these things and this total."""
        return (
            (not self.unit_classes or unit_class in self.unit_classes)
            and (not self.kinds or any(kind in kinds for kind in self.kinds))
            and total.minor >= self.at_least
        )


class DepositTerms(Dated):
    """One dated set of rules with the decision behind it; the first that fits decides."""

    code: str
    title: Title
    decision: str
    source: str
    sample: bool = False
    currency: str = Field(default="VND", pattern="^[A-Z]{3}$")
    rules: tuple[DepositRule, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is to be paid in advance, until when, and why."""

    amount: Money
    due_on: date
    explanation: str
    explanation_en: str
    terms: str
    sample: bool

    def as_json(self) -> dict[str, Any]:
        """The form of the JSON API."""
        return {
            "amount": self.amount.as_json(),
            "due_on": self.due_on.isoformat(),
            "explanation": self.explanation_en,
            "explanation_vi": self.explanation,
            "terms": self.terms,
            "sample": self.sample,
        }


def asked(found: Sequence[DepositTerms], quote: Quote, on: date) -> Deposit | None:
    """What the terms in force on `on` ask for a quote in advance; None where they ask nothing.

    It is due `due_days_before` the local day on which the first line starts, but not before `on`.
    """
    if not quote.lines or quote.unit_class is None:
        return None
    held = next((terms for terms in found if terms.holds_on(on)), None)
    if held is None or held.currency != quote.total.currency:
        return None
    kinds = {line.rented.kind for line in quote.lines}
    fitting = (rule for rule in held.rules if rule.fits(quote.unit_class, kinds, quote.total))
    rule = next(fitting, None)
    amount = _part(quote.total, rule) if rule is not None else Money(0)
    if rule is None or not amount:
        return None
    begins = min(first_day(line.rented.period) for line in quote.lines)
    percent = f"{rule.percent.normalize():f}"
    total = quote.total
    return Deposit(
        amount=amount,
        due_on=max(begins - timedelta(days=rule.due_days_before), on),
        explanation=f"{percent.replace('.', ',')}{GAP}% của {total.text()}",
        explanation_en=f"{percent}% of {total.text(GAP)}",
        terms=held.code,
        sample=held.sample,
    )


def of(quote: Quote, on: date | None = None) -> Deposit | None:
    """What is asked in advance by the terms in force today, or on `on`."""
    return asked(terms(), quote, on or clock.today())


def due(quote: Quote, unit: Unit | None = None, on: date | None = None) -> Money | None:
    """The amount asked in advance, tax included; None where nothing is. For the unit quoted."""
    if unit is not None and quote.unit_class is not unit.unit_class:
        quote = replace(quote, unit_class=unit.unit_class)
    deposit = of(quote, on)
    return deposit.amount if deposit is not None else None


def _part(total: Money, rule: DepositRule) -> Money:
    exact = total.times(Fraction(rule.percent) / 100).minor
    rounded = -(-exact // rule.rounded_to) * rule.rounded_to
    return Money(min(rounded, total.minor), total.currency)


def require_no_overlap(found: Sequence[DepositTerms]) -> None:
    """Refuse two sets of terms in force on the same day; raises BadDocument."""
    for i, one in enumerate(found):
        for other in found[:i]:
            if one.overlaps(other):
                raise BadDocument(
                    f"deposit terms {other.code} and {one.code} are in force together; "
                    "end one before the other begins"
                )


@cache
def terms() -> tuple[DepositTerms, ...]:
    """The terms of `config/deposits`, read once; `terms.cache_clear()` reads them anew."""
    found = tuple(documents.read_folder(FOLDER, DepositTerms))
    require_no_overlap(found)
    return found
