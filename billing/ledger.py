"""The money ledger: what of which payment paid which invoice, and what a unit has in balance.

Order of locks: booking, then invoices in id order, then payments in id order. Whoever allocates,
releases, reverses or refunds takes them so.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from billing import invoices
from billing.errors import BadAmount, OverAllocation, WrongInvoiceState, WrongPaymentState
from billing.models import COLLECTING, Allocation, Invoice, Payment
from billing.money import Money
from config import clock
from config.database import db
from config.errors import Invalid
from rental import journal
from rental.models import Member, Unit

REASON_LENGTH = 500


def balance(unit: Unit) -> Money:
    """What a unit paid that pays no invoice and did not go back."""
    return balances([unit.id]).get(unit.id, Money(0))


def balances(unit_ids: Iterable[int] | None = None) -> dict[int, Money]:
    """The balance of those units, or of all, by unit id; units without one are left out."""
    unspent = Payment.amount_minor - Payment.allocated_minor - Payment.refunded_minor
    query = (
        sa.select(Payment.unit_id, sa.func.sum(unspent))
        .where(Payment.reversed_at.is_(None), unspent > 0)
        .group_by(Payment.unit_id)
    )
    if unit_ids is not None:
        query = query.where(Payment.unit_id.in_(list(unit_ids)))
    return {unit_id: Money(int(minor)) for unit_id, minor in db.session.execute(query).tuples()}


def unspent_of(unit_id: int) -> list[Payment]:
    """The payments that make up a unit's balance, oldest first."""
    spent = Payment.allocated_minor + Payment.refunded_minor
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(
                Payment.unit_id == unit_id,
                Payment.reversed_at.is_(None),
                spent < Payment.amount_minor,
            )
            .order_by(Payment.received_at, Payment.id)
        )
    )


def of_invoice(invoice: Invoice) -> list[Allocation]:
    """What pays an invoice now, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Allocation)
            .where(Allocation.invoice_id == invoice.id, Allocation.released_at.is_(None))
            .order_by(Allocation.id)
        )
    )


def lock(payments: Iterable[int]) -> list[Payment]:
    """These payments by id, locked in id order and as they are now."""
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(Payment.id.in_(sorted(payments)))
            .order_by(Payment.id)
            .with_for_update(of=Payment)
            .execution_options(populate_existing=True)
        )
    )


def allocate(
    payment: Payment, invoice: Invoice, amount: Money | None = None, *, by: Member | None
) -> Allocation:
    """Pay an invoice with what is left of a payment of the same unit; as much as fits by default.

    Raises OverAllocation beyond what is left of either, WrongInvoiceState where nothing is owed,
    WrongPaymentState for a payment that was reversed or is another unit's.
    """
    invoice = invoices.lock(invoice)
    (payment,) = lock([payment.id])
    if payment.unit_id != invoice.unit_id:
        raise WrongPaymentState("The payment is another unit's; take one of {unit}.",
                                words={"unit": invoice.unit.name})  # fmt: skip
    if payment.reversed_at is not None:
        raise WrongPaymentState("The payment was taken back; it pays nothing any more.")
    if invoice.status not in COLLECTING:
        raise WrongInvoiceState(
            "The invoice is {status}: nothing can be paid on it; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
        )
    most = min(payment.unspent, invoice.left)
    wanted = most if amount is None else amount
    if wanted.minor <= 0 and most.minor > 0:
        raise BadAmount
    if most < wanted or not most:
        raise OverAllocation(
            "{unspent} is left of the payment and {open} is open on the invoice, so {amount} does "
            "not fit; take {most} at most.",
            words={
                "unspent": payment.unspent.text(),
                "open": invoice.left.text(),
                "amount": wanted.text(),
                "most": most.text(),
            },
        )
    found = add(payment, invoice, wanted, by=by)
    journal.record(invoice, "paid from balance", by=by, amount=wanted.minor, payment=payment.id)
    return found


def use_balance(invoice: Invoice, *, by: Member | None) -> list[Allocation]:
    """Pay an invoice with the unit's balance, the oldest money first, as far as it goes."""
    return _spend(invoices.lock(invoice), unspent_of(invoice.unit_id), by)


def fill(invoice: Invoice, *, by: Member | None) -> list[Allocation]:
    """Pay a locked invoice with what is left of the payments recorded for it, the oldest first."""
    left = [one for one in unspent_of(invoice.unit_id) if one.invoice_id == invoice.id]
    return _spend(invoice, left, by)


