"""What a line costs: picks the rate, counts what is used, explains itself in both languages.

How much is used of each measure:

- session (buổi): every 4.5 hours begun (the published hall lists: "a session is at most 4.5 h");
- hour: exactly as long as it lasts, 1 h 15 is 1.25 hours;
- day: every 24 hours begun;
- half day: two for every 24 hours; of what is left over, one for up to 5 hours, else two. A half-
  day rate used for a full day charges two half days;
- event: one, however long;
- Mbps-day: the circuit's Mbps × days.

Where a thing has several rates, the renter pays the cheapest for the period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from billing.agreed import AgreedRate
from billing.errors import NoPrice
from billing.money import GAP, Money
from billing.tariff import Measure, Rate, Tariff
from rental.models import ResourceKind, UnitClass
from rental.period import Period

SESSION = timedelta(hours=4, minutes=30)
# Half of the Centre's opening day (08:00–18:00).
HALF_DAY = timedelta(hours=5)
DAY = timedelta(days=1)

MEASURES = {
    Measure.SESSION: ("buổi", "session"),
    Measure.HOUR: ("giờ", "hour"),
    Measure.HALF_DAY: ("nửa ngày", "half day"),
    Measure.DAY: ("ngày", "day"),
    Measure.EVENT: ("sự kiện", "event"),
    Measure.MBPS_DAY: ("Mbps × ngày", "Mbps-day"),
}
_CLASSES = {
    UnitClass.POLITICAL: ("giá nhiệm vụ chính trị", "political duty rate"),
    UnitClass.PARTNER: ("giá đơn vị phối hợp", "partner rate"),
    UnitClass.OTHER: ("giá phổ thông", "standard rate"),
}


@dataclass(frozen=True, slots=True)
class Rented:
    """What is to be priced: `quantity` of a resource for a period."""

    code: str
    kind: ResourceKind
    period: Period
    quantity: int = 1
    tariff: str | None = None
    mbps: int | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of a line and how it came about."""

    measure: Measure
    # How many measures each piece uses; a whole number but for hours.
    units: Fraction
    quantity: int
    unit_price: Money
    amount: Money
    tax_inclusive: bool
    service: str
    explanation: str
    explanation_en: str
    tariff: str
    sample: bool

    @property
    def measured(self) -> Decimal:
        """Pieces × measures, to four digits: the quantity that an invoice prints."""
        exact = self.units * self.quantity
        return round(Decimal(exact.numerator) / Decimal(exact.denominator), 4)


def price(
    tariffs: Sequence[Tariff],
    unit_class: UnitClass,
    rented: Rented,
    day: date,
    agreed: AgreedRate | None = None,
) -> Priced:
    """The price by the lists in force on `day`; raises NoPrice where none prices it.

    What is agreed with the unit replaces its class and takes the discount off the unit price.
    A rate of the resource's own code goes before one of its tariff key, and that before its kind's.
    """
    in_force = [tariff for tariff in tariffs if tariff.holds_on(day)]
    for subject in (rented.code, rented.tariff, f"kind:{rented.kind.value}"):
        found = [
            _priced(tariff, rate, unit_class, rented, agreed)
            for tariff in in_force
            for rate in _fitting(tariff.rates_for(subject) if subject else [], rented)
        ]
        if found:
            return min(found, key=lambda priced: priced.amount.minor)
    raise NoPrice(
        "No tariff in force on {day} prices {resource}; ask finance to add a rate for it or for "
        "its kind ({kind}).",
        words={"day": f"{day:%d/%m/%Y}", "kind": rented.kind},
        resource=rented.code,
        day=day.isoformat(),
    )


def units_of(measure: Measure, duration: timedelta, mbps: int | None = None) -> Fraction:
    """How many of the measure one piece uses in that time."""
    match measure:
        case Measure.SESSION:
            return _begun(duration, SESSION)
        case Measure.HOUR:
            return Fraction(duration // timedelta(microseconds=1), 3_600_000_000)
        case Measure.HALF_DAY:
            days, rest = divmod(duration, DAY)
            return Fraction(2 * days + (rest > timedelta(0)) + (rest > HALF_DAY))
        case Measure.DAY:
            return _begun(duration, DAY)
        case Measure.EVENT:
            return Fraction(1)
        case Measure.MBPS_DAY:
            return (mbps or 1) * _begun(duration, DAY)


def _begun(duration: timedelta, length: timedelta) -> Fraction:
    return Fraction(-(-duration // length))


def _fitting(rates: list[Rate], rented: Rented) -> list[Rate]:
    """Rates by Mbps are for circuits that say theirs, and then no other fits."""
    metered = [rate for rate in rates if rate.per is Measure.MBPS_DAY]
    if rented.mbps and metered:
        return metered
    return [rate for rate in rates if rate not in metered] or rates


def _priced(
    tariff: Tariff, rate: Rate, unit_class: UnitClass, rented: Rented, agreed: AgreedRate | None
) -> Priced:
    units = units_of(rate.per, rented.period.duration, rented.mbps)
    if agreed is not None and agreed.rate_class is not None:
        unit_class = agreed.rate_class
    unit_price = Money(rate.prices[unit_class], tariff.currency)
    class_vi, class_en = _CLASSES[unit_class]
    if agreed is not None:
        unit_price = agreed.taken_off(unit_price)
        said_vi, said_en = agreed.said()
        class_vi, class_en = class_vi + said_vi, class_en + said_en
    vi, en = _explained(rate.per, units, rented.quantity, unit_price)
    return Priced(
        measure=rate.per,
        units=units,
        quantity=rented.quantity,
        unit_price=unit_price,
        amount=unit_price.times(units * rented.quantity),
        tax_inclusive=tariff.tax_inclusive,
        service=rate.service,
        explanation=f"{vi}, {class_vi}",
        explanation_en=f"{en}, {class_en}",
        tariff=tariff.code,
        sample=tariff.sample,
    )


def _explained(measure: Measure, units: Fraction, quantity: int, price: Money) -> tuple[str, str]:
    """`3 × 2 sessions × 7 000 000 đ` in Vietnamese and English."""
    vi, en = MEASURES[measure]
    number = f"{round(Decimal(units.numerator) / units.denominator, 2).normalize():f}"
    plural = "" if units == 1 else "s"
    pieces = f"{quantity} × " if quantity > 1 else ""
    return (
        f"{pieces}{number.replace('.', ',')} {vi} × {price.text()}",
        f"{pieces}{number} {en}{plural} × {price.text(GAP)}",
    )
