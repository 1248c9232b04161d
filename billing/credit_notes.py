"""Credit notes: what is taken off an issued invoice, and never more than is left of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa

from billing import invoices, numbering, snapshots
from billing.errors import BadAmount, CreditNoteNotFound, OverCredit, WrongInvoiceState
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, InvoiceStatus
from billing.money import Money
from billing.signals import credit_note_issued
from config import clock
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Member

CREDITABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE})


@dataclass(frozen=True, slots=True)
class LineCredit:
    """An amount, tax included, to take off one line of the invoice."""

    invoice_line_id: int
    amount: Money


@dataclass(frozen=True, slots=True)
class NewCredit:
    """What to take off: an amount (tax included), or amounts by line, or all that is left."""

    reason: str
    amount: Money | None = None
    lines: Sequence[LineCredit] = ()


def issue(invoice: Invoice, new: NewCredit, *, by: Member | None) -> CreditNote:
    """Take something off an issued invoice, under a gapless number of its own.

    Each line gives tax in the proportion it bears it. Raises OverCredit above what is left,
    WrongInvoiceState for a draft or a void invoice, Invalid without a reason.
    """
    reason = new.reason.strip()
    if not reason or len(reason) > 500:
        raise Invalid("Say why the credit is given, in 500 characters at most.")
    if new.amount is not None and new.lines:
        raise Invalid("Give an amount for the whole invoice or amounts by line, not both.")
    invoices.lock_bookings_of(invoice)
    invoice = invoices.lock(invoice)
    if invoice.status not in CREDITABLE:
        raise WrongInvoiceState(
            "The invoice is {status}: only an issued invoice is credited; change or discard a "
            "draft instead.",
            invoice=invoice.id,
            status=invoice.status,
        )
    parts = _by_line(invoice, new) if new.lines else _spread(invoice, new.amount)
    return _written(invoice, reason, parts, by)


def get(credit_note_id: int) -> CreditNote:
    """The credit note; raises CreditNoteNotFound."""
    note = db.session.get(CreditNote, credit_note_id)
    if note is None:
        raise CreditNoteNotFound
    return note


def of(invoice: Invoice) -> list[CreditNote]:
    """What was taken off an invoice, oldest first."""
    return list(
        db.session.scalars(
            sa.select(CreditNote).where(CreditNote.invoice_id == invoice.id).order_by(CreditNote.id)
        )
    )


def creditable(invoice: Invoice) -> Money:
    """What is left of the invoice to take off."""
    return invoice.total - invoice.credited


def _spread(invoice: Invoice, amount: Money | None) -> list[tuple[InvoiceLine, Money]]:
    """The amount over the lines in proportion to what is left of each; all of it without one."""
    left = creditable(invoice)
    amount = left if amount is None else amount
    _require_left(amount, left)
    open_lines = [line for line in invoice.lines if line.left]
    shares = amount.split([line.left.minor for line in open_lines])
    return [(line, part) for line, part in zip(open_lines, shares, strict=True) if part]


def _by_line(invoice: Invoice, new: NewCredit) -> list[tuple[InvoiceLine, Money]]:
    lines = {line.id: line for line in invoice.lines}
    if len({one.invoice_line_id for one in new.lines}) < len(new.lines):
        raise Invalid("A line of the invoice is credited twice; add its amounts up.")
    parts = []
    for one in new.lines:
        line = lines.get(one.invoice_line_id)
        if line is None:
            raise Invalid(
                "The invoice has no line {line}; look at its lines.", line=one.invoice_line_id
            )
        _require_left(one.amount, line.left)
        parts.append((line, one.amount))
    _require_left(Money(sum(part.minor for _, part in parts)), creditable(invoice))
    return parts


def _require_left(amount: Money, left: Money) -> None:
    if amount.minor <= 0 and left.minor > 0:
        raise BadAmount
    if left.minor <= 0:
        raise OverCredit("Nothing is left to credit: all of it is credited already.")
    if left < amount:
        raise OverCredit(
            "{left} is left to credit, and {amount} is more; credit {left} at most.",
            words={"left": left.text(), "amount": amount.text()},
            left=left.as_json(),
            amount=amount.as_json(),
        )


def _written(
    invoice: Invoice, reason: str, parts: list[tuple[InvoiceLine, Money]], by: Member | None
) -> CreditNote:
    lines = [_line(line, part) for line, part in parts]
    net, vat = sum(line.net_minor for line in lines), sum(line.vat_minor for line in lines)
    tax_date = clock.today()
    numbered = numbering.take("credit_note", tax_date.year)
    note = CreditNote(
        invoice=invoice,
        symbol=numbered.symbol,
        year=numbered.year,
        number=numbered.number,
        reason=reason,
        issued_by_id=by.id if by else None,
        tax_date=tax_date,
        currency=invoice.currency,
        net_minor=net,
        vat_minor=vat,
        total_minor=net + vat,
        lines=lines,
    )
    for line, part in parts:
        line.credited_minor += part.minor
    invoice.credited_minor += note.total_minor
    db.session.add(note)
    db.session.flush()
    note.snapshot = snapshots.of_credit_note(note)
    invoices.settle(invoice)
    journal.record(invoice, "credited", by=by, number=note.display_number, reason=reason)
    credit_note_issued.send(note, invoice=invoice)
    return note


def _line(line: InvoiceLine, amount: Money) -> CreditNoteLine:
    """The part of a line with its tax: the whole rest gives back exactly the rest of the tax."""
    total = line.total.minor
    # Tax already given back with the earlier part, and with this one: rounded on the running sum.
    before = Money(line.vat_minor).times(Fraction(line.credited_minor, total))
    after = Money(line.vat_minor).times(Fraction(line.credited_minor + amount.minor, total))
    vat = (after - before).minor
    return CreditNoteLine(invoice_line=line, net_minor=amount.minor - vat, vat_minor=vat)
