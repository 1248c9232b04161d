"""Invoices over the API: issued by finance, read by the unit that owes them."""

from flask import Blueprint, Response, url_for
from pydantic import Field
from sqlalchemy.orm import joinedload

from billing import credit_notes, invoice_search, invoices, payments
from billing.credit_notes import LineCredit, NewCredit
from billing.documents import pdf, xml
from billing.errors import CreditNoteNotFound, InvoiceNotFound
from billing.invoice_search import Sorting, SoughtInvoices
from billing.models import CreditNote, Invoice, InvoiceKind, InvoiceStatus, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.database import bounded_count, db
from portal.access import current_member, may, visible_unit_id
from portal.api.booking_bodies import NothingBody
from portal.api.bookings import visible as visible_booking
from portal.api.calls import Call, answer, offers
from portal.api.documents import LookQuery, sent
from portal.api.fields import (
    LARGEST_ID,
    AskedAmount,
    Body,
    Instant,
    Month,
    Paged,
    Reason,
    Slug,
    Text,
)
from portal.api.invoice_answers import (
    CreditNoteAnswer,
    InvoiceAnswer,
    InvoiceSummary,
    PaymentAnswer,
    TogetherAnswer,
    credit_note_as_json,
    invoice_as_json,
    payment_as_json,
    summary_as_json,
    together_as_json,
)
from portal.idempotency import once

room = Blueprint("api_invoices", __name__)

SEE_ALL = "see every unit's invoices"


class InvoicesQuery(Paged):
    """Filters of a list of invoices. Amounts are minor units of the total, tax included."""

    status: list[InvoiceStatus] = Field(default=[])
    kind: list[InvoiceKind] = Field(default=[])
    unit: Slug | None = None
    month: Month | None = None
    overdue: bool = False
    least: int | None = Field(default=None, ge=0, le=10**15)
    most: int | None = Field(default=None, ge=0, le=10**15)
    q: Text | None = Field(default=None, max_length=100)
    sort: Sorting = Sorting.NEWEST

    def sought(self) -> SoughtInvoices:
        """The filters, narrowed to what who asks may see."""
        return SoughtInvoices(
            only_unit_id=visible_unit_id(current_member(), SEE_ALL),
            unit=self.unit,
            kinds=self.kind,
            statuses=self.status,
            month=self.month,
            is_overdue=self.overdue,
            least=self.least,
            most=self.most,
            text=self.q or "",
            sorting=self.sort,
        )


class PaymentBody(Body):
    """What was received; a transfer needs the bank's reference."""

    method: PaymentMethod
    amount: AskedAmount
    reference: Text = Field(default="", max_length=100)
    received_at: Instant | None = None


class LineCreditBody(Body):
    """An amount, tax included, to take off one line."""

    line: int = Field(ge=1, le=LARGEST_ID)
    amount: AskedAmount


class CreditNoteBody(Body):
    """What to take off: an amount with tax, amounts by line, or without either all that is left."""

    reason: Reason
    amount: AskedAmount | None = None
    lines: list[LineCreditBody] = Field(default=[], max_length=1000)


def visible(invoice_id: int) -> Invoice:
    """The invoice, if the member may see it; another unit's, and a draft of its own, is not there.

    Raises InvoiceNotFound.
    """
    invoice = invoices.get(invoice_id)
    only = visible_unit_id(current_member(), SEE_ALL)
    if only is not None and (invoice.unit_id != only or invoice.status is InvoiceStatus.DRAFT):
        raise InvoiceNotFound
    return invoice


def _money(amount: AskedAmount) -> Money:
    return Money(amount.minor, amount.currency)


