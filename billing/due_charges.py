"""What may be invoiced: charges of events that are complete, and what holds others back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from billing import invoice_lines, invoicing_details, vat
from billing.models import Charge, ChargeProposal, Grouping, ProposalStatus
from billing.money import Money
from billing.vat import Taxable
from config import clock
from config.database import db
from rental.models import Booking, BookingStatus, Line, ResourceKind, Unit

# Nothing of these comes back any more, so nothing can be added to their charges by a return.
OVER = frozenset(
    {
        BookingStatus.RETURNED,
        BookingStatus.NO_SHOW,
        BookingStatus.CANCELLED,
        BookingStatus.DECLINED,
        BookingStatus.EXPIRED,
    }
)

# So many charges a run looks at first for the next invoice of a unit.
AT_FIRST = 8


class HeldBack(StrEnum):
    """Why a booking is not invoiced yet."""

    NOT_OVER = "not_over"
    NOT_RETURNED = "not_returned"
    PROPOSAL = "proposal"
    NOT_RECONCILED = "not_reconciled"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Group:
    """The charges of one invoice to be, and what they come to with today's tax."""

    bookings: tuple[Booking, ...]
    charges: tuple[Charge, ...]
    total: Money

    @property
    def key(self) -> list[int]:
        """The ids of its bookings: what a run remembers of it."""
        return [booking.id for booking in self.bookings]


@dataclass(frozen=True, slots=True)
class Held:
    """A booking with charges that wait, and why; of a circuit over months, which month."""

    booking: Booking
    why: HeldBack
    month: date | None = None


@dataclass(frozen=True, slots=True)
class UnitDue:
    """What one unit would be invoiced, and what is held back."""

    unit: Unit
    groups: tuple[Group, ...]
    held: tuple[Held, ...]

    @property
    def total(self) -> Money:
        """What its invoices would come to."""
        return Money(sum(group.total.minor for group in self.groups))


def end_of(until: date) -> datetime:
    """The first instant after a local day."""
    return datetime.combine(until + timedelta(days=1), time(), clock.LOCAL)


def due(until: date, grouping: Grouping, unit_id: int | None = None) -> list[UnitDue]:
    """What is complete up to a day and on no invoice yet, by unit in natural order of name."""
    return _due(until, grouping, _waiting(until, unit_id))


def first(until: date, unit_id: int, tried: Collection[list[int]]) -> Group | None:
    """The next invoice of a unit by booking, without those tried; None where none is left.

    It looks at a few charges, and at twice as many where all of those are held back: a unit with
    thousands of bookings costs no more than one with ten.
    """
    after, size = 0, AT_FIRST
    while chunk := _next_charges(until, unit_id, after, size):
        wanted = {booking_id for _, booking_id in chunk}
        among = sa.or_(
            Charge.booking_id.in_(wanted - {None}),
            sa.and_(Charge.booking_id.is_(None), sa.literal(None in wanted)),
        )
        for one in _due(until, Grouping.BOOKING, [*_waiting(until, unit_id), among]):
            left = (group for group in one.groups if group.key not in tried)
            if group := next(left, None):
                return group
        after, size = chunk[-1][0], size * 2
    return None


def _waiting(until: date, unit_id: int | None) -> list[sa.ColumnElement[bool]]:
    waiting = [
        Charge.invoice_id.is_(None),
        Charge.reversed_at.is_(None),
        Charge.ends_at <= end_of(until),
    ]
    return waiting if unit_id is None else [*waiting, Charge.unit_id == unit_id]


