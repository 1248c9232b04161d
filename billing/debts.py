"""What was left of every invoice at the end of a day: today's as it stands, an earlier one's anew.

An earlier day is reckoned from what paid and credited the invoices by then, so that a month can be
closed after it is over. A void invoice was never owed.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from billing.models import (
    COLLECTING,
    Allocation,
    CreditNote,
    Invoice,
    InvoiceStatus,
    WriteOff,
    WriteOffStatus,
)
from config import clock


def local_day(instant: Any) -> sa.ColumnElement[date]:
    """The calendar day in Ho Chi Minh City that an instant lies in, reckoned by the database."""
    return sa.cast(sa.func.timezone(clock.LOCAL.key, instant), sa.Date)


def on(day: date, unit_id: int | None = None) -> sa.Subquery:
    """The invoices of which something was left that day, of one unit or of all.

    Columns: `id`, `unit_id`, `due_on`, `left_minor` (above zero), `given_up` (it was written off).
    """
    query = _today() if day >= clock.today() else _then(day)
    if unit_id is not None:
        query = query.where(Invoice.unit_id == unit_id)
    return query.subquery()


def _today() -> sa.Select[Any]:
    left = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor
    given_up = Invoice.status == InvoiceStatus.UNCOLLECTIBLE
    return _columns(left, given_up).where(Invoice.status.in_(COLLECTING), left > 0)


def _then(day: date) -> sa.Select[Any]:
    paid = _sums(
        Allocation.invoice_id,
        Allocation.amount_minor,
        local_day(Allocation.allocated_at) <= day,
        sa.or_(Allocation.released_at.is_(None), local_day(Allocation.released_at) > day),
    )
    credited = _sums(CreditNote.invoice_id, CreditNote.total_minor, CreditNote.tax_date <= day)
    left = (
        Invoice.total_minor
        - sa.func.coalesce(paid.c.minor, 0)
        - sa.func.coalesce(credited.c.minor, 0)
    )
    approved = sa.exists().where(
        WriteOff.invoice_id == Invoice.id, WriteOff.status == WriteOffStatus.APPROVED
    )
    by_then = approved.where(local_day(WriteOff.decided_at) <= day)
    # Written off before proposals were kept: nobody knows the day.
    long_ago = sa.and_(Invoice.status == InvoiceStatus.UNCOLLECTIBLE, ~approved)
    return (
        _columns(left, sa.or_(by_then, long_ago))
        .outerjoin(paid, paid.c.invoice_id == Invoice.id)
        .outerjoin(credited, credited.c.invoice_id == Invoice.id)
        .where(
            Invoice.number.is_not(None),
            Invoice.status != InvoiceStatus.VOID,
            Invoice.tax_date <= day,
            left > 0,
        )
    )


def _columns(left: Any, given_up: Any) -> sa.Select[Any]:
    return sa.select(
        Invoice.id,
        Invoice.unit_id,
        Invoice.due_on,
        sa.cast(left, sa.BigInteger).label("left_minor"),
        given_up.label("given_up"),
    ).select_from(Invoice)


def _sums(key: Any, amount: Any, *conditions: Any) -> sa.Subquery:
    return (
        sa.select(key.label("invoice_id"), sa.func.sum(amount).label("minor"))
        .where(*conditions)
        .group_by(key)
        .subquery()
    )
