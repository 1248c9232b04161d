"""Where issued documents stand at the provider of e-invoices, and handing them in again."""

from typing import Any

from flask import Blueprint, Response

from billing import invoices
from billing.einvoice import submissions
from billing.models import CreditNote, Invoice, Submission, SubmissionStatus
from portal.access import allowed, current_member, may
from portal.api.booking_bodies import NothingBody
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer
from portal.api.instants import local, local_or_none
from portal.api.invoices import SEE_ALL, visible, visible_note
from portal.idempotency import once

room = Blueprint("api_einvoices", __name__)


class EInvoiceAnswer(Answer):
    """The way of one document; what went wrong is told to those who see every unit's invoices."""

    document: str
    status: SubmissionStatus
    queued_at: str
    attempts: int
    last_attempt_at: str | None
    next_attempt_at: str | None
    accepted_at: str | None
    provider: str | None
    receipt: str | None
    sha256: str | None
    failure: str | None


def einvoice_as_json(submission: Submission) -> dict[str, Any]:
    """The form of the JSON API."""
    return {
        "document": submission.key,
        "status": submission.status.value,
        "queued_at": local(submission.queued_at),
        "attempts": submission.attempts,
        "last_attempt_at": local_or_none(submission.last_attempt_at),
        "next_attempt_at": local_or_none(submission.next_attempt_at),
        "accepted_at": local_or_none(submission.accepted_at),
        "provider": submission.provider or None,
        "receipt": submission.receipt or None,
        "sha256": submission.sha256 or None,
        "failure": (submission.failed or None) if allowed(SEE_ALL) else None,
    }


@room.get("/invoices/<int:invoice_id>/einvoice")
@may("see own invoices")
@offers(
    Call("Show the e-invoice of an invoice", "invoices", answer=EInvoiceAnswer, refusals=(404,))
)
def einvoice(invoice_id: int) -> Response:
    """Queued, submitted, accepted or refused; a draft has none."""
    return answer(einvoice_as_json(submissions.of(visible(invoice_id))))


@room.post("/invoices/<int:invoice_id>/einvoice/retry")
@may("issue invoices")
@offers(
    Call(
        "Hand an invoice in again",
        "invoices",
        answer=EInvoiceAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def retry_einvoice(invoice_id: int, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """With the next round of the worker; one that is accepted is a conflict."""
    return _again(invoices.get(invoice_id))


@room.get("/credit-notes/<int:credit_note_id>/einvoice")
@may("see own invoices")
@offers(
    Call("Show the e-invoice of a credit note", "invoices", answer=EInvoiceAnswer, refusals=(404,))
)
def credit_note_einvoice(credit_note_id: int) -> Response:
    """Queued, submitted, accepted or refused."""
    return answer(einvoice_as_json(submissions.of(visible_note(credit_note_id))))


@room.post("/credit-notes/<int:credit_note_id>/einvoice/retry")
@may("issue invoices")
@offers(
    Call(
        "Hand a credit note in again",
        "invoices",
        answer=EInvoiceAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def retry_credit_note_einvoice(credit_note_id: int, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """With the next round of the worker; one that is accepted is a conflict."""
    return _again(visible_note(credit_note_id))


def _again(document: Invoice | CreditNote) -> Response:
    return answer(
        einvoice_as_json(submissions.retry(submissions.of(document), by=current_member()))
    )
