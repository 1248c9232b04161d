"""What a rate comes to for a period: portions, each of so many units at one price. All pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing import measures, rates
from billing.agreed import AgreedRate
from billing.measures import Edges, Run
from billing.money import Money, total
from billing.rates import Measure, Rate, Special, Title
from billing.tariff import Tariff
from rental import holidays
from rental.models import UnitClass
from rental.period import Period

OVER_TIME = Title(vi="ngoài giờ", en="over-time")
WEEKEND = Title(vi="cuối tuần", en="weekend")
HOLIDAY = Title(vi="ngày lễ", en="public holiday")


@dataclass(frozen=True, slots=True)
class Portion:
    """So many units of a measure at one price, and what is special about them."""

    measure: Measure
    units: Fraction
    unit_price: Money
    labels: tuple[Title, ...] = ()

    def amount(self, quantity: int) -> Money:
        """What it comes to for so many pieces."""
        return self.unit_price.times(self.units * quantity)


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose prices count: a list, a class of unit and what is agreed with the unit."""

    tariff: Tariff
    unit_class: UnitClass
    agreed: AgreedRate | None = None

    def off(self, minor: int) -> Money:
        """A price of the list, less what is agreed."""
        price = Money(minor, self.tariff.currency)
        return self.agreed.taken_off(price) if self.agreed is not None else price


@dataclass(frozen=True, slots=True)
class Use:
    """What is used of a thing: when, on which wall clock, by how many, at how many Mbps."""

    period: Period
    zone: ZoneInfo
    attendees: int | None = None
    mbps: int | None = None

    def at_least(self, minutes: int | None) -> "Use":
        """The same, lengthened to the shortest time that is charged."""
        shortest = timedelta(minutes=minutes or 0)
        if self.period.duration >= shortest:
            return self
        starts_at = self.period.starts_at
        period = Period(starts_at, starts_at + shortest)
        return Use(period, self.zone, self.attendees, self.mbps)


def of(terms: Terms, rate: Rate, use: Use) -> list[Portion]:
    """The portions of one piece, in the order in which they come; at least one."""
    use = use.at_least(rate.minimum_minutes)
    edges = _edges(terms.tariff, use.zone) if rate.special else None
    counted = measures.counted(rate, use.period, use.mbps, edges)
    if edges is None and not counted.tails and len(counted.runs) == 1:
        # Nearly every line: one measure at one price.
        price = terms.off(rate.prices[terms.unit_class])
        units = counted.runs[0].units * _people(rate.per, use)
        return [Portion(rate.per, units, price)]
    found = [_portion(terms, rate, run, use) for run in counted.runs]
    for halves, instead in counted.tails:
        over_time = _joined(_half_hour(terms, rate, run, use) for run in halves)
        one_more = _portion(terms, rate, instead, use)
        cheaper = total(one.amount(1) for one in over_time) < one_more.amount(1)
        found += over_time if cheaper else [one_more]
    return _joined(found)


def _people(measure: Measure, use: Use) -> int:
    return (use.attendees or 0) if measure is Measure.ATTENDEE else 1


def _edges(tariff: Tariff, zone: ZoneInfo) -> Edges:
    return Edges({time(0), *(end for window in tariff.windows for end in window.ends)}, zone)


def _portion(terms: Terms, rate: Rate, run: Run, use: Use) -> Portion:
    minor = rate.prices[terms.unit_class]
    units = run.units * _people(rate.per, use)
    special = _special(terms.tariff, rate, run.starts_at, use.zone)
    if special is None:
        return Portion(run.measure, units, terms.off(minor))
    if special.prices is not None:
        minor = special.prices[terms.unit_class]
    percent = 100 if special.percent is None else special.percent
    price = terms.off(minor).times(Fraction(percent, 100))
    return Portion(run.measure, units, price, _labels(terms.tariff, special))


def _half_hour(terms: Terms, rate: Rate, run: Run, use: Use) -> Portion:
    """Over-time bears the percentage of its time; an own price speaks of whole units only."""
    minor = rate.over_time.prices[terms.unit_class] if rate.over_time is not None else 0
    special = _special(terms.tariff, rate, run.starts_at, use.zone)
    if special is None or special.percent is None:
        return Portion(run.measure, run.units, terms.off(minor), (OVER_TIME,))
    price = terms.off(minor).times(Fraction(special.percent, 100))
    labels = (OVER_TIME, *_labels(terms.tariff, special))
    return Portion(run.measure, run.units, price, labels)


def _special(tariff: Tariff, rate: Rate, at: datetime, zone: ZoneInfo) -> Special | None:
    """The first special price that fits the moment."""
    local = at.astimezone(zone)
    for special in rate.special:
        if special.day == "holiday" and holidays.on(local.date()) is None:
            continue
        if special.day == "weekend" and not rates.is_weekend(local.date(), tariff.weekend):
            continue
        window = next((one for one in tariff.windows if one.code == special.window), None)
        if window is None or window.includes(local.time()):
            return special
    return None


def _labels(tariff: Tariff, special: Special) -> tuple[Title, ...]:
    found = {"weekend": WEEKEND, "holiday": HOLIDAY}
    labels = [found[special.day]] if special.day else []
    labels += [window.title for window in tariff.windows if window.code == special.window]
    if special.percent is not None:
        percent = f"{special.percent}\N{NO-BREAK SPACE}%"
        labels.append(Title(vi=percent, en=percent))
    return tuple(labels)


def _joined(portions: Iterable[Portion]) -> list[Portion]:
    """Equal prices together, in the order of their first appearance."""
    units: dict[tuple[Measure, Money, tuple[Title, ...]], Fraction] = {}
    for one in portions:
        key = (one.measure, one.unit_price, one.labels)
        units[key] = units.get(key, Fraction(0)) + one.units
    return [
        Portion(measure, count, price, labels) for (measure, price, labels), count in units.items()
    ]
