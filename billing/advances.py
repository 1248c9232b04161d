"""Advance and part invoices: what is asked for before the final invoice, which takes it off again.

An advance is a pair of charges for each service: +A on the advance invoice, −A waiting for the
final one. So Σ charges = Σ invoiced + unbilled at every step.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from billing import (
    charges,
    credit_notes,
    invoice_lines,
    invoices,
    money,
    service_words,
    tax_days,
    vat,
)
from billing.credit_notes import NewCredit
from billing.errors import BadAdvance, NothingToInvoice, WrongInvoiceState
from billing.models import (
    Charge,
    ChargeKind,
    CreditNote,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
)
from billing.money import Money
from billing.vat import Taxable
from config import clock, references
from config.database import db
from rental.models import Booking, BookingStatus, Member

_PAIR = frozenset({ChargeKind.ADVANCE, ChargeKind.ADVANCE_DEDUCTED})
_PROMISED = frozenset({BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a booking waits for an invoice, tax included, and what was paid in advance."""

    waiting: tuple[Charge, ...]
    rest: Money
    advanced: Money

    @property
    def surplus(self) -> Money:
        """What the advances ask for beyond all that is owed, zero or more."""
        return Money(max(0, -self.rest.minor), self.rest.currency)


def standing(booking: Booking) -> Standing:
    """What waits (drafts included), what it comes to today, and what advances asked for."""
    waiting = _waiting(booking)
    taxed = _totals(waiting, clock.today())
    deducted = [one for one in waiting if one.kind is ChargeKind.ADVANCE_DEDUCTED]
    return Standing(
        waiting=tuple(waiting),
        rest=money.total(taxed),
        advanced=-money.total(one.amount for one in deducted),
    )


def part_of(total: Money, percent: Decimal) -> Money:
    """So many per cent of an amount, in whole đồng; raises BadAdvance outside 0 to 100."""
    if not 0 < percent <= 100:
        raise BadAdvance("Ask for more than 0 and at most 100 per cent.")
    return total.times(Fraction(percent) / 100)


def issue(booking: Booking, amount: Money, *, by: Member | None) -> Invoice:
    """Ask for an amount, tax included, in advance: issued at once, taken off the final invoice.

    Raises BadAdvance where it is nothing or more than what is left to invoice, or the booking is
    not confirmed.
    """
    invoices.lock_booking(booking)
    charges.live(booking)
    if booking.status not in _PROMISED:
        raise BadAdvance("Only a confirmed booking is invoiced in advance; confirm it first.")
    stands = standing(booking)
    if amount.minor <= 0 or stands.rest < amount:
        raise BadAdvance(
            "{rest} is left to invoice of the booking; ask for more than nothing and at most that.",
            words={"rest": stands.rest.text()},
        )
    invoice = _empty(booking, InvoiceKind.ADVANCE)
    for service, part in _by_service(stands.waiting, amount):
        db.session.add(_advance(booking, invoice, service, part))
    invoices.redraw(invoice)
    issued = invoices.issue(invoice, by=by)
    _deduct(issued)
    return issued


def draft_part(booking: Booking, charge_ids: Collection[int]) -> Invoice:
    """A draft of chosen charges; what else waits stays for the next invoice.

    Raises NothingToInvoice where a chosen charge is gone or invoiced meanwhile.
    """
    invoices.lock_booking(booking)
    charges.live(booking)
    waiting = {one.id: one for one in _waiting(booking) if not one.awaits_reconciliation}
    if not charge_ids or not set(charge_ids) <= set(waiting):
        raise NothingToInvoice(
            "A charge that was chosen is on an invoice already, or none was; choose among those "
            "that wait."
        )
    chosen = [waiting[one] for one in sorted(set(charge_ids))]
    left = {one.invoice for one in chosen if one.invoice is not None}
    draft = _empty(booking, InvoiceKind.PART)
    for charge in chosen:
        charge.invoice = draft
    db.session.flush()
    for former in left:
        invoices.redraw(former)
        if not former.lines:
            invoices.discard(former)
    invoices.redraw(draft)
    return draft


def give_back(booking: Booking, *, by: Member | None) -> list[CreditNote]:
    """Credit the advances of a cancelled or reduced booking by what they exceed all that is owed.

    What was paid of it is then owed back to the unit. Raises BadAdvance where nothing is too much.
    """
    invoices.lock_booking(booking)
    charges.live(booking)
    too_much = standing(booking).surplus
    if not too_much:
        raise BadAdvance("The advances do not exceed what is owed; there is nothing to give back.")
    reason = f"Tạm ứng vượt số phải trả của {booking.reference}"
    notes = []
    for invoice in reversed(of(booking)):
        part = min(too_much.minor, credit_notes.creditable(invoice).minor)
        if part:
            new = NewCredit(reason, Money(part, too_much.currency))
            notes.append(credit_notes.issue(invoice, new, by=by))
            too_much -= new.amount or Money(0)
    return notes


def of(booking: Booking) -> list[Invoice]:
    """The advance invoices of a booking that are not void, oldest first."""
    return [
        one
        for one in invoices.for_booking(booking)
        if one.kind is InvoiceKind.ADVANCE and one.status is not InvoiceStatus.VOID
    ]


