"""Promised prices: what a line was told to cost stays its price while the line stays the same.

Promised is what the unit read when it asked, or when the line last changed. A new tariff does not
touch it. What is agreed with the unit does while the booking is a request: an agreement is the
word of both sides. From the confirmation on only a change of the line itself prices it anew.
"""

from collections.abc import Collection
from fractions import Fraction

import sqlalchemy as sa

from billing.models import PromisedPrice
from billing.money import Money
from billing.pricing import Priced
from config import clock
from config.database import db
from rental.models import Booking, BookingStatus, Line


def of_bookings(booking_ids: Collection[int]) -> dict[int, PromisedPrice]:
    """The promises of some bookings by the ids of their lines: one query."""
    if not booking_ids:
        return {}
    query = sa.select(PromisedPrice).where(PromisedPrice.booking_id.in_(booking_ids))
    return {promise.line_id: promise for promise in db.session.scalars(query)}


def is_asked(booking: Booking) -> bool:
    """Whether what is agreed with the unit meanwhile still counts."""
    return booking.status is BookingStatus.REQUESTED


def holds(promise: PromisedPrice, line: Line, agreed: str | None) -> bool:
    """Whether the line is still what the promise was about.

    `agreed` is the mark of what is agreed with the unit for it; None where that no longer counts.
    """
    booking = line.booking
    same = (promise.resource_id, promise.quantity, promise.starts_at, promise.ends_at) == (
        line.resource_id,
        line.quantity,
        line.starts_at,
        line.ends_at,
    )
    if promise.attendees is not None and promise.attendees != booking.attendees:
        return False
    if promise.add_ons != line.add_ons:
        return False
    if agreed is not None and promise.agreed != agreed:
        return False
    return same


def price_of(promise: PromisedPrice) -> Priced:
    """The price as it was promised."""
    # A price of several portions was made one lump.
    quantity = 1 if promise.measure.value == "lump_sum" else promise.quantity
    return Priced(
        measure=promise.measure,
        units=Fraction(promise.measured) / quantity,
        quantity=quantity,
        unit_price=Money(promise.unit_price_minor, promise.currency),
        amount=Money(promise.amount_minor, promise.currency),
        tax_inclusive=promise.tax_inclusive,
        service=promise.service,
        explanation=promise.explanation,
        explanation_en=promise.explanation_en,
        tariff=promise.tariff,
        sample=promise.sample,
        by_attendees=promise.attendees is not None,
    )


def write(new: PromisedPrice, before: PromisedPrice | None) -> None:
    """Promise this price for its line, in place of what was promised before, if anything was."""
    if before is None:
        db.session.add(new)
    else:
        db.session.merge(new)


def row(line: Line, priced: Priced, agreed: str) -> PromisedPrice:
    """The promise of a price as it is kept."""
    booking: Booking = line.booking
    return PromisedPrice(
        line_id=line.id,
        booking_id=booking.id,
        promised_at=clock.now(),
        resource_id=line.resource_id,
        quantity=line.quantity,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        add_ons=list(line.add_ons),
        attendees=booking.attendees if priced.by_attendees else None,
        agreed=agreed,
        measure=priced.measure,
        measured=priced.measured,
        unit_price_minor=priced.unit_price.minor,
        amount_minor=priced.amount.minor,
        currency=priced.amount.currency,
        tax_inclusive=priced.tax_inclusive,
        service=priced.service,
        explanation=priced.explanation,
        explanation_en=priced.explanation_en,
        tariff=priced.tariff,
        sample=priced.sample,
    )
