"""Payments: money received from units, put against an invoice or into the unit's balance."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from billing import closing, invoices, ledger, numbering
from billing.errors import (
    BadAmount,
    OverPayment,
    PaymentNotFound,
    PaymentRepeated,
    WrongInvoiceState,
    WrongPaymentState,
)
from billing.models import COLLECTING, Allocation, Invoice, Payment, PaymentMethod
from billing.money import Money
from billing.signals import payment_recorded, payment_reversed
from config import clock
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Member, Unit

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
    new = replace(new, reference=_checked(new))
    invoice = invoices.lock(invoice)
    _require_new(invoice.unit_id, invoice, new)
    _require_owed(invoice, new.amount)
    payment = _written(invoice.unit_id, invoice, new, by=by)
    ledger.add(payment, invoice, new.amount, by=by)
    journal.record(
        invoice, "payment recorded", by=by, amount=new.amount.minor, method=new.method.value
    )
    payment_recorded.send(payment, invoice=invoice)
    return payment


def receive(
    unit: Unit, new: NewPayment, *, invoice: Invoice | None = None, by: Member | None
) -> Payment:
    """Take any amount from a unit: it pays the invoice as far as that is open, the rest is balance.

    Raises PaymentRepeated for the same slip again, WrongPaymentState for another unit's invoice.
    """
    new = replace(new, reference=_checked(new))
    if invoice is not None:
        invoice = invoices.lock(invoice)
        if invoice.unit_id != unit.id:
            raise WrongPaymentState(
                "The invoice is another unit's; take one of {unit}.", words={"unit": unit.name}
            )
    lock_unit(unit)
    _require_new(unit.id, invoice, new)
    payment = _written(unit.id, invoice, new, by=by)
    journal.record(
        payment, "payment recorded", by=by, amount=new.amount.minor, method=new.method.value
    )
    if invoice is not None and invoice.is_owed:
        pays = min(new.amount, invoice.left)
        ledger.add(payment, invoice, pays, by=by)
        journal.record(
            invoice, "payment recorded", by=by, amount=pays.minor, method=new.method.value
        )
        payment_recorded.send(payment, invoice=invoice)
    db.session.flush()
    return payment


def reverse(payment: Payment, *, by: Member | None, reason: str) -> Payment:
    """Undo a payment recorded by mistake or taken back by the bank; its invoices are open again.

    The row stays. Raises WrongPaymentState where it is reversed already or was refunded.
    """
    reason = ledger.checked_reason(reason)
    ledger.lock_invoices_of(payment)
    (payment,) = ledger.lock([payment.id])
    if payment.reversed_at is not None:
        raise WrongPaymentState("The payment is taken back already; look at it again.")
    if payment.refunded_minor:
        raise WrongPaymentState(
            "{amount} of the payment went back already, so it did come in; reverse nothing, but "
            "release it from its invoices if it paid the wrong one.",
            words={"amount": payment.refunded.text()},
        )
    for allocation in ledger.live(payment):
        ledger.take_off(allocation, allocation.invoice, by=by, reason=reason)
    payment.reversed_at, payment.reversed_reason = clock.now(), reason
    payment.reversed_by_id = by.id if by else None
    db.session.flush()
    journal.record(payment, "payment reversed", by=by, amount=payment.amount_minor, reason=reason)
    payment_reversed.send(payment)
    return payment


def get(payment_id: int) -> Payment:
    """The payment; raises PaymentNotFound."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise PaymentNotFound
    return payment


def lock_unit(unit: Unit) -> None:
    """Let payments of one unit without an invoice come one after the other."""
    db.session.execute(sa.select(Unit.id).where(Unit.id == unit.id).with_for_update(key_share=True))


def _written(
    unit_id: int, invoice: Invoice | None, new: NewPayment, *, by: Member | None
) -> Payment:
    payment = Payment(
        unit_id=unit_id,
        invoice_id=invoice.id if invoice else None,
        method=new.method,
        amount_minor=new.amount.minor,
        allocated_minor=0,
        refunded_minor=0,
        currency=new.amount.currency,
        reference=new.reference,
        received_at=new.received_at or clock.now(),
        recorded_by_id=by.id if by else None,
    )
    closing.require_open(payment.received_at)
    if new.method is PaymentMethod.CASH:
        numbered = numbering.take("receipt", payment.received_at.astimezone(clock.LOCAL).year)
        payment.symbol, payment.year = numbered.symbol, numbered.year
        payment.number = numbered.number
    db.session.add(payment)
    db.session.flush()
    return payment


def of(invoice: Invoice) -> list[Payment]:
    """What was recorded for an invoice or pays it, oldest first; without what was reversed."""
    pays = sa.select(Allocation.payment_id).where(
        Allocation.invoice_id == invoice.id, Allocation.released_at.is_(None)
    )
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(
                sa.or_(Payment.invoice_id == invoice.id, Payment.id.in_(pays)),
                Payment.reversed_at.is_(None),
            )
            .order_by(Payment.id)
        )
    )


def _checked(new: NewPayment) -> str:
    """The reference without needless blanks; raises BadAmount or Invalid for what cannot be."""
    reference = " ".join(new.reference.split())
    if new.amount.minor <= 0:
        raise BadAmount
    if new.method is PaymentMethod.TRANSFER and not reference:
        raise Invalid("A transfer needs the bank's reference, so that it is recorded only once.")
    if len(reference) > 100:
        raise Invalid("The reference is longer than 100 characters; enter the bank's own number.")
    if new.received_at is not None and new.received_at > clock.now():
        raise Invalid("The payment lies in the future; enter the day it was received.")
    return reference


def _require_new(unit_id: int, invoice: Invoice | None, new: NewPayment) -> None:
    if not new.reference:
        return
    repeated = sa.select(Payment.id).where(
        Payment.unit_id == unit_id,
        Payment.invoice_id == (invoice.id if invoice else None),
        Payment.method == new.method,
        Payment.reference == new.reference,
        Payment.amount_minor == new.amount.minor,
        Payment.reversed_at.is_(None),
    )
    if db.session.scalar(repeated.limit(1)) is None:
        return
    if invoice is None:
        raise PaymentRepeated(
            "{amount} with reference {reference} is on record for this unit already; nothing was "
            "added. Look at its payments.",
            words={"amount": new.amount.text(), "reference": new.reference},
        )
    raise PaymentRepeated(
        "{amount} with reference {reference} is on record for this invoice already; nothing "
        "was added. Look at its payments.",
        words={"amount": new.amount.text(), "reference": new.reference},
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
