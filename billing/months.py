"""What was invoiced and what came in, month by month on the clock of Ho Chi Minh City."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from billing.debts import local_day
from billing.models import CreditNote, Invoice, InvoiceStatus, Payment
from billing.money import Money
from config import clock
from config.database import db


@dataclass(frozen=True, slots=True)
class Month:
    """One month by its first day: issued less credit notes, void ones left out, and received."""

    first: date
    invoiced: Money
    received: Money


def latest(count: int = 12) -> list[Month]:
    """The latest months to this one, oldest first; three queries."""
    this = clock.today().replace(day=1)
    firsts = [_back(this, number) for number in range(count - 1, -1, -1)]
    since = firsts[0]
    issued = _by_month(
        Invoice.tax_date,
        Invoice.total_minor,
        Invoice.number.is_not(None),
        Invoice.status != InvoiceStatus.VOID,
        Invoice.tax_date >= since,
    )
    credited = _by_month(CreditNote.tax_date, CreditNote.total_minor, CreditNote.tax_date >= since)
    day = local_day(Payment.received_at)
    received = _by_month(day, Payment.amount_minor, Payment.reversed_at.is_(None), day >= since)
    return [
        Month(
            first,
            Money(issued.get(first, 0) - credited.get(first, 0)),
            Money(received.get(first, 0)),
        )
        for first in firsts
    ]


def _back(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _by_month(day: Any, amount: Any, *conditions: Any) -> dict[date, int]:
    # Interpolated, so that the grouping is the same expression as the column.
    month = sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), day), sa.Date)
    rows = db.session.execute(
        sa.select(month.label("month"), sa.func.sum(amount)).where(*conditions).group_by("month")
    )
    return {first: int(minor) for first, minor in rows}
