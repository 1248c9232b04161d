"""When what an invoice says becomes revenue: in the month in which its service is completed.

What is invoiced before completion (an advance, or a whole invoice ahead of its event) is deferred
revenue until then. What is invoiced on the day of completion or later is revenue of its own day.
A credit note takes off what is deferred as long as it is, and revenue afterwards. An advance and
the line that takes it off are completed on the same day, so that the two never part.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from billing import closing
from billing.debts import local_day
from billing.models import (
    Charge,
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
)
from config.database import db
from rental.models import Unit

ISSUED = Invoice.status.not_in([InvoiceStatus.DRAFT, InvoiceStatus.VOID])
# The day in which the last moment of the rental lies: what ends at midnight is of the day before.
completed_on = local_day(Charge.ends_at - sa.text("interval '1 microsecond'"))
INVOICED = sa.func.greatest(Invoice.tax_date, sa.func.coalesce(completed_on, Invoice.tax_date))
CREDITED = sa.func.greatest(
    CreditNote.tax_date, sa.func.coalesce(completed_on, CreditNote.tax_date)
)


@dataclass(frozen=True, slots=True)
class Completed:
    """What of an invoice and its credit notes leaves deferred revenue on a day, net of tax."""

    day: date
    code: str
    unit: str
    service: str
    net: int


def invoiced(*columns: Any) -> sa.Select[Any]:
    """Columns over the lines of issued invoices, each with its charge, invoice and unit."""
    return (
        sa.select(*columns)
        .select_from(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Unit, Unit.id == Invoice.unit_id)
        .outerjoin(Charge, Charge.id == InvoiceLine.charge_id)
        .where(ISSUED)
    )


def credited(*columns: Any) -> sa.Select[Any]:
    """Columns over the lines of credit notes, each with the invoice line that it takes off."""
    return (
        sa.select(*columns)
        .select_from(CreditNoteLine)
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Unit, Unit.id == Invoice.unit_id)
        .outerjoin(Charge, Charge.id == InvoiceLine.charge_id)
    )


def within(day: Any, first: date) -> sa.ColumnElement[bool]:
    """Whether a day lies in the month."""
    return sa.and_(day >= first, day < closing.following(first))


def completion(charge_ids: Iterable[int | None]) -> dict[int, date]:
    """The day of completion of each charge."""
    wanted = [one for one in charge_ids if one is not None]
    rows = db.session.execute(sa.select(Charge.id, completed_on).where(Charge.id.in_(wanted)))
    return dict(rows.tuples().all())


def completed(first: date) -> Iterator[Completed]:
    """What is moved from deferred revenue to revenue in a month, document by document."""
    number = sa.func.concat(
        Invoice.symbol, "-", sa.func.lpad(sa.cast(Invoice.number, sa.Text), 8, "0")
    )
    head = (completed_on.label("day"), number.label("code"), Unit.name, InvoiceLine.service)
    taken = invoiced(*head, InvoiceLine.net_minor.label("net")).where(
        within(completed_on, first), Invoice.tax_date < completed_on
    )
    given = credited(*head, (-CreditNoteLine.net_minor).label("net")).where(
        within(completed_on, first), CreditNote.tax_date < completed_on
    )
    both = sa.union_all(taken, given).subquery()
    keys = tuple(both.c)[:4]
    query = sa.select(*keys, sa.func.sum(both.c.net)).group_by(*keys).order_by(*keys)
    for day, code, unit, service, net in db.session.execute(query):
        if net:
            yield Completed(day, code, unit, service, int(net))


def deferred_at(first: date) -> int:
    """Net of what documents of the month or before say of services completed after it."""
    after = closing.following(first)
    taken = db.session.scalar(
        invoiced(sa.func.sum(InvoiceLine.net_minor)).where(
            Invoice.tax_date < after, completed_on >= after
        )
    )
    given = db.session.scalar(
        credited(sa.func.sum(CreditNoteLine.net_minor)).where(
            CreditNote.tax_date < after, completed_on >= after
        )
    )
    return int(taken or 0) - int(given or 0)
