"""Invoices: draft, issue under a gapless number, void, and the lists people look at."""

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from billing import closing, invoice_lines, invoicing_details, numbering, snapshots, vat
from billing.errors import InvoiceNotFound, NothingToInvoice, WrongInvoiceState
from billing.models import (
    COLLECTING,
    Charge,
    ChargeKind,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Payment,
)
from billing.seller import series
from billing.signals import invoice_issued, invoice_voided
from billing.vat import Taxable
from config import clock, references
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Booking, Member

MOVES: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.DRAFT: frozenset({InvoiceStatus.OPEN}),
    InvoiceStatus.OPEN: frozenset(
        {InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE}
    ),
    # Money that comes after all still settles it.
    InvoiceStatus.UNCOLLECTIBLE: frozenset({InvoiceStatus.PAID}),
    # A payment that was taken back leaves it open again, or given up as it was.
    InvoiceStatus.PAID: frozenset({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE}),
}


def get(invoice_id: int) -> Invoice:
    """The invoice; raises InvoiceNotFound."""
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None:
        raise InvoiceNotFound
    return invoice


def find_by_reference(reference: str) -> Invoice | None:
    """The invoice that a payer quotes, as typed, if there is one."""
    wanted = references.canonical(reference)
    return db.session.scalar(sa.select(Invoice).where(Invoice.reference == wanted))


def open_of(unit_id: int, limit: int = 200) -> list[Invoice]:
    """What a unit has to pay, newest first."""
    return list(
        db.session.scalars(
            sa.select(Invoice)
            .where(Invoice.unit_id == unit_id, Invoice.status == InvoiceStatus.OPEN)
            .order_by(Invoice.id.desc())
            .limit(limit)
        )
    )


def for_booking(booking: Booking) -> list[Invoice]:
    """A booking's invoices, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Invoice).where(Invoice.booking_id == booking.id).order_by(Invoice.id)
        )
    )


def recent(status: InvoiceStatus | None = None, limit: int = 100, offset: int = 0) -> list[Invoice]:
    """The newest invoices of all, or of one status."""
    query = sa.select(Invoice).order_by(Invoice.id.desc()).limit(limit).offset(offset)
    if status is not None:
        query = query.where(Invoice.status == status)
    return list(db.session.scalars(query))


def count(status: InvoiceStatus | None = None) -> int:
    """How many there are, of one status or in all."""
    query = sa.select(sa.func.count(Invoice.id))
    if status is not None:
        query = query.where(Invoice.status == status)
    return db.session.scalar(query) or 0


def lock(invoice: Invoice) -> Invoice:
    """The same row, locked and as it is now: what a colleague committed is seen."""
    return db.session.execute(
        sa.select(Invoice)
        .where(Invoice.id == invoice.id)
        .with_for_update(of=Invoice)
        .execution_options(populate_existing=True)
    ).scalar_one()


def lock_booking(booking: Booking) -> None:
    """Hold the booking's money: taken first, then its invoices, then its charges.

    Whoever charges, drafts, reverses or credits one booking does so one after the other.
    """
    db.session.execute(sa.select(Booking.id).where(Booking.id == booking.id).with_for_update())


def draft_for(booking: Booking) -> Invoice:
    """A draft of all that the booking is charged and no invoice has taken; its draft if it has one.

    Raises NothingToInvoice where every charge is on an issued invoice, or there is none.
    """
    lock_booking(booking)
    draft = _find_draft(booking)
    charges = db.session.scalars(
        sa.select(Charge)
        .where(Charge.booking_id == booking.id, _unbilled())
        .order_by(Charge.id)
        .execution_options(populate_existing=True)
    ).all()
    if not charges and draft is None:
        raise NothingToInvoice(
            "{booking} has nothing left to invoice: its charges are on an issued invoice, or it is "
            "not confirmed yet. Look at its invoices, or confirm it first.",
            booking=booking.reference,
        )
    if draft is None:
        draft = Invoice(
            reference=references.new("IV"),
            unit_id=booking.unit_id,
            booking_id=booking.id,
            currency=charges[0].currency,
        )
        db.session.add(draft)
        db.session.flush()
    for charge in charges:
        charge.invoice_id = draft.id
    redraw(draft)
    return draft


def draft_of(bookings: Sequence[Booking], charge_ids: Sequence[int]) -> Invoice:
    """A new draft of chosen charges of one unit's bookings, which stand on no invoice yet.

    Raises NothingToInvoice where a colleague was quicker with all of them.
    """
    for booking in sorted(bookings, key=lambda one: one.id):
        lock_booking(booking)
    charges = db.session.scalars(
        sa.select(Charge)
        .where(Charge.id.in_(charge_ids), _unbilled())
        .order_by(Charge.id)
        .execution_options(populate_existing=True)
    ).all()
    if not charges:
        raise NothingToInvoice
    if len({charge.unit_id for charge in charges}) > 1:
        raise Invalid("An invoice is of one unit; choose charges of one unit.")
    draft = Invoice(
        reference=references.new("IV"),
        unit_id=charges[0].unit_id,
        booking_id=bookings[0].id if len(bookings) == 1 else None,
        currency=charges[0].currency,
    )
    db.session.add(draft)
    db.session.flush()
    for charge in charges:
        charge.invoice_id = draft.id
    redraw(draft)
    return draft


def bookings_of(invoice: Invoice) -> list[Booking]:
    """The bookings that an invoice's lines come from, in id order: one as a rule."""
    if invoice.booking is not None:
        return [invoice.booking]
    of_lines = (
        sa.select(Charge.booking_id)
        .join(InvoiceLine, InvoiceLine.charge_id == Charge.id)
        .where(InvoiceLine.invoice_id == invoice.id)
    )
    return list(
        db.session.scalars(sa.select(Booking).where(Booking.id.in_(of_lines)).order_by(Booking.id))
    )


