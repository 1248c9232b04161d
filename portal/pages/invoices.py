"""Invoices: the list, one invoice, and what finance does with it."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from billing import credit_notes, invoices, payments, seller, transfers, vietqr
from billing.credit_notes import NewCredit
from billing.documents import Look, credit_note_xml, invoice_xml
from billing.documents import pdf as documents
from billing.models import CreditNote, Invoice, InvoiceStatus, PaymentMethod
from billing.payments import NewPayment
from config import clock
from config.database import transaction
from config.errors import NotFound
from config.typesetting import Standard
from portal.access import allowed, current_member, may, require_visible
from portal.pages import invoice_list, reading
from portal.pages.amounts import whole_amount
from portal.pages.diary import told
from portal.pages.reading import BadField
from rental import journal

pages = Blueprint("invoices", __name__, url_prefix="/invoices")

SEES_ALL = "see every unit's invoices"
STANDARDS = {"a": Standard.A2, "a-2b": Standard.A2, "a-3b": Standard.A3}
CREDITABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID})


def standing(invoice: Invoice) -> str:
    """Its status, or `overdue` where it is open and its day has passed."""
    late = invoice.due_on is not None and invoice.due_on < clock.today()
    return "overdue" if invoice.status is InvoiceStatus.OPEN and late else invoice.status.value


def visible(invoice_id: int) -> Invoice:
    """The invoice, if who asks may see it: a unit sees its own once they are issued."""
    invoice = invoices.get(invoice_id)
    require_visible(invoice.unit_id, SEES_ALL)
    if invoice.status is InvoiceStatus.DRAFT and not allowed(SEES_ALL):
        raise NotFound
    return invoice


@pages.get("")
@may("see own invoices")
def index() -> str:
    """The invoices one may see, narrowed and sorted as asked, and what they come to."""
    template = "invoices/_results.html" if reading.is_partial() else "invoices/index.html"
    return render_template(template, **invoice_list.around())


def deeds(invoice: Invoice) -> dict[str, bool]:
    """What who asks may do with the invoice now."""
    draft = invoice.status is InvoiceStatus.DRAFT
    owed = invoice.is_owed
    left = credit_notes.creditable(invoice)
    return {
        "issue": draft and allowed("issue invoices"),
        "discard": draft and allowed("issue invoices"),
        "pay": owed and bool(invoice.left) and allowed("record payments"),
        "credit": invoice.status in CREDITABLE and bool(left) and allowed("credit invoices"),
    }


@pages.get("/<int:invoice_id>")
@may("see own invoices")
def show(invoice_id: int) -> str:
    """One invoice: lines, tax, payments, credit notes and how to pay it."""
    invoice = visible(invoice_id)
    return render_template(
        "invoices/show.html",
        invoice=invoice,
        credit_notes=credit_notes.of(invoice),
        creditable=credit_notes.creditable(invoice),
        deeds=deeds(invoice),
        entries=told(journal.of(invoice)),
        related=_related(invoice),
        bank=_bank(invoice),
        bill=transfers.bill(invoice),
        has_code=transfers.code(invoice) is not None,
    )


def _related(invoice: Invoice) -> list[Invoice]:
    """The other invoices of the same booking: what it was asked for before and after."""
    if invoice.booking is None:
        return []
    drafts = allowed(SEES_ALL)
    return [
        one
        for one in invoices.for_booking(invoice.booking)
        if one.id != invoice.id and (drafts or one.status is not InvoiceStatus.DRAFT)
    ]


def _bank(invoice: Invoice) -> dict[str, Any]:
    """The account frozen at issue; a draft shows today's."""
    if invoice.snapshot is not None:
        frozen: dict[str, Any] = invoice.snapshot["seller"]["bank"]
        return frozen
    return seller.seller().bank.model_dump()


@pages.get("/<int:invoice_id>/vietqr.svg")
@may("see own invoices")
def vietqr_svg(invoice_id: int) -> Response:
    """The VietQR code that pays what is left."""
    text = transfers.code(visible(invoice_id))
    if text is None:
        raise NotFound
    return Response(vietqr.svg(text, 6), mimetype="image/svg+xml")


