"""What a charge becomes on an invoice, at which rate, and what makes an invoice a final one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import orm

from billing import tax_days, vat
from billing.models import (
    Charge,
    ChargeKind,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
)
from config.database import db

# An advance taken off again, and an adjustment.
_AS_BEFORE = frozenset({ChargeKind.ADVANCE_DEDUCTED, ChargeKind.ADJUSTMENT})

# What a line says, without where it is kept and what became of it.
_SAID = set(InvoiceLine.__table__.columns.keys()) - {"id", "invoice_id", "credited_minor"}


@dataclass(frozen=True, slots=True)
class Deducted:
    """What an invoice takes off of one advance invoice, tax included, above zero."""

    number: str
    day: date
    minor: int


def deducted(invoice: Invoice) -> list[Deducted]:
    """The advances that an invoice takes off, oldest first; lines of one advance are added up."""
    taken_off, advance = orm.aliased(Charge), orm.aliased(Charge)
    asked = orm.aliased(Invoice)
    minor = sa.func.sum(InvoiceLine.net_minor + InvoiceLine.vat_minor)
    rows = db.session.execute(
        sa.select(asked, minor)
        .select_from(InvoiceLine)
        .join(taken_off, taken_off.id == InvoiceLine.charge_id)
        .join(advance, advance.id == taken_off.deducts_id)
        .join(asked, asked.id == advance.invoice_id)
        .where(InvoiceLine.invoice_id == invoice.id)
        .group_by(asked.id)
        .order_by(asked.id)
    )
    return [
        Deducted(one.display_number, one.tax_date, -int(total))
        for one, total in rows
        if one.display_number is not None and one.tax_date is not None
    ]


def asked_before(invoice: Invoice) -> bool:
    """Whether an advance or a part of the same booking was asked for and is not void."""
    return bool(
        db.session.scalar(
            sa.select(Invoice.id)
            .where(
                Invoice.booking_id == invoice.booking_id,
                Invoice.kind.in_((InvoiceKind.ADVANCE, InvoiceKind.PART)),
                Invoice.status.not_in((InvoiceStatus.DRAFT, InvoiceStatus.VOID)),
            )
            .limit(1)
        )
    )


def is_settled_before(invoice: Invoice) -> bool:
    """Whether it comes to nothing because an advance is taken off: it closes what was paid."""
    deducts = sa.select(Charge.id).where(
        Charge.invoice_id == invoice.id, Charge.kind == ChargeKind.ADVANCE_DEDUCTED
    )
    return invoice.kind is InvoiceKind.FINAL and bool(db.session.scalar(deducts.limit(1)))


def code(charge: Charge, rates: Sequence[vat.VatRate], day: date) -> vat.VatCode:
    """The rate of the charge's tax day; what corrects a line bears the rate that the line bore.

    A month of a periodic service bears that of its reconciliation.
    """
    if charge.kind in _AS_BEFORE:
        return charge.vat_code
    if charge.tax_day is not None:
        return vat.code_on(rates, charge.service, min(charge.tax_day, day))
    return vat.code_on(rates, charge.service, tax_days.of(charge.ends_at, day))


def line(charge: Charge, position: int, taxed: vat.Taxed) -> InvoiceLine:
    """The line that a charge becomes, with its share of the tax."""
    return InvoiceLine(
        position=position,
        charge_id=charge.id,
        description=charge.description,
        description_en=charge.description_en,
        explanation=charge.explanation,
        explanation_en=charge.explanation_en,
        measure=charge.measure,
        quantity=charge.quantity,
        unit_price_minor=charge.unit_price_minor,
        tax_inclusive=charge.tax_inclusive,
        net_minor=taxed.net.minor,
        vat_minor=taxed.vat.minor,
        vat_code=taxed.code,
        service=charge.service,
    )


def say_the_same(stands: Sequence[InvoiceLine], made: Sequence[InvoiceLine]) -> bool:
    """Whether lines made anew say in every column what stands, so that these may stay."""
    return len(stands) == len(made) and all(
        getattr(old, name) == getattr(new, name)
        for old, new in zip(stands, made, strict=True)
        for name in _SAID
    )
