"""What a booking would cost: writes nothing. Only what is agreed with the unit is looked up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing import agreed as agreed_rates
from billing import money, pricing, vat
from billing.agreed import AgreedRate
from billing.money import Money
from billing.pricing import Priced, Rented
from billing.tariff import tariffs
from billing.vat import Taxable, Taxed, VatGroup
from config.clock import LOCAL
from rental.models import Booking, Line, Resource, Unit, UnitClass
from rental.period import Period


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line with its price, its tax and how the price came about."""

    rented: Rented
    priced: Priced
    taxed: Taxed

    def as_json(self) -> dict[str, Any]:
        """The form of the JSON API."""
        return {
            "resource": self.rented.code,
            "quantity": self.rented.quantity,
            "starts_at": self.rented.period.starts_at.isoformat(),
            "ends_at": self.rented.period.ends_at.isoformat(),
            "measure": self.priced.measure.value,
            "measured": f"{self.priced.measured.normalize():f}",
            "unit_price": self.priced.unit_price.as_json(),
            "tax_inclusive": self.priced.tax_inclusive,
            "explanation": self.priced.explanation_en,
            "explanation_vi": self.priced.explanation,
            "tariff": self.priced.tariff,
            "sample": self.priced.sample,
            "net": self.taxed.net.as_json(),
            "vat": self.taxed.vat.as_json(),
            "vat_code": self.taxed.code.value,
            "total": self.taxed.total.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """What a booking would cost on the tax date, by the lists in force."""

    lines: tuple[QuoteLine, ...]
    tax_date: date
    # Whose it is; what is asked in advance hangs on it.
    unit_class: UnitClass | None = None

    @property
    def net(self) -> Money:
        """Without tax."""
        return money.total(line.taxed.net for line in self.lines)

    @property
    def vat(self) -> list[VatGroup]:
        """The tax by code."""
        return vat.groups([line.taxed for line in self.lines])

    @property
    def total(self) -> Money:
        """Net and tax."""
        return money.total(line.taxed.total for line in self.lines)

    @property
    def sample(self) -> bool:
        """Whether any price comes from a sample list."""
        return any(line.priced.sample for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """The form of the JSON API."""
        return {
            "lines": [line.as_json() for line in self.lines],
            "net": self.net.as_json(),
            "vat": [group.as_json() for group in self.vat],
            "total": self.total.as_json(),
            "tax_date": self.tax_date.isoformat(),
            "sample": self.sample,
        }


def quote(
    unit_class: UnitClass,
    wanted: Sequence[Rented],
    *,
    on: date | None = None,
    agreed: Sequence[AgreedRate] = (),
) -> Quote:
    """What these lines would cost a unit of that class; raises NoPrice or NoVatRate.

    What is `agreed` with the unit counts for each line that starts on its days.
    Each line is priced by the lists in force on the local day it starts, or on `on`. The tax is
    that of the day on which the last line ends: the service is complete then.
    """
    if not wanted:
        return Quote((), on or date.min)
    tax_date = max(last_day(one.period) for one in wanted)
    lists, rates = tariffs(), vat.rates()
    priced = []
    for one in wanted:
        day = on or first_day(one.period)
        priced.append(pricing.price(lists, unit_class, one, day, agreed_rates.on(agreed, day)))
    codes = {
        service: vat.code_on(rates, service, tax_date) for service in {p.service for p in priced}
    }
    taxed = vat.tax([Taxable(p.amount, codes[p.service], p.tax_inclusive) for p in priced])
    lines = (QuoteLine(*one) for one in zip(wanted, priced, taxed, strict=True))
    return Quote(tuple(lines), tax_date, unit_class)


@dataclass(frozen=True, slots=True)
class Renter:
    """Whose rates count: the class of a unit, and what is agreed with it for some days."""

    unit_class: UnitClass
    agreed: tuple[AgreedRate, ...] = ()

    def quote(self, wanted: Sequence[Rented]) -> Quote:
        """What these lines would cost; raises NoPrice or NoVatRate."""
        return quote(self.unit_class, wanted, agreed=self.agreed)


def renter(unit: Unit, periods: Iterable[Period]) -> Renter:
    """The unit as pricing takes it, for lines of these periods: one query for all of them."""
    days = [first_day(period) for period in periods]
    return Renter(unit.unit_class, agreed_rates.of_unit(unit, days))


def for_unit(unit: Unit, wanted: Sequence[Rented]) -> Quote:
    """What these lines would cost the unit, by its class and by what is agreed with it."""
    return renter(unit, [one.period for one in wanted]).quote(wanted)


def for_lines(booking: Booking, lines: Sequence[Line]) -> Quote:
    """The quote of some lines of a booking."""
    return for_unit(booking.unit, [rented_by(line) for line in lines])


def for_booking(booking: Booking) -> Quote:
    """The quote of a booking as it stands."""
    return for_lines(booking, booking.lines)


def total_of(bookings: Iterable[Booking]) -> Money:
    """What several bookings cost, each quoted by itself."""
    return money.total(for_booking(booking).total for booking in bookings)


def rented(
    resource: Resource,
    period: Period,
    quantity: int = 1,
    attendees: int | None = None,
    add_ons: Sequence[str] = (),
) -> Rented:
    """A resource as pricing takes it; of a kit that is priced by its parts, with them."""
    by_parts = pricing.is_priced_by_parts(tariffs(), resource.code, resource.tariff)
    parts = resource.parts if by_parts else ()
    return Rented(
        code=resource.code,
        kind=resource.kind,
        period=period,
        quantity=quantity,
        tariff=resource.tariff,
        mbps=resource.mbps,
        attendees=attendees,
        add_ons=tuple(add_ons),
        parts=tuple(rented(part.part, period, part.quantity, attendees) for part in parts),
        zone=resource.site.tzinfo,
    )


def rented_by(line: Line) -> Rented:
    """A booking's line as pricing takes it."""
    period = Period(line.starts_at, line.ends_at)
    return rented(line.resource, period, line.quantity, line.booking.attendees)


def first_day(period: Period) -> date:
    """The local calendar day on which it starts."""
    return period.starts_at.astimezone(LOCAL).date()


def last_day(period: Period) -> date:
    """The local calendar day on which it ends."""
    return period.ends_at.astimezone(LOCAL).date()
