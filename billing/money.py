"""Money: whole minor units and a currency. The đồng has no minor digits, so 1 minor is 1 đồng.

All rounding of the floor happens in `half_up`; all sharing in `share`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.errors import CurrencyMismatch

# A no-break space keeps a figure on one line.
GAP = "\N{NO-BREAK SPACE}"

Ratio = int | Decimal | Fraction


def half_up(exact: Ratio) -> int:
    """The nearest whole number; a half goes away from zero (ROUND_HALF_UP)."""
    value = Fraction(exact)
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def share(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Whole numbers near `exact` that add up to `total` (largest remainder, the earlier first).

    `total` must be the sum of `exact`, rounded. The same input always gives the same shares.
    """
    floors = [part.numerator // part.denominator for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in by_remainder[: total - sum(floors)]:
        floors[i] += 1
    return floors


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str = "VND"

    def __add__(self, other: "Money") -> "Money":
        """The sum; amounts of two currencies are refused."""
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """The difference; amounts of two currencies are refused."""
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        """The same amount the other way."""
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        """Whether it is less."""
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        """Whether it is not more."""
        return self.minor <= self._same(other).minor

    def __bool__(self) -> bool:
        """Whether it is anything but zero."""
        return self.minor != 0

    def times(self, ratio: Ratio) -> "Money":
        """The amount × ratio, rounded half up to a whole minor unit."""
        return Money(half_up(self.minor * Fraction(ratio)), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to `weights` that add up to the whole, to the đồng.

        With weights that sum to zero the parts are as equal as they can be.
        """
        if not weights:
            return []
        if sum(weights) == 0:
            weights = [1] * len(weights)
        exact = [Fraction(self.minor * weight, sum(weights)) for weight in weights]
        return [Money(minor, self.currency) for minor in share(self.minor, exact)]

    def as_json(self) -> dict[str, int | str]:
        """The form of the JSON API: `{"minor": 9000000, "currency": "VND"}`."""
        return {"minor": self.minor, "currency": self.currency}

    def text(self, separator: str = ".") -> str:
        """The amount in figures as Vietnam writes it: `1.500.000 đ`."""
        sign = "đ" if self.currency == "VND" else self.currency
        return f"{self.minor:,}".replace(",", separator) + GAP + sign

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyMismatch(
                "{one} and {other} cannot be reckoned together; convert one of them first.",
                one=self.currency,
                other=other.currency,
            )
        return other


def total(amounts: Iterable[Money], currency: str = "VND") -> Money:
    """The sum of the amounts; nothing adds up to zero of `currency`."""
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result if result is not None else Money(0, currency)
