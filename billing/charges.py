"""Charges: what a confirmed booking owes until an invoice takes it.

A line is charged once, a circuit that is rented over months each month as it begins.
"""

from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from billing import invoices, month_charges, quotes
from billing.errors import InvoicedAlready
from billing.models import Charge, ChargeKind, Invoice, InvoiceStatus
from billing.money import Money
from billing.quotes import QuoteLine
from config import clock
from config.database import db
from rental.models import Booking, Line


def add_for(booking: Booking, until: datetime | None = None) -> list[Charge]:
    """Charge each line of a booking that bears no charge yet; a second call adds nothing.

    Of a circuit over months, those that begin by `until` (now).
    """
    charged = live(booking, ChargeKind.RENTAL)
    whole_lines = {one.line_id for one in charged if one.month_id is None}
    months = {one.month_id for one in charged}
    added: list[Charge] = []
    for line, whole in _whole(booking, whole_lines):
        rows = month_charges.plan(line)
        if not rows:
            added.append(whole)
            continue
        begun = [
            one for one in rows if one.id not in months and one.starts_at <= (until or clock.now())
        ]
        added += month_charges.drawn(line, whole, begun)
    db.session.add_all(added)
    db.session.flush()
    return added


def coming(booking: Booking) -> list[Charge]:
    """The months that are promised and have not begun, as they would be charged; not added."""
    rows = [one for one in month_charges.of_bookings([booking.id]) if one.starts_at > clock.now()]
    if not rows:
        return []
    found: list[Charge] = []
    for line, whole in _whole(booking, ()):
        mine = [one for one in rows if one.line_id == line.id]
        found += month_charges.drawn(line, whole, mine)
    return found


def _whole(booking: Booking, but: Container[int | None]) -> Iterator[tuple[Line, Charge]]:
    """Each line, but for some, with the charge of all of it; not added."""
    quote = quotes.for_booking(booking)
    for line, quoted in zip(booking.lines, quote.lines, strict=True):
        if line.id not in but:
            yield line, _charge(booking, line, quoted)


def reverse_for(booking: Booking) -> list[Charge]:
    """Take back what is not on an issued invoice; a draft loses those lines, or goes if empty.

    Charges on an issued invoice stay: finance gives them back by a credit note. What was paid in
    advance is still taken off what is owed in the end, and the months of a circuit that were used
    stay owed.
    """
    now = clock.now()
    return reverse(
        one
        for one in live(booking)
        if one.kind is not ChargeKind.ADVANCE_DEDUCTED and not month_charges.is_used(one, now)
    )


def renew_for(booking: Booking) -> None:
    """Charge a changed booking as it stands now.

    Raises InvoicedAlready where a line that changed is on an issued invoice.
    """
    now = {line.id: (line, whole) for line, whole in _whole(booking, ())}
    stale = [
        charge
        for charge in live(booking, ChargeKind.RENTAL)
        if charge.line_id not in now or not _still_true(charge, *now[charge.line_id])
    ]
    issued = [charge for charge in stale if _is_issued(charge)]
    if issued:
        raise InvoicedAlready(
            "{booking} is on the issued invoice {number}; credit that invoice first, then change "
            "the booking.",
            words={
                "booking": booking.reference,
                "number": issued[0].invoice.display_number if issued[0].invoice else "",
            },
            invoice=issued[0].invoice_id,
        )
    drafts = {charge.invoice_id for charge in stale if charge.invoice_id is not None}
    reverse(stale)
    added = add_for(booking)
    if drafts and added:
        invoices.draft_for(booking)


def live(booking: Booking, kind: ChargeKind | None = None) -> list[Charge]:
    """The charges of a booking that were not taken back, the booking and its invoices locked.

    Invoices before charges, as at issue: what is a draft here stays one until the commit.
    """
    invoices.lock_booking(booking)
    query = sa.select(Charge).where(Charge.booking_id == booking.id, Charge.reversed_at.is_(None))
    if kind is not None:
        query = query.where(Charge.kind == kind)
    taken = {c.invoice_id for c in db.session.scalars(query) if c.invoice_id is not None}
    if taken:
        db.session.scalars(
            sa.select(Invoice)
            .where(Invoice.id.in_(taken))
            .order_by(Invoice.id)
            .with_for_update(of=Invoice)
            .execution_options(populate_existing=True)
        ).all()
    fresh = query.order_by(Charge.id).execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def unbilled(unit_id: int | None = None) -> list[Charge]:
    """The charges that wait for an invoice, of one unit or of all, oldest first."""
    query = sa.select(Charge).where(Charge.invoice_id.is_(None), Charge.reversed_at.is_(None))
    if unit_id is not None:
        query = query.where(Charge.unit_id == unit_id)
    return list(db.session.scalars(query.order_by(Charge.id)))


def spoken_period(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """A period as a line of a document says it: `09:00–17:00 02/12/2026`."""
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M} {first:%d/%m/%Y}"
    return f"{first:%H:%M %d/%m/%Y} – {last:%H:%M %d/%m/%Y}"


def reverse(charges: Iterable[Charge]) -> list[Charge]:
    """Take back those of locked charges that no issued invoice holds, and redraw their drafts."""
    reversed_now = [charge for charge in charges if not _is_issued(charge)]
    drafts = {charge.invoice_id: charge.invoice for charge in reversed_now}
    for charge in reversed_now:
        charge.invoice_id = None
        charge.reversed_at = clock.now()
    db.session.flush()
    for draft in drafts.values():
        if draft is None:
            continue
        invoices.redraw(draft)
        if not draft.lines:
            invoices.discard(draft)
    return reversed_now


def _is_issued(charge: Charge) -> bool:
    return charge.invoice is not None and charge.invoice.status is not InvoiceStatus.DRAFT


def _still_true(charge: Charge, line: Line, whole: Charge) -> bool:
    """Whether the line still costs what was charged, for the same thing at the same time."""
    if charge.month_id is None:
        return _told(charge) == _told(whole)
    for one in month_charges.shares_of(line, whole):
        if (one.amount, *one.period) == _told(charge)[:3]:
            return True
    return False


def _told(charge: Charge) -> tuple[Money, datetime, datetime, Decimal]:
    return charge.amount, charge.starts_at, charge.ends_at, charge.quantity


def _charge(booking: Booking, line: Line, quoted: QuoteLine) -> Charge:
    priced, resource = quoted.priced, line.resource
    when = spoken_period(line.starts_at, line.ends_at, resource.site.tzinfo)
    return Charge(
        unit_id=booking.unit_id,
        booking_id=booking.id,
        line_id=line.id,
        kind=ChargeKind.RENTAL,
        description=f"Thuê {resource.name}, {when}",
        description_en=f"Hire of {resource.name_en or resource.name}, {when}",
        explanation=priced.explanation,
        explanation_en=priced.explanation_en,
        measure=priced.measure,
        quantity=priced.measured,
        unit_price_minor=priced.unit_price.minor,
        amount_minor=priced.amount.minor,
        currency=priced.amount.currency,
        tax_inclusive=priced.tax_inclusive,
        service=priced.service,
        vat_code=quoted.taxed.code,
        tariff=priced.tariff,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
    )
