"""Correcting an issued invoice: which way fits what is wrong, a preview, and the documents."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from billing import corrections, error_notices, invoices
from billing.corrections import Grounds, LineAmount
from billing.documents import error_notice_pdf, error_notice_xml
from billing.models import ErrorNotice, Invoice, NoticeField
from billing.money import Money
from billing.vat import Taxed
from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.amounts import signed_amount
from portal.pages.invoices import look, sent, visible
from portal.pages.sentences import spoken

pages = Blueprint("corrections", __name__, url_prefix="/invoices")


class Way(StrEnum):
    """How what is wrong is put right."""

    NOTICE = "notice"
    ADJUST = "adjust"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Told:
    """What an adjustment comes to, before anybody issues it."""

    net: Money
    vat: Money

    @property
    def total(self) -> Money:
        """Net and tax."""
        return self.net + self.vat


@pages.get("/<int:invoice_id>/corrections")
@may("credit invoices")
def show(invoice_id: int) -> str:
    """The three ways, and the form of the one chosen."""
    return _page(invoices.get(invoice_id))


@pages.post("/<int:invoice_id>/corrections")
@may("credit invoices")
def correct(invoice_id: int) -> Answer | str | tuple[str, int]:
    """Look at what it comes to, or issue it; what was typed stays where it is refused."""
    way = _way()
    try:
        if way is Way.ADJUST and "preview" in request.form:
            invoice = invoices.get(invoice_id)
            return _page(invoice, told=_told(corrections.preview(invoice, _lines(invoice))))
        with transaction():
            where = _done(invoices.get(invoice_id), way)
    except (Conflict, Invalid) as refusal:
        page = _page(invoices.get(invoice_id), refused=spoken(refusal))
        return page, 409 if isinstance(refusal, Conflict) else 422
    return redirect(where)


@pages.get("/<int:invoice_id>/error-notices/<int:notice_id>.pdf")
@may("see own invoices")
def notice_pdf(invoice_id: int, notice_id: int) -> Response:
    """A notice of form 04/SS as a document."""
    notice, asked = _notice(invoice_id, notice_id), look()
    return sent(error_notice_pdf(notice, asked), notice.display_number, asked)


@pages.get("/<int:invoice_id>/error-notices/<int:notice_id>.xml")
@may("see own invoices")
def notice_xml(invoice_id: int, notice_id: int) -> Response:
    """A notice of form 04/SS as draft XML."""
    notice = _notice(invoice_id, notice_id)
    return sent(error_notice_xml(notice), notice.display_number)


def _notice(invoice_id: int, notice_id: int) -> ErrorNotice:
    invoice = visible(invoice_id)
    notice = error_notices.get(notice_id)
    if notice.invoice_id != invoice.id:
        raise NotFound
    return notice


def _way() -> Way:
    return reading.word(request.values, "way", Way) or Way.NOTICE


def _page(invoice: Invoice, *, told: Told | None = None, refused: str = "") -> str:
    return render_template(
        "invoices/correct.html",
        invoice=invoice,
        way=_way().value,
        told=told,
        refused=refused,
        stands={field.value: error_notices.stands(invoice, field) for field in NoticeField},
        needs_agreement=corrections.needs_agreement(invoice),
    )


def _done(invoice: Invoice, way: Way) -> str:
    """Issue it; where it is looked at."""
    by, form = current_member(), request.form
    if way is Way.NOTICE:
        field = reading.word(form, "field", NoticeField) or NoticeField.NAME
        notice = error_notices.issue(
            invoice, field, form.get("correct", ""), form.get("reason", ""), by=by
        )
        flash(_("Notice %(number)s is issued.", number=notice.display_number), "good")
        return url_for("invoices.show", invoice_id=invoice.id)
    grounds = Grounds(
        form.get("reason", ""), form.get("agreement", ""), reading.day(form, "agreement_on")
    )
    make = corrections.adjust if way is Way.ADJUST else corrections.replace
    issued = make(invoice, grounds, _lines(invoice), by=by)
    flash(_("Issued as %(number)s.", number=issued.display_number), "good")
    return url_for("invoices.show", invoice_id=issued.id)


def _lines(invoice: Invoice) -> list[LineAmount]:
    """The lines that an amount was typed for."""
    typed = {
        line.id: signed_amount(request.form.get(f"amount-{line.id}", "")) for line in invoice.lines
    }
    return [
        LineAmount(line_id, minor, request.form.get(f"words-{line_id}", "").strip() or None)
        for line_id, minor in typed.items()
        if minor is not None
    ]


def _told(taxed: list[Taxed]) -> Told:
    return Told(
        sum((one.net for one in taxed), Money(0)), sum((one.vat for one in taxed), Money(0))
    )


def _standing_of(invoice: Invoice) -> dict[str, Any]:
    """All that is linked with an invoice: what it corrects, and what corrects it."""
    return {
        "replacement": corrections.replacement_of(invoice),
        "adjustments": corrections.adjustments_of(invoice),
        "notices": error_notices.of(invoice),
    }


def _fields() -> dict[str, str]:
    return {"name": _("Name"), "address": _("Address")}


FOR_TEMPLATES: dict[str, Any] = {
    "corrections_of": _standing_of,
    "notice_fields": _fields,
    "correctable": lambda invoice: invoice.status in corrections.ADJUSTABLE,
}