def lock_bookings_of(invoice: Invoice) -> list[Booking]:
    """Hold the money of all bookings of an invoice, in id order, before the invoice itself."""
    found = bookings_of(invoice)
    for booking in found:
        lock_booking(booking)
    return found


def redraw(draft: Invoice, on: date | None = None) -> None:
    """Write a draft's lines and totals anew from its charges, with the tax of `on` (today)."""
    db.session.flush()
    charges = db.session.scalars(
        sa.select(Charge).where(Charge.invoice_id == draft.id).order_by(Charge.id)
    ).all()
    day = on or clock.today()
    rates = vat.rates()
    codes = [invoice_lines.code(charge, rates, day) for charge in charges]
    taxed = vat.tax(
        [
            Taxable(charge.amount, code, charge.tax_inclusive)
            for charge, code in zip(charges, codes, strict=True)
        ]
    )
    made = [
        invoice_lines.line(charge, position, one)
        for position, (charge, one) in enumerate(zip(charges, taxed, strict=True), start=1)
    ]
    if not invoice_lines.say_the_same(draft.lines, made):
        draft.lines.clear()
        # The old positions go before the new ones come.
        db.session.flush()
        draft.lines.extend(made)
    draft.net_minor = sum(one.net.minor for one in taxed)
    draft.vat_minor = sum(one.vat.minor for one in taxed)
    draft.total_minor = draft.net_minor + draft.vat_minor
    db.session.flush()


def discard(draft: Invoice) -> None:
    """Throw a draft away; its charges wait for the next one. Raises WrongInvoiceState."""
    draft = lock(draft)
    _require(draft, {InvoiceStatus.DRAFT}, "only a draft can be discarded; void it instead")
    _release_charges(draft)
    # What was paid ahead on it is in the unit's balance, and stays there.
    meant_for_it = sa.update(Payment).where(Payment.invoice_id == draft.id)
    db.session.execute(meant_for_it.values(invoice_id=None))
    db.session.delete(draft)
    db.session.flush()


def issue(invoice: Invoice, *, by: Member | None) -> Invoice:
    """Number a draft and freeze it: from here on it is owed and never edited.

    The tax date is today in Ho Chi Minh City. Raises WrongInvoiceState where it is no draft any
    more, NothingToInvoice where it comes to nothing.
    """
    invoice = lock(invoice)
    _require(
        invoice,
        {InvoiceStatus.DRAFT},
        "The invoice is {status}: it is issued already; open it to see its number.",
    )
    tax_date = clock.today()
    redraw(invoice, tax_date)
    if _is_final(invoice):
        invoice.kind = InvoiceKind.FINAL
    if invoice.total_minor < 0 or (
        not invoice.total_minor and not invoice_lines.is_settled_before(invoice)
    ):
        raise NothingToInvoice(
            "The draft comes to {total}, so there is nothing to issue; discard it and settle the "
            "credit with the next invoice.",
            words={"total": invoice.total.text()},
        )
    told = invoicing_details.require(invoice.unit, tax_date)
    snapshot, issuer = snapshots.of_invoice(invoice), by.id if by else None
    numbered = numbering.take("invoice", tax_date.year)
    # Number, dates and status change in one UPDATE: the table refuses one without the others.
    invoice.symbol, invoice.year, invoice.number = numbered.symbol, numbered.year, numbered.number
    invoice.tax_date = tax_date
    invoice.due_on = tax_date + timedelta(days=series().due_days)
    invoice.issued_at, invoice.issued_by_id = clock.now(), issuer
    invoice.snapshot = snapshot
    move(invoice, InvoiceStatus.OPEN)
    journal.record(invoice, "issued", by=by, number=invoice.display_number, **told)
    # Nothing is left to pay where the advances cover all of it.
    settle(invoice)
    invoice_issued.send(invoice)
    return invoice


