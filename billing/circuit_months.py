"""Reconciling the months of periodic circuits: month by month, by whom and when.

A month is over, its traffic is known, and somebody of finance says that it stands: from then on the
invoice run takes it. Decree 254/2026 Art. 9(4)(a): by the 7th of the next month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing import closing, invoices, tax_days, vat
from billing.errors import BadReconciliation, UnknownMonth
from billing.models import (
    Charge,
    ChargeKind,
    CircuitMonth,
    MeteredLine,
    TrafficEvidence,
    TrafficState,
)
from billing.money import Money, total
from billing.vat import Taxable
from config import clock
from config.database import bounded_count, db
from rental import journal
from rental.models import Booking, BookingStatus, Line, Member

# Of these the months go on; a booking that was given up keeps those that had begun.
GOES_ON = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)
KNOWN = (TrafficState.CHARGED, TrafficState.WITHIN)


@dataclass(frozen=True, slots=True)
class Standing:
    """A month with its charges: the rental's share, its traffic, and what interruptions gave back.

    Net of tax where the price is, as on the invoice to be.
    """

    month: CircuitMonth
    charges: tuple[Charge, ...]

    def of(self, *kinds: ChargeKind) -> Money:
        """What the charges of some kinds come to, without tax."""
        rates, today = vat.rates(), clock.today()
        mine = [one for one in self.charges if one.kind in kinds]
        taxables = [
            Taxable(one.amount, vat.code_on(rates, one.service, today), one.tax_inclusive)
            for one in mine
        ]
        return total(taxed.net for taxed in vat.tax(taxables))

    @property
    def rental(self) -> Money:
        """The month's share of the price that was promised."""
        return self.of(ChargeKind.RENTAL)

    @property
    def traffic(self) -> Money:
        """Bandwidth beyond the commitment."""
        return self.of(ChargeKind.METERED)

    @property
    def credits(self) -> Money:
        """What interruptions gave back, zero or below, less what was taken back of it."""
        return self.of(ChargeKind.CREDIT, ChargeKind.CREDIT_WITHDRAWN)

    @property
    def net(self) -> Money:
        """All of it."""
        return self.rental + self.traffic + self.credits

    @property
    def is_invoiced(self) -> bool:
        """Whether an invoice or a draft holds any of it."""
        return any(one.invoice_id is not None for one in self.charges)

    @property
    def due_on(self) -> date:
        """The day by which it is reconciled."""
        return tax_days.due(self.month.first)

    @property
    def state(self) -> str:
        """One of running, due, late, reconciled, invoiced."""
        if self.is_invoiced:
            return "invoiced"
        if self.month.reconciled_at is not None:
            return "reconciled"
        if self.month.ends_at > clock.now():
            return "running"
        return "late" if clock.today() > self.due_on else "due"


def get(month_id: int) -> CircuitMonth:
    """The month of this id; raises UnknownMonth."""
    found = db.session.get(CircuitMonth, month_id)
    if found is None:
        raise UnknownMonth
    return found


def of(month: CircuitMonth) -> Standing:
    """A month with its charges that were not taken back."""
    return _standing([month])[0]


def waiting(limit: int = 100, offset: int = 0) -> list[Standing]:
    """The months that are over and not reconciled, the oldest first."""
    return _listed(_waiting(sa.select(CircuitMonth)).order_by(*_OLDEST), limit, offset)


def others(limit: int = 100, offset: int = 0) -> list[Standing]:
    """The months that run or are reconciled, the newest first."""
    query = _begun(sa.select(CircuitMonth)).where(~_is_waiting())
    newest = (CircuitMonth.first.desc(), CircuitMonth.id.desc())
    return _listed(query.order_by(*newest), limit, offset)


def count(*, waits: bool, limit: int) -> int:
    """How many there are of those that wait, or of the others, bounded."""
    query = _begun(sa.select(CircuitMonth.id))
    return bounded_count(query.where(_is_waiting() if waits else ~_is_waiting()), limit)


def is_traffic_known(month: CircuitMonth) -> bool:
    """Whether the line is not metered, or the month's counters are sealed and decided."""
    if db.session.get(MeteredLine, month.line_id) is None:
        return True
    return bool(
        db.session.scalar(
            sa.select(TrafficEvidence.id).where(
                TrafficEvidence.line_id == month.line_id,
                TrafficEvidence.starts_at == month.starts_at,
                TrafficEvidence.state.in_(KNOWN),
            )
        )
    )


