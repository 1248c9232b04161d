"""What a booking costs: by what was promised, and else by the lists in force and what is agreed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing import agreed as agreed_rates
from billing import money, pricing, promises, reductions, vat
from billing.agreed import AgreedRate
from billing.errors import NoPrice, PriceRefused
from billing.models import PromisedPrice
from billing.money import Money
from billing.pricing import Priced, Rented
from billing.reductions import Reduction
from billing.tariff import tariffs
from billing.vat import Taxable, Taxed, VatGroup
from config import clock
from config.clock import LOCAL
from config.database import db
from rental.models import Booking, Line, Resource, Unit, UnitClass
from rental.period import Period


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line with its price, its tax and how the price came about."""

    rented: Rented
    priced: Priced
    taxed: Taxed
    # When it was promised; None where it is what the lists say now.
    promised_at: datetime | None = None
    # What approved discounts took off, in the terms of the price.
    discount: Money | None = None

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
            "add_ons": list(self.rented.add_ons),
            "discount": self.discount.as_json() if self.discount is not None else None,
            "price_of": (self.promised_on or clock.today()).isoformat(),
        }

    @property
    def promised_on(self) -> date | None:
        """The local day of whose prices it is, where it was promised."""
        return self.promised_at.astimezone(LOCAL).date() if self.promised_at else None


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
    lists = tariffs()
    priced = []
    for one in wanted:
        day = on or first_day(one.period)
        priced.append(pricing.price(lists, unit_class, one, day, agreed_rates.on(agreed, day)))
    return _taxed(unit_class, wanted, priced)


def _taxed(
    unit_class: UnitClass,
    wanted: Sequence[Rented],
    priced: Sequence[Priced],
    told: Sequence[tuple[datetime | None, Money | None]] = (),
) -> Quote:
    """The tax of priced lines: that of the day on which the last of them ends.

    `told` says of each line when it was promised and what was taken off it.
    """
    if not wanted:
        return Quote((), date.min, unit_class)
    tax_date = max(last_day(one.period) for one in wanted)
    rates = vat.rates()
    codes = {
        service: vat.code_on(rates, service, tax_date) for service in {p.service for p in priced}
    }
    taxed = vat.tax([Taxable(p.amount, codes[p.service], p.tax_inclusive) for p in priced])
    more = told or [(None, None)] * len(wanted)
    found = zip(wanted, priced, taxed, more, strict=True)
    lines = (QuoteLine(one, price, tax, *rest) for one, price, tax, rest in found)
    return Quote(tuple(lines), tax_date, unit_class)


@dataclass(frozen=True, slots=True)
class Renter:
    """Whose rates count: the class of a unit, and what is agreed with it for some days."""

    unit_class: UnitClass
    agreed: tuple[AgreedRate, ...] = ()

    def price(self, one: Rented) -> Priced:
        """What this line would cost by the lists in force when it starts; raises NoPrice."""
        day = first_day(one.period)
        found = agreed_rates.on(self.agreed, day)
        return pricing.price(tariffs(), self.unit_class, one, day, found)

    def mark(self, one: Rented) -> str:
        """What is agreed for this line, as a promise remembers it."""
        found = agreed_rates.on(self.agreed, first_day(one.period))
        return found.mark if found is not None else ""

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


def for_booking(booking: Booking) -> Quote:
    """The quote of a booking as it stands: what was promised, or what the lists say now."""
    return for_bookings([booking])[0]


def for_bookings(bookings: Sequence[Booking]) -> list[Quote]:
    """The quotes of several bookings, each by itself; what was promised is read at once."""
    promised = promises.of_bookings([booking.id for booking in bookings])
    reduced = reductions.of_bookings([booking.id for booking in bookings])
    return [
        _of_lines(one, list(_priced_lines(one, promised)), reduced.get(one.id, ()))
        for one in bookings
    ]


def full_prices(booking: Booking) -> list[tuple[Line, Priced]]:
    """The price of each line before any discount."""
    found = _priced_lines(booking, promises.of_bookings([booking.id]))
    return list(zip(booking.lines, (line.priced for line in found), strict=True))


