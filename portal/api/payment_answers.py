"""Payments as the API answers them, with what they pay and what went back."""

from typing import Any

from billing.models import Payment, Refund
from portal.api.fields import Amount, Answer
from portal.api.instants import local, local_or_none


class AllocationAnswer(Answer):
    """What of it pays an invoice."""

    id: int
    invoice: int
    amount: Amount
    allocated_at: str


class RefundAnswer(Answer):
    """What goes back, or went."""

    id: int
    payment: int
    method: str
    status: str
    amount: Amount
    reason: str
    reference: str
    failure: str | None
    requested_at: str
    settled_at: str | None


class LedgerPaymentAnswer(Answer):
    """A payment with what it pays, what is left of it and what went back."""

    id: int
    unit: str
    invoice: int | None
    method: str
    amount: Amount
    unspent: Amount
    reference: str
    receipt: str | None
    received_at: str
    reversed_at: str | None
    reversed_reason: str | None
    allocations: list[AllocationAnswer]
    refunds: list[RefundAnswer]


def ledger_payment_as_json(payment: Payment) -> dict[str, Any]:
    """The whole payment; released allocations are history and left out."""
    return {
        "id": payment.id,
        "unit": payment.unit.slug,
        "invoice": payment.invoice_id,
        "method": payment.method.value,
        "amount": payment.amount.as_json(),
        "unspent": payment.unspent.as_json(),
        "reference": payment.reference,
        "receipt": payment.display_number,
        "received_at": local(payment.received_at),
        "reversed_at": local_or_none(payment.reversed_at),
        "reversed_reason": payment.reversed_reason,
        "allocations": [
            {
                "id": each.id,
                "invoice": each.invoice_id,
                "amount": each.amount.as_json(),
                "allocated_at": local(each.allocated_at),
            }
            for each in payment.allocations
            if each.released_at is None
        ],
        "refunds": [refund_as_json(each) for each in payment.refunds],
    }


def refund_as_json(refund: Refund) -> dict[str, Any]:
    """One refund."""
    return {
        "id": refund.id,
        "payment": refund.payment_id,
        "method": refund.method.value,
        "status": refund.status.value,
        "amount": refund.amount.as_json(),
        "reason": refund.reason,
        "reference": refund.reference,
        "failure": refund.failure,
        "requested_at": local(refund.requested_at),
        "settled_at": local_or_none(refund.settled_at),
    }
