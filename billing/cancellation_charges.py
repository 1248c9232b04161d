"""What cancelling a booking costs, asked before and charged after, by the terms in force."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from billing import cancellation, charges, money, month_charges, vat
from billing.cancellation import Due, GivenUp
from billing.models import Charge, ChargeKind, InvoiceStatus
from billing.money import Money
from billing.vat import Taxable, Taxed
from config import clock
from config.database import db
from rental import journal
from rental.models import Booking, BookingStatus, Line


@dataclass(frozen=True, slots=True)
class CancelledLine:
    """One line that is given up: its price, what of it is owed, and the tax of that."""

    line: Line
    price: Money
    percent: int
    taxed: Taxed
    explanation: str
    explanation_en: str
    # Its charge is on an issued invoice: nothing is charged, finance credits what is not owed.
    invoiced: bool
    sample: bool

    def as_json(self) -> dict[str, Any]:
        """The form of the JSON API."""
        return {
            "resource": self.line.resource.code,
            "price": self.price.as_json(),
            "percent": self.percent,
            "net": self.taxed.net.as_json(),
            "vat": self.taxed.vat.as_json(),
            "total": self.taxed.total.as_json(),
            "explanation": self.explanation_en,
            "explanation_vi": self.explanation,
            "invoiced": self.invoiced,
            "sample": self.sample,
        }


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What a cancellation costs, line by line."""

    lines: tuple[CancelledLine, ...] = ()

    @property
    def total(self) -> Money:
        """What is newly owed with its tax; lines on issued invoices are finance's to credit."""
        return money.total(line.taxed.total for line in self.lines if not line.invoiced)

    @property
    def is_invoiced(self) -> bool:
        """Whether a part stands on an issued invoice."""
        return any(line.invoiced for line in self.lines)

    @property
    def sample(self) -> bool:
        """Whether any of it comes from sample terms."""
        return any(line.sample for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """The form of the JSON API."""
        return {
            "lines": [line.as_json() for line in self.lines],
            "total": self.total.as_json(),
        }


def estimate(booking: Booking, at: datetime | None = None) -> Cancellation:
    """What cancelling costs at `at` (now); only a confirmed booking owes anything."""
    return estimates([booking], at)[booking.id]


def estimates(bookings: Sequence[Booking], at: datetime | None = None) -> dict[int, Cancellation]:
    """What cancelling each of several bookings costs, by their ids: the charges in one query."""
    confirmed = [one for one in bookings if one.status is BookingStatus.CONFIRMED]
    live: dict[int | None, list[Charge]] = defaultdict(list)
    instant = at or clock.now()
    for charge in _live_of([one.id for one in confirmed]) if confirmed else ():
        if not month_charges.is_used(charge, instant):
            live[charge.booking_id].append(charge)
    planned = {one.booking_id for one in month_charges.of_bookings(one.id for one in confirmed)}
    for booking in confirmed:
        if booking.id in planned:
            live[booking.id] += charges.coming(booking)
    return {
        one.id: Cancellation(tuple(_taxed(_owed(one, live[one.id], instant), instant)))
        for one in bookings
    }


def _live_of(booking_ids: Sequence[int]) -> Iterable[Charge]:
    return db.session.scalars(
        sa.select(Charge)
        .where(
            Charge.booking_id.in_(booking_ids),
            Charge.kind == ChargeKind.RENTAL,
            Charge.reversed_at.is_(None),
        )
        .order_by(Charge.id)
    )


def estimate_all(bookings: Sequence[Booking]) -> Cancellation:
    """What cancelling several bookings at once costs now."""
    return Cancellation(tuple(line for each in estimates(bookings).values() for line in each.lines))


def charge_for(booking: Booking) -> list[Charge]:
    """Take back what a cancelled booking was charged, and charge what its terms keep.

    A booking that was never confirmed has no charges, and owes nothing. Of a circuit over months
    those that were used stay; the others owe by the notice given before each begins.
    """
    now = clock.now()
    given_up = [*_unused(booking, now), *charges.coming(booking)]
    added = _newly_owed(booking, given_up, now)
    charges.reverse_for(booking)
    month_charges.forget(booking.id, now)
    db.session.add_all(added)
    db.session.flush()
    return added


def settle(booking: Booking) -> list[Charge]:
    """Charge a cancelled booking by the notice it gave, for the lines no issued invoice holds.

    Called when the invoice that kept its full price is void: what it owes was decided when it was
    cancelled, whenever finance gets to it.
    """
    cancelled = [entry.at for entry in journal.of(booking) if entry.verb == "cancelled"]
    live = _unused(booking, cancelled[-1])
    added = _newly_owed(booking, live, cancelled[-1])
    charges.reverse(live)
    db.session.add_all(added)
    db.session.flush()
    return added


def charge_no_show(booking: Booking) -> list[Charge]:
    """Charge a booking nobody came to what the terms in force on its request say.

    What they keep in full stays as it is charged, and so does what an issued invoice holds: finance
    credits what is not owed.
    """
    if month_charges.of_bookings([booking.id]):
        # Nobody came, so what was promised is owed, the months to come too.
        charges.add_for(booking, max(line.ends_at for line in booking.lines))
    lines, terms = {line.id: line for line in booking.lines}, cancellation.terms()
    less: list[_Owed] = []
    for charge in charges.live(booking, ChargeKind.RENTAL):
        line = lines.get(charge.line_id or 0)
        if line is None:
            continue
        due = cancellation.no_show_due(terms, _given_up(booking, line, charge))
        if due is not None and due.percent < 100:
            less.append(_Owed(line, charge, due))
    open_ones = [one for one in less if not one.is_invoiced]
    added = [_charge(booking, one, NO_SHOW) for one in open_ones if one.due.amount]
    charges.reverse([one.charge for one in open_ones])
    db.session.add_all(added)
    db.session.flush()
    return added


def _unused(booking: Booking, at: datetime) -> list[Charge]:
    live = charges.live(booking, ChargeKind.RENTAL)
    return [one for one in live if not month_charges.is_used(one, at)]


def _newly_owed(booking: Booking, live: Iterable[Charge], at: datetime) -> list[Charge]:
    owed = _owed(booking, live, at)
    return [_charge(booking, one) for one in owed if one.due.amount and not one.is_invoiced]


def of_cancelled(booking: Booking) -> list[Charge]:
    """What a cancelled booking was charged for being cancelled."""
    return list(
        db.session.scalars(
            sa.select(Charge)
            .where(
                Charge.booking_id == booking.id,
                Charge.kind == ChargeKind.CANCELLATION,
                Charge.reversed_at.is_(None),
            )
            .order_by(Charge.id)
        )
    )


@dataclass(frozen=True, slots=True)
class _Owed:
    """A line, the charge that is taken back for it, and what is owed instead."""

    line: Line
    charge: Charge
    due: Due

    @property
    def service(self) -> str:
        return self.due.service or self.charge.service

    @property
    def is_invoiced(self) -> bool:
        invoice = self.charge.invoice
        return invoice is not None and invoice.status is not InvoiceStatus.DRAFT


def _owed(booking: Booking, live: Iterable[Charge], at: datetime) -> list[_Owed]:
    lines = {line.id: line for line in booking.lines}
    terms = cancellation.terms()
    found: list[_Owed] = []
    for charge in live:
        line = lines.get(charge.line_id or 0)
        due = cancellation.due(terms, _given_up(booking, line, charge), at) if line else None
        if line is not None and due is not None:
            found.append(_Owed(line, charge, due))
    return found


def _given_up(booking: Booking, line: Line, charge: Charge) -> GivenUp:
    zone = line.resource.site.tzinfo
    return GivenUp(
        kind=line.resource.kind,
        unit_class=booking.unit.unit_class,
        price=charge.amount,
        starts_at=charge.starts_at,
        zone=zone,
        requested_on=booking.requested_at.astimezone(zone).date(),
    )


def _taxed(owed: Sequence[_Owed], at: datetime) -> list[CancelledLine]:
    """The lines with their tax, rounded together as the invoice will; the issued ones apart."""
    day, rates = at.astimezone(clock.LOCAL).date(), vat.rates()
    lines: dict[int, CancelledLine] = {}
    for is_invoiced in (False, True):
        some = [one for one in owed if one.is_invoiced is is_invoiced]
        taxables = [
            Taxable(one.due.amount, vat.code_on(rates, one.service, day), one.charge.tax_inclusive)
            for one in some
        ]
        for one, taxed in zip(some, vat.tax(taxables), strict=True):
            lines[id(one.charge)] = CancelledLine(
                line=one.line,
                price=one.charge.amount,
                percent=one.due.percent,
                taxed=taxed,
                explanation=one.due.explanation,
                explanation_en=one.due.explanation_en,
                invoiced=is_invoiced,
                sample=one.due.sample,
            )
    return [lines[id(one.charge)] for one in owed]


CANCELLED = ("Phí hủy thuê", "Cancellation of")
NO_SHOW = ("Phí không đến, thuê", "No-show of")


def _charge(booking: Booking, owed: _Owed, words: tuple[str, str] = CANCELLED) -> Charge:
    rental, resource, day = owed.charge, owed.line.resource, clock.today()
    when = charges.spoken_period(rental.starts_at, rental.ends_at, resource.site.tzinfo)
    return Charge(
        unit_id=booking.unit_id,
        booking_id=booking.id,
        line_id=owed.line.id,
        kind=ChargeKind.CANCELLATION,
        description=f"{words[0]} {resource.name}, {when}",
        description_en=f"{words[1]} {resource.name_en or resource.name}, {when}",
        explanation=owed.due.explanation,
        explanation_en=owed.due.explanation_en,
        measure=None,
        quantity=Decimal(1),
        unit_price_minor=owed.due.amount.minor,
        amount_minor=owed.due.amount.minor,
        currency=owed.due.amount.currency,
        tax_inclusive=rental.tax_inclusive,
        service=owed.service,
        vat_code=vat.code_on(vat.rates(), owed.service, day),
        tariff=rental.tariff,
        starts_at=rental.starts_at,
        ends_at=rental.ends_at,
    )