def _is_final(invoice: Invoice) -> bool:
    is_whole = invoice.kind is InvoiceKind.WHOLE and invoice.correction is None
    return is_whole and invoice_lines.asked_before(invoice)


def void(invoice: Invoice, *, by: Member | None, reason: str) -> Invoice:
    """Declare an unpaid invoice void; it keeps its number, and its charges may be invoiced anew.

    What a booking that was cancelled meanwhile owes is reckoned anew (`invoice_voided`).
    """
    lock_bookings_of(invoice)
    invoice = lock(invoice)
    _require(
        invoice,
        {InvoiceStatus.OPEN},
        "The invoice is {status}: only an open invoice can be voided; look at it again.",
    )
    if invoice.paid_minor or invoice.credited_minor:
        raise WrongInvoiceState(
            "The invoice is paid or credited in part and cannot be voided; issue a credit note for "
            "what is left.",
            invoice=invoice.id,
        )
    closing.require_open(invoice.tax_date or clock.today())
    invoice.closed_reason = reason
    _release_charges(invoice)
    move(invoice, InvoiceStatus.VOID)
    journal.record(invoice, "voided", by=by, reason=reason)
    invoice_voided.send(invoice)
    return invoice


def write_off(invoice: Invoice, *, by: Member | None, reason: str) -> Invoice:
    """Give up collecting an open invoice; a payment that comes after all still counts."""
    invoice = lock(invoice)
    _require(
        invoice,
        {InvoiceStatus.OPEN},
        "The invoice is {status}: only an open invoice can be written off; look at it again.",
    )
    invoice.closed_reason = reason
    invoice.written_off_at, invoice.written_off_minor = clock.now(), invoice.left.minor
    move(invoice, InvoiceStatus.UNCOLLECTIBLE)
    journal.record(invoice, "written off", by=by, reason=reason)
    return invoice


def settle(invoice: Invoice) -> None:
    """Call a locked invoice paid when nothing is left to pay."""
    if invoice.status in COLLECTING and not invoice.left:
        invoice.paid_at = clock.now()
        move(invoice, InvoiceStatus.PAID)
    db.session.flush()


def unsettle(invoice: Invoice, minor: int) -> None:
    """Take off a locked invoice what a payment no longer pays; where that is missed it is open.

    What was written off before it was paid is given up again.
    """
    invoice.paid_minor -= minor
    if invoice.status is InvoiceStatus.PAID and invoice.left:
        invoice.paid_at = None
        given_up = invoice.written_off_at is not None
        move(invoice, InvoiceStatus.UNCOLLECTIBLE if given_up else InvoiceStatus.OPEN)
    db.session.flush()


def move(invoice: Invoice, status: InvoiceStatus) -> None:
    """Change the status along the transition table; raises WrongInvoiceState."""
    if status not in MOVES.get(invoice.status, frozenset()):
        raise WrongInvoiceState(
            "An invoice that is {status} cannot become {to}; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
            to=status,
        )
    invoice.status = status
    db.session.flush()


def _require(invoice: Invoice, allowed: set[InvoiceStatus], refusal: str) -> None:
    if invoice.status not in allowed:
        raise WrongInvoiceState(
            refusal,
            invoice=invoice.id,
            status=invoice.status,
        )


def _unbilled() -> sa.ColumnElement[bool]:
    """What waits for an invoice; a month of a circuit only once it is reconciled."""
    reconciled = sa.or_(Charge.month_id.is_(None), Charge.tax_day.is_not(None))
    return sa.and_(Charge.invoice_id.is_(None), Charge.reversed_at.is_(None), reconciled)


def _find_draft(booking: Booking) -> Invoice | None:
    return db.session.scalar(
        sa.select(Invoice)
        .where(
            Invoice.booking_id == booking.id,
            Invoice.status == InvoiceStatus.DRAFT,
            Invoice.kind == InvoiceKind.WHOLE,
            Invoice.correction.is_(None),
        )
        .with_for_update(of=Invoice)
        .execution_options(populate_existing=True)
    )


def _release_charges(invoice: Invoice) -> None:
    db.session.flush()
    taken: Sequence[Charge] = db.session.scalars(
        sa.select(Charge).where(Charge.invoice_id == invoice.id)
    ).all()
    for charge in taken:
        charge.invoice_id = None
        if charge.kind is ChargeKind.ADJUSTMENT:
            # It means nothing but to the invoice that adjusted.
            charge.reversed_at = clock.now()
    db.session.flush()
