"""A unit's money as it looks at it: what it has to pay, what it paid, what is its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from billing import ledger
from billing.models import Invoice, InvoiceStatus, Payment
from billing.money import Money
from config.database import db
from rental.models import Booking, BookingStatus, Line, Unit


def to_pay(unit: Unit, limit: int = 50) -> Sequence[Invoice]:
    """The open invoices of a unit, the first to be due first."""
    return db.session.scalars(
        sa.select(Invoice)
        .where(Invoice.unit_id == unit.id, Invoice.status == InvoiceStatus.OPEN)
        .options(selectinload(Invoice.booking))
        .order_by(Invoice.due_on, Invoice.id)
        .limit(limit)
    ).all()


def requests(unit: Unit, limit: int = 20) -> Sequence[Booking]:
    """The requests of a unit that wait for an answer, the soonest first."""
    return (
        db.session.scalars(
            sa.select(Booking)
            .where(Booking.unit_id == unit.id, Booking.status == BookingStatus.REQUESTED)
            .options(selectinload(Booking.lines).joinedload(Line.resource))
            .order_by(Booking.starts_at, Booking.id)
            .limit(limit)
        )
        .unique()
        .all()
    )


def payments(unit: Unit, limit: int = 20) -> Sequence[Payment]:
    """What was received of a unit lately, newest first; without what was taken back."""
    return db.session.scalars(
        sa.select(Payment)
        .where(Payment.unit_id == unit.id, Payment.reversed_at.is_(None))
        .options(selectinload(Payment.invoice))
        .order_by(Payment.received_at.desc(), Payment.id.desc())
        .limit(limit)
    ).all()


def credit(unit: Unit) -> Money:
    """What is the unit's own: its balance, and what was paid on an invoice and then credited."""
    over = Invoice.paid_minor + Invoice.credited_minor - Invoice.total_minor
    surplus = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(over), 0)).where(
            Invoice.unit_id == unit.id,
            Invoice.credited_minor > 0,
            Invoice.paid_minor + Invoice.credited_minor > Invoice.total_minor,
        )
    )
    return ledger.balance(unit) + Money(int(surplus or 0))
