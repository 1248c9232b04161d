"""E-invoices: which issued documents the provider has not accepted, and handing them in again."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from billing import credit_notes, invoices
from billing.einvoice import overview, submissions
from billing.einvoice.overview import Asked
from billing.models import CreditNote, Invoice, Submission, SubmissionStatus
from config.database import bounded_count, transaction
from config.errors import NotFound, filled
from portal.access import allowed, current_member, may
from portal.pages import reading
from portal.pages.reading import Listing

pages = Blueprint("einvoices", __name__)

SEES_ALL = "see every unit's invoices"
FAILING = "failing"
FILTERS = {
    FAILING: lazy_gettext("With an error"),
    SubmissionStatus.QUEUED.value: lazy_gettext("To be handed in"),
    SubmissionStatus.SUBMITTED.value: lazy_gettext("Handed in, no answer yet"),
    SubmissionStatus.REFUSED.value: lazy_gettext("Refused by the provider"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One document on the page of its invoice; without a submission where none was made."""

    document: Invoice | CreditNote
    submission: Submission | None
    may_retry: bool

    @property
    def retry_address(self) -> str:
        """Where it is handed in again."""
        if isinstance(self.document, CreditNote):
            note = self.document
            return url_for("einvoices.retry_note", invoice_id=note.invoice_id, note_id=note.id)
        return url_for("einvoices.retry", invoice_id=self.document.id)


def standings(invoice: Invoice) -> list[Standing]:
    """The invoice and its credit notes, once they are issued."""
    if invoice.number is None:
        return []
    may_retry = allowed("issue invoices")
    found = []
    documents: list[Invoice | CreditNote] = [invoice, *credit_notes.of(invoice)]
    for document in documents:
        submission = submissions.find(document)
        waits = submission is not None and submission.status is not SubmissionStatus.ACCEPTED
        found.append(Standing(document, submission, waits and may_retry))
    return found


def failed(submission: Submission) -> str:
    """What went wrong last, in the language of the page; empty where nothing did."""
    if not submission.failure:
        return ""
    return filled(_(submission.failure), submission.failure_values)


def _asked(fields: MultiDict[str, str]) -> Asked:
    text = fields.get("q", "")[:40]
    if fields.get("state") == FAILING:
        return Asked(only_failing=True, text=text)
    return Asked(reading.word(fields, "state", SubmissionStatus), text=text)


@pages.get("/einvoices")
@may(SEES_ALL)
def index() -> str:
    """Those that are not accepted, the oldest first."""
    asked, page = _asked(request.args), reading.page_number()
    total = bounded_count(overview.ids(asked), page * reading.PER_PAGE)
    rows = overview.unsettled(asked, reading.PER_PAGE, (page - 1) * reading.PER_PAGE)
    template = "einvoices/_results.html" if reading.is_partial() else "einvoices/index.html"
    return render_template(template, listing=Listing(list(rows), total, page), filters=FILTERS)


@pages.post("/einvoices/retry")
@may("issue invoices")
def retry_all() -> Response:
    """Hand in again everything that the filter shows."""
    asked = _asked(request.form)
    with transaction():
        count = submissions.retry_all(overview.ids(asked), by=current_member())
    flash(_("Documents that are handed in again within seconds: %(count)s.", count=count), "good")
    kept: dict[str, Any] = {n: request.form[n] for n in ("state", "q") if request.form.get(n)}
    return redirect(url_for(".index", **kept))


@pages.post("/invoices/<int:invoice_id>/einvoice/retry")
@may("issue invoices")
def retry(invoice_id: int) -> Response:
    """Hand the invoice in again."""
    return _again(invoices.get(invoice_id), invoice_id)


@pages.post("/invoices/<int:invoice_id>/credit-notes/<int:note_id>/einvoice/retry")
@may("issue invoices")
def retry_note(invoice_id: int, note_id: int) -> Response:
    """Hand a credit note of the invoice in again."""
    note = credit_notes.get(note_id)
    if note.invoice_id != invoice_id:
        raise NotFound
    return _again(note, invoice_id)


def _again(document: Invoice | CreditNote, invoice_id: int) -> Response:
    with transaction():
        submissions.retry(submissions.of(document), by=current_member())
    flash(_("It is handed in again within seconds."), "good")
    return redirect(url_for("invoices.show", invoice_id=invoice_id, _anchor="einvoice"))


FOR_TEMPLATES: dict[str, Any] = {"einvoices_of": standings, "einvoice_failed": failed}
