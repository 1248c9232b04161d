"""Payments over the API: received, used, taken back, given back; and paying by card."""

import sqlalchemy as sa
from flask import Blueprint, Response, url_for
from pydantic import Field
from sqlalchemy.orm import joinedload, selectinload

from billing import invoices, ledger, payments, refunds
from billing.models import Payment, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from billing.refunds import NewRefund
from config.database import bounded_count, db
from portal.access import current_member, may, require_visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import (
    LARGEST_ID,
    Amount,
    Answer,
    AskedAmount,
    Body,
    Instant,
    Paged,
    Reason,
    Slug,
    Text,
)
from portal.api.invoices import SEE_ALL, visible
from portal.api.payment_answers import (
    LedgerPaymentAnswer,
    RefundAnswer,
    ledger_payment_as_json,
    refund_as_json,
)
from portal.idempotency import once
from portal.pages.card_payments import page_for
from rental import units

room = Blueprint("api_payments", __name__)


class PaymentsQuery(Paged):
    """Filters of a list of payments; `unspent` keeps those with a balance."""

    unit: Slug | None = None
    method: PaymentMethod | None = None
    unspent: bool = False


class ReceivedBody(Body):
    """Money of a unit; it pays the invoice as far as that is open, the rest is balance."""

    unit: Slug
    method: PaymentMethod
    amount: AskedAmount
    reference: Text = Field(default="", max_length=100)
    received_at: Instant | None = None
    invoice: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class AllocationBody(Body):
    """Which invoice to pay with it, and how much; without an amount as much as fits."""

    invoice: int = Field(ge=1, le=LARGEST_ID)
    amount: AskedAmount | None = None


class RefundBody(Body):
    """What goes back, why and how; a card payment goes back to its card by default."""

    amount: AskedAmount
    reason: Reason
    method: PaymentMethod | None = None


class SettledBody(Body):
    """The bank's number or the voucher's."""

    reference: Text = Field(default="", max_length=100)


class PaymentReasonBody(Body):
    """Why."""

    reason: Reason


class CheckoutBody(Body):
    """A part to pay by card; without it all that is open."""

    amount: AskedAmount | None = None


class CheckoutAnswer(Answer):
    """Where the payer goes."""

    url: str


class BalanceAnswer(Answer):
    """What a unit paid that pays no invoice."""

    unit: str
    balance: Amount


def _money(amount: AskedAmount | None) -> Money | None:
    return None if amount is None else Money(amount.minor, amount.currency)


@room.post("/invoices/<int:invoice_id>/checkout")
@may("pay own invoices")
@offers(
    Call(
        "Begin to pay an invoice by card",
        "payments",
        answer=CheckoutAnswer,
        refusals=(404, 409, 503),
        is_body_optional=True,
    )
)
def checkout(invoice_id: int, body: CheckoutBody) -> Response:
    """Stripe's page for what is open. Asked again for the same amount it is the same page."""
    return answer({"url": page_for(visible(invoice_id), _money(body.amount))})


@room.get("/payments")
@may("see every unit's invoices")
@offers(Call("List payments", "payments", answer=LedgerPaymentAnswer, is_list=True))
def list_payments(query: PaymentsQuery) -> Response:
    """The newest first."""
    narrowed = sa.select(Payment.id)
    if query.unit is not None:
        narrowed = narrowed.where(Payment.unit_id == units.get(query.unit).id)
    if query.method is not None:
        narrowed = narrowed.where(Payment.method == query.method)
    if query.unspent:
        spent = Payment.allocated_minor + Payment.refunded_minor
        narrowed = narrowed.where(Payment.reversed_at.is_(None), spent < Payment.amount_minor)
    total = bounded_count(narrowed, query.offset + query.per_page)
    page = db.session.scalars(
        sa.select(Payment)
        .where(Payment.id.in_(narrowed))
        .options(
            joinedload(Payment.unit),
            selectinload(Payment.allocations),
            selectinload(Payment.refunds),
        )
        .order_by(Payment.received_at.desc(), Payment.id.desc())
        .limit(query.per_page)
        .offset(query.offset)
    )
    return answer({"items": [ledger_payment_as_json(each) for each in page], "total": total})


