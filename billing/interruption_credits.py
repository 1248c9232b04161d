"""What an interruption gives back: on the draft while there is one, else by a credit note.

When somebody says whose doing an interruption was, the difference is settled: on the draft by other
credit lines, on an issued invoice by a credit note, or by a charge that takes back what was given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing import charges, credit_notes, invoices, month_charges, quotes, sla
from billing.credit_notes import LineCredit, NewCredit
from billing.models import (
    Charge,
    ChargeKind,
    InterruptionCredit,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
)
from billing.money import Money, total
from billing.sla import Reckoned, Terms
from config.database import db
from rental import agreements, interruptions
from rental.models import BookingStatus, Interruption, InterruptionFault, Line
from rental.period import Period

PROMISED = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)


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
    rental = _rental(deprived.line, deprived.period.starts_at)
    if rental is None:
        return None
    earlier = _of_charge(rental, of(deprived.line))
    row = _claimed(deprived)
    if row is None:
        return None
    line = _Reckoning(deprived.line, rental)
    before = line.counted(earlier)
    after = line.counted([*earlier, row])
    _give(_Gift(row, rental, line, before, after))
    db.session.flush()
    return row


def reckon_anew(interruption: Interruption, *, was: InterruptionFault) -> None:
    """Settle what changes on each line now that the interruption is somebody else's doing."""
    rows = db.session.scalars(
        sa.select(InterruptionCredit)
        .where(InterruptionCredit.interruption_id == interruption.id)
        .order_by(InterruptionCredit.line_id)
    ).all()
    for row in rows:
        rental = _rental(row.line, row.starts_at)
        if rental is None:
            continue
        line, all_rows = _Reckoning(row.line, rental), _of_charge(rental, of(row.line))
        before = line.counted(all_rows, {interruption.id: was})
        gift = _Gift(row, rental, line, before, line.counted(all_rows))
        if before == gift.after:
            continue
        if _is_open(rental):
            _draw_again(gift, all_rows)
        else:
            _give(gift)
            _take_back(gift, all_rows)
    db.session.flush()


def of(line: Line) -> list[InterruptionCredit]:
    """What interruptions gave back on a line, oldest first."""
    return list(
        db.session.scalars(
            sa.select(InterruptionCredit)
            .where(InterruptionCredit.line_id == line.id)
            .order_by(InterruptionCredit.id)
        )
    )


class _Reckoning:
    """The terms of one line, and what of its interruptions counts by them."""

    def __init__(self, line: Line, rental: Charge):
        self.line = line
        by_month = rental.month_id is not None
        self.rented = Period(*_span(rental)) if by_month else Period(line.starts_at, line.ends_at)
        self.terms = _terms(line)

    def counted(
        self,
        rows: Iterable[InterruptionCredit],
        faults: dict[int, InterruptionFault] | None = None,
    ) -> list[Period]:
        """The periods that count; `faults` says of some interruptions whose doing they were."""
        found: list[Period] = []
        for row in rows:
            fault = (faults or {}).get(row.interruption_id, row.interruption.fault)
            if fault in self.terms.excludes:
                continue
            period = Period(row.starts_at, row.ends_at)
            found += sla.without(period, self._announced(row.interruption, period))
        return found

    def _announced(self, interruption: Interruption, period: Period) -> list[Period]:
        notice = self.terms.notice
        if notice is None:
            return []
        return interruptions.announced(interruption.resource_id, period, notice)

    def due(self, price: Money, counted: Sequence[Period]) -> Reckoned:
        """What is due in all for these periods."""
        zone = self.line.resource.site.tzinfo
        return sla.reckon(self.terms, price, self.rented, counted, zone)


@dataclass(frozen=True, slots=True)
class _Gift:
    """What one row changes about a line: the periods that counted before, and those now."""

    row: InterruptionCredit
    rental: Charge
    line: _Reckoning
    before: list[Period]
    after: list[Period]

    def more(self, price: Money) -> Money:
        """What is due now beyond what was due before; below zero where it is less."""
        line = self.line
        return line.due(price, self.after).amount - line.due(price, self.before).amount


def _terms(line: Line) -> Terms:
    found, day = sla.terms(), quotes.first_day(Period(line.starts_at, line.ends_at))
    agreed: list[str] = []
    if any(one.agreement for one in found):
        agreed = [one.number for one in agreements.in_force(line.booking.unit_id, day)]
    return sla.terms_on(found, line.resource.kind, day, agreed)


def _rental(line: Line, at: datetime) -> Charge | None:
    """The charge of the line, of a circuit over months that of the month in which it happened."""
    if month_charges.find(line, _month_of(line, at)) and line.booking.status in PROMISED:
        # The month may have begun a moment ago.
        charges.add_for(line.booking)
    mine = [one for one in charges.live(line.booking, ChargeKind.RENTAL) if one.line_id == line.id]
    return next(
        (one for one in mine if one.month_id is None or one.starts_at <= at < one.ends_at), None
    )


def _month_of(line: Line, at: datetime) -> date:
    return at.astimezone(line.resource.site.tzinfo).date().replace(day=1)


def _span(charge: Charge) -> tuple[datetime, datetime]:
    return charge.starts_at, charge.ends_at


def _of_charge(rental: Charge, rows: Sequence[InterruptionCredit]) -> list[InterruptionCredit]:
    """Those of a line's rows that its charge bears: of a month, what began in it."""
    if rental.month_id is None:
        return list(rows)
    return [one for one in rows if rental.starts_at <= one.starts_at < rental.ends_at]


