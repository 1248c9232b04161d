"""What a month comes to: output VAT by code, revenue by service and unit, deferred and unbilled.

Revenue is what invoices say without tax, less credit notes, in the month in which the service is
completed or, where it is invoiced later, in that of the document (see `recognition`). Deferred is
what was invoiced by the month's end for services completed after it; unbilled what was rented by
then and no invoice dated by then holds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from billing import closing, recognition, vat
from billing.models import (
    Charge,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
)
from billing.money import Money
from billing.vat import Taxable, VatCode
from config import clock
from config.database import db
from rental.models import Unit


@dataclass(frozen=True, slots=True)
class Part:
    """What one document says of one VAT code; a credit note's is below zero, a void one's zero."""

    number: str
    day: date
    kind: str
    unit: str
    unit_name: str
    code: VatCode
    net: int
    vat: int
    invoice_id: int


def parts(first: date) -> list[Part]:
    """The documents of a month, code by code: invoices, void ones too, then credit notes."""
    return [*_invoiced(first), *_credited(first)]


def _invoiced(first: date) -> Iterable[Part]:
    rows = db.session.execute(
        sa.select(
            Invoice,
            Unit.slug,
            InvoiceLine.vat_code,
            sa.func.sum(InvoiceLine.net_minor),
            sa.func.sum(InvoiceLine.vat_minor),
        )
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(Unit, Unit.id == Invoice.unit_id)
        .where(Invoice.tax_date >= first, Invoice.tax_date < closing.following(first))
        .group_by(Invoice.id, Unit.slug, InvoiceLine.vat_code)
        .order_by(Invoice.symbol, Invoice.number, InvoiceLine.vat_code)
    )
    for invoice, slug, code, net, tax in rows.tuples():
        void = invoice.status is InvoiceStatus.VOID
        yield Part(
            number=invoice.display_number or "",
            day=invoice.tax_date or first,
            kind="void" if void else "invoice",
            unit=slug,
            unit_name=(invoice.snapshot or {}).get("buyer", {}).get("name", slug),
            code=code,
            net=0 if void else int(net),
            vat=0 if void else int(tax),
            invoice_id=invoice.id,
        )


def _credited(first: date) -> Iterable[Part]:
    rows = db.session.execute(
        sa.select(
            CreditNote,
            Unit.slug,
            InvoiceLine.vat_code,
            sa.func.sum(CreditNoteLine.net_minor),
            sa.func.sum(CreditNoteLine.vat_minor),
        )
        .join(CreditNoteLine, CreditNoteLine.credit_note_id == CreditNote.id)
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .join(Unit, Unit.id == Invoice.unit_id)
        .where(CreditNote.tax_date >= first, CreditNote.tax_date < closing.following(first))
        .group_by(CreditNote.id, Unit.slug, InvoiceLine.vat_code)
        .order_by(CreditNote.symbol, CreditNote.number, InvoiceLine.vat_code)
    )
    for note, slug, code, net, tax in rows.tuples():
        yield Part(
            number=note.display_number,
            day=note.tax_date,
            kind="credit_note",
            unit=slug,
            unit_name=note.snapshot.get("buyer", {}).get("name", slug),
            code=code,
            net=-int(net),
            vat=-int(tax),
            invoice_id=note.invoice_id,
        )


@dataclass(frozen=True, slots=True)
class Sum:
    """What something comes to: its name, net and tax, and of how many documents."""

    name: str
    net: int
    vat: int
    count: int


def by_code(found: Iterable[Part]) -> list[Sum]:
    """The parts added up by VAT code, in the order of the codes."""
    groups: dict[VatCode, list[Part]] = defaultdict(list)
    for part in found:
        groups[part.code].append(part)
    return [
        Sum(
            code.value,
            sum(part.net for part in groups[code]),
            sum(part.vat for part in groups[code]),
            len({part.number for part in groups[code]}),
        )
        for code in VatCode
        if code in groups
    ]


def revenue(first: date, by: Any) -> list[tuple[str, int]]:
    """Net revenue of a month by a column (a service, a unit's name), the largest first."""
    invoiced = (
        recognition.invoiced(by.label("name"), sa.func.sum(InvoiceLine.net_minor))
        .where(recognition.within(recognition.INVOICED, first))
        .group_by(by)
    )
    credited = (
        recognition.credited(by.label("name"), -sa.func.sum(CreditNoteLine.net_minor))
        .where(recognition.within(recognition.CREDITED, first))
        .group_by(by)
    )
    found: dict[str, int] = defaultdict(int)
    for name, net in [*db.session.execute(invoiced), *db.session.execute(credited)]:
        found[str(name)] += int(net)
    return sorted(found.items(), key=lambda row: (-row[1], row[0]))


def by_service(first: date) -> list[tuple[str, int]]:
    """Net revenue of a month by service."""
    return revenue(first, InvoiceLine.service)


def by_unit(first: date) -> list[tuple[str, int]]:
    """Net revenue of a month by unit."""
    return revenue(first, Unit.name)


def _end(first: date) -> datetime:
    after = closing.following(first)
    return datetime(after.year, after.month, 1, tzinfo=clock.LOCAL).astimezone(UTC)


def deferred(first: date) -> Money:
    """Net of what was invoiced by the month's end for services completed after it."""
    return Money(recognition.deferred_at(first))


def unbilled(first: date) -> Money:
    """Net of what was rented by the month's end and is on no invoice dated by then."""
    rows = db.session.scalars(
        sa.select(Charge)
        .outerjoin(Invoice, Invoice.id == Charge.invoice_id)
        .where(
            Charge.reversed_at.is_(None),
            Charge.ends_at <= _end(first),
            sa.or_(
                Invoice.id.is_(None),
                Invoice.tax_date.is_(None),
                Invoice.tax_date >= closing.following(first),
            ),
        )
    ).all()
    taxed = vat.tax([Taxable(one.amount, one.vat_code, one.tax_inclusive) for one in rows])
    return Money(sum(one.net.minor for one in taxed))