@room.get("/payments/<int:payment_id>")
@may("see every unit's invoices")
@offers(Call("Show a payment", "payments", answer=LedgerPaymentAnswer, refusals=(404,)))
def payment(payment_id: int) -> Response:
    """What it pays, what is left of it, what went back."""
    return answer(ledger_payment_as_json(payments.get(payment_id)))


@room.post("/payments")
@may("record payments")
@offers(
    Call(
        "Receive money of a unit",
        "payments",
        answer=LedgerPaymentAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def receive_payment(body: ReceivedBody) -> Response:
    """Any amount: what is too much, or names no invoice, is the unit's balance."""
    new = NewPayment(
        body.method,
        Money(body.amount.minor, body.amount.currency),
        body.reference,
        body.received_at,
    )
    invoice = invoices.get(body.invoice) if body.invoice is not None else None
    unit = units.get(body.unit)
    made = payments.receive(unit, new, invoice=invoice, by=current_member())
    where = url_for("api_payments.payment", payment_id=made.id)
    return answer(ledger_payment_as_json(made), 201, location=where)


@room.post("/payments/<int:payment_id>/allocations")
@may("record payments")
@offers(
    Call(
        "Pay an invoice with a payment",
        "payments",
        answer=LedgerPaymentAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def allocate_payment(payment_id: int, body: AllocationBody) -> Response:
    """Of the same unit, and never more than is left of either."""
    found = payments.get(payment_id)
    invoice = invoices.get(body.invoice)
    ledger.allocate(found, invoice, _money(body.amount), by=current_member())
    return answer(ledger_payment_as_json(found), 201)


@room.post("/payments/<int:payment_id>/reverse")
@may("record payments")
@offers(Call("Take a payment back", "payments", answer=LedgerPaymentAnswer, refusals=(404, 409)))
@once
def reverse_payment(payment_id: int, body: PaymentReasonBody) -> Response:
    """One recorded by mistake: what it paid is open again."""
    found = payments.get(payment_id)
    made = payments.reverse(found, by=current_member(), reason=body.reason)
    return answer(ledger_payment_as_json(made))


@room.post("/payments/<int:payment_id>/refunds")
@may("record payments")
@offers(Call("Give money back", "payments", answer=RefundAnswer, status=201, refusals=(404, 409)))
@once
def refund_payment(payment_id: int, body: RefundBody) -> Response:
    """Never more than is left of the payment; to a card through Stripe, else by hand."""
    amount = Money(body.amount.minor, body.amount.currency)
    new = NewRefund(amount, body.reason, body.method)
    made = refunds.request(payments.get(payment_id), new, by=current_member())
    return answer(refund_as_json(made), 201)


@room.post("/refunds/<int:refund_id>/settle")
@may("record payments")
@offers(
    Call("Note that a refund is paid out", "payments", answer=RefundAnswer, refusals=(404, 409))
)
@once
def settle_refund(refund_id: int, body: SettledBody) -> Response:
    """By bank or in cash; a card's refund follows Stripe's word."""
    made = refunds.settle(refunds.get(refund_id), body.reference, by=current_member())
    return answer(refund_as_json(made))


@room.post("/refunds/<int:refund_id>/drop")
@may("record payments")
@offers(Call("Give a refund up", "payments", answer=RefundAnswer, refusals=(404, 409)))
@once
def drop_refund(refund_id: int, body: PaymentReasonBody) -> Response:
    """The money is the unit's balance again."""
    found = refunds.get(refund_id)
    return answer(refund_as_json(refunds.drop(found, by=current_member(), reason=body.reason)))


@room.get("/units/<unit_slug>/balance")
@may("see own invoices")
@offers(Call("Show a unit's balance", "payments", answer=BalanceAnswer, refusals=(404,)))
def show_balance(unit_slug: str) -> Response:
    """What it paid that pays no invoice; a unit sees its own."""
    unit = units.get(unit_slug)
    require_visible(unit.id, SEE_ALL)
    return answer({"unit": unit.slug, "balance": ledger.balance(unit).as_json()})