@dataclass(frozen=True, slots=True)
class _PricedLine:
    rented: Rented
    priced: Priced
    promised_at: datetime | None
    # None for a line that is not booked yet.
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Payer:
    """A booking with what its lines rent, and whose rates count for them."""

    booking: Booking
    wanted: tuple[Rented, ...]
    renter: Renter
    # Whether what is agreed with the unit meanwhile still counts.
    is_asked: bool

    @classmethod
    def of(cls, booking: Booking, *, is_asked: bool | None = None) -> "_Payer":
        wanted = tuple(rented_by(line) for line in booking.lines)
        asked = promises.is_asked(booking) if is_asked is None else is_asked
        return cls(booking, wanted, renter(booking.unit, [one.period for one in wanted]), asked)

    def standing(self, promised: Mapping[int, PromisedPrice]) -> "list[_Standing]":
        """Each line with its promise, where that still holds."""
        found = []
        for line, one in zip(self.booking.lines, self.wanted, strict=True):
            kept = promised.get(line.id)
            agreed = self.renter.mark(one) if self.is_asked else None
            if kept is not None and not promises.holds(kept, line, agreed):
                kept = None
            found.append(_Standing(line, one, kept))
        return found


@dataclass(frozen=True, slots=True)
class _Standing:
    line: Line
    rented: Rented
    promise: PromisedPrice | None

    def is_same(self, one: Rented) -> bool:
        """Whether what is wanted is what was promised."""
        counted = self.promise.attendees if self.promise is not None else None
        mine, wanted = (
            (rented.code, rented.period, rented.quantity, rented.add_ons)
            for rented in (self.rented, one)
        )
        return mine == wanted and counted in (None, one.attendees)


def _priced_lines(booking: Booking, promised: Mapping[int, PromisedPrice]) -> Iterator[_PricedLine]:
    payer = _Payer.of(booking)
    for each in payer.standing(promised):
        if each.promise is not None:
            priced = promises.price_of(each.promise)
            yield _PricedLine(each.rented, priced, each.promise.promised_at, each.line.id)
        else:
            priced = payer.renter.price(each.rented)
            yield _PricedLine(each.rented, priced, None, each.line.id)


def foreseen(booking: Booking, wanted: Sequence[Rented]) -> Quote:
    """What the booking would cost with these lines; those it has already keep what was promised."""
    payer = _Payer.of(booking)
    left = [each for each in payer.standing(promises.of_bookings([booking.id])) if each.promise]
    renting = renter(booking.unit, [one.period for one in wanted])
    lines: list[_PricedLine] = []
    for one in wanted:
        same = next((each for each in left if each.is_same(one)), None)
        if same is not None and same.promise is not None:
            left.remove(same)
            priced = promises.price_of(same.promise)
            lines.append(_PricedLine(one, priced, same.promise.promised_at, same.line.id))
        else:
            lines.append(_PricedLine(one, renting.price(one), None))
    return _of_lines(booking, lines, reductions.of_bookings([booking.id]).get(booking.id, ()))


def _of_lines(booking: Booking, lines: Sequence[_PricedLine], found: Sequence[Reduction]) -> Quote:
    reduced = reductions.applied([(line.line_id, line.priced) for line in lines], found)
    return _taxed(
        booking.unit.unit_class,
        [line.rented for line in lines],
        [one.priced for one in reduced],
        [(line.promised_at, one.off) for line, one in zip(lines, reduced, strict=True)],
    )


def promise(booking: Booking, *, is_asked: bool | None = None) -> None:
    """Keep what each line costs now; a line that stays what it was keeps what it was promised.

    `is_asked` says that what is agreed with the unit still counts, as it does for a request. A
    line that no list prices is left for the confirmation to refuse. Raises PriceRefused where
    whoever asks can cure the line.
    """
    payer = _Payer.of(booking, is_asked=is_asked)
    before = promises.of_bookings([booking.id])
    for each in payer.standing(before):
        if each.promise is not None:
            continue
        try:
            priced = payer.renter.price(each.rented)
        except PriceRefused:
            raise
        except NoPrice:
            continue
        new = promises.row(each.line, priced, payer.renter.mark(each.rented))
        promises.write(new, before.get(each.line.id))
    db.session.flush()


def total_of(bookings: Sequence[Booking]) -> Money:
    """What several bookings cost, each quoted by itself."""
    return money.total(quote.total for quote in for_bookings(bookings))


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
    return rented(line.resource, period, line.quantity, line.booking.attendees, line.add_ons)


def first_day(period: Period) -> date:
    """The local calendar day on which it starts."""
    return period.starts_at.astimezone(LOCAL).date()


def last_day(period: Period) -> date:
    """The local calendar day on which it ends."""
    return period.ends_at.astimezone(LOCAL).date()