def shrink(note: CreditNote) -> None:
    """Take less off the final invoice where a credit note gave some of an advance back."""
    if note.invoice.kind is not InvoiceKind.ADVANCE:
        return
    for line in note.lines:
        deducted = _deduction(line.invoice_line.charge_id)
        if deducted is None or _is_issued(deducted):
            continue
        deducted.amount_minor += line.total.minor
        deducted.unit_price_minor = deducted.amount_minor
        db.session.flush()
        if not deducted.amount_minor:
            charges.reverse([deducted])
        elif deducted.invoice is not None:
            invoices.redraw(deducted.invoice)


def withdraw(invoice: Invoice) -> None:
    """Take the pair of charges back with a void advance.

    Raises WrongInvoiceState where an issued invoice has taken it off.
    """
    if invoice.kind is not InvoiceKind.ADVANCE:
        return
    for line in invoice.lines:
        deducted = _deduction(line.charge_id)
        if deducted is not None and deducted.invoice is not None and _is_issued(deducted):
            raise WrongInvoiceState(
                "Invoice {number} takes this advance off; void that one first, or credit this one.",
                words={"number": deducted.invoice.display_number or ""},
            )
        advance = db.session.get(Charge, line.charge_id)
        charges.reverse([one for one in (deducted, advance) if one is not None])


def follow(booking: Booking) -> None:
    """Let advances be completed when the changed booking is; one that was completed stays so."""
    starts_at = min(line.starts_at for line in booking.lines)
    ends_at = max(line.ends_at for line in booking.lines)
    for charge in charges.live(booking):
        if charge.kind in _PAIR and charge.ends_at > clock.now():
            charge.starts_at, charge.ends_at = starts_at, ends_at
    db.session.flush()


def _waiting(booking: Booking) -> list[Charge]:
    return [
        one
        for one in db.session.scalars(
            sa.select(Charge)
            .where(Charge.booking_id == booking.id, Charge.reversed_at.is_(None))
            .order_by(Charge.id)
        )
        if not _is_issued(one)
    ]


def _is_issued(charge: Charge) -> bool:
    return charge.invoice is not None and charge.invoice.status is not InvoiceStatus.DRAFT


def _totals(waiting: Sequence[Charge], day: date) -> list[Money]:
    """What each charge comes to with its tax."""
    rates = vat.rates()
    taxables = [
        Taxable(one.amount, invoice_lines.code(one, rates, day), one.tax_inclusive)
        for one in waiting
    ]
    return [taxed.total for taxed in vat.tax(taxables)]


def _by_service(waiting: Sequence[Charge], amount: Money) -> list[tuple[str, Money]]:
    """The amount shared to the services, in proportion to what of each is left."""
    left: dict[str, int] = {}
    for charge, total in zip(waiting, _totals(waiting, clock.today()), strict=True):
        left[charge.service] = left.get(charge.service, 0) + total.minor
    owed = {service: minor for service, minor in left.items() if minor > 0}
    shares = amount.split(list(owed.values()))
    return [(service, part) for service, part in zip(owed, shares, strict=True) if part]


def _empty(booking: Booking, kind: InvoiceKind) -> Invoice:
    draft = Invoice(
        reference=references.new("IV"),
        unit_id=booking.unit_id,
        booking_id=booking.id,
        kind=kind,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _advance(booking: Booking, invoice: Invoice, service: str, part: Money) -> Charge:
    starts_at = min(line.starts_at for line in booking.lines)
    ends_at = max(line.ends_at for line in booking.lines)
    vietnamese, english = service_words.of(service)
    return Charge(
        unit_id=booking.unit_id,
        booking_id=booking.id,
        kind=ChargeKind.ADVANCE,
        description=f"Tạm ứng tiền {vietnamese} cho {booking.reference}: {booking.title}"[:500],
        description_en=f"Advance for {english} on {booking.reference}: {booking.title}"[:500],
        quantity=Decimal(1),
        unit_price_minor=part.minor,
        amount_minor=part.minor,
        currency=part.currency,
        tax_inclusive=True,
        service=service,
        vat_code=vat.code_on(vat.rates(), service, tax_days.of(ends_at, clock.today())),
        starts_at=starts_at,
        ends_at=ends_at,
        invoice_id=invoice.id,
    )


def _deduct(issued: Invoice) -> None:
    """Let each line of an advance wait for the final invoice with the opposite sign."""
    for line in issued.lines:
        advance = db.session.get_one(Charge, line.charge_id)
        db.session.add(_opposite(advance, line, issued.display_number or ""))
    db.session.flush()


def _opposite(advance: Charge, line: InvoiceLine, number: str) -> Charge:
    vietnamese, english = service_words.of(advance.service)
    return Charge(
        unit_id=advance.unit_id,
        booking_id=advance.booking_id,
        kind=ChargeKind.ADVANCE_DEDUCTED,
        description=f"Trừ tạm ứng tiền {vietnamese} theo hóa đơn {number}",
        description_en=f"Less the advance for {english} by invoice {number}",
        quantity=Decimal(1),
        unit_price_minor=-advance.amount_minor,
        amount_minor=-advance.amount_minor,
        currency=advance.currency,
        tax_inclusive=True,
        service=advance.service,
        vat_code=line.vat_code,
        starts_at=advance.starts_at,
        ends_at=advance.ends_at,
        deducts_id=advance.id,
    )


def _deduction(charge_id: int | None) -> Charge | None:
    return db.session.scalar(
        sa.select(Charge).where(Charge.deducts_id == charge_id, Charge.reversed_at.is_(None))
    )
