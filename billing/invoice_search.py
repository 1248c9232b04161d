"""Which invoices one looks for, what they come to together, and in which line they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing import closing
from billing.models import Invoice, InvoiceKind, InvoiceStatus
from billing.models.invoices import COLLECTING
from billing.money import Money
from config import clock
from config.database import db
from rental.models import Unit


class Sorting(StrEnum):
    """What stands first in a list of invoices."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"
    LARGEST = "largest"
    MOST_LEFT = "most_left"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class SoughtInvoices:
    """What narrows a list of invoices; nothing given keeps all of them.

    `only_unit_id` is whose invoices may be seen at all, without drafts. `month` is the first of
    the month of the tax date: a draft stands in none. Amounts are minor units of the total.
    """

    only_unit_id: int | None = None
    unit: str | None = None
    kinds: Sequence[InvoiceKind] = ()
    statuses: Sequence[InvoiceStatus] = ()
    month: date | None = None
    is_overdue: bool = False
    least: int | None = None
    most: int | None = None
    text: str = ""
    sorting: Sorting = Sorting.NEWEST


@dataclass(frozen=True, slots=True)
class Together:
    """What invoices of one currency come to; void ones count as nothing.

    `left` is what is still to be collected: nothing of a draft, nothing below zero.
    """

    count: int
    net: Money
    vat: Money
    total: Money
    credited: Money
    paid: Money
    left: Money


LEFT: Any = sa.case(
    (
        Invoice.status.in_(COLLECTING),
        sa.func.greatest(
            0, Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor
        ),
    ),
    else_=0,
)  # fmt: skip
_LINES: dict[Sorting, tuple[Any, ...]] = {
    Sorting.NEWEST: (Invoice.id.desc(),),
    Sorting.OLDEST: (Invoice.id,),
    Sorting.DUE: (Invoice.due_on.asc().nulls_last(), Invoice.id),
    Sorting.LARGEST: (Invoice.total_minor.desc(), Invoice.id.desc()),
    Sorting.MOST_LEFT: (LEFT.desc(), Invoice.id.desc()),
    Sorting.UNIT: (Unit.name, Unit.id, Invoice.id.desc()),
}


def narrowed(sought: SoughtInvoices) -> sa.Select[tuple[int]]:
    """The ids of the invoices sought, in no line."""
    return sa.select(Invoice.id).where(*_conditions(sought))


def _conditions(sought: SoughtInvoices) -> list[Any]:
    found: list[Any] = []
    if sought.only_unit_id is not None:
        found += [Invoice.unit_id == sought.only_unit_id, Invoice.status != InvoiceStatus.DRAFT]
    if sought.unit:
        named = sa.select(Unit.id).where(Unit.slug == sought.unit).scalar_subquery()
        found.append(Invoice.unit_id == named)
    if sought.kinds:
        found.append(Invoice.kind.in_(sought.kinds))
    if sought.statuses:
        found.append(Invoice.status.in_(sought.statuses))
    if sought.month is not None:
        first = closing.month_of(sought.month)
        found += [Invoice.tax_date >= first, Invoice.tax_date < closing.following(first)]
    if sought.is_overdue:
        found += [Invoice.status == InvoiceStatus.OPEN, Invoice.due_on < clock.today()]
    if sought.least is not None:
        found.append(Invoice.total_minor >= sought.least)
    if sought.most is not None:
        found.append(Invoice.total_minor <= sought.most)
    if sought.text:
        found.append(_reads(sought.text))
    return found


def _reads(text: str) -> Any:
    """The reference or number holds the letters and digits of a text, whatever separates them."""
    letters = "".join(one for one in text if one.isalnum())
    if not letters:
        return sa.false()
    compact = sa.func.replace(Invoice.reference, "-", "")
    digits = sa.func.lpad(sa.cast(Invoice.number, sa.String), 8, "0")
    number = sa.func.concat(Invoice.symbol, digits)
    return sa.or_(
        compact.icontains(letters, autoescape=True),
        sa.and_(Invoice.number.is_not(None), number.icontains(letters, autoescape=True)),
    )


def in_line(sought: SoughtInvoices) -> sa.Select[tuple[Invoice]]:
    """The invoices sought as they stand in the list, their units with them."""
    query = sa.select(Invoice).where(*_conditions(sought)).options(joinedload(Invoice.unit))
    if sought.sorting is Sorting.UNIT:
        query = query.join(Unit, Unit.id == Invoice.unit_id)
    return query.order_by(*_LINES[sought.sorting])


def written_out(sought: SoughtInvoices) -> sa.Select[Any]:
    """The same as rows of a table: number, reference, kind, state, unit, days, amounts."""
    digits = sa.func.lpad(sa.cast(Invoice.number, sa.String), 8, "0")
    return (
        sa.select(
            Invoice.symbol + "-" + digits, Invoice.reference, Invoice.kind, Invoice.status,
            Unit.slug, Unit.name, Invoice.tax_date, Invoice.due_on, Invoice.currency,
            Invoice.net_minor, Invoice.vat_minor, Invoice.total_minor, Invoice.credited_minor,
            Invoice.paid_minor, LEFT,
        )
        .join(Unit, Unit.id == Invoice.unit_id)
        .where(*_conditions(sought))
        .order_by(*_LINES[sought.sorting])
    )  # fmt: skip


def together(sought: SoughtInvoices) -> list[Together]:
    """What the invoices sought come to, by currency; nothing where there are none."""

    def of(column: Any) -> Any:
        counted = sa.case((Invoice.status == InvoiceStatus.VOID, 0), else_=column)
        return sa.func.coalesce(sa.func.sum(counted), 0)

    rows = db.session.execute(
        sa.select(
            Invoice.currency,
            sa.func.count(),
            of(Invoice.net_minor),
            of(Invoice.vat_minor),
            of(Invoice.total_minor),
            of(Invoice.credited_minor),
            of(Invoice.paid_minor),
            sa.func.coalesce(sa.func.sum(LEFT), 0),
        )
        .where(*_conditions(sought))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [
        Together(int(count), *(Money(int(one), currency) for one in sums))
        for currency, count, *sums in rows
    ]
