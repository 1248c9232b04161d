"""Transfers that somebody recorded by hand before the bank's statement came: one payment."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from billing import ledger
from billing.errors import BadMatch
from billing.models import BankEntry, BankMatch, Payment, PaymentMethod
from billing.spelling import squeezed
from config import clock
from config.database import db

# Recorded by hand, it lies as many days from the bank's day at most.
NEAR = timedelta(days=10)


def by_hand(waiting: Iterable[BankEntry]) -> list[Payment]:
    """Live transfers that no booking of the bank stands behind yet, around those days."""
    days = [entry.booked_on for entry in waiting]
    if not days:
        return []
    begin = datetime.combine(min(days) - NEAR, time(), clock.LOCAL)
    end = datetime.combine(max(days) + NEAR, time(), clock.LOCAL)
    matched = sa.select(BankMatch.payment_id).where(BankMatch.undone_at.is_(None))
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(
                Payment.method == PaymentMethod.TRANSFER,
                Payment.reversed_at.is_(None),
                Payment.received_at.between(begin, end),
                Payment.id.not_in(matched),
            )
            .order_by(Payment.id)
        )
    )


def is_twin(entry: BankEntry, payment: Payment) -> bool:
    """Whether amount and day agree."""
    day = payment.received_at.astimezone(clock.LOCAL).date()
    return payment.amount == entry.amount and abs(day - entry.booked_on) <= NEAR


def of(entry: BankEntry, unit_id: int, recorded: Sequence[Payment]) -> list[Payment]:
    """What was recorded by hand for the unit, or under the bank's own number, and may be this."""
    number = squeezed(entry.bank_id)
    return [
        one
        for one in recorded
        if is_twin(entry, one)
        and (one.unit_id == unit_id or (number and squeezed(one.reference) == number))
    ]


def recorded_before(entry: BankEntry, payment_id: int) -> Payment:
    """The payment that was recorded by hand, locked; raises BadMatch where it cannot be this."""
    found = ledger.lock([payment_id])
    taken = found and db.session.scalar(
        sa.select(BankMatch.id).where(
            BankMatch.payment_id == found[0].id, BankMatch.undone_at.is_(None)
        )
    )
    if (
        not found
        or taken
        or found[0].reversed_at is not None
        or found[0].method is not PaymentMethod.TRANSFER
        or not is_twin(entry, found[0])
    ):
        raise BadMatch("That payment cannot be this booking; look at both again.")
    return found[0]