@room.post("/bookings/<reference>/invoice")
@may("issue invoices")
@offers(
    Call(
        "Issue the invoice of a booking",
        "invoices",
        answer=InvoiceAnswer,
        status=201,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def issue(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """All that is charged and not invoiced yet, under the next number of the series."""
    draft = invoices.draft_for(visible_booking(reference))
    issued = invoices.issue(draft, by=current_member())
    where = url_for("api_invoices.invoice", invoice_id=issued.id)
    return answer(invoice_as_json(issued), 201, location=where)


@room.get("/invoices")
@may("see own invoices")
@offers(Call("List invoices", "invoices", answer=InvoiceSummary, is_list=True))
def list_invoices(query: InvoicesQuery) -> Response:
    """The newest first unless sorted; a unit sees its own, without drafts."""
    sought = query.sought()
    total = bounded_count(invoice_search.narrowed(sought), query.offset + query.per_page)
    page = db.session.scalars(
        invoice_search.in_line(sought)
        .options(joinedload(Invoice.booking))
        .limit(query.per_page)
        .offset(query.offset)
    )
    return answer({"items": [summary_as_json(each) for each in page], "total": total})


@room.get("/invoices/totals")
@may("see own invoices")
@offers(Call("Add invoices up", "invoices", answer=TogetherAnswer, is_list=True))
def add_up_invoices(query: InvoicesQuery) -> Response:
    """What the invoices that fit come to, by currency; void ones count as nothing."""
    found = [together_as_json(one) for one in invoice_search.together(query.sought())]
    return answer({"items": found, "total": len(found)})


@room.get("/invoices/<int:invoice_id>")
@may("see own invoices")
@offers(Call("Show an invoice", "invoices", answer=InvoiceAnswer, refusals=(404,)))
def invoice(invoice_id: int) -> Response:
    """With lines, tax by rate, payments and credit notes."""
    return answer(invoice_as_json(visible(invoice_id)))


@room.get("/invoices/<int:invoice_id>.pdf")
@may("see own invoices")
@offers(Call("Draw an invoice for printing", "invoices", answer="application/pdf", refusals=(404,)))
def invoice_pdf(invoice_id: int, query: LookQuery) -> Response:
    """In Vietnamese or as a copy in English, with a VietQR code for what is open."""
    found = visible(invoice_id)
    return sent(pdf.invoice_pdf(found, query.look), _name(found), "pdf")


@room.get("/invoices/<int:invoice_id>.xml")
@may("see own invoices")
@offers(Call("Write an invoice as XML", "invoices", answer="application/xml", refusals=(404,)))
def invoice_xml(invoice_id: int) -> Response:
    """For accounting software."""
    found = visible(invoice_id)
    return sent(xml.invoice_xml(found), _name(found), "xml")


def _name(found: Invoice) -> str:
    return found.display_number or found.reference


@room.post("/invoices/<int:invoice_id>/payments")
@may("record payments")
@offers(Call("Record a payment", "invoices", answer=PaymentAnswer, status=201, refusals=(404, 409)))
@once
def pay(invoice_id: int, body: PaymentBody) -> Response:
    """Nothing left means paid. The same slip twice is a conflict."""
    new = NewPayment(
        method=body.method,
        amount=_money(body.amount),
        reference=body.reference,
        received_at=body.received_at,
    )
    payment = payments.record(visible(invoice_id), new, by=current_member())
    return answer(payment_as_json(payment), 201)


@room.post("/invoices/<int:invoice_id>/credit-notes")
@may("credit invoices")
@offers(
    Call(
        "Issue a credit note", "invoices", answer=CreditNoteAnswer, status=201, refusals=(404, 409)
    )
)
@once
def credit(invoice_id: int, body: CreditNoteBody) -> Response:
    """Never more than is left of the invoice, nor of a line."""
    new = NewCredit(
        reason=body.reason,
        amount=_money(body.amount) if body.amount is not None else None,
        lines=[LineCredit(each.line, _money(each.amount)) for each in body.lines],
    )
    note = credit_notes.issue(visible(invoice_id), new, by=current_member())
    where = url_for("api_invoices.credit_note_pdf", credit_note_id=note.id)
    return answer(credit_note_as_json(note), 201, location=where)


@room.get("/credit-notes/<int:credit_note_id>.pdf")
@may("see own invoices")
@offers(
    Call("Draw a credit note for printing", "invoices", answer="application/pdf", refusals=(404,))
)
def credit_note_pdf(credit_note_id: int, query: LookQuery) -> Response:
    """In Vietnamese or as a copy in English, as it was issued."""
    note = visible_note(credit_note_id)
    return sent(pdf.credit_note_pdf(note, query.look), note.display_number, "pdf")


@room.get("/credit-notes/<int:credit_note_id>.xml")
@may("see own invoices")
@offers(Call("Write a credit note as XML", "invoices", answer="application/xml", refusals=(404,)))
def credit_note_xml(credit_note_id: int) -> Response:
    """For accounting software: an adjusting invoice that names what it adjusts."""
    note = visible_note(credit_note_id)
    return sent(xml.credit_note_xml(note), note.display_number, "xml")


def visible_note(credit_note_id: int) -> CreditNote:
    """The credit note, if the member may see its invoice; raises CreditNoteNotFound."""
    note = credit_notes.get(credit_note_id)
    try:
        visible(note.invoice_id)
    except InvoiceNotFound:
        # In the words of one that does not exist: the number of another unit's is no answer.
        raise CreditNoteNotFound from None
    return note
