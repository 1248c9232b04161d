"""Charges: what a confirmed booking owes until an invoice takes it."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from billing import invoices, quotes
from billing.errors import InvoicedAlready
from billing.models import Charge, ChargeKind, Invoice, InvoiceStatus
from billing.quotes import QuoteLine
from config import clock
from config.database import db
from rental.models import Booking, Line


def add_for(booking: Booking) -> list[Charge]:
    """Charge each line of a booking that bears no charge yet; a second call adds nothing."""
    charged = {charge.line_id for charge in live(booking, ChargeKind.RENTAL)}
    quote = quotes.for_booking(booking)
    charges = [
        _charge(booking, line, quoted)
        for line, quoted in zip(booking.lines, quote.lines, strict=True)
        if line.id not in charged
    ]
    db.session.add_all(charges)
    db.session.flush()
    return charges


def reverse_for(booking: Booking) -> list[Charge]:
    """Take back what is not on an issued invoice; a draft loses those lines, or goes if empty.

    Charges on an issued invoice stay: finance gives them back by a credit note. What was paid in
    advance is still taken off what is owed in the end.
    """
    return reverse(one for one in live(booking) if one.kind is not ChargeKind.ADVANCE_DEDUCTED)


def renew_for(booking: Booking) -> None:
    """Charge a changed booking as it stands now.

    Raises InvoicedAlready where a line that changed is on an issued invoice.
    """
    quote = quotes.for_booking(booking)
    now = {line.id: quoted for line, quoted in zip(booking.lines, quote.lines, strict=True)}
    stale = [
        charge
        for charge in live(booking, ChargeKind.RENTAL)
        if charge.line_id not in now or not _still_true(charge, now[charge.line_id])
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


def _still_true(charge: Charge, quoted: QuoteLine) -> bool:
    """Whether the line still costs what was charged, for the same thing at the same time."""
    period = quoted.rented.period
    return (charge.amount, charge.starts_at, charge.ends_at, charge.quantity) == (
        quoted.priced.amount,
        period.starts_at,
        period.ends_at,
        quoted.priced.measured,
    )


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
