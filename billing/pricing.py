"""What a line costs: picks the rate, counts what is used, explains itself in both languages.

How much is used of each measure stands in `billing.measures`, what it comes to at which time in
`billing.portions`. Where a thing has several rates, the renter pays the cheapest for the period
among those that serve so long a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing import portions, price_words
from billing.agreed import AgreedRate
from billing.errors import AttendeesMissing, NoPrice, TooLongForPrice, UnknownAddOn
from billing.measures import units_of
from billing.money import Money, total
from billing.portions import Portion, Terms, Use
from billing.price_words import MEASURES
from billing.rates import AddOn, Kit, Measure, Rate
from billing.tariff import Tariff
from config.clock import LOCAL
from rental.models import ResourceKind, UnitClass
from rental.period import Period

__all__ = ["MEASURES", "Priced", "Rented", "price", "units_of"]


@dataclass(frozen=True, slots=True)
class Rented:
    """What is to be priced: `quantity` of a resource for a period."""

    code: str
    kind: ResourceKind
    period: Period
    quantity: int = 1
    tariff: str | None = None
    mbps: int | None = None
    # How many will come, where somebody has said so.
    attendees: int | None = None
    add_ons: tuple[str, ...] = ()
    # Of a kit that is priced by its parts, with the pieces of one kit.
    parts: tuple["Rented", ...] = ()
    zone: ZoneInfo = LOCAL


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
    # Whether it hangs on how many will come.
    by_attendees: bool = False

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
    Raises AttendeesMissing, TooLongForPrice and UnknownAddOn: whoever asks can cure them.
    """
    if agreed is not None and agreed.rate_class is not None:
        unit_class = agreed.rate_class
    in_force = [Terms(tariff, unit_class, agreed) for tariff in tariffs if tariff.holds_on(day)]
    for subject in (rented.code, rented.tariff, f"kind:{rented.kind.value}"):
        if subject is None:
            continue
        for terms in in_force:
            for kit in terms.tariff.kits:
                if kit.key == subject:
                    return _kit(terms, kit, rented)
        found = _rated(in_force, subject, rented)
        if found:
            return min(found, key=lambda priced: priced.amount.minor)
    raise NoPrice(
        "No tariff in force on {day} prices {resource}; ask finance to add a rate for it or for "
        "its kind ({kind}).",
        words={"day": f"{day:%d/%m/%Y}", "kind": rented.kind},
        resource=rented.code,
        day=day.isoformat(),
    )


def add_ons_for(tariffs: Iterable[Tariff], rented: Rented, day: date) -> list[AddOn]:
    """What can be asked for with a resource on a day: what the list offers that prices it."""
    in_force = [tariff for tariff in tariffs if tariff.holds_on(day)]
    for subject in (rented.code, rented.tariff, f"kind:{rented.kind.value}"):
        for tariff in in_force:
            if subject is not None and tariff.prices(subject):
                return tariff.add_ons_for(rented.code, rented.tariff, rented.kind)
    return []


def is_priced_by_parts(tariffs: Iterable[Tariff], code: str, key: str | None) -> bool:
    """Whether some list prices this kit by its parts."""
    return any(tariff.kit_for(code, key) is not None for tariff in tariffs)


def _rated(in_force: Sequence[Terms], subject: str, rented: Rented) -> list[Priced]:
    """The price by every rate of the subject that serves; raises where all serve less time."""
    rates = [
        (terms, rate)
        for terms in in_force
        for rate in _fitting(terms.tariff.rates_for(subject), rented)
    ]
    serving = [(terms, rate) for terms, rate in rates if _serves(rate, rented)]
    if rates and not serving:
        longest = max(rate.maximum_minutes or 0 for _terms, rate in rates)
        hours = f"{round(Decimal(longest) / 60, 2).normalize():f}"
        raise TooLongForPrice(
            "{resource} is rented out for {hours} hours at most; shorten the line or split it.",
            resource=rented.code,
            hours=hours,
        )
    return [_priced(terms, rate, rented) for terms, rate in serving]


def _serves(rate: Rate, rented: Rented) -> bool:
    longest = rate.maximum_minutes
    return longest is None or rented.period.duration <= timedelta(minutes=longest)


def _fitting(rates: list[Rate], rented: Rented) -> list[Rate]:
    """Rates by Mbps are for circuits that say theirs, and then no other fits."""
    metered = [rate for rate in rates if rate.per is Measure.MBPS_DAY]
    if rented.mbps and metered:
        return metered
    return [rate for rate in rates if rate not in metered] or rates


