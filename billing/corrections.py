"""Correcting an issued invoice: adjusted, replaced, or its buyer's name put right by a notice.

Nothing issued is ever edited (Circular 91/2026, Art. 10): a wrong name or address alone is notified
on form 04/SS; anything else is adjusted by signed amounts or replaced as a whole, by prior written
agreement where the buyer is an organisation, and in the same way ever after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from billing import adjusting, credit_notes, invoices, ledger
from billing.adjusting import Change, LineChange
from billing.errors import AdjustedAlready, BadCorrection, WrongInvoiceState
from billing.models import Charge, Correction, Invoice, InvoiceKind, InvoiceStatus
from billing.vat import Taxed
from config import clock, references
from config.database import db
from rental import journal
from rental.models import Member

ADJUSTABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE})
REPLACEABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID})
LONGEST = 500
LONGEST_AGREEMENT = 120


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why an invoice is corrected, and what was agreed with the buyer beforehand, and when."""

    reason: str
    agreement: str = ""
    agreement_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineAmount:
    """What a line becomes. The amount is in the line's terms: with tax where it is inclusive.

    For an adjustment it is what is added, below zero what is taken off; for a replacement the whole
    new amount, zero to leave the line out.
    """

    invoice_line_id: int
    amount_minor: int
    description: str | None = None
    quantity: Decimal | None = None


def adjust(
    invoice: Invoice, grounds: Grounds, lines: Sequence[LineAmount], *, by: Member | None
) -> Invoice:
    """Issue an invoice that adds to lines of another, at the rates that those lines bore.

    In all it adds something: what takes off is a credit note. Raises BadCorrection where it does
    not, where a line would fall below zero, or without reason or agreement; WrongInvoiceState for
    an invoice that cannot be adjusted.
    """
    invoices.lock_bookings_of(invoice)
    invoice = invoices.lock(invoice)
    _require(invoice, ADJUSTABLE)
    if invoice.correction is Correction.REPLACES:
        raise WrongInvoiceState(
            "This invoice replaces {number}, so it is corrected in the same way ever after; "
            "replace it in turn.",
            words={"number": (invoice.corrects and invoice.corrects.display_number) or ""},
            invoice=invoice.id,
        )
    _check(invoice, grounds)
    changes = adjusting.checked(invoice, _changes(lines))
    if sum(one.total.minor for one in adjusting.taxed(changes)) <= 0:
        raise BadCorrection(
            "In all this takes off instead of adding; issue a credit note for what is too much, "
            "and an adjustment for what is missing."
        )
    _require_new(invoice, grounds, changes)
    adjustment = _follower(invoice, Correction.ADJUSTS, grounds, InvoiceKind.WHOLE)
    for change in changes:
        db.session.add(adjusting.charge(change, adjustment))
    invoices.redraw(adjustment)
    issued = invoices.issue(adjustment, by=by)
    _note(invoice, issued, "adjusted", by)
    return issued


def replace(
    invoice: Invoice, grounds: Grounds, lines: Sequence[LineAmount] = (), *, by: Member | None
) -> Invoice:
    """Issue an invoice in the place of another, which is void from then on.

    Lines that are not named stay as they are; the buyer is written as it is called today. What was
    paid pays the new one, and what is too much is the unit's balance. Raises WrongInvoiceState for
    one that was adjusted or credited already, MonthClosed where its month is closed.
    """
    invoices.lock_bookings_of(invoice)
    invoice = invoices.lock(invoice)
    _require(invoice, REPLACEABLE)
    _require_unadjusted(invoice)
    _check(invoice, grounds)
    changes = adjusting.known(invoice, _changes(lines))
    paid = _take_payments_off(invoice, grounds.reason, by)
    held, newest = [line.charge_id for line in invoice.lines], _newest()
    kind = invoice.kind
    invoices.void(invoice, by=by, reason=grounds.reason)
    new = _follower(invoice, Correction.REPLACES, grounds, kind)
    for charge in _released(invoice, held, newest):
        kept = adjusting.renewed(charge, changes)
        if kept is not None:
            kept.invoice_id = new.id
    invoices.redraw(new)
    issued = invoices.issue(new, by=by)
    for payment in ledger.lock(paid):
        part = min(paid[payment.id], issued.left.minor)
        if part:
            ledger.add(payment, issued, type(issued.left)(part, issued.currency), by=by)
    _note(invoice, issued, "replaced", by)
    return issued


def preview(invoice: Invoice, lines: Sequence[LineAmount]) -> list[Taxed]:
    """What an adjustment by these amounts comes to, line by line; writes nothing."""
    return adjusting.taxed(adjusting.checked(invoice, _changes(lines)))


def adjustments_of(invoice: Invoice) -> list[Invoice]:
    """The invoices that adjust one and are not void, oldest first."""
    return _followers(invoice, Correction.ADJUSTS)


def replacement_of(invoice: Invoice) -> Invoice | None:
    """The invoice that stands in the place of one, if it was replaced."""
    return next(iter(_followers(invoice, Correction.REPLACES)), None)


def needs_agreement(invoice: Invoice) -> bool:
    """Whether the buyer is an organisation, with which one agrees in writing first."""
    buyer = (invoice.snapshot or {}).get("buyer", {})
    return bool(buyer.get("tax_code") or buyer.get("budget_code"))


