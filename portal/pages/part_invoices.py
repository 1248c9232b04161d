"""Advance and part invoices of one booking: what waits, and what of it is asked for now."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import advances, deposits, invoices, quotes
from billing.money import Money
from config.database import transaction
from portal.access import current_member, may
from portal.pages.amounts import whole_amount
from portal.pages.reading import BadField
from rental import bookings
from rental.models import Booking

pages = Blueprint("part_invoices", __name__, url_prefix="/bookings")

_LONGEST_ID = 10


@pages.get("/<reference>/invoicing")
@may("issue invoices")
def show(reference: str) -> str:
    """What of the booking waits for an invoice, and the invoices it has."""
    booking = bookings.get(reference)
    return render_template(
        "invoices/parts.html",
        booking=booking,
        stands=advances.standing(booking),
        asked=_asked(booking),
        papers=invoices.for_booking(booking),
    )


def _asked(booking: Booking) -> Money | None:
    """What the terms in force ask for in advance and was not asked for yet."""
    if advances.of(booking):
        return None
    return deposits.due(quotes.for_booking(booking), booking.unit)


@pages.post("/<reference>/advances")
@may("issue invoices")
def advance(reference: str) -> Response:
    """Issue an advance invoice of an amount or of a percentage of what is left."""
    with transaction():
        booking = bookings.get(reference)
        issued = advances.issue(booking, _amount(booking), by=current_member())
        number, issued_id = issued.display_number, issued.id
    flash(_("Issued as %(number)s.", number=number), "good")
    return redirect(url_for("invoices.show", invoice_id=issued_id))


def _amount(booking: Booking) -> Money:
    typed = request.form.get("percent", "").strip()
    if not typed:
        return whole_amount("amount")
    try:
        percent = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        raise BadField(_("Write the percentage as a number, such as 30 or 12,5.")) from None
    if not percent.is_finite():
        raise BadField(_("Write the percentage as a number, such as 30 or 12,5."))
    return advances.part_of(advances.standing(booking).rest, percent)


@pages.post("/<reference>/part-invoices")
@may("issue invoices")
def part(reference: str) -> Response:
    """Draft an invoice of chosen charges."""
    chosen = [
        int(one)
        for one in request.form.getlist("charge")
        if one.isascii() and one.isdigit() and len(one) <= _LONGEST_ID
    ]
    with transaction():
        number = advances.draft_part(bookings.get(reference), chosen).id
    return redirect(url_for("invoices.show", invoice_id=number))


@pages.post("/<reference>/advances/give-back")
@may("credit invoices")
def give_back(reference: str) -> Response:
    """Credit what the advances ask for beyond all that is owed."""
    with transaction():
        notes = advances.give_back(bookings.get(reference), by=current_member())
        numbers = ", ".join(note.display_number for note in notes)
    flash(_("Credit note %(number)s is issued.", number=numbers), "good")
    return redirect(url_for(".show", reference=reference))


def _kind_words() -> dict[str, str]:
    """What each kind of invoice is called."""
    return {
        "whole": _("Invoice"),
        "advance": _("Advance invoice"),
        "part": _("Part invoice"),
        "final": _("Final invoice"),
    }


FOR_TEMPLATES: dict[str, Any] = {"invoice_kinds": _kind_words}
