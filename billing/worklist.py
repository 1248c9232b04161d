"""What waits for finance: how many, how much, and the first of them; sums are the database's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from billing import circuit_months
from billing.models import (
    COLLECTING,
    BankEntry,
    CardEvent,
    CardEventOutcome,
    Charge,
    ChargeProposal,
    Dispute,
    DisputeStatus,
    Invoice,
    InvoiceStatus,
    PauseCause,
    Payment,
    ProposalStatus,
    Refund,
    RefundStatus,
    ReminderPause,
    Submission,
    SubmissionStatus,
    TrafficEvidence,
    TrafficState,
    UnbilledUse,
    UseState,
    WriteOff,
    WriteOffStatus,
)
from billing.models.bank import WAITING
from billing.money import Money
from billing.reminders import standing_on
from config import clock
from config.database import db
from rental.models import Booking

_LEFT = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor


@dataclass(frozen=True, slots=True)
class Pile:
    """So many, worth so much."""

    count: int
    amount: Money

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return self.count > 0


def _pile(count: Any, amount: Any, *conditions: Any, joined: Any = None) -> Pile:
    query = sa.select(sa.func.count(count), sa.func.coalesce(sa.func.sum(amount), 0))
    if joined is not None:
        query = query.select_from(joined)
    number, minor = db.session.execute(query.where(*conditions)).one()
    return Pile(number, Money(int(minor)))


def to_invoice() -> Pile:
    """Bookings that are over with charges that no invoice has taken."""
    return _pile(
        sa.distinct(Charge.booking_id),
        Charge.amount_minor,
        *_unbilled(),
        Booking.ends_at <= clock.now(),
        joined=sa.join(Charge, Booking, Booking.id == Charge.booking_id),
    )


def first_to_invoice(limit: int = 8) -> list[tuple[Booking, Money]]:
    """The bookings that are over and wait for an invoice, the oldest first, with their charges."""
    sums = (
        sa.select(Charge.booking_id, sa.func.sum(Charge.amount_minor).label("minor"))
        .where(*_unbilled(), Charge.booking_id.is_not(None))
        .group_by(Charge.booking_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Booking, sums.c.minor)
        .join(sums, sums.c.booking_id == Booking.id)
        .where(Booking.ends_at <= clock.now())
        .options(joinedload(Booking.unit))
        .order_by(Booking.ends_at, Booking.id)
        .limit(limit)
    )
    return [(booking, Money(int(minor))) for booking, minor in rows]


def _unbilled() -> list[sa.ColumnElement[bool]]:
    reconciled = sa.or_(Charge.month_id.is_(None), Charge.tax_day.is_not(None))
    return [Charge.invoice_id.is_(None), Charge.reversed_at.is_(None), reconciled]


def drafts() -> Pile:
    """Drafts that wait to be issued."""
    return _pile(Invoice.id, Invoice.total_minor, Invoice.status == InvoiceStatus.DRAFT)


def awaiting() -> Pile:
    """Open invoices and what is left of them."""
    return _pile(Invoice.id, _LEFT, Invoice.status == InvoiceStatus.OPEN)


def overdue() -> Pile:
    """Open invoices whose day has passed."""
    return _pile(Invoice.id, _LEFT, *_overdue())


def first_overdue(limit: int = 12) -> Sequence[Invoice]:
    """The overdue invoices, the longest due first."""
    return db.session.scalars(
        sa.select(Invoice)
        .where(*_overdue())
        .options(joinedload(Invoice.unit), selectinload(Invoice.booking))
        .order_by(Invoice.due_on, Invoice.id)
        .limit(limit)
    ).all()


def _overdue() -> list[sa.ColumnElement[bool]]:
    return [Invoice.status == InvoiceStatus.OPEN, Invoice.due_on < clock.today()]


def refunds_due() -> Pile:
    """Invoices of which more was paid than is asked for after credit: owed back to the unit."""
    over = Invoice.paid_minor + Invoice.credited_minor - Invoice.total_minor
    return _pile(Invoice.id, over, *_over_paid())


def over_paid(limit: int = 200) -> Sequence[Invoice]:
    """Those invoices, oldest first."""
    return db.session.scalars(
        sa.select(Invoice)
        .where(*_over_paid())
        .options(joinedload(Invoice.unit))
        .order_by(Invoice.id)
        .limit(limit)
    ).all()


def _over_paid() -> list[sa.ColumnElement[bool]]:
    return [
        Invoice.status.in_((*COLLECTING, InvoiceStatus.PAID)),
        Invoice.credited_minor > 0,
        Invoice.paid_minor + Invoice.credited_minor > Invoice.total_minor,
    ]


def unallocated() -> Pile:
    """Payments of which something pays no invoice and did not go back."""
    spent = Payment.allocated_minor + Payment.refunded_minor
    return _pile(
        Payment.id,
        Payment.amount_minor - spent,
        Payment.reversed_at.is_(None),
        spent < Payment.amount_minor,
    )


def refunds_asked() -> Pile:
    """Refunds that were asked for and not paid out."""
    return _pile(Refund.id, Refund.amount_minor, Refund.status == RefundStatus.REQUESTED)


def bank_rows() -> Pile:
    """Bookings of the bank that no invoice has for certain: a person decides."""
    return _pile(BankEntry.id, BankEntry.amount_minor, BankEntry.state.in_(WAITING))


def card_disputes() -> Pile:
    """Card payments that a payer's bank may take back: evidence is due."""
    return _pile(Dispute.id, Dispute.amount_minor, Dispute.status == DisputeStatus.OPEN)


