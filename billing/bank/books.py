"""What is owed, read from the records as the values that `matching` judges by."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from billing.matching import Book, Owed
from billing.models import COLLECTING, BankEntry, BankMatch, Invoice, InvoiceStatus, Payment
from billing.parties import Parties, Party
from billing.spelling import squeezed
from config import clock
from config.database import db
from rental.models import Booking, Unit

# A reference to an invoice settled longer ago is not recognised as that any more.
SETTLED_FOR = timedelta(days=400)
_LEFT = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor


def book() -> Book:
    """Every invoice that is owed, those settled lately, and the units."""
    return Book(_owed(), parties())


def parties() -> Parties:
    """Every unit with the accounts it has paid from."""
    units = db.session.execute(sa.select(Unit.id, Unit.name).where(~Unit.is_centre)).tuples()
    return Parties((Party(unit_id, name) for unit_id, name in units), _accounts())


def _owed() -> Iterable[Owed]:
    collecting = Invoice.status.in_(COLLECTING)
    rows = db.session.execute(
        sa.select(
            Invoice.id,
            Invoice.unit_id,
            sa.case((collecting, sa.func.greatest(_LEFT, 0)), else_=0),
            Invoice.reference,
            Invoice.symbol,
            Invoice.number,
            Booking.reference,
            Invoice.currency,
        )
        .outerjoin(Booking, Booking.id == Invoice.booking_id)
        .where(
            Invoice.status != InvoiceStatus.DRAFT,
            sa.or_(collecting, Invoice.issued_at > clock.now() - SETTLED_FOR),
        )
        .order_by(Invoice.id)
    ).tuples()
    for invoice_id, unit_id, left, reference, symbol, number, booking, currency in rows:
        yield Owed(
            invoice_id=invoice_id,
            unit_id=unit_id,
            left=int(left),
            reference=reference,
            number=f"{symbol}-{number:08d}",
            booking=booking,
            currency=currency,
        )


def _accounts() -> dict[str, frozenset[int]]:
    """Accounts of payers with the units that live matches gave their payments to."""
    rows = db.session.execute(
        sa.select(BankEntry.payer_account, Payment.unit_id)
        .join(BankMatch, BankMatch.entry_id == BankEntry.id)
        .join(Payment, Payment.id == BankMatch.payment_id)
        .where(BankMatch.undone_at.is_(None), BankEntry.payer_account != "")
        .distinct()
    ).tuples()
    found: dict[str, set[int]] = defaultdict(set)
    for account, unit_id in rows:
        found[squeezed(account)].add(unit_id)
    return {account: frozenset(units) for account, units in found.items()}
