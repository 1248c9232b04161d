"""How old what is owed is: by unit, in the buckets that accountants use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing.models import Invoice, InvoiceStatus
from billing.money import Money, total
from config import clock
from config.database import db
from rental.models import Unit


class Bucket(StrEnum):
    """How many days something is overdue."""

    NOT_DUE = "not_due"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OLDER = "over_90"


# The last day of each bucket; the last one has none.
LAST_DAYS = {Bucket.NOT_DUE: 0, Bucket.TO_30: 30, Bucket.TO_60: 60, Bucket.TO_90: 90}


@dataclass(frozen=True, slots=True)
class Aged:
    """What somebody owes by age, in whole đồng, and how many invoices that is."""

    amounts: dict[Bucket, Money]
    count: int

    @property
    def total(self) -> Money:
        """All of it."""
        return total(self.amounts.values())

    @property
    def overdue(self) -> Money:
        """What should have been paid."""
        return total(a for bucket, a in self.amounts.items() if bucket is not Bucket.NOT_DUE)


def bucket_of(due_on: date, day: date) -> Bucket:
    """Where something due on `due_on` stands on `day`; the due day itself is not overdue."""
    late = (day - due_on).days
    return next((b for b, last in LAST_DAYS.items() if late <= last), Bucket.OLDER)


def aged(owed: Iterable[tuple[date, Money]], day: date) -> Aged:
    """The buckets of these amounts by their due days."""
    found = {bucket: Money(0) for bucket in Bucket}
    count = 0
    for due_on, amount in owed:
        bucket = bucket_of(due_on, day)
        found[bucket] = found[bucket] + amount
        count += 1
    return Aged(found, count)


def by_unit(day: date | None = None) -> dict[Unit, Aged]:
    """What each unit owes on its open invoices, the largest first; one query."""
    day = day or clock.today()
    late = sa.literal(day) - Invoice.due_on
    left = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor
    first, columns = None, []
    for bucket in Bucket:
        last = LAST_DAYS.get(bucket)
        within = [late > first] if first is not None else []
        within += [late <= last] if last is not None else []
        columns.append(sa.func.coalesce(sa.func.sum(left).filter(*within), 0))
        first = last
    sums = (
        sa.select(Invoice.unit_id, sa.func.count(Invoice.id).label("papers"), *columns)
        .where(Invoice.status == InvoiceStatus.OPEN)
        .group_by(Invoice.unit_id)
        .subquery()
    )
    rows = db.session.execute(sa.select(Unit, *sums.c[1:]).join(sums, sums.c.unit_id == Unit.id))
    found = {
        unit: Aged({b: Money(int(m)) for b, m in zip(Bucket, minors, strict=True)}, count)
        for unit, count, *minors in rows
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].total.minor, pair[0].id)))


def summed(parts: Iterable[Aged]) -> Aged:
    """All of them together."""
    of_all = list(parts)
    return Aged(
        {bucket: total(one.amounts[bucket] for one in of_all) for bucket in Bucket},
        sum(one.count for one in of_all),
    )


def of_unit(unit: Unit) -> list[Invoice]:
    """The open invoices of a unit, the longest due first."""
    return list(
        db.session.scalars(
            sa.select(Invoice)
            .where(Invoice.unit_id == unit.id, Invoice.status == InvoiceStatus.OPEN)
            .options(joinedload(Invoice.booking))
            .order_by(Invoice.due_on, Invoice.id)
        )
    )
