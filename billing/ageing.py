"""How old what is owed is: by unit, in the buckets that accountants use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing import debts
from billing.models import Invoice
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


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice and what was left of it at the end of a day."""

    invoice: Invoice
    left: Money
    bucket: Bucket


def by_unit(day: date | None = None) -> dict[Unit, Aged]:
    """What each unit owed at the end of a day (today), the largest debt first; one query.

    What was written off by then is left out.
    """
    day = day or clock.today()
    owed = debts.on(day)
    late = sa.literal(day) - owed.c.due_on
    first, columns = None, []
    for bucket in Bucket:
        last = LAST_DAYS.get(bucket)
        within = [late > first] if first is not None else []
        within += [late <= last] if last is not None else []
        columns.append(sa.func.coalesce(sa.func.sum(owed.c.left_minor).filter(*within), 0))
        first = last
    sums = (
        sa.select(owed.c.unit_id, sa.func.count(owed.c.id).label("papers"), *columns)
        .where(~owed.c.given_up)
        .group_by(owed.c.unit_id)
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


def of_unit(unit: Unit, day: date | None = None) -> list[Owed]:
    """What a unit owed at the end of a day (today), invoice by invoice, the longest due first."""
    day = day or clock.today()
    owed = debts.on(day, unit.id)
    rows = db.session.execute(
        sa.select(Invoice, owed.c.left_minor)
        .join(owed, owed.c.id == Invoice.id)
        .where(~owed.c.given_up)
        .options(joinedload(Invoice.booking))
        .order_by(Invoice.due_on, Invoice.id)
    )
    return [
        Owed(invoice, Money(minor), bucket_of(invoice.due_on or day, day))
        for invoice, minor in rows.tuples()
    ]
