"""Refunds: asked for by finance, paid out by bank, cash or card, and never more than is left.

What is asked for counts as given at once, so that it is not given twice; what fails is the unit's
balance again.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from billing import ledger
from billing.cards import Gateway
from billing.errors import (
    BadAmount,
    CardsRefused,
    CardsUnreachable,
    OverRefund,
    RefundNotFound,
    WrongPaymentState,
)
from billing.models import CreditNote, Payment, PaymentMethod, Refund, RefundStatus
from billing.money import Money
from config import clock
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Member


@dataclass(frozen=True, slots=True)
class NewRefund:
    """What goes back of a payment, how and why; a card payment goes back to its card by default."""

    amount: Money
    reason: str
    method: PaymentMethod | None = None
    credit_note: CreditNote | None = None


def request(payment: Payment, new: NewRefund, *, by: Member | None) -> Refund:
    """Ask for a refund of what a payment has left.

    Raises OverRefund beyond that, WrongPaymentState for a payment that was reversed, Invalid for
    a refund to a card of what no card paid.
    """
    reason = ledger.checked_reason(new.reason)
    (payment,) = ledger.lock([payment.id])
    method = new.method or (
        PaymentMethod.CARD if payment.method is PaymentMethod.CARD else PaymentMethod.TRANSFER
    )
    if payment.reversed_at is not None:
        raise WrongPaymentState("The payment was taken back, so nothing is left to give back.")
    if method is PaymentMethod.CARD and payment.method is not PaymentMethod.CARD:
        raise Invalid("No card paid this; give it back by transfer or in cash.")
    if new.amount.minor <= 0:
        raise BadAmount
    if payment.unspent < new.amount:
        raise OverRefund(
            "{unspent} is left of the payment, and {amount} is more: credit the invoice it paid, "
            "move what is too much into the balance, then give it back.",
            words={"unspent": payment.unspent.text(), "amount": new.amount.text()},
        )
    refund = Refund(
        payment=payment,
        method=method,
        amount_minor=new.amount.minor,
        reason=reason,
        credit_note=new.credit_note,
        requested_by_id=by.id if by else None,
    )
    db.session.add(refund)
    payment.refunded_minor += new.amount.minor
    db.session.flush()
    journal.record(payment, "refund asked for", by=by, amount=new.amount.minor, reason=reason)
    return refund


def get(refund_id: int) -> Refund:
    """The refund; raises RefundNotFound."""
    refund = db.session.get(Refund, refund_id)
    if refund is None:
        raise RefundNotFound
    return refund


def settle(refund: Refund, reference: str, *, by: Member | None) -> Refund:
    """Note that a refund by bank or in cash was paid out; the bank's number is asked for."""
    reference = " ".join(reference.split())
    refund = _lock(refund)
    _require_waiting(refund)
    if refund.method is PaymentMethod.CARD:
        raise WrongPaymentState("A refund to a card is paid out by Stripe; wait for its word.")
    if refund.method is PaymentMethod.TRANSFER and not reference:
        raise Invalid("A transfer needs the bank's reference, so that it is recorded only once.")
    succeed(refund, reference[:100], by=by)
    return refund


def drop(refund: Refund, *, by: Member | None, reason: str) -> Refund:
    """Give up a refund that was not paid out: the money is the unit's balance again."""
    reason = ledger.checked_reason(reason)
    refund = _lock(refund)
    _require_waiting(refund)
    if refund.attempts:
        raise WrongPaymentState("Stripe was asked already; wait for its word.")
    fail(refund, reason, by=by)
    return refund


def waiting(method: PaymentMethod | None = None, limit: int = 200) -> list[Refund]:
    """The refunds that wait to be paid out, oldest first."""
    query = sa.select(Refund).where(Refund.status == RefundStatus.REQUESTED)
    if method is not None:
        query = query.where(Refund.method == method)
    return list(db.session.scalars(query.order_by(Refund.id).limit(limit)))


def claim_card() -> Refund | None:
    """A card refund that waits and nobody works on, locked, its attempt counted; None without one.

    Commit before the card company is asked: a crash then repeats the same request under its key.
    """
    refund = db.session.scalar(
        sa.select(Refund)
        .where(Refund.status == RefundStatus.REQUESTED, Refund.method == PaymentMethod.CARD)
        .where(Refund.reference == "")
        .order_by(Refund.attempts, Refund.id)
        .limit(1)
        .with_for_update(of=Refund, skip_locked=True)
    )
    if refund is not None:
        refund.attempts += 1
        db.session.flush()
    return refund


def send(refund_id: int, gateway: Gateway) -> bool:
    """Ask the card company for a claimed refund; False where it is to be asked again."""
    refund = get(refund_id)
    try:
        seen = gateway.refund(refund.payment.reference, refund.amount_minor, refund.id)
    except CardsUnreachable as gone:
        _lock(refund).failure = gone.message[:500]
        db.session.flush()
        return False
    except CardsRefused as refused:
        fail(_lock(refund), refused.message, by=None)
        return True
    follow(refund, seen.status, seen.id, seen.failure)
    return True


def follow(refund: Refund, status: str, reference: str, failure: str | None) -> None:
    """Bring a card refund to where it stands at the card company; never back."""
    (payment,) = ledger.lock([refund.payment_id])
    refund = _lock(refund)
    refund.reference = refund.reference or reference
    if status == "succeeded" and refund.status is RefundStatus.REQUESTED:
        succeed(refund, reference, by=None)
    elif status == "failed" and refund.status is not RefundStatus.FAILED:
        fail(refund, failure or "Stripe", by=None)
    db.session.flush()
    db.session.expire(payment, ["refunds"])


def succeed(refund: Refund, reference: str, *, by: Member | None) -> None:
    """Note that a locked refund is paid out."""
    refund.reference = refund.reference or reference
    refund.settled_at, refund.status = clock.now(), RefundStatus.SUCCEEDED
    refund.settled_by_id, refund.failure = by.id if by else None, None
    db.session.flush()
    journal.record(refund.payment, "refunded", by=by, amount=refund.amount_minor)


def fail(refund: Refund, failure: str, *, by: Member | None) -> None:
    """Note that a locked refund comes to nothing."""
    (payment,) = ledger.lock([refund.payment_id])
    refund.settled_at, refund.status = clock.now(), RefundStatus.FAILED
    refund.settled_by_id, refund.failure = by.id if by else None, failure[:500]
    payment.refunded_minor -= refund.amount_minor
    db.session.flush()
    journal.record(
        payment, "refund failed", by=by, amount=refund.amount_minor, reason=refund.failure
    )


def _lock(refund: Refund) -> Refund:
    """Payment before refund, as everywhere."""
    ledger.lock([refund.payment_id])
    return db.session.execute(
        sa.select(Refund)
        .where(Refund.id == refund.id)
        .with_for_update(of=Refund)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _require_waiting(refund: Refund) -> None:
    if refund.status is not RefundStatus.REQUESTED:
        raise WrongPaymentState("The refund is decided already; look at the payment again.")
