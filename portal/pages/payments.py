"""Payments: what came in, what of it pays what, what is balance, and what goes back."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing import card_events, invoices, ledger, payments, refunds
from billing.models import Allocation, Invoice, Payment, PaymentMethod, Refund
from billing.money import Money
from billing.payments import NewPayment
from billing.refunds import NewRefund
from config.database import bounded_count, db, transaction
from config.errors import NotFound
from portal.access import allowed, current_member, may
from portal.pages import reading
from portal.pages.amounts import whole_amount
from portal.pages.diary import told
from portal.pages.reading import BadField, Listing
from rental import journal, units
from rental.models import Unit

pages = Blueprint("payments", __name__, url_prefix="/payments")

STATES = ("unspent", "reversed")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What finance has to look at besides the list."""

    disputes: list[Any]
    refunds: list[Refund]
    unmatched: list[Any]


def _listing() -> Listing[Payment]:
    query = sa.select(Payment)
    if method := reading.word(request.args, "method", PaymentMethod):
        query = query.where(Payment.method == method)
    state = request.args.get("state")
    spent = Payment.allocated_minor + Payment.refunded_minor
    if state == "unspent":
        query = query.where(Payment.reversed_at.is_(None), spent < Payment.amount_minor)
    elif state == "reversed":
        query = query.where(Payment.reversed_at.is_not(None))
    if q := request.args.get("q", "").replace("\0", "").strip():
        named = sa.select(Unit.id).where(Unit.name.icontains(q, autoescape=True))
        query = query.where(
            sa.or_(Payment.reference.icontains(q, autoescape=True), Payment.unit_id.in_(named))
        )
    page = reading.page_number()
    total = bounded_count(query.with_only_columns(Payment.id), page * reading.PER_PAGE)
    rows = db.session.scalars(
        query.options(joinedload(Payment.unit), joinedload(Payment.invoice))
        .order_by(Payment.received_at.desc(), Payment.id.desc())
        .limit(reading.PER_PAGE)
        .offset((page - 1) * reading.PER_PAGE)
    )
    return Listing(list(rows), total, page)


@pages.get("")
@may("see every unit's invoices")
def index() -> str:
    """All that came in, newest first, with what waits for a decision on top."""
    if reading.is_partial():
        return render_template("payments/_results.html", listing=_listing())
    return render_template(
        "payments/index.html",
        listing=_listing(),
        waiting=Waiting(card_events.disputes(), refunds.waiting(), card_events.unmatched()),
        units=[unit for unit in units.everyone() if not unit.is_centre],
    )


@pages.post("")
@may("record payments")
def receive() -> Response:
    """Take money from a unit that names no invoice: it is the unit's balance."""
    unit = units.find(request.form.get("unit", ""))
    if unit is None:
        raise BadField(_("Choose the unit that paid."))
    method = reading.word(request.form, "method", PaymentMethod) or PaymentMethod.TRANSFER
    if method is PaymentMethod.CARD:
        raise BadField(_("Card payments come in by themselves."))
    new = NewPayment(method, whole_amount("amount"), request.form.get("reference", ""))
    with transaction():
        payment_id = payments.receive(unit, new, by=current_member()).id
    flash(_("The payment is recorded as the unit's balance."), "good")
    return redirect(url_for(".show", payment_id=payment_id))


@pages.get("/<int:payment_id>")
@may("see every unit's invoices")
def show(payment_id: int) -> str:
    """One payment: what it pays, what is left of it, what went back."""
    payment = payments.get(payment_id)
    deeds = allowed("record payments") and payment.reversed_at is None
    return render_template(
        "payments/show.html",
        payment=payment,
        disputes=card_events.disputes_of(payment),
        payable=invoices.open_of(payment.unit_id) if deeds and payment.unspent else [],
        deeds=deeds,
        entries=told(journal.of(payment)),
    )


def _back(payment_id: int) -> Response:
    return redirect(url_for(".show", payment_id=payment_id))


@pages.post("/<int:payment_id>/allocate")
@may("record payments")
def allocate(payment_id: int) -> Response:
    """Pay an invoice of the unit with what is left of it."""
    invoice_id = reading.integer(request.form, "invoice")
    if invoice_id is None:
        raise BadField(_("Choose the invoice."))
    amount = whole_amount("amount") if request.form.get("amount", "").strip() else None
    with transaction():
        payment = payments.get(payment_id)
        ledger.allocate(payment, invoices.get(invoice_id), amount, by=current_member())
    flash(_("The invoice is paid with it."), "good")
    return _back(payment_id)


@pages.post("/<int:payment_id>/allocations/<int:allocation_id>/release")
@may("record payments")
def release(payment_id: int, allocation_id: int) -> Response:
    """Take it off an invoice again."""
    with transaction():
        allocation = db.session.get(Allocation, allocation_id)
        if allocation is None or allocation.payment_id != payment_id:
            raise NotFound
        ledger.release(allocation, by=current_member(), reason=request.form.get("reason", ""))
    flash(_("It is the unit's balance again."), "good")
    return _back(payment_id)


@pages.post("/<int:payment_id>/reverse")
@may("record payments")
def reverse(payment_id: int) -> Response:
    """Undo a payment recorded by mistake."""
    with transaction():
        payments.reverse(
            payments.get(payment_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("The payment is taken back; what it paid is open again."), "good")
    return _back(payment_id)


@pages.post("/<int:payment_id>/refunds")
@may("record payments")
def refund(payment_id: int) -> Response:
    """Ask for a refund of what is left of it."""
    method = reading.word(request.form, "method", PaymentMethod)
    new = NewRefund(whole_amount("amount"), request.form.get("reason", ""), method)
    with transaction():
        refunds.request(payments.get(payment_id), new, by=current_member())
    flash(_("The refund is noted."), "good")
    return _back(payment_id)


def _refund(payment_id: int, refund_id: int) -> Refund:
    found = refunds.get(refund_id)
    if found.payment_id != payment_id:
        raise NotFound
    return found


@pages.post("/<int:payment_id>/refunds/<int:refund_id>/settle")
@may("record payments")
def settle(payment_id: int, refund_id: int) -> Response:
    """Note that it was paid out."""
    with transaction():
        refunds.settle(
            _refund(payment_id, refund_id),
            request.form.get("reference", ""),
            by=current_member(),
        )
    flash(_("The refund is paid out."), "good")
    return _back(payment_id)


@pages.post("/<int:payment_id>/refunds/<int:refund_id>/drop")
@may("record payments")
def drop(payment_id: int, refund_id: int) -> Response:
    """Give it up: the money is the unit's balance again."""
    with transaction():
        refunds.drop(
            _refund(payment_id, refund_id),
            by=current_member(),
            reason=request.form.get("reason", ""),
        )
    flash(_("The refund is given up; the money is the unit's balance."), "good")
    return _back(payment_id)


def balance_of(unit: Unit) -> Money:
    """What a unit paid that pays no invoice."""
    return ledger.balance(unit)


def allocations_of(invoice: Invoice) -> list[Allocation]:
    """What pays an invoice now."""
    return ledger.of_invoice(invoice)


FOR_TEMPLATES: dict[str, Any] = {"balance_of": balance_of, "allocations_of": allocations_of}