def _spend(invoice: Invoice, found: list[Payment], by: Member | None) -> list[Allocation]:
    """Pay a locked invoice with these payments in turn; a colleague may have spent some of them."""
    lock({one.id for one in found})
    return [
        allocate(payment, invoice, by=by)
        for payment in found
        if invoice.is_owed and payment.unspent
    ]


def add(payment: Payment, invoice: Invoice, amount: Money, *, by: Member | None) -> Allocation:
    """Write an allocation of a locked payment on a locked invoice; both are known to bear it."""
    at = clock.now() if payment.allocations or payment.invoice_id != invoice.id else None
    allocation = Allocation(
        payment=payment,
        invoice_id=invoice.id,
        amount_minor=amount.minor,
        allocated_at=at or payment.received_at,
        allocated_by_id=by.id if by else None,
    )
    db.session.add(allocation)
    payment.allocated_minor += amount.minor
    invoice.paid_minor += amount.minor
    invoices.settle(invoice)
    return allocation


def release(allocation: Allocation, *, by: Member | None, reason: str) -> None:
    """Take a payment off an invoice again: it is the unit's balance, the invoice open if it lacks.

    Raises WrongPaymentState where that is done already.
    """
    reason = checked_reason(reason)
    invoice = invoices.lock(allocation.invoice)
    lock([allocation.payment_id])
    db.session.refresh(allocation)
    if allocation.released_at is not None:
        raise WrongPaymentState("It was taken off this invoice already; look at the payment again.")
    take_off(allocation, invoice, by=by, reason=reason)


def release_surplus(invoice: Invoice, *, by: Member | None, reason: str) -> Money:
    """Move what was paid on an invoice and then credited into the unit's balance; how much that is.

    The newest money goes first.
    """
    reason = checked_reason(reason)
    invoice = invoices.lock(invoice)
    allocations = of_invoice(invoice)
    lock({one.payment_id for one in allocations})
    surplus = moved = invoice.refund_due
    paid_at = invoice.paid_at
    for allocation in reversed(of_invoice(invoice)):
        if not surplus:
            break
        part = min(surplus, allocation.amount)
        rest = allocation.amount - part
        take_off(allocation, invoice, by=by, reason=reason)
        if rest:
            add(allocation.payment, invoice, rest, by=by)
        surplus = surplus - part
    invoice.paid_at = paid_at
    db.session.flush()
    return moved


def lock_invoices_of(payment: Payment) -> list[Invoice]:
    """The invoices a payment pays, locked in id order; asked anew until none has come meanwhile."""
    locked: dict[int, Invoice] = {}
    while missing := sorted({one.invoice_id for one in live(payment)} - locked.keys()):
        for invoice_id in missing:
            locked[invoice_id] = invoices.lock(invoices.get(invoice_id))
    return list(locked.values())


def live(payment: Payment) -> list[Allocation]:
    """What a payment pays now, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Allocation)
            .where(Allocation.payment_id == payment.id, Allocation.released_at.is_(None))
            .order_by(Allocation.id)
            .execution_options(populate_existing=True)
        )
    )


def free(payment: Payment, amount: Money, *, by: Member | None, reason: str) -> Payment:
    """Take a payment off its invoices, the newest first, until that much of it is unspent."""
    lock_invoices_of(payment)
    (payment,) = lock([payment.id])
    for allocation in reversed(live(payment)):
        if amount <= payment.unspent:
            break
        part = min(amount - payment.unspent, allocation.amount)
        rest = allocation.amount - part
        take_off(allocation, allocation.invoice, by=by, reason=reason)
        if rest:
            add(payment, allocation.invoice, rest, by=by)
    return payment


def take_off(allocation: Allocation, invoice: Invoice, *, by: Member | None, reason: str) -> None:
    """Release an allocation whose invoice and payment are locked."""
    allocation.released_at = clock.now()
    allocation.released_by_id = by.id if by else None
    allocation.released_reason = reason
    allocation.payment.allocated_minor -= allocation.amount_minor
    invoices.unsettle(invoice, allocation.amount_minor)
    journal.record(
        invoice, "payment taken off", by=by, amount=allocation.amount_minor, reason=reason
    )


def checked_reason(reason: str) -> str:
    """The reason without blanks around it; raises Invalid for none, or more than 500 characters."""
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise Invalid("Say why, in 500 characters at most.")
    return reason