def card_events() -> Pile:
    """What the card company told of money that belongs to no session of ours."""
    return _pile(CardEvent.id, sa.literal(0), CardEvent.outcome == CardEventOutcome.UNMATCHED)


def disputed() -> Pile:
    """Open invoices of which nobody is reminded because the unit disputes them."""
    return _pile(
        Invoice.id,
        _LEFT,
        *_paused(),
        ReminderPause.cause == PauseCause.DISPUTED,
        joined=sa.join(ReminderPause, Invoice, Invoice.id == ReminderPause.invoice_id),
    )


def paused(limit: int = 200) -> Sequence[ReminderPause]:
    """The pauses that stand on open invoices, the first to end first."""
    return db.session.scalars(
        sa.select(ReminderPause)
        .join(Invoice, Invoice.id == ReminderPause.invoice_id)
        .where(*_paused())
        .options(
            joinedload(ReminderPause.invoice).joinedload(Invoice.unit),
            joinedload(ReminderPause.paused_by),
        )
        .order_by(ReminderPause.until, ReminderPause.id)
        .limit(limit)
    ).all()


def _paused() -> list[sa.ColumnElement[bool]]:
    return [standing_on(clock.today()), Invoice.status == InvoiceStatus.OPEN]


def proposals() -> Pile:
    """Charges for damage, loss and lateness that wait for a decision."""
    return _pile(
        ChargeProposal.id,
        ChargeProposal.amount_minor,
        ChargeProposal.status == ProposalStatus.PROPOSED,
    )


def traffic() -> Pile:
    """Months of circuits of which too little was measured to charge them without a person."""
    return _pile(TrafficEvidence.id, sa.literal(0), TrafficEvidence.state == TrafficState.WAITING)


def unbilled_uses() -> Pile:
    """Traffic that nobody had booked and nobody has decided."""
    return _pile(UnbilledUse.id, sa.literal(0), UnbilledUse.state == UseState.WAITING)


def einvoices() -> Pile:
    """Issued documents that the provider of e-invoices refused, or that were tried in vain."""
    return _pile(
        Submission.id,
        sa.literal(0),
        Submission.status != SubmissionStatus.ACCEPTED,
        Submission.failure != "",
    )


def late_months() -> Pile:
    """Months of periodic circuits that nobody reconciled by the 7th."""
    return Pile(*circuit_months.late())


def write_offs() -> Pile:
    """Write-offs that wait for another person."""
    return _pile(
        WriteOff.id,
        _LEFT,
        WriteOff.status == WriteOffStatus.PROPOSED,
        Invoice.status == InvoiceStatus.OPEN,
        joined=sa.join(WriteOff, Invoice, Invoice.id == WriteOff.invoice_id),
    )