def _followers(invoice: Invoice, correction: Correction) -> list[Invoice]:
    return list(
        db.session.scalars(
            sa.select(Invoice)
            .where(
                Invoice.corrects_id == invoice.id,
                Invoice.correction == correction,
                Invoice.status.not_in((InvoiceStatus.DRAFT, InvoiceStatus.VOID))
                if correction is Correction.ADJUSTS
                else sa.true(),
            )
            .order_by(Invoice.id)
        )
    )


def _changes(lines: Sequence[LineAmount]) -> dict[int, LineChange]:
    changes = {
        one.invoice_line_id: LineChange(one.amount_minor, one.description, one.quantity)
        for one in lines
    }
    if len(changes) < len(lines):
        raise BadCorrection("A line is named twice; add its amounts up.")
    return changes


def _require(invoice: Invoice, allowed: frozenset[InvoiceStatus]) -> None:
    if invoice.status not in allowed:
        raise WrongInvoiceState(
            "The invoice is {status}: only one that stands is corrected; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
        )
    if invoice.kind is InvoiceKind.ADVANCE:
        raise WrongInvoiceState(
            "An advance is not corrected line by line: credit it, and ask for another one.",
            invoice=invoice.id,
        )
    if invoice.correction is Correction.ADJUSTS:
        raise WrongInvoiceState(
            "This invoice adjusts {number}; adjust or credit that one.",
            words={"number": (invoice.corrects and invoice.corrects.display_number) or ""},
            invoice=invoice.id,
        )


def _require_unadjusted(invoice: Invoice) -> None:
    if adjustments_of(invoice) or credit_notes.of(invoice):
        raise WrongInvoiceState(
            "The invoice was adjusted or credited already, so it is corrected in the same way ever "
            "after; adjust or credit it.",
            invoice=invoice.id,
        )


def _require_new(invoice: Invoice, grounds: Grounds, changes: Sequence[Change]) -> None:
    """The same form sent twice adjusts once."""
    wanted = sorted((one.origin.id, one.amount.minor) for one in changes)
    for earlier in adjustments_of(invoice):
        made = db.session.execute(
            sa.select(Charge.adjusts_id, Charge.amount_minor)
            .where(Charge.invoice_id == earlier.id)
            .order_by(Charge.adjusts_id, Charge.amount_minor)
        ).all()
        if [tuple(row) for row in made] == wanted and (
            earlier.correction_reason == grounds.reason.strip()
        ):
            raise AdjustedAlready(
                "{number} adjusts the same lines by the same amounts for the same reason; to "
                "adjust them once more, give another reason.",
                words={"number": earlier.display_number or ""},
            )


def _check(invoice: Invoice, grounds: Grounds) -> None:
    if not grounds.reason.strip() or len(grounds.reason.strip()) > LONGEST:
        raise BadCorrection("Say why the invoice is corrected, in 500 characters at most.")
    agreement = grounds.agreement.strip()
    if len(agreement) > LONGEST_AGREEMENT:
        raise BadCorrection("Name the agreement in 120 characters at most.")
    if bool(agreement) != (grounds.agreement_on is not None):
        raise BadCorrection("Give the number of the written agreement and its day, or neither.")
    if not agreement and needs_agreement(invoice):
        raise BadCorrection(
            "The buyer is an organisation: agree in writing first, then give the number and the "
            "day of the agreement."
        )
    if grounds.agreement_on is not None and grounds.agreement_on > clock.today():
        raise BadCorrection("The agreement is dated in the future; correct its day.")


def _follower(
    invoice: Invoice, correction: Correction, grounds: Grounds, kind: InvoiceKind
) -> Invoice:
    made = Invoice(
        reference=references.new("IV"),
        unit_id=invoice.unit_id,
        booking_id=invoice.booking_id,
        currency=invoice.currency,
        kind=kind,
        correction=correction,
        corrects=invoice,
        correction_reason=grounds.reason.strip(),
        agreement=grounds.agreement.strip() or None,
        agreement_on=grounds.agreement_on,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _take_payments_off(invoice: Invoice, reason: str, by: Member | None) -> dict[int, int]:
    """What each payment paid of it, taken off."""
    ledger.lock({one.payment_id for one in ledger.of_invoice(invoice)})
    paid: dict[int, int] = {}
    for allocation in ledger.of_invoice(invoice):
        paid[allocation.payment_id] = paid.get(allocation.payment_id, 0) + allocation.amount_minor
        ledger.take_off(allocation, invoice, by=by, reason=reason.strip())
    return paid


def _newest() -> int:
    return db.session.scalar(sa.select(sa.func.max(Charge.id))) or 0


def _released(invoice: Invoice, held: Sequence[int | None], newest: int) -> Sequence[Charge]:
    """The charges that the void invoice let go, and what its bookings owe instead of them."""
    bookings = [booking.id for booking in invoices.bookings_of(invoice)]
    instead = sa.and_(Charge.booking_id.in_(bookings), Charge.id > newest)
    return db.session.scalars(
        sa.select(Charge)
        .where(
            sa.or_(Charge.id.in_([one for one in held if one is not None]), instead),
            Charge.invoice_id.is_(None),
            Charge.reversed_at.is_(None),
        )
        .order_by(Charge.id)
    ).all()


def _note(invoice: Invoice, issued: Invoice, verb: str, by: Member | None) -> None:
    journal.record(
        invoice, verb, by=by, number=issued.display_number, reason=issued.correction_reason
    )
