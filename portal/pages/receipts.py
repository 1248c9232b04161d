"""Receipts for cash, as documents."""

from flask import Blueprint, Response

from billing import payments
from billing.documents import receipt_pdf
from billing.errors import PaymentNotFound
from billing.models import Payment
from portal.access import current_member, may, visible_unit_id
from portal.pages import invoices

pages = Blueprint("receipts", __name__, url_prefix="/payments")


def visible(payment_id: int) -> Payment:
    """The payment, if who asks may see it; another unit's is not there: raises PaymentNotFound."""
    payment = payments.get(payment_id)
    only = visible_unit_id(current_member(), invoices.SEES_ALL)
    if only is not None and payment.unit_id != only:
        raise PaymentNotFound
    return payment


@pages.get("/<int:payment_id>/receipt.pdf")
@may("see own invoices")
def pdf(payment_id: int) -> Response:
    """The receipt of a payment in cash."""
    payment, asked = visible(payment_id), invoices.look()
    return invoices.sent(receipt_pdf(payment, asked), payment.display_number or "", asked)
