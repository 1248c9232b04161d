"""What an agreement changes about a price: the class whose rates count, and what is taken off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billing.money import Money
from rental import agreements
from rental.models import Agreement, Unit, UnitClass


@dataclass(frozen=True, slots=True)
class AgreedRate:
    """The rates of one agreement, from a first to a last day, both included."""

    number: str
    valid_from: date
    valid_to: date | None
    rate_class: UnitClass | None = None
    discount_percent: Decimal = Decimal(0)

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def taken_off(self, price: Money) -> Money:
        """The price less the discount: the one place where that is rounded, half up."""
        return price.times(Fraction(100 - self.discount_percent) / 100)

    @property
    def mark(self) -> str:
        """Number, class and discount as one word: prices by two of the same mark are the same."""
        rate_class = self.rate_class.value if self.rate_class else ""
        return f"{self.number}|{rate_class}|{self.discount_percent.normalize():f}"

    def said(self) -> tuple[str, str]:
        """What stands behind the class in an explanation, in Vietnamese and English."""
        vi, en = f" theo thỏa thuận {self.number}", f" by agreement {self.number}"
        if self.discount_percent:
            percent = f"{self.discount_percent.normalize():f}"
            vi += f", giảm {percent.replace('.', ',')} %"
            en += f", {percent} % off"
        return vi, en


def rates_of(found: Iterable[Agreement]) -> tuple[AgreedRate, ...]:
    """Those of these agreements that give rates."""
    return tuple(
        AgreedRate(
            each.number, each.valid_from, each.valid_to, each.rate_class, each.discount_percent
        )
        for each in found
        if agreements.gives_rates(each)
    )


def of_unit(unit: Unit, days: Sequence[date]) -> tuple[AgreedRate, ...]:
    """What is agreed with a unit for these days: one query, none without days."""
    if not days:
        return ()
    return rates_of(agreements.between(unit.id, min(days), max(days)))


def on(rates: Sequence[AgreedRate], day: date) -> AgreedRate | None:
    """The one that holds on a day, if any."""
    return next((rate for rate in rates if rate.holds_on(day)), None)
