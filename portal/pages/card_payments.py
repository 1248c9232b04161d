"""Paying an invoice by card, and moving money between an invoice and its unit's balance."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import cards as card_bounds
from billing import checkouts, invoices, ledger
from billing.models import Invoice
from billing.money import Money
from config.database import transaction
from portal import cards
from portal.access import allowed, current_member, may
from portal.pages.amounts import whole_amount
from portal.pages.invoices import visible

pages = Blueprint("card_payments", __name__, url_prefix="/invoices")


def page_for(invoice: Invoice, amount: Money | None) -> str:
    """Where the payer goes: a row first, then Stripe's page, then the row knows it."""
    gateway = cards.gateway()
    member = current_member()
    back = url_for("invoices.show", invoice_id=invoice.id, _external=True)
    with transaction():
        checkout = checkouts.prepare(invoice, amount, by=member)
        checkout_id, known = checkout.id, checkout.url
    if known:
        return known
    with transaction():
        checkout = checkouts.get(checkout_id)
        session = checkouts.begin(checkout, gateway, back=back, email=member.email)
        checkouts.opened(checkout_id, session)
    return session.url


@pages.post("/<int:invoice_id>/checkout")
@may("pay own invoices")
def begin(invoice_id: int) -> Response:
    """Go to Stripe's page for what is left, or for a part of it."""
    amount = whole_amount("amount") if request.form.get("amount", "").strip() else None
    return redirect(page_for(visible(invoice_id), amount), 303)


@pages.post("/<int:invoice_id>/balance")
@may("record payments")
def use_balance(invoice_id: int) -> Response:
    """Pay it with the unit's balance, as far as that goes."""
    with transaction():
        made = ledger.use_balance(invoices.get(invoice_id), by=current_member())
    if made:
        flash(_("Paid with the unit's balance."), "good")
    else:
        flash(_("The unit has no balance to pay with."), "warn")
    return redirect(url_for("invoices.show", invoice_id=invoice_id))


@pages.post("/<int:invoice_id>/surplus")
@may("record payments")
def move_surplus(invoice_id: int) -> Response:
    """Move what was paid and then credited into the unit's balance."""
    with transaction():
        ledger.release_surplus(
            invoices.get(invoice_id),
            by=current_member(),
            reason=_("paid, then credited"),
        )
    flash(_("It is the unit's balance now; use it or give it back."), "good")
    return redirect(url_for("invoices.show", invoice_id=invoice_id))


def card_ways(invoice: Invoice) -> dict[str, Any] | None:
    """How an invoice is paid by card: None where it cannot be, for whoever asks."""
    if not (cards.are_on() and invoice.is_owed and allowed("pay own invoices")):
        return None
    bounds = card_bounds.bounds()
    return {
        "whole": bounds.fits(invoice.left),
        "maximum": Money(bounds.maximum),
        "too_small": invoice.left.minor < bounds.minimum,
        "waits": request.args.get("card") == "done",
    }


FOR_TEMPLATES: dict[str, Any] = {"card_ways": card_ways}
