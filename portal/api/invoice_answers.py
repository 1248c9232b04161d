"""How invoices, payments and credit notes are written."""

from typing import Any

from billing import credit_notes, payments, vat
from billing.invoice_search import Together
from billing.models import (
    CreditNote,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    PaymentMethod,
)
from billing.vat import Taxed
from portal.api.booking_answers import VatAnswer
from portal.api.fields import Amount, Answer
from portal.api.instants import local, local_or_none


class InvoiceLineAnswer(Answer):
    """One amount of an invoice with its share of the tax."""

    id: int
    description: str
    description_en: str
    explanation: str
    explanation_en: str
    measure: str | None
    quantity: str
    unit_price: Amount
    tax_inclusive: bool
    net: Amount
    vat: Amount
    vat_code: str
    total: Amount
    credited: Amount


class PaymentAnswer(Answer):
    """What was received for an invoice."""

    id: int
    method: PaymentMethod
    amount: Amount
    reference: str
    received_at: str


class CreditNoteAnswer(Answer):
    """What was taken off an issued invoice."""

    id: int
    number: str
    invoice: int
    reason: str
    tax_date: str
    issued_at: str
    net: Amount
    vat: Amount
    total: Amount


class InvoiceSummary(Answer):
    """An invoice as lists show it; a draft has no number."""

    id: int
    reference: str
    number: str | None
    status: InvoiceStatus
    kind: InvoiceKind
    unit: str
    booking: str | None
    tax_date: str | None
    due_on: str | None
    net: Amount
    vat_total: Amount
    total: Amount
    paid: Amount
    credited: Amount
    left: Amount


class InvoiceAnswer(InvoiceSummary):
    """An invoice with its lines, tax by rate, payments and credit notes."""

    drafted_at: str
    issued_at: str | None
    paid_at: str | None
    closed_reason: str | None
    refund_due: Amount
    lines: list[InvoiceLineAnswer]
    vat: list[VatAnswer]
    payments: list[PaymentAnswer]
    credit_notes: list[CreditNoteAnswer]


class TogetherAnswer(Answer):
    """What invoices of one currency come to."""

    currency: str
    count: int
    net: Amount
    vat: Amount
    total: Amount
    credited: Amount
    paid: Amount
    left: Amount


def together_as_json(found: Together) -> dict[str, Any]:
    """What invoices come to."""
    return {
        "currency": found.total.currency,
        "count": found.count,
        "net": found.net.as_json(),
        "vat": found.vat.as_json(),
        "total": found.total.as_json(),
        "credited": found.credited.as_json(),
        "paid": found.paid.as_json(),
        "left": found.left.as_json(),
    }


def summary_as_json(invoice: Invoice) -> dict[str, Any]:
    """The invoice as lists show it."""
    return {
        "id": invoice.id,
        "reference": invoice.reference,
        "number": invoice.display_number,
        "status": invoice.status.value,
        "kind": invoice.kind.value,
        "unit": invoice.unit.slug,
        "booking": invoice.booking.reference if invoice.booking is not None else None,
        "tax_date": invoice.tax_date.isoformat() if invoice.tax_date is not None else None,
        "due_on": invoice.due_on.isoformat() if invoice.due_on is not None else None,
        "net": invoice.net.as_json(),
        "vat_total": invoice.vat.as_json(),
        "total": invoice.total.as_json(),
        "paid": invoice.paid.as_json(),
        "credited": invoice.credited.as_json(),
        "left": invoice.left.as_json(),
    }


def invoice_as_json(invoice: Invoice) -> dict[str, Any]:
    """The whole invoice."""
    taxed = [Taxed(line.net, line.vat, line.vat_code) for line in invoice.lines]
    return {
        **summary_as_json(invoice),
        "drafted_at": local(invoice.drafted_at),
        "issued_at": local_or_none(invoice.issued_at),
        "paid_at": local_or_none(invoice.paid_at),
        "closed_reason": invoice.closed_reason,
        "refund_due": invoice.refund_due.as_json(),
        "lines": [_line(line) for line in invoice.lines],
        "vat": [group.as_json() for group in vat.groups(taxed)],
        "payments": [payment_as_json(each) for each in payments.of(invoice)],
        "credit_notes": [credit_note_as_json(each) for each in credit_notes.of(invoice)],
    }


def _line(line: InvoiceLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "description": line.description,
        "description_en": line.description_en,
        "explanation": line.explanation,
        "explanation_en": line.explanation_en,
        "measure": line.measure.value if line.measure is not None else None,
        "quantity": f"{line.quantity.normalize():f}",
        "unit_price": {"minor": line.unit_price_minor, "currency": line.invoice.currency},
        "tax_inclusive": line.tax_inclusive,
        "net": line.net.as_json(),
        "vat": line.vat.as_json(),
        "vat_code": line.vat_code.value,
        "total": line.total.as_json(),
        "credited": {"minor": line.credited_minor, "currency": line.invoice.currency},
    }


def payment_as_json(payment: Payment) -> dict[str, Any]:
    """One payment."""
    return {
        "id": payment.id,
        "method": payment.method.value,
        "amount": payment.amount.as_json(),
        "reference": payment.reference,
        "received_at": local(payment.received_at),
    }


def credit_note_as_json(note: CreditNote) -> dict[str, Any]:
    """One credit note."""
    return {
        "id": note.id,
        "number": note.display_number,
        "invoice": note.invoice_id,
        "reason": note.reason,
        "tax_date": note.tax_date.isoformat(),
        "issued_at": local(note.issued_at),
        "net": note.net.as_json(),
        "vat": note.vat.as_json(),
        "total": note.total.as_json(),
    }
