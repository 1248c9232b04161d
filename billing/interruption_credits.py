"""What an interruption gives back: on the draft while there is one, else by a credit note."""

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing import charges, credit_notes, invoices, quotes, sla
from billing.credit_notes import LineCredit, NewCredit
from billing.models import (
    Charge,
    ChargeKind,
    InterruptionCredit,
    InvoiceLine,
    InvoiceStatus,
)
from billing.money import Money
from config.database import db
from rental.models import Interruption, Line
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Deprived:
    """The renter of `line` went without during `period`, by one interruption."""

    line: Line
    interruption: Interruption
    period: Period


def credit(deprived: Deprived) -> InterruptionCredit | None:
    """Give back what the terms say, once for each interruption and line.

    None where it was given before, or where the line bears no charge.
    """
    rental = next(
        (
            charge
            for charge in charges.live(deprived.line.booking, ChargeKind.RENTAL)
            if charge.line_id == deprived.line.id
        ),
        None,
    )
    if rental is None:
        return None
    earlier = _earlier(deprived.line)
    row = _claimed(deprived)
    if row is None:
        return None
    invoice = rental.invoice
    if invoice is None or invoice.status is InvoiceStatus.DRAFT:
        amount = _due(deprived, rental.amount, earlier)
        if amount:
            row.charge = _credit_charge(rental, amount, deprived)
    else:
        row.credit_note_id = _credited_note(rental, deprived, earlier)
    db.session.flush()
    return row


def of(line: Line) -> list[InterruptionCredit]:
    """What interruptions gave back on a line, oldest first."""
    return list(
        db.session.scalars(
            sa.select(InterruptionCredit)
            .where(InterruptionCredit.line_id == line.id)
            .order_by(InterruptionCredit.id)
        )
    )


def _earlier(line: Line) -> list[Period]:
    return [Period(one.starts_at, one.ends_at) for one in of(line)]


def _claimed(deprived: Deprived) -> InterruptionCredit | None:
    """The row of this interruption and line, or None where it stood there before."""
    claimed = db.session.scalar(
        insert(InterruptionCredit)
        .values(
            interruption_id=deprived.interruption.id,
            line_id=deprived.line.id,
            starts_at=deprived.period.starts_at,
            ends_at=deprived.period.ends_at,
        )
        .on_conflict_do_nothing(index_elements=["interruption_id", "line_id"])
        .returning(InterruptionCredit.id)
    )
    return None if claimed is None else db.session.get(InterruptionCredit, claimed)


def _due(deprived: Deprived, price: Money, earlier: list[Period]) -> Money:
    """What this interruption adds to the credit due in all, so that the cap holds over all."""
    line = deprived.line
    rented = Period(line.starts_at, line.ends_at)
    terms = sla.terms_on(sla.terms(), line.resource.kind, quotes.first_day(rented))
    due = sla.credit(terms, price, rented, [*earlier, deprived.period])
    return due - sla.credit(terms, price, rented, earlier)


def _reason(deprived: Deprived) -> tuple[str, str]:
    resource = deprived.line.resource
    period = deprived.period
    when = charges.spoken_period(period.starts_at, period.ends_at, resource.site.tzinfo)
    return (
        f"Giảm trừ gián đoạn {resource.name}, {when}",
        f"Credit for interruption of {resource.name_en or resource.name}, {when}",
    )


def _credit_charge(rental: Charge, amount: Money, deprived: Deprived) -> Charge:
    vi, en = _reason(deprived)
    charge = Charge(
        unit_id=rental.unit_id,
        booking_id=rental.booking_id,
        line_id=rental.line_id,
        kind=ChargeKind.CREDIT,
        description=vi,
        description_en=en,
        quantity=Decimal(1),
        unit_price_minor=-amount.minor,
        amount_minor=-amount.minor,
        currency=amount.currency,
        tax_inclusive=rental.tax_inclusive,
        service=rental.service,
        vat_code=rental.vat_code,
        starts_at=deprived.period.starts_at,
        ends_at=deprived.period.ends_at,
        invoice_id=rental.invoice_id,
    )
    db.session.add(charge)
    db.session.flush()
    if rental.invoice is not None:
        invoices.redraw(rental.invoice)
    return charge


def _credited_note(rental: Charge, deprived: Deprived, earlier: list[Period]) -> int | None:
    """The credit note's id; None where the interruption was too short or nothing is left."""
    line = db.session.scalar(
        sa.select(InvoiceLine).where(
            InvoiceLine.charge_id == rental.id, InvoiceLine.invoice_id == rental.invoice_id
        )
    )
    if line is None or rental.invoice is None:
        return None
    due = _due(deprived, line.total, earlier)
    amount = min(due, line.left, credit_notes.creditable(rental.invoice))
    if amount.minor <= 0:
        return None
    new = NewCredit(_reason(deprived)[0], lines=(LineCredit(line.id, amount),))
    return credit_notes.issue(rental.invoice, new, by=None).id
