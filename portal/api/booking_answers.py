"""How bookings and their prices are written."""

from collections.abc import Sequence
from typing import Any

from billing import deposits
from billing.quotes import Quote
from portal.api.fields import Amount, Answer
from portal.api.instants import local, local_or_none
from portal.api.series_answers import SeriesAnswer, SeriesDateAnswer, SkippedAnswer
from rental.models import Booking, BookingStatus, EventKind, Line, Movement, Organiser


class LineAnswer(Answer):
    """One resource of a booking: how many, from when until when."""

    resource: str
    name: str
    quantity: int
    starts_at: str
    ends_at: str
    add_ons: list[str] = []


class QuoteLineAnswer(Answer):
    """One line with its price, its tax and how the price came about."""

    resource: str
    quantity: int
    starts_at: str
    ends_at: str
    measure: str
    measured: str
    unit_price: Amount
    tax_inclusive: bool
    explanation: str
    explanation_vi: str
    tariff: str
    sample: bool
    net: Amount
    vat: Amount
    vat_code: str
    total: Amount
    add_ons: list[str] = []
    # What approved discounts took off, in the terms of the price list; null where nothing.
    discount: Amount | None = None
    # The day whose prices these are: that of the promise, or today.
    price_of: str = ""


class VatAnswer(Answer):
    """The tax of one rate."""

    code: str
    percent: int
    net: Amount
    vat: Amount


class DepositAnswer(Answer):
    """What is to be paid before the event, and until when."""

    amount: Amount
    due_on: str
    explanation: str
    explanation_vi: str
    terms: str
    sample: bool


class QuoteAnswer(Answer):
    """What a booking costs by the lists in force; `sample` where a list is a sample."""

    lines: list[QuoteLineAnswer]
    net: Amount
    vat: list[VatAnswer]
    total: Amount
    tax_date: str
    sample: bool
    # What the terms in force ask for before the event; null where nothing.
    deposit: DepositAnswer | None = None


class BookingAnswer(Answer):
    """One event with all it rents."""

    reference: str
    status: BookingStatus
    unit: str
    title: str
    event_kind: EventKind
    organiser: Organiser
    attendees: int | None
    note: str | None
    reason: str | None
    starts_at: str
    ends_at: str
    requested_at: str
    expires_at: str | None
    revision: int
    lines: list[LineAnswer]


class DeedAnswer(BookingAnswer):
    """A booking after a deed; of a series, every date the deed was done to."""

    affected: list[SeriesDateAnswer] | None = None


class HoldAheadAnswer(Answer):
    """An older hold of another unit that stands before a request."""

    rank: int
    expires_at: str


class PricedBookingAnswer(DeedAnswer):
    """A booking with its price, and the series it is a date of; `skipped` where one was made."""

    quote: QuoteAnswer
    # Until they lapse, or are passed over for a reason, the desk cannot confirm it.
    holds: list[HoldAheadAnswer] | None = None
    series: SeriesAnswer | None = None
    skipped: list[SkippedAnswer] | None = None


class OutAnswer(Answer):
    """Pieces of a booking that are with the unit now."""

    resource: str
    asset: str | None
    quantity: int
    handed_over_at: str


class MovedBookingAnswer(BookingAnswer):
    """A booking with what of it is out."""

    out: list[OutAnswer]


def moved_as_json(booking: Booking, out: Sequence[Movement]) -> dict[str, Any]:
    """The booking with what of it is out."""
    told = booking_as_json(booking)
    told["out"] = [
        {
            "resource": movement.resource.code,
            "asset": movement.asset.tag if movement.asset else None,
            "quantity": movement.quantity,
            "handed_over_at": local(movement.handed_over_at),
        }
        for movement in out
    ]
    return told


def booking_as_json(booking: Booking) -> dict[str, Any]:
    """The booking as lists show it."""
    return {
        "reference": booking.reference,
        "status": booking.status.value,
        "unit": booking.unit.slug,
        "title": booking.title,
        "event_kind": booking.event_kind.value,
        "organiser": booking.organiser.value,
        "attendees": booking.attendees,
        "note": booking.note,
        "reason": booking.reason,
        "starts_at": local(booking.starts_at),
        "ends_at": local(booking.ends_at),
        "requested_at": local(booking.requested_at),
        "expires_at": local_or_none(booking.expires_at),
        "revision": booking.revision,
        "lines": [_line(line) for line in booking.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    zone = line.resource.site.tzinfo
    return {
        "resource": line.resource.code,
        "name": line.resource.name,
        "quantity": line.quantity,
        "starts_at": local(line.starts_at, zone),
        "ends_at": local(line.ends_at, zone),
        "add_ons": list(line.add_ons),
    }


def quote_as_json(quote: Quote) -> dict[str, Any]:
    """The price with its times on the wall clock."""
    told = quote.as_json()
    for shown, line in zip(told["lines"], quote.lines, strict=True):
        shown["starts_at"] = local(line.rented.period.starts_at)
        shown["ends_at"] = local(line.rented.period.ends_at)
    deposit = deposits.of(quote)
    told["deposit"] = deposit.as_json() if deposit is not None else None
    return told
