"""Payments recorded by hand: transfers seen at the bank, and cash."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from billing import invoices
from billing.errors import BadAmount, OverPayment, PaymentRepeated, WrongInvoiceState
from billing.models import COLLECTING, Invoice, Payment, PaymentMethod
from billing.money import Money
from billing.signals import payment_recorded
from config import clock
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Member

NOT_ISSUED = "The invoice is {status}, so no payment can be recorded; issue it first."
NOT_OWED = "The invoice is {status}, so no payment can be recorded; nothing is owed on it."


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What was received: how, how much, and what the slip says."""

    method: PaymentMethod
    amount: Money
    reference: str = ""
    received_at: datetime | None = None


def record(invoice: Invoice, new: NewPayment, *, by: Member | None) -> Payment:
    """Put money received against an invoice; nothing left means paid.

    Raises PaymentRepeated for the same slip again, OverPayment above what is open,
    WrongInvoiceState where nothing is owed, and Invalid for values that do not fit.
    """
    reference = " ".join(new.reference.split())
    _check(new, reference)
    invoice = invoices.lock(invoice)
    _require_new(invoice, new, reference)
    _require_owed(invoice, new.amount)
    payment = Payment(
        invoice_id=invoice.id,
        method=new.method,
        amount_minor=new.amount.minor,
        currency=new.amount.currency,
        reference=reference,
        received_at=new.received_at or clock.now(),
        recorded_by_id=by.id if by else None,
    )
    db.session.add(payment)
    invoice.paid_minor += new.amount.minor
    invoices.settle(invoice)
    journal.record(
        invoice, "payment recorded", by=by, amount=new.amount.minor, method=new.method.value
    )
    payment_recorded.send(payment, invoice=invoice)
    return payment


def of(invoice: Invoice) -> list[Payment]:
    """What was received for an invoice, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Payment).where(Payment.invoice_id == invoice.id).order_by(Payment.id)
        )
    )


def _check(new: NewPayment, reference: str) -> None:
    if new.amount.minor <= 0:
        raise BadAmount
    if new.method is PaymentMethod.TRANSFER and not reference:
        raise Invalid("A transfer needs the bank's reference, so that it is recorded only once.")
    if len(reference) > 100:
        raise Invalid("The reference is longer than 100 characters; enter the bank's own number.")
    if new.received_at is not None and new.received_at > clock.now():
        raise Invalid("The payment lies in the future; enter the day it was received.")


def _require_new(invoice: Invoice, new: NewPayment, reference: str) -> None:
    repeated = reference and any(
        (one.method, one.reference, one.amount) == (new.method, reference, new.amount)
        for one in of(invoice)
    )
    if repeated:
        raise PaymentRepeated(
            "{amount} with reference {reference} is on record for this invoice already; nothing "
            "was added. Look at its payments.",
            words={"amount": new.amount.text(), "reference": reference},
            invoice=invoice.id,
        )


def _require_owed(invoice: Invoice, amount: Money) -> None:
    if invoice.status not in COLLECTING:
        raise WrongInvoiceState(
            NOT_ISSUED if invoice.number is None else NOT_OWED,
            invoice=invoice.id,
            status=invoice.status,
        )
    if invoice.left < amount:
        raise OverPayment(
            "{open} is open on {number}, and {amount} is more: record {open} here and return the "
            "rest or put it on another invoice of the unit.",
            words={
                "open": invoice.left.text(),
                "amount": amount.text(),
                "number": invoice.display_number,
            },
            open=invoice.left.as_json(),
            amount=amount.as_json(),
        )