def _priced(terms: Terms, rate: Rate, rented: Rented) -> Priced:
    _require_counted(rate.per, rented)
    use = Use(rented.period, rented.zone, rented.attendees, rented.mbps)
    found = portions.of(terms, rate, use) + _added(terms, rented)
    sentences = [
        price_words.of_portions(found, rented.quantity),
        price_words.of_class(terms.unit_class, terms.agreed),
    ]
    if use.at_least(rate.minimum_minutes) is not use:
        sentences.append(price_words.of_minimum(rate.minimum_minutes or 0))
    return _whole(terms, found, rented.quantity, rate.service, price_words.joined(*sentences))


def _whole(
    terms: Terms, found: Sequence[Portion], quantity: int, service: str, said: tuple[str, str]
) -> Priced:
    """One portion as it is; several as a lump sum, so that quantity × price is the amount."""
    amount = total((one.amount(quantity) for one in found), terms.tariff.currency)
    measure, units, price = found[0].measure, found[0].units, found[0].unit_price
    if len(found) > 1:
        measure, units, price, quantity = Measure.LUMP_SUM, Fraction(1), amount, 1
    return Priced(
        measure=measure,
        units=units,
        quantity=quantity,
        unit_price=price,
        amount=amount,
        tax_inclusive=terms.tariff.tax_inclusive,
        service=service,
        explanation=said[0],
        explanation_en=said[1],
        tariff=terms.tariff.code,
        sample=terms.tariff.sample,
        by_attendees=any(one.measure is Measure.ATTENDEE for one in found),
    )


def _kit(terms: Terms, kit: Kit, rented: Rented) -> Priced:
    """What the parts of one kit cost by the same list, and a percentage of it."""
    parts = [(part, _part(terms, part)) for part in rented.parts]
    if not parts:
        raise NoPrice(
            "{resource} is priced by its parts and has none; ask the desk to enter them.",
            resource=rented.code,
        )
    one_kit = total(priced.amount for _part, priced in parts).times(Fraction(kit.percent, 100))
    added = _added(terms, rented)
    named = [(part.code, part.quantity, priced.amount) for part, priced in parts]
    whole = Portion(Measure.LUMP_SUM, Fraction(1), one_kit)
    said = price_words.joined(
        price_words.of_portions([whole, *added], rented.quantity),
        price_words.of_kit(named, kit.percent),
        price_words.of_class(terms.unit_class, terms.agreed),
    )
    found = _whole(terms, [whole, *added], rented.quantity, kit.service, said)
    by_attendees = found.by_attendees or any(priced.by_attendees for _part, priced in parts)
    return replace(found, by_attendees=by_attendees)


def _part(terms: Terms, part: Rented) -> Priced:
    for subject in (part.code, part.tariff, f"kind:{part.kind.value}"):
        found = _rated([terms], subject, part) if subject else []
        if found:
            return min(found, key=lambda priced: priced.amount.minor)
    raise NoPrice(
        "The list {tariff} prices a kit by its parts, but not its part {resource}; ask finance to "
        "add a rate for it.",
        tariff=terms.tariff.code,
        resource=part.code,
    )


def _require_counted(measure: Measure, rented: Rented) -> None:
    """Refuse a price that hangs on people nobody has counted."""
    if measure is Measure.ATTENDEE and rented.attendees is None:
        raise AttendeesMissing(
            "{resource} is priced per attendee; say how many will come.", resource=rented.code
        )


def _added(terms: Terms, rented: Rented) -> list[Portion]:
    """What was asked for with the line, each a portion with its name; raises UnknownAddOn."""
    if not rented.add_ons:
        return []
    offered = {
        add_on.code: add_on
        for add_on in terms.tariff.add_ons_for(rented.code, rented.tariff, rented.kind)
    }
    unknown = [code for code in rented.add_ons if code not in offered]
    if unknown:
        raise UnknownAddOn(
            "{add_on} cannot be had with {resource}; choose among: {offered}.",
            add_on=unknown[0],
            resource=rented.code,
            offered=", ".join(sorted(offered)) or "–",
        )
    return [_add_on(terms, offered[code], rented) for code in dict.fromkeys(rented.add_ons)]


def _add_on(terms: Terms, add_on: AddOn, rented: Rented) -> Portion:
    _require_counted(add_on.per, rented)
    units = units_of(add_on.per, rented.period.duration)
    if add_on.per is Measure.ATTENDEE:
        units *= rented.attendees or 0
    return Portion(add_on.per, units, terms.off(add_on.prices[terms.unit_class]), (add_on.title,))
