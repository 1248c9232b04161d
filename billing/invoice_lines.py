"""What a charge becomes on an invoice, at which rate, and what makes an invoice a final one."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

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
    """The rate of the charge's tax day; an advance is taken off with the rate that it bore."""
    if charge.kind is ChargeKind.ADVANCE_DEDUCTED:
        return charge.vat_code
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