def reconcile(month: CircuitMonth, *, by: Member, note: str = "") -> CircuitMonth:
    """Say that a month stands as it is charged; the next invoice run takes it.

    Raises BadReconciliation before its end, where it is reconciled already, where it bears no
    charge, or where its traffic is not known and `note` does not say why it is charged without.
    """
    invoices.lock_booking(month.booking)
    db.session.refresh(month)
    words = " ".join(note.split())[:500]
    if month.reconciled_at is not None:
        raise BadReconciliation("The month is reconciled already; look at the list again.")
    if month.ends_at > clock.now():
        raise BadReconciliation("The month is not over yet; reconcile it when it is.")
    mine = of(month).charges
    if not any(one.kind is ChargeKind.RENTAL for one in mine):
        raise BadReconciliation("The month is not charged; nothing of it is to be reconciled.")
    if not words and not is_traffic_known(month):
        raise BadReconciliation(
            "The traffic of the month is not known yet: send its counters, or say why it is "
            "reconciled without them."
        )
    closing.require_open(clock.today())
    month.reconciled_at, month.reconciled_by_id, month.note = clock.now(), by.id, words
    for charge in mine:
        charge.tax_day = tax_days.of_month(month)
    db.session.flush()
    journal.record(
        month.booking, "month_reconciled", by=by, number=f"{month.first:%m/%Y}", reason=words
    )
    return month


def reopen(month: CircuitMonth, *, by: Member, reason: str) -> CircuitMonth:
    """Take a reconciliation back, for a reason.

    Raises BadReconciliation without one, or where a draft or an invoice holds the month.
    """
    invoices.lock_booking(month.booking)
    db.session.refresh(month)
    words = " ".join(reason.split())[:500]
    if not words:
        raise BadReconciliation("Say why the month is reconciled anew.")
    stands = of(month)
    if month.reconciled_at is None or stands.is_invoiced:
        raise BadReconciliation(
            "The month is not reconciled, or an invoice holds it: discard its draft or credit the "
            "invoice first."
        )
    month.reconciled_at = month.reconciled_by_id = None
    month.note = ""
    for charge in stands.charges:
        charge.tax_day = None
    db.session.flush()
    journal.record(
        month.booking, "month_unreconciled", by=by, number=f"{month.first:%m/%Y}", reason=words
    )
    return month


def to_charge() -> list[int]:
    """The bookings of which a month has begun that is not charged yet, in id order."""
    return list(
        db.session.scalars(
            sa.select(CircuitMonth.booking_id)
            .join(Booking, Booking.id == CircuitMonth.booking_id)
            .where(
                CircuitMonth.starts_at <= clock.now(),
                Booking.status.in_(GOES_ON),
                ~_charged(),
            )
            .distinct()
            .order_by(CircuitMonth.booking_id)
        )
    )


_OLDEST = (CircuitMonth.first, CircuitMonth.id)


def _charged() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Charge.month_id == CircuitMonth.id,
        Charge.kind == ChargeKind.RENTAL,
        Charge.reversed_at.is_(None),
    )


def _begun(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.where(CircuitMonth.starts_at <= clock.now(), _charged())


def _is_waiting() -> sa.ColumnElement[bool]:
    return sa.and_(CircuitMonth.ends_at <= clock.now(), CircuitMonth.reconciled_at.is_(None))


def _waiting(query: sa.Select[Any]) -> sa.Select[Any]:
    return _begun(query).where(_is_waiting())


def _listed(query: sa.Select[Any], limit: int, offset: int) -> list[Standing]:
    rows = db.session.scalars(
        query.options(
            joinedload(CircuitMonth.booking).joinedload(Booking.unit),
            joinedload(CircuitMonth.line).joinedload(Line.resource),
            joinedload(CircuitMonth.reconciled_by),
        )
        .limit(limit)
        .offset(offset)
    ).all()
    return _standing(rows)


def _standing(months: Sequence[CircuitMonth]) -> list[Standing]:
    found: dict[int | None, list[Charge]] = {}
    for charge in db.session.scalars(
        sa.select(Charge)
        .where(Charge.month_id.in_([one.id for one in months]), Charge.reversed_at.is_(None))
        .order_by(Charge.id)
        .execution_options(populate_existing=True)
    ):
        found.setdefault(charge.month_id, []).append(charge)
    return [Standing(one, tuple(found.get(one.id, ()))) for one in months]


def late() -> tuple[int, Money]:
    """How many months are past their 7th and not reconciled, and what their rentals come to."""
    this = clock.today().replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    # Until the 7th last month has time, so that only those before it are late.
    edge = this if clock.today() > tax_days.due(before) else before
    counted = _waiting(
        sa.select(sa.func.count(CircuitMonth.id), sa.func.coalesce(sa.func.sum(_rental()), 0))
    ).where(CircuitMonth.first < edge)
    number, minor = db.session.execute(counted).one()
    return int(number), Money(int(minor))


def _rental() -> sa.ScalarSelect[Any]:
    return (
        sa.select(Charge.amount_minor)
        .where(
            Charge.month_id == CircuitMonth.id,
            Charge.kind == ChargeKind.RENTAL,
            Charge.reversed_at.is_(None),
        )
        .scalar_subquery()
    )
