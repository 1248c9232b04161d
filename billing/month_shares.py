"""What of a promised price each calendar month bears. All pure.

A month bears the units of the tariff that begin in it: with a price by the day, every 24 hours
begun. What has no length of its own (an event, a lump sum) is shared by the day. Shares are taken
of the running sum, so that they add up to the price to the đồng.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing import measures
from billing.money import Money
from billing.rates import Measure
from rental.period import Period

BY_LENGTH = frozenset({Measure.HOUR, Measure.HALF_HOUR, Measure.SESSION, Measure.HALF_DAY})
LAST_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Share:
    """One month of a rental: when, how many units of all, and what of the price."""

    first: date
    period: Period
    units: Fraction
    of: Fraction
    amount: Money

    def quantity(self, measured: Decimal) -> Decimal:
        """The part of a measured quantity that falls into the month, with four digits."""
        exact = Fraction(measured) * self.units / self.of
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
            Decimal("0.0001"), ROUND_HALF_UP
        )


def months(rented: Period, zone: ZoneInfo) -> Iterator[tuple[date, Period]]:
    """The calendar months of a rental on the clock of its site, each with its part of it."""
    first = rented.starts_at.astimezone(zone).date().replace(day=1)
    starts_at = rented.starts_at
    while starts_at < rented.ends_at:
        after = following(first)
        ends_at = min(_midnight(after, zone), rented.ends_at)
        yield first, Period(starts_at, ends_at)
        first, starts_at = after, ends_at


def is_over_months(rented: Period, zone: ZoneInfo) -> bool:
    """Whether it lies in more than one calendar month."""
    ends = (rented.ends_at - LAST_MOMENT).astimezone(zone)
    starts = rented.starts_at.astimezone(zone)
    return (starts.year, starts.month) != (ends.year, ends.month)


def shares(rented: Period, zone: ZoneInfo, measure: Measure, price: Money) -> list[Share]:
    """The share of each month; they add up to the price."""
    rule = measure if measure in BY_LENGTH else Measure.DAY
    whole = measures.units_of(rule, rented.duration)
    found: list[Share] = []
    before, paid = Fraction(0), Money(0, price.currency)
    for first, period in months(rented, zone):
        until = min(whole, measures.units_of(rule, period.ends_at - rented.starts_at))
        if period.ends_at == rented.ends_at:
            until = whole
        sum_now = price.times(until / whole)
        found.append(Share(first, period, until - before, whole, sum_now - paid))
        before, paid = until, sum_now
    return found


def following(first: date) -> date:
    """The first of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