def _next_charges(until: date, unit_id: int, after: int, size: int) -> list[tuple[int, int | None]]:
    """Ids of charges that may be due, with their bookings, in the sequence of the ids."""
    may_be_due = sa.or_(
        Charge.booking_id.is_(None),
        # A month of a circuit does not wait for the end of its booking.
        Charge.tax_day.is_not(None),
        Charge.booking.has(
            sa.or_(Booking.status.in_(OVER), Booking.ends_at <= end_of(until)),
        ),
    )
    rows = db.session.execute(
        sa.select(Charge.id, Charge.booking_id)
        .where(*_waiting(until, unit_id), may_be_due, Charge.id > after)
        .order_by(Charge.id)
        .limit(size)
    )
    return [(charge_id, booking_id) for charge_id, booking_id in rows.tuples()]


def _due(
    until: date, grouping: Grouping, waiting: Sequence[sa.ColumnElement[bool]]
) -> list[UnitDue]:
    charges = (
        db.session.scalars(
            sa.select(Charge)
            .where(*waiting)
            .options(
                joinedload(Charge.unit),
                joinedload(Charge.month),
                joinedload(Charge.booking).selectinload(Booking.lines).joinedload(Line.resource),
                selectinload(Charge.line),
            )
            .order_by(Charge.id)
        )
        .unique()
        .all()
    )
    proposed = _with_proposals({c.booking_id for c in charges if c.booking_id is not None})
    by_unit: dict[int, list[Charge]] = {}
    for charge in charges:
        by_unit.setdefault(charge.unit_id, []).append(charge)
    found = [_of_unit(mine, grouping, proposed, end_of(until)) for mine in by_unit.values()]
    return sorted(found, key=lambda one: one.unit.name.casefold())


def _with_proposals(booking_ids: set[int]) -> set[int]:
    """The bookings about which finance has still to decide a proposal."""
    return set(
        db.session.scalars(
            sa.select(ChargeProposal.booking_id).where(
                ChargeProposal.booking_id.in_(booking_ids),
                ChargeProposal.status == ProposalStatus.PROPOSED,
            )
        )
    )


def _of_unit(
    charges: Sequence[Charge], grouping: Grouping, proposed: set[int], end: datetime
) -> UnitDue:
    held: dict[tuple[int, date | None], Held] = {}
    wrong = bool(invoicing_details.wrongs(charges[0].unit, clock.today()))
    free: dict[int | None, list[Charge]] = {}
    for charge in charges:
        why = HeldBack.BUYER if wrong else _why(charge, proposed, end)
        month = charge.month.first if charge.month else None
        if charge.booking is not None and why is not None:
            held.setdefault((charge.booking.id, month), Held(charge.booking, why, month))
        else:
            key = charge.booking_id if grouping is Grouping.BOOKING else None
            free.setdefault(key, []).append(charge)
    groups = [_group(mine) for mine in free.values()]
    return UnitDue(charges[0].unit, tuple(groups), tuple(held.values()))


def _why(charge: Charge, proposed: set[int], end: datetime) -> HeldBack | None:
    """A month of a circuit waits for its reconciliation alone, not for the end of the booking."""
    if charge.month_id is None:
        return _held_back(charge.booking, proposed, end)
    return HeldBack.NOT_RECONCILED if charge.awaits_reconciliation else None


def _held_back(booking: Booking | None, proposed: set[int], end: datetime) -> HeldBack | None:
    if booking is None:
        return None
    if booking.id in proposed:
        return HeldBack.PROPOSAL
    if booking.status in OVER:
        return None
    if booking.ends_at > end:
        return HeldBack.NOT_OVER
    lends = any(line.resource.kind is ResourceKind.EQUIPMENT for line in booking.lines)
    return HeldBack.NOT_RETURNED if lends else None


def _group(charges: Sequence[Charge]) -> Group:
    rates, today = vat.rates(), clock.today()
    taxed = vat.tax(
        [
            Taxable(one.amount, invoice_lines.code(one, rates, today), one.tax_inclusive)
            for one in charges
        ]
    )
    bookings = {one.booking.id: one.booking for one in charges if one.booking is not None}
    return Group(
        tuple(bookings[key] for key in sorted(bookings)),
        tuple(charges),
        Money(sum(one.total.minor for one in taxed)),
    )