def look() -> Look:
    """How a document is asked for: `?lang=en`, `?standard=a`; else Vietnamese and plain."""
    language = request.args.get("lang", "vi")
    standard = request.args.get("standard")
    if language not in ("vi", "en") or standard not in (None, "", *STANDARDS):
        raise BadField(_("Ask for lang=vi or en, and for standard=a (PDF/A-2b) or a-3b."))
    return Look(language, STANDARDS[standard] if standard else None)


def sent(content: bytes, name: str, asked: Look | None = None) -> Response:
    """A document to look at in the browser, under a name that says what it is."""
    ending = "xml" if asked is None else "pdf"
    marks = ("-en" if asked.is_english else "") + ("-a" if asked.standard else "") if asked else ""
    return Response(
        content,
        mimetype=f"application/{ending}",
        headers={"Content-Disposition": f'inline; filename="{name}{marks}.{ending}"'},
    )


@pages.get("/<int:invoice_id>/invoice.pdf")
@may("see own invoices")
def pdf(invoice_id: int) -> Response:
    """The invoice as a document, as it was frozen at issue; finance looks at drafts too."""
    invoice, asked = visible(invoice_id), look()
    return sent(documents.invoice_pdf(invoice, asked), _name(invoice), asked)


@pages.get("/<int:invoice_id>/invoice.xml")
@may("see own invoices")
def xml(invoice_id: int) -> Response:
    """The invoice as draft XML, for accounting software."""
    invoice = visible(invoice_id)
    return sent(invoice_xml(invoice), _name(invoice))


def _name(invoice: Invoice) -> str:
    return invoice.display_number or invoice.reference


@pages.get("/<int:invoice_id>/credit-notes/<int:note_id>.pdf")
@may("see own invoices")
def credit_note_pdf(invoice_id: int, note_id: int) -> Response:
    """A credit note of the invoice as a document."""
    note, asked = _note(invoice_id, note_id), look()
    return sent(documents.credit_note_pdf(note, asked), note.display_number, asked)


@pages.get("/<int:invoice_id>/credit-notes/<int:note_id>.xml")
@may("see own invoices")
def credit_note_as_xml(invoice_id: int, note_id: int) -> Response:
    """A credit note of the invoice as draft XML."""
    note = _note(invoice_id, note_id)
    return sent(credit_note_xml(note), note.display_number)


def _note(invoice_id: int, note_id: int) -> CreditNote:
    invoice = visible(invoice_id)
    note = credit_notes.get(note_id)
    if note.invoice_id != invoice.id:
        raise NotFound
    return note


@pages.post("/<int:invoice_id>/issue")
@may("issue invoices")
def issue(invoice_id: int) -> Answer:
    """Give it its number: from here on it is owed and never edited."""
    with transaction():
        issued = invoices.issue(invoices.get(invoice_id), by=current_member())
        number = issued.display_number
    flash(_("Issued as %(number)s.", number=number), "good")
    return redirect(url_for(".show", invoice_id=invoice_id))


@pages.post("/<int:invoice_id>/discard")
@may("issue invoices")
def discard(invoice_id: int) -> Answer:
    """Throw a draft away; its charges wait for the next one."""
    with transaction():
        invoices.discard(invoices.get(invoice_id))
    flash(_("The draft is gone; its charges wait for the next invoice."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:invoice_id>/payments")
@may("record payments")
def pay(invoice_id: int) -> Answer:
    """Put money received against it."""
    method = reading.word(request.form, "method", PaymentMethod) or PaymentMethod.TRANSFER
    new = NewPayment(method, whole_amount("amount"), request.form.get("reference", ""))
    with transaction():
        invoice, by = invoices.get(invoice_id), current_member()
        if request.form.get("surplus") == "keep":
            payments.receive(invoice.unit, new, invoice=invoice, by=by)
        else:
            payments.record(invoice, new, by=by)
    flash(_("The payment is recorded."), "good")
    return redirect(url_for(".show", invoice_id=invoice_id))


@pages.post("/<int:invoice_id>/credit-notes")
@may("credit invoices")
def credit(invoice_id: int) -> Answer:
    """Take something off it, under a credit note of its own number."""
    new = NewCredit(request.form.get("reason", ""), whole_amount("amount"))
    with transaction():
        note = credit_notes.issue(invoices.get(invoice_id), new, by=current_member())
        number = note.display_number
    flash(_("Credit note %(number)s is issued.", number=number), "good")
    return redirect(url_for(".show", invoice_id=invoice_id))
