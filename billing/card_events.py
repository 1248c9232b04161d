"""What Stripe tells, brought into the ledger: late, twice and in any order it comes to the same.

An event says only that something moved. The payment is fetched as it stands, and the ledger is
brought there step by step and never back: a payment is taken in once, a refund and a dispute follow
their own states forward.
"""

from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing import invoices, ledger, payments, refunds
from billing.cards import Gateway, SeenDispute, SeenPayment, SeenRefund, Told
from billing.models import (
    CardEvent,
    CardEventOutcome,
    Checkout,
    CheckoutStatus,
    Dispute,
    DisputeStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from billing.money import Money
from billing.payments import NewPayment
from billing.signals import payment_disputed
from config import clock
from config.database import db
from rental import journal

# A card payment lost to a dispute is money that went back.
LOST = "Mất tranh chấp thẻ"
ELSEWHERE = "Hoàn tại Stripe"


def fetched(told: Told, gateway: Gateway) -> SeenPayment | None:
    """The payment an event speaks of, as it stands now; None where it speaks of none."""
    return gateway.payment(told.intent) if told.intent else None


def is_known(event_id: str) -> bool:
    """Whether this event has been taken in."""
    return db.session.get(CardEvent, event_id) is not None


def take_in(told: Told, seen: SeenPayment | None) -> CardEventOutcome | None:
    """Write an event with its effect; None where it was taken in before. Commit both or neither."""
    claimed = db.session.scalar(
        insert(CardEvent)
        .values(
            id=told.id,
            kind=told.kind,
            object_id=told.object_id,
            intent=told.intent,
            outcome=CardEventOutcome.IGNORED,
            happened_at=told.happened_at,
            received_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(CardEvent.id)
    )
    if claimed is None:
        return None
    outcome = _applied(told, seen)
    db.session.get_one(CardEvent, told.id).outcome = outcome
    db.session.flush()
    return outcome


def unmatched(limit: int = 100) -> list[CardEvent]:
    """Events about money that belongs to no session of ours, newest first."""
    return list(
        db.session.scalars(
            sa.select(CardEvent)
            .where(CardEvent.outcome == CardEventOutcome.UNMATCHED)
            .order_by(CardEvent.received_at.desc())
            .limit(limit)
        )
    )


def disputes(*, only_open: bool = True) -> list[Dispute]:
    """Disputes, the one whose evidence is due first on top."""
    query = sa.select(Dispute).order_by(Dispute.due_by, Dispute.id)
    if only_open:
        query = query.where(Dispute.status == DisputeStatus.OPEN)
    return list(db.session.scalars(query))


def disputes_of(payment: Payment) -> list[Dispute]:
    """All disputes of one payment, also those that ended."""
    of_payment = sa.select(Dispute).where(Dispute.payment_id == payment.id)
    return list(db.session.scalars(of_payment.order_by(Dispute.id)))


def _applied(told: Told, seen: SeenPayment | None) -> CardEventOutcome:
    if told.kind == "checkout.session.expired":
        return _expired(told)
    if seen is None:
        return CardEventOutcome.IGNORED
    _one_after_the_other(seen.intent)
    payment = _payment(seen.intent)
    if payment is not None and payment.invoice is not None:
        invoices.lock(payment.invoice)
    if payment is None:
        checkout = _checkout(told, seen)
        if checkout is None:
            return CardEventOutcome.UNMATCHED if seen.is_paid else CardEventOutcome.IGNORED
        if not seen.is_paid:
            return CardEventOutcome.IGNORED
        payment = _taken_in(checkout, seen)
    for refund in seen.refunds:
        _follow_refund(payment, refund)
    for dispute in seen.disputes:
        _follow_dispute(payment, dispute)
    return CardEventOutcome.APPLIED


def _one_after_the_other(intent: str) -> None:
    """Events of one payment wait for each other; taken before any row."""
    key = int.from_bytes(sha256(intent.encode()).digest()[:8], signed=True)
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _payment(intent: str) -> Payment | None:
    return db.session.scalar(
        sa.select(Payment).where(Payment.method == PaymentMethod.CARD, Payment.reference == intent)
    )


def _checkout(told: Told, seen: SeenPayment) -> Checkout | None:
    if seen.checkout_id is not None:
        return db.session.get(Checkout, seen.checkout_id)
    if told.session is None:
        return None
    return db.session.scalar(sa.select(Checkout).where(Checkout.stripe_id == told.session))


def _expired(told: Told) -> CardEventOutcome:
    checkout = db.session.scalar(
        sa.select(Checkout).where(Checkout.stripe_id == told.session).with_for_update()
    )
    if checkout is None or checkout.status is not CheckoutStatus.OPEN:
        return CardEventOutcome.IGNORED
    checkout.status = CheckoutStatus.EXPIRED
    return CardEventOutcome.APPLIED


def _taken_in(checkout: Checkout, seen: SeenPayment) -> Payment:
    invoice = checkout.invoice
    new = NewPayment(
        PaymentMethod.CARD,
        Money(seen.amount, seen.currency),
        seen.intent,
        min(seen.paid_at, clock.now()),
    )
    payment = payments.receive(invoice.unit, new, invoice=invoice, by=None)
    checkout.status, checkout.intent = CheckoutStatus.COMPLETED, seen.intent
    # Its page may have been made by an attempt that never heard of it.
    checkout.stripe_id = checkout.stripe_id or f"of {seen.intent}"
    db.session.flush()
    return payment


def _follow_refund(payment: Payment, seen: SeenRefund) -> None:
    row = db.session.scalar(sa.select(Refund).where(Refund.reference == seen.id))
    if row is None and seen.refund_id is not None:
        row = db.session.get(Refund, seen.refund_id)
    if row is None and seen.status == "failed":
        _failed_elsewhere(payment, seen)
        return
    if row is None:
        row = _given_elsewhere(payment, seen.amount, seen.id, ELSEWHERE)
    if row.payment_id == payment.id:
        refunds.follow(row, seen.status, seen.id, seen.failure)


def _failed_elsewhere(payment: Payment, seen: SeenRefund) -> None:
    """Heard of only when it was over: it moved no money, and stands in the history all the same."""
    db.session.add(
        Refund(
            payment=payment,
            method=PaymentMethod.CARD,
            amount_minor=seen.amount,
            reason=ELSEWHERE,
            reference=seen.id,
            status=RefundStatus.FAILED,
            settled_at=clock.now(),
            failure=seen.failure,
        )
    )
    db.session.flush()


def _follow_dispute(payment: Payment, seen: SeenDispute) -> None:
    row = db.session.scalar(sa.select(Dispute).where(Dispute.stripe_id == seen.id))
    if row is None:
        row = Dispute(
            stripe_id=seen.id,
            payment=payment,
            amount_minor=seen.amount,
            reason=seen.reason[:100],
            due_by=seen.due_by,
            status=DisputeStatus.OPEN,
        )
        db.session.add(row)
        db.session.flush()
        journal.record(payment, "disputed", by=None, amount=seen.amount, reason=seen.reason)
        payment_disputed.send(row)
    status = DisputeStatus(seen.status)
    if row.status is not DisputeStatus.OPEN or status is DisputeStatus.OPEN:
        return
    row.status, row.closed_at = status, clock.now()
    db.session.flush()
    journal.record(payment, f"dispute {status.value}", by=None, amount=row.amount_minor)
    if status is DisputeStatus.LOST:
        refund = _given_elsewhere(payment, row.amount_minor, seen.id, LOST)
        refunds.follow(refund, "succeeded", seen.id, None)


def _given_elsewhere(payment: Payment, amount: int, reference: str, reason: str) -> Refund:
    """Money that went back without being asked for here: what it paid is open again."""
    payment = ledger.free(payment, Money(amount, payment.currency), by=None, reason=reason)
    given = min(amount, payment.unspent.minor)
    refund = Refund(
        payment=payment,
        method=PaymentMethod.CARD,
        amount_minor=given,
        reason=reason,
        reference=reference,
        status=RefundStatus.REQUESTED,
    )
    db.session.add(refund)
    payment.refunded_minor += given
    db.session.flush()
    if payment.invoice is not None:
        # Paid twice before, one of it went back: the other pays now, in whatever order we heard.
        ledger.fill(payment.invoice, by=None)
    return refund
