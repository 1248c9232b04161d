"""Corrections of issued invoices over the API: adjustments, replacements, notices of form 04/SS."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from flask import Blueprint, Response, url_for
from pydantic import Field

from billing import corrections, error_notices
from billing.corrections import Grounds, LineAmount
from billing.documents import error_notice_pdf, error_notice_xml
from billing.errors import ErrorNoticeNotFound, InvoiceNotFound
from billing.models import ErrorNotice, Invoice, NoticeField
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.documents import LookQuery, sent
from portal.api.fields import LARGEST_ID, Answer, Body, Reason, Text
from portal.api.instants import local
from portal.api.invoice_answers import (
    InvoiceAnswer,
    InvoiceSummary,
    invoice_as_json,
    summary_as_json,
)
from portal.api.invoices import visible
from portal.idempotency import once

room = Blueprint("api_corrections", __name__)

LARGEST = 10**13


class LineAmountBody(Body):
    """A line and an amount in its own terms: with tax where the line is `tax_inclusive`."""

    line: int = Field(ge=1, le=LARGEST_ID)
    amount_minor: int = Field(ge=-LARGEST, le=LARGEST)
    description: Text | None = Field(default=None, max_length=400)
    quantity: float | None = Field(default=None, gt=0, le=1e9)


class CorrectionBody(Body):
    """Why, what was agreed in writing beforehand, and the lines that change."""

    reason: Reason
    agreement: Text = Field(default="", max_length=120)
    agreement_on: date | None = None
    lines: list[LineAmountBody] = Field(default=[], max_length=1000)


class ErrorNoticeBody(Body):
    """What of the buyer is wrong, and what it should be."""

    field: NoticeField
    correct: Text = Field(min_length=1, max_length=500)
    reason: Reason


class ErrorNoticeAnswer(Answer):
    """A notice of form 04/SS."""

    id: int
    number: str
    invoice: int
    field: NoticeField
    wrong: str
    correct: str
    reason: str
    noticed_on: str
    issued_at: str


class CorrectionsAnswer(Answer):
    """What an invoice corrects, and what corrects it."""

    corrects: InvoiceSummary | None
    correction: str | None
    reason: str | None
    agreement: str | None
    agreement_on: str | None
    replaced_by: InvoiceSummary | None
    adjusted_by: list[InvoiceSummary]
    notices: list[ErrorNoticeAnswer]


@room.get("/invoices/<int:invoice_id>/corrections")
@may("see own invoices")
@offers(
    Call("Show what corrects an invoice", "invoices", answer=CorrectionsAnswer, refusals=(404,))
)
def show(invoice_id: int) -> Response:
    """The documents linked with it, both ways."""
    invoice = visible(invoice_id)
    new = corrections.replacement_of(invoice)
    return answer(
        {
            "corrects": summary_as_json(invoice.corrects) if invoice.corrects else None,
            "correction": invoice.correction.value if invoice.correction else None,
            "reason": invoice.correction_reason,
            "agreement": invoice.agreement,
            "agreement_on": invoice.agreement_on.isoformat() if invoice.agreement_on else None,
            "replaced_by": summary_as_json(new) if new else None,
            "adjusted_by": [summary_as_json(one) for one in corrections.adjustments_of(invoice)],
            "notices": [_notice_as_json(one) for one in error_notices.of(invoice)],
        }
    )


@room.post("/invoices/<int:invoice_id>/adjustments")
@may("credit invoices")
@offers(
    Call(
        "Adjust an invoice", "invoices", answer=InvoiceAnswer, status=201, refusals=(404, 409, 422)
    )
)
@once
def adjust(invoice_id: int, body: CorrectionBody) -> Response:
    """Amounts are what is added to a line, below zero what is taken off; in all it adds."""
    return _corrected(corrections.adjust, invoice_id, body)


@room.post("/invoices/<int:invoice_id>/replacements")
@may("credit invoices")
@offers(
    Call(
        "Replace an invoice", "invoices", answer=InvoiceAnswer, status=201, refusals=(404, 409, 422)
    )
)
@once
def replace(invoice_id: int, body: CorrectionBody) -> Response:
    """Amounts are those of the new lines, zero leaves one out; lines not named stay as they are."""
    return _corrected(corrections.replace, invoice_id, body)


def _corrected(make: Callable[..., Invoice], invoice_id: int, body: CorrectionBody) -> Response:
    grounds = Grounds(body.reason, body.agreement, body.agreement_on)
    lines = [
        LineAmount(
            one.line,
            one.amount_minor,
            one.description,
            None if one.quantity is None else Decimal(str(one.quantity)),
        )
        for one in body.lines
    ]
    issued = make(visible(invoice_id), grounds, lines, by=current_member())
    where = url_for("api_invoices.invoice", invoice_id=issued.id)
    return answer(invoice_as_json(issued), 201, location=where)


@room.post("/invoices/<int:invoice_id>/notices")
@may("credit invoices")
@offers(
    Call(
        "Notify an error on an invoice",
        "invoices",
        answer=ErrorNoticeAnswer,
        status=201,
        refusals=(404, 409, 422),
    )
)
@once
def notify(invoice_id: int, body: ErrorNoticeBody) -> Response:
    """Only the buyer's name or address: the invoice stands (form 04/SS)."""
    notice = error_notices.issue(
        visible(invoice_id), body.field, body.correct, body.reason, by=current_member()
    )
    where = url_for("api_corrections.notice_pdf", notice_id=notice.id)
    return answer(_notice_as_json(notice), 201, location=where)


@room.get("/error-notices/<int:notice_id>.pdf")
@may("see own invoices")
@offers(Call("Draw a notice of an error", "invoices", answer="application/pdf", refusals=(404,)))
def notice_pdf(notice_id: int, query: LookQuery) -> Response:
    """In Vietnamese or as a copy in English, as it was issued."""
    notice = _visible_notice(notice_id)
    return sent(error_notice_pdf(notice, query.look), notice.display_number, "pdf")


@room.get("/error-notices/<int:notice_id>.xml")
@may("see own invoices")
@offers(
    Call("Write a notice of an error as XML", "invoices", answer="application/xml", refusals=(404,))
)
def notice_xml(notice_id: int) -> Response:
    """For accounting software."""
    notice = _visible_notice(notice_id)
    return sent(error_notice_xml(notice), notice.display_number, "xml")


def _visible_notice(notice_id: int) -> ErrorNotice:
    notice = error_notices.get(notice_id)
    try:
        visible(notice.invoice_id)
    except InvoiceNotFound:
        # In the words of one that does not exist: the number of another unit's is no answer.
        raise ErrorNoticeNotFound from None
    return notice


def _notice_as_json(notice: ErrorNotice) -> dict[str, object]:
    return {
        "id": notice.id,
        "number": notice.display_number,
        "invoice": notice.invoice_id,
        "field": notice.field.value,
        "wrong": notice.wrong,
        "correct": notice.correct,
        "reason": notice.reason,
        "noticed_on": notice.noticed_on.isoformat(),
        "issued_at": local(notice.issued_at),
    }
