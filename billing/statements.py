"""Statements of account: what a unit owed, what came in, what it owes, to the đồng.

Above zero is owed to the Centre, below zero is the unit's credit. Invoices and credit notes count
on their tax date, payments on the local day they were received.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa

from billing import ageing, debts
from billing.ageing import Aged
from billing.debts import local_day
from billing.errors import BadStatement
from billing.models import (
    CreditNote,
    Invoice,
    InvoiceStatus,
    Payment,
    Refund,
    RefundStatus,
)
from billing.money import Money, total
from config import clock
from config.database import db
from rental.models import Booking, Unit

LONGEST = timedelta(days=366 * 3)
ZERO = Money(0)
# What somebody owed for a while and no longer does is still an entry; a void invoice never was.
_COUNTED = sa.and_(
    Invoice.number.is_not(None), Invoice.status != InvoiceStatus.VOID
)  # fmt: skip


class EntryKind(StrEnum):
    """What moved the account."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    # A payment that was recorded by mistake, or that the bank took back.
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement: `amount` above zero is a debit (owed), below zero a credit."""

    day: date
    kind: EntryKind
    reference: str
    what: str
    amount: Money
    invoice_id: int | None = None
    due_on: date | None = None
    # The account after it.
    balance: Money = ZERO

    @property
    def debit(self) -> Money | None:
        """What it adds to what is owed."""
        return self.amount if self.amount.minor > 0 else None

    @property
    def credit(self) -> Money | None:
        """What it takes off."""
        return -self.amount if self.amount.minor < 0 else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One unit's account over the days from `first` to `last`, both included."""

    unit: Unit
    first: date
    last: date
    opening: Money
    entries: Sequence[Entry]
    # What is open at the end by age; what was given up and is owed all the same; money of the unit
    # that pays no invoice yet.
    aged: Aged
    given_up: Money
    unallocated: Money

    @property
    def closing(self) -> Money:
        """The account at the end of the last day."""
        return self.opening + total(entry.amount for entry in self.entries)

    @property
    def debits(self) -> Money:
        """What was added in the period."""
        return total(entry.debit for entry in self.entries if entry.debit is not None)

    @property
    def credits(self) -> Money:
        """What was taken off in the period."""
        return total(entry.credit for entry in self.entries if entry.credit is not None)


def of(unit: Unit, first: date, last: date) -> Statement:
    """The account of a unit over a period; raises BadStatement for days that cannot be."""
    if last < first:
        raise BadStatement("The last day comes after the first.")
    if last - first > LONGEST:
        raise BadStatement("A statement covers three years at most.")
    if last > clock.today():
        last = max(first, clock.today())
    moved = sorted(_entries(unit, last), key=lambda e: (e.day, list(EntryKind).index(e.kind)))
    opening = total(entry.amount for entry in moved if entry.day < first)
    shown = list(_running(opening, (entry for entry in moved if entry.day >= first)))
    owed = _owed(unit, last)
    aged = ageing.aged(((due_on, left) for due_on, left, given_up in owed if not given_up), last)
    given_up = total(left for _due_on, left, is_given_up in owed if is_given_up)
    closing = opening + total(entry.amount for entry in shown)
    return Statement(
        unit, first, last, opening, shown, aged, given_up, aged.total + given_up - closing
    )


def _running(opening: Money, entries: Iterable[Entry]) -> Iterable[Entry]:
    balance = opening
    for one in entries:
        balance = balance + one.amount
        yield replace(one, balance=balance)


def _entries(unit: Unit, last: date) -> list[Entry]:
    return [
        *_invoices(unit, last),
        *_credit_notes(unit, last),
        *_payments(unit, last),
        *_reversals(unit, last),
        *_refunds(unit, last),
    ]


def _invoices(unit: Unit, last: date) -> list[Entry]:
    rows = db.session.execute(
        sa.select(Invoice, Booking.title)
        .outerjoin(Booking, Booking.id == Invoice.booking_id)
        .where(Invoice.unit_id == unit.id, _COUNTED, Invoice.tax_date <= last)
        .order_by(Invoice.tax_date, Invoice.id)
    )
    return [
        Entry(
            one.tax_date or last,
            EntryKind.INVOICE,
            one.display_number or one.reference,
            title or "",
            one.total,
            one.id,
            one.due_on,
        )
        for one, title in rows.tuples()
    ]


def _credit_notes(unit: Unit, last: date) -> list[Entry]:
    rows = db.session.scalars(
        sa.select(CreditNote)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(Invoice.unit_id == unit.id, CreditNote.tax_date <= last)
        .order_by(CreditNote.tax_date, CreditNote.id)
    )
    return [
        Entry(
            one.tax_date,
            EntryKind.CREDIT_NOTE,
            one.display_number,
            one.reason,
            -one.total,
            one.invoice_id,
        )
        for one in rows
    ]


def _payments(unit: Unit, last: date) -> list[Entry]:
    day = local_day(Payment.received_at)
    rows = db.session.execute(
        sa.select(Payment, Invoice, day)
        .outerjoin(Invoice, Invoice.id == Payment.invoice_id)
        .where(Payment.unit_id == unit.id, day <= last)
        .order_by(Payment.received_at, Payment.id)
    )
    return [
        Entry(
            received_on,
            EntryKind.PAYMENT,
            payment.reference or payment.display_number or f"#{payment.id}",
            (invoice.display_number or "") if invoice else "",
            -payment.amount,
            invoice.id if invoice else None,
        )
        for payment, invoice, received_on in rows.tuples()
    ]


def _reversals(unit: Unit, last: date) -> list[Entry]:
    """Payments that were taken back, on that day: what was told of the days before stays true."""
    received, taken_back = local_day(Payment.received_at), local_day(Payment.reversed_at)
    # Dated ahead of its own day by mistake: it counts from when it was received.
    day = sa.func.greatest(received, taken_back)
    rows = db.session.execute(
        sa.select(Payment, day)
        .where(Payment.unit_id == unit.id, Payment.reversed_at.is_not(None), day <= last)
        .order_by(Payment.reversed_at, Payment.id)
    )
    return [
        Entry(
            reversed_on,
            EntryKind.REVERSAL,
            payment.reference or payment.display_number or f"#{payment.id}",
            payment.reversed_reason or "",
            payment.amount,
            payment.invoice_id,
        )
        for payment, reversed_on in rows.tuples()
    ]


def _refunds(unit: Unit, last: date) -> list[Entry]:
    """What went back, or is on its way: on the day it was asked for."""
    day = local_day(Refund.requested_at)
    rows = db.session.execute(
        sa.select(Refund, day)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.unit_id == unit.id, Refund.status != RefundStatus.FAILED, day <= last)
        .order_by(Refund.requested_at, Refund.id)
    )
    return [
        Entry(
            given_on,
            EntryKind.REFUND,
            refund.reference or f"#{refund.id}",
            refund.reason,
            refund.amount,
            refund.payment.invoice_id,
        )
        for refund, given_on in rows.tuples()
    ]


def _owed(unit: Unit, last: date) -> list[tuple[date, Money, bool]]:
    """What was left of each invoice at the end of a day, and whether it was given up by then."""
    owed = debts.on(last, unit.id)
    rows = db.session.execute(sa.select(owed.c.due_on, owed.c.left_minor, owed.c.given_up))
    return [(due_on or last, Money(minor), given_up) for due_on, minor, given_up in rows.tuples()]
