"""What changes on the lines of an invoice that is corrected, and the charges that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa

from billing import closing, vat
from billing.errors import BadCorrection, MonthClosed
from billing.models import Charge, ChargeKind, Invoice, InvoiceLine
from billing.money import Money
from billing.vat import Taxable, Taxed
from config import clock
from config.database import db

# What may become another amount when an invoice is replaced. Bandwidth follows its sealed evidence,
# and what an interruption gave back or an advance took off follows its own record.
CHANGEABLE = frozenset(
    {
        ChargeKind.RENTAL,
        ChargeKind.CANCELLATION,
        ChargeKind.DAMAGE,
        ChargeKind.LOSS,
        ChargeKind.LATE,
    }
)


@dataclass(frozen=True, slots=True)
class LineChange:
    """An amount in the line's terms, and new words and quantity where they change too."""

    amount_minor: int
    description: str | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the invoice, the charge behind it, and what is added to it."""

    line: InvoiceLine
    origin: Charge
    added: LineChange

    @property
    def amount(self) -> Money:
        """What is added, in the line's terms."""
        return Money(self.added.amount_minor, self.line.invoice.currency)


def known(invoice: Invoice, changes: Mapping[int, LineChange]) -> dict[int, LineChange]:
    """The changes by charge; raises BadCorrection for a line that is not the invoice's."""
    lines = {line.id: line for line in invoice.lines}
    found: dict[int, LineChange] = {}
    for line_id, change in changes.items():
        line = lines.get(line_id)
        if line is None or line.charge_id is None:
            raise BadCorrection("The invoice has no line {line}; look at its lines.", line=line_id)
        if change.amount_minor < 0:
            raise BadCorrection("A line of the new invoice is zero or more; correct its amount.")
        if change.quantity is not None and change.quantity <= 0:
            raise BadCorrection("A quantity is above zero; correct it.")
        if db.session.get_one(Charge, line.charge_id).kind not in CHANGEABLE:
            raise BadCorrection(
                "Line {position} follows a record of its own and keeps its amount; adjust it or "
                "correct that record.",
                position=line.position,
            )
        found[line.charge_id] = change
    return found


def checked(invoice: Invoice, changes: Mapping[int, LineChange]) -> list[Change]:
    """The changes with their lines, in the order of the lines.

    Raises BadCorrection for none, for a line of another invoice, and where a line would be less
    than nothing.
    """
    lines = {line.id: line for line in invoice.lines}
    if missing := changes.keys() - lines.keys():
        raise BadCorrection("The invoice has no line {line}; look at its lines.", line=min(missing))
    found = []
    for line_id, line in lines.items():
        change = changes.get(line_id)
        if change is None or not change.amount_minor or line.charge_id is None:
            continue
        if change.amount_minor < 0 and -change.amount_minor > _left(line):
            raise BadCorrection(
                "Line {position} has {left} left; take off that much at most.",
                words={"left": Money(_left(line), invoice.currency).text()},
                position=line.position,
            )
        found.append(Change(line, db.session.get_one(Charge, line.charge_id), change))
    if not found:
        raise BadCorrection("Say by how much at least one line changes.")
    return found


def taxed(changes: Sequence[Change]) -> list[Taxed]:
    """What the changes come to with tax, at the rates that the lines bore."""
    return vat.tax(
        [Taxable(one.amount, one.line.vat_code, one.line.tax_inclusive) for one in changes]
    )


def charge(change: Change, adjustment: Invoice) -> Charge:
    """The charge of a line of the adjusting invoice."""
    origin, minor = change.origin, change.added.amount_minor
    words = ("Điều chỉnh tăng", "Increase") if minor > 0 else ("Điều chỉnh giảm", "Reduction")
    what = change.added.description
    starts_at, ends_at = _when(origin)
    return Charge(
        unit_id=origin.unit_id,
        booking_id=origin.booking_id,
        kind=ChargeKind.ADJUSTMENT,
        adjusts_id=origin.id,
        invoice_id=adjustment.id,
        description=f"{words[0]}: {what or origin.description}"[:500],
        description_en=f"{words[1]}: {what or origin.description_en}"[:500],
        explanation=f"Dòng {change.line.position} của hóa đơn {change.line.invoice.display_number}",
        explanation_en=f"Line {change.line.position} of {change.line.invoice.display_number}",
        measure=None,
        quantity=Decimal(1),
        unit_price_minor=minor,
        amount_minor=minor,
        currency=origin.currency,
        tax_inclusive=change.line.tax_inclusive,
        service=change.line.service,
        vat_code=change.line.vat_code,
        tariff=origin.tariff,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def renewed(charge_: Charge, changes: Mapping[int, LineChange]) -> Charge | None:
    """The charge as it goes on the replacement: itself, another amount, or none for zero."""
    change = changes.get(charge_.id)
    if change is None:
        return charge_
    charge_.reversed_at = clock.now()
    db.session.flush()
    if not change.amount_minor:
        return None
    quantity = change.quantity or Decimal(1)
    price = (Decimal(change.amount_minor) / quantity).quantize(Decimal(1), ROUND_HALF_UP)
    columns = {
        column.key: getattr(charge_, column.key)
        for column in sa.inspect(Charge).columns
        if column.key not in ("id", "added_at", "reversed_at", "invoice_id")
    }
    made = Charge(
        **{
            **columns,
            "description": (change.description or charge_.description)[:500],
            "description_en": (change.description or charge_.description_en)[:500],
            "explanation": "",
            "explanation_en": "",
            "measure": charge_.measure if change.quantity is not None else None,
            "quantity": quantity,
            "unit_price_minor": int(price),
            "amount_minor": change.amount_minor,
        }
    )
    db.session.add(made)
    db.session.flush()
    return made


def _left(line: InvoiceLine) -> int:
    """What credit notes and earlier adjustments left of a line, in its own terms."""
    if line.tax_inclusive:
        stands = line.left.minor
    else:
        share = Decimal(line.left.minor) / line.total.minor if line.total else Decimal(0)
        stands = int((line.net_minor * share).quantize(Decimal(1), ROUND_HALF_UP))
    earlier = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Charge.amount_minor), 0)).where(
            Charge.adjusts_id == line.charge_id, Charge.reversed_at.is_(None)
        )
    )
    return stands + int(earlier or 0)


def _when(origin: Charge) -> tuple[datetime, datetime]:
    """The time of the service; of a closed month nothing changes, so it counts from today on."""
    try:
        closing.require_open(origin.ends_at)
    except MonthClosed:
        return clock.now(), clock.now()
    return origin.starts_at, origin.ends_at
