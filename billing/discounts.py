"""Discounts: proposed by one person for a reason, approved by a second, and then taken off."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing import charges, invoices, quotes, reductions
from billing.errors import (
    BadDiscount,
    DiscountDecided,
    OverDiscount,
    SecondPersonNeeded,
    UnknownDiscount,
)
from billing.models import Discount, DiscountStatus
from billing.money import Money, total
from billing.reductions import Reduction
from config import clock
from config.database import db
from rental import journal
from rental.models import Booking, BookingStatus, Line, Member

LARGEST = 10**12
# Before and while it is used a price can still be talked about; what was given up has none.
OPEN = frozenset(
    {
        BookingStatus.REQUESTED,
        BookingStatus.CONFIRMED,
        BookingStatus.HANDED_OVER,
        BookingStatus.RETURNED,
    }
)
CHARGED = OPEN - {BookingStatus.REQUESTED}


@dataclass(frozen=True, slots=True)
class NewDiscount:
    """What is to be taken off: a percentage or an amount, of the booking or of one line."""

    reason: str
    percent: Decimal | None = None
    amount: Money | None = None
    line: Line | None = None


def propose(booking: Booking, new: NewDiscount, *, by: Member) -> Discount:
    """Ask for a discount; nothing changes until a second person approves it.

    Raises BadDiscount, or OverDiscount where it would come to more than the price.
    """
    invoices.lock_booking(booking)
    reason = _reason(new.reason)
    _check(booking, new)
    _require_within(booking, _reduction(new, reason))
    discount = Discount(
        booking=booking,
        line=new.line,
        percent=new.percent,
        amount_minor=new.amount.minor if new.amount is not None else None,
        currency=new.amount.currency if new.amount is not None else "VND",
        reason=reason,
        proposed_by=by,
    )
    db.session.add(discount)
    db.session.flush()
    journal.record(discount, "discount_proposed", by=by, reason=_told(discount))
    return discount


def approve(discount: Discount, *, by: Member) -> None:
    """Say yes: from here on it is taken off, and what is charged and not yet invoiced follows.

    Raises SecondPersonNeeded for whoever proposed it, DiscountDecided, OverDiscount, and
    InvoicedAlready where the line is on an issued invoice.
    """
    booking = discount.booking
    invoices.lock_booking(booking)
    if by.id == discount.proposed_by_id:
        raise SecondPersonNeeded
    _decide(discount, DiscountStatus.APPROVED, by, None)
    _require_within(booking, None)
    journal.record(booking, "discount_approved", by=by, reason=_told(discount))
    if booking.status in CHARGED:
        charges.renew_for(booking)


def decline(discount: Discount, *, by: Member, reason: str) -> None:
    """Say no, for a reason; raises DiscountDecided. Who proposed it withdraws it so."""
    own = by.id == discount.proposed_by_id
    status = DiscountStatus.WITHDRAWN if own else DiscountStatus.DECLINED
    _decide(discount, status, by, _reason(reason))
    note = f"{_told(discount)}: {discount.decision}"
    journal.record(discount, f"discount_{status.value}", by=by, reason=note)


def get(discount_id: int) -> Discount:
    """The discount of this number; raises UnknownDiscount."""
    discount = db.session.get(Discount, discount_id)
    if discount is None:
        raise UnknownDiscount
    return discount


def of(booking: Booking) -> list[Discount]:
    """All that was ever proposed for a booking, oldest first."""
    query = sa.select(Discount).where(Discount.booking_id == booking.id).order_by(Discount.id)
    return list(db.session.scalars(query))


def waiting(limit: int = 200) -> list[Discount]:
    """What waits for a second person, oldest first."""
    query = (
        sa.select(Discount)
        .where(Discount.status == DiscountStatus.PROPOSED)
        .options(joinedload(Discount.booking), joinedload(Discount.proposed_by))
        .order_by(Discount.proposed_at, Discount.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def _reason(words: str) -> str:
    reason = " ".join(unicodedata.normalize("NFC", words).split())[:300]
    if not reason:
        raise BadDiscount("Say why: whoever approves reads it, and it stands on the invoice.")
    return reason


def _check(booking: Booking, new: NewDiscount) -> None:
    if booking.status not in OPEN:
        raise BadDiscount(
            "The booking is {status}; there is no price to take anything off.",
            status=booking.status,
        )
    if (new.percent is None) == (new.amount is None):
        raise BadDiscount("Give either a percentage or an amount.")
    if new.percent is not None and not _is_percentage(new.percent):
        raise BadDiscount("The percentage is above 0 and at most 100, with two digits at most.")
    if new.amount is not None and not 0 < new.amount.minor <= LARGEST:
        raise BadDiscount("The amount is a whole number of đồng above zero.")
    if new.line is not None and new.line.booking_id != booking.id:
        raise BadDiscount("That line is not one of this booking; choose one that is.")


def _is_percentage(value: Decimal) -> bool:
    return value.is_finite() and 0 < value <= 100 and value == round(value, 2)


def _reduction(new: NewDiscount, reason: str) -> Reduction:
    line_id = new.line.id if new.line is not None else None
    return Reduction(reason, new.percent, new.amount, line_id)


def _require_within(booking: Booking, further: Reduction | None) -> None:
    """Refuse what would make a line cost less than nothing, with all that is approved."""
    found = reductions.of_bookings([booking.id]).get(booking.id, [])
    if further is not None:
        found = [*found, further]
    lines = [(line.id, full) for line, full in quotes.full_prices(booking)]
    for price, off in reductions.would_take(lines, found):
        if price < off:
            raise OverDiscount(
                "The price is {price}, and the discounts come to {off}; take less off.",
                words={"price": price.text(), "off": off.text()},
            )
    if not total(price.amount for _line_id, price in lines):
        raise OverDiscount("The booking costs nothing, so nothing can be taken off.")


def _decide(discount: Discount, status: DiscountStatus, by: Member, decision: str | None) -> None:
    """Settle who was quicker by a conditional UPDATE."""
    decided = db.session.execute(
        sa.update(Discount)
        .where(Discount.id == discount.id, Discount.status == DiscountStatus.PROPOSED)
        .values(status=status, decided_by_id=by.id, decided_at=clock.now(), decision=decision)
        .returning(Discount.id)
    ).scalar_one_or_none()
    if decided is None:
        raise DiscountDecided
    db.session.refresh(discount)


def _told(discount: Discount) -> str:
    what = (
        f"{discount.percent.normalize():f} %"
        if discount.percent is not None
        else Money(discount.amount_minor or 0, discount.currency).text()
    )
    where = f" {discount.line.resource.code}" if discount.line is not None else ""
    return f"−{what}{where} ({discount.reason})"
