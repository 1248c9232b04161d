"""The months of a circuit that is rented over months: planned when it is confirmed, charged singly.

A month is charged when it begins. The price promised for the whole line is shared to its months, so
that it holds for all of them.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from billing import month_shares, tax_days
from billing.models import Charge, ChargeKind, CircuitMonth
from billing.month_shares import Share
from billing.rates import Measure
from config.database import db
from rental.models import Line, ResourceKind
from rental.period import Period

# What an event takes is one service, also over a month's end; what goes on for longer is periodic.
EVENT = timedelta(days=7)


def is_periodic(line: Line) -> bool:
    """Whether it is charged by months: a circuit for longer than a week, over a month's end."""
    rented = Period(line.starts_at, line.ends_at)
    return (
        line.resource.kind is ResourceKind.CIRCUIT
        and rented.duration > EVENT
        and month_shares.is_over_months(rented, line.resource.site.tzinfo)
    )


def of_bookings(booking_ids: Iterable[int]) -> list[CircuitMonth]:
    """The planned months of bookings, line by line, oldest first."""
    return list(
        db.session.scalars(
            sa.select(CircuitMonth)
            .where(CircuitMonth.booking_id.in_(list(booking_ids)))
            .order_by(CircuitMonth.line_id, CircuitMonth.first)
            .execution_options(populate_existing=True)
        )
    )


def find(line: Line, first: date) -> CircuitMonth | None:
    """The line's month, if it is charged by months."""
    return db.session.scalar(
        sa.select(CircuitMonth).where(CircuitMonth.line_id == line.id, CircuitMonth.first == first)
    )


def plan(line: Line) -> list[CircuitMonth]:
    """Write the months of a line as it stands; those that it no longer has go.

    What is charged by months stays so, and a month whose time changed is to be reconciled anew.
    """
    rented, zone = Period(line.starts_at, line.ends_at), line.resource.site.tzinfo
    had = {one.first: one for one in of_bookings([line.booking_id]) if one.line_id == line.id}
    wanted = dict(month_shares.months(rented, zone)) if had or is_periodic(line) else {}
    for first, row in had.items():
        period = wanted.get(first)
        if period is None:
            db.session.delete(row)
        elif (row.starts_at, row.ends_at) != tuple(period):
            _reopen(row)
            row.starts_at, row.ends_at = period
    db.session.flush()
    for first in wanted.keys() - had.keys():
        starts_at, ends_at = wanted[first]
        db.session.execute(
            insert(CircuitMonth)
            .values(
                booking_id=line.booking_id,
                line_id=line.id,
                first=first,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            .on_conflict_do_nothing(index_elements=["line_id", "first"])
        )
    return [one for one in of_bookings([line.booking_id]) if one.line_id == line.id]


def _reopen(row: CircuitMonth) -> None:
    row.reconciled_at = row.reconciled_by_id = None
    waits = sa.update(Charge).where(Charge.month_id == row.id, Charge.invoice_id.is_(None))
    db.session.execute(waits.values(tax_day=None))


def drawn(line: Line, whole: Charge, rows: Sequence[CircuitMonth]) -> list[Charge]:
    """The charges of some months of a line, of what the whole of it costs; nothing is added."""
    shares = {one.first: one for one in shares_of(line, whole)}
    return [_charge(line, whole, shares[row.first], row) for row in rows if row.first in shares]


def shares_of(line: Line, whole: Charge) -> list[Share]:
    """What of the whole charge of a line each month bears."""
    rented, measure = Period(line.starts_at, line.ends_at), whole.measure or Measure.DAY
    return month_shares.shares(rented, line.resource.site.tzinfo, measure, whole.amount)


def forget(booking_id: int, after: datetime) -> None:
    """Take the months away that had not begun: the booking was given up."""
    db.session.execute(
        sa.delete(CircuitMonth).where(
            CircuitMonth.booking_id == booking_id, CircuitMonth.starts_at > after
        )
    )


def is_used(charge: Charge, at: datetime) -> bool:
    """Whether a charge belongs to a month that had begun by then: it stays, whatever comes."""
    return charge.month_id is not None and charge.starts_at <= at


def _charge(line: Line, whole: Charge, share: Share, row: CircuitMonth) -> Charge:
    resource, month = line.resource, f"{share.first:%m/%Y}"
    part, of = _spoken(share)
    vi = f"{part}/{of} ngày của giá đã hứa {whole.amount.text()}: {whole.explanation}"
    en = f"{part}/{of} days of the promised {whole.amount.text(' ')}: {whole.explanation_en}"
    if whole.measure in month_shares.BY_LENGTH:
        vi, en = vi.replace(" ngày của", " phần của", 1), en.replace(" days of", " parts of", 1)
    return Charge(
        unit_id=whole.unit_id,
        booking_id=whole.booking_id,
        line_id=line.id,
        month_id=row.id,
        tax_day=tax_days.of_month(row),
        kind=ChargeKind.RENTAL,
        description=f"Thuê {resource.name}, tháng {month}",
        description_en=f"Hire of {resource.name_en or resource.name}, {month}",
        explanation=vi[:1000],
        explanation_en=en[:1000],
        measure=whole.measure,
        quantity=share.quantity(whole.quantity),
        unit_price_minor=whole.unit_price_minor,
        amount_minor=share.amount.minor,
        currency=whole.currency,
        tax_inclusive=whole.tax_inclusive,
        service=whole.service,
        vat_code=whole.vat_code,
        tariff=whole.tariff,
        starts_at=share.period.starts_at,
        ends_at=share.period.ends_at,
    )


def _spoken(share: Share) -> tuple[str, str]:
    return f"{float(share.units):g}", f"{float(share.of):g}"