def _is_open(rental: Charge) -> bool:
    return rental.invoice is None or rental.invoice.status is InvoiceStatus.DRAFT


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


def _give(gift: _Gift) -> None:
    """Give what is due beyond before, by a line of the draft or by a credit note."""
    if _is_open(gift.rental):
        amount = gift.more(gift.rental.amount)
        if amount.minor > 0:
            gift.row.charge = _credit_charge(gift, amount)
    else:
        _note(gift)


def _draw_again(gift: _Gift, rows: Sequence[InterruptionCredit]) -> None:
    """Take back every credit that no issued invoice holds, and give it row by row as it is due."""
    taken = [row.charge for row in rows if row.charge is not None]
    charges.reverse([charge for charge in taken if charge.reversed_at is None])
    seen: list[InterruptionCredit] = []
    for row in rows:
        before, after = gift.line.counted(seen), gift.line.counted([*seen, row])
        seen.append(row)
        row.charge = None
        one = _Gift(row, gift.rental, gift.line, before, after)
        # The draft may have gone with its last line, and the rental charge waits again.
        db.session.refresh(gift.rental)
        _give(one)


def _reason(gift: _Gift) -> tuple[str, str]:
    resource, row = gift.line.line.resource, gift.row
    when = charges.spoken_period(row.starts_at, row.ends_at, resource.site.tzinfo)
    return (
        f"Giảm trừ gián đoạn {resource.name}, {when}",
        f"Credit for interruption of {resource.name_en or resource.name}, {when}",
    )


def _explained(gift: _Gift, price: Money) -> dict[str, str]:
    """Minutes, availability and terms, and what shows it."""
    vi, en = sla.said(gift.line.due(price, gift.after))
    cause = gift.row.interruption.cause
    return {
        "explanation": f"{vi}. Căn cứ {cause}; {gift.line.terms.source}"[:300],
        "explanation_en": f"{en}. Evidence {cause}; {gift.line.terms.source}"[:300],
    }


def _of_rental(rental: Charge, row: InterruptionCredit) -> dict[str, Any]:
    return {
        "unit_id": rental.unit_id,
        "booking_id": rental.booking_id,
        "line_id": rental.line_id,
        "currency": rental.currency,
        "service": rental.service,
        "vat_code": rental.vat_code,
        "quantity": Decimal(1),
        "month_id": rental.month_id,
        "tax_day": rental.tax_day,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def _credit_charge(gift: _Gift, amount: Money) -> Charge:
    vi, en = _reason(gift)
    rental = gift.rental
    charge = Charge(
        **_of_rental(rental, gift.row),
        **_explained(gift, rental.amount),
        kind=ChargeKind.CREDIT,
        description=vi,
        description_en=en,
        unit_price_minor=-amount.minor,
        amount_minor=-amount.minor,
        tax_inclusive=rental.tax_inclusive,
        invoice_id=rental.invoice_id,
    )
    db.session.add(charge)
    db.session.flush()
    if rental.invoice is not None:
        invoices.redraw(rental.invoice)
    return charge


def _invoiced(charge: Charge) -> tuple[Invoice, InvoiceLine] | None:
    """The issued invoice and the line that hold a charge."""
    line = db.session.scalar(
        sa.select(InvoiceLine).where(
            InvoiceLine.charge_id == charge.id, InvoiceLine.invoice_id == charge.invoice_id
        )
    )
    return None if line is None or charge.invoice is None else (charge.invoice, line)


def _note(gift: _Gift) -> None:
    """Credit what is due; nothing where the interruption was too short or nothing is left."""
    found = _invoiced(gift.rental)
    if found is None:
        return
    invoice, line = found
    amount = min(gift.more(line.total), line.left, credit_notes.creditable(invoice))
    if amount.minor <= 0:
        return
    new = NewCredit(_reason(gift)[0], lines=(LineCredit(line.id, amount),))
    gift.row.credit_note_id = credit_notes.issue(invoice, new, by=None).id
    gift.row.given_minor += amount.minor


def _given(rows: Iterable[InterruptionCredit]) -> Money:
    """What a line was given in all, tax included, on issued invoices and by credit notes."""
    amounts = [Money(row.given_minor - row.withdrawn_minor) for row in rows]
    for row in rows:
        found = _invoiced(row.charge) if row.charge is not None else None
        if found is not None and found[0].status is not InvoiceStatus.DRAFT:
            amounts.append(-found[1].total)
    return total(amounts)


def _take_back(gift: _Gift, rows: Sequence[InterruptionCredit]) -> None:
    """Charge what was given and is not due after all; it waits for the next invoice."""
    found = _invoiced(gift.rental)
    if found is None:
        return
    amount = min(-gift.more(found[1].total), _given(rows))
    if amount.minor <= 0:
        return
    resource, reason = gift.line.line.resource, gift.row.interruption.fault_reason or ""
    name_en = resource.name_en or resource.name
    db.session.add(
        Charge(
            **_of_rental(gift.rental, gift.row),
            kind=ChargeKind.CREDIT_WITHDRAWN,
            description=f"Thu hồi giảm trừ gián đoạn {resource.name}"[:500],
            description_en=f"Credit for interruption of {name_en} taken back"[:500],
            explanation=reason[:300],
            explanation_en=reason[:300],
            unit_price_minor=amount.minor,
            amount_minor=amount.minor,
            # What was given had the tax in it.
            tax_inclusive=True,
        )
    )
    gift.row.withdrawn_minor += amount.minor
    db.session.flush()
