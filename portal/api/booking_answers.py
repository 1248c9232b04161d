"""How bookings and their prices are written."""

from typing import Any

from billing.quotes import Quote
from portal.api.fields import Amount, Answer
from portal.api.instants import local, local_or_none
from rental.models import Booking, BookingStatus, EventKind, Line, Organiser
from rental.series import Made


class LineAnswer(Answer):
    """One resource of a booking: how many, from when until when."""

    resource: str
    name: str
    quantity: int
    starts_at: str
    ends_at: str


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


class VatAnswer(Answer):
    """The tax of one rate."""

    code: str
    percent: int
    net: Amount
    vat: Amount


class QuoteAnswer(Answer):
    """What a booking costs by the lists in force; `sample` where a list is a sample."""

    lines: list[QuoteLineAnswer]
    net: Amount
    vat: list[VatAnswer]
    total: Amount
    tax_date: str
    sample: bool


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


class SeriesDateAnswer(Answer):
    """One booking of a series."""

    reference: str
    status: BookingStatus
    starts_at: str
    ends_at: str


class SeriesAnswer(Answer):
    """The rule and the bookings it made."""

    reference: str
    rrule: str
    dates: int
    bookings: list[SeriesDateAnswer]


class SkippedAnswer(Answer):
    """A date that was taken."""

    starts_at: str
    ends_at: str
    conflicts: list[dict[str, Any]]


class PricedBookingAnswer(BookingAnswer):
    """A booking with its price; of a series, its first date with the series beside it."""

    quote: QuoteAnswer
    series: SeriesAnswer | None = None
    skipped: list[SkippedAnswer] | None = None


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
    }


def quote_as_json(quote: Quote) -> dict[str, Any]:
    """The price with its times on the wall clock."""
    told = quote.as_json()
    for shown, line in zip(told["lines"], quote.lines, strict=True):
        shown["starts_at"] = local(line.rented.period.starts_at)
        shown["ends_at"] = local(line.rented.period.ends_at)
    return told


def series_as_json(made: Made) -> dict[str, Any]:
    """What came of a rule: the series with its bookings, and the dates that were taken."""
    return {
        "series": {
            "reference": made.series.reference,
            "rrule": made.series.rrule,
            "dates": len(made.bookings),
            "bookings": [
                {
                    "reference": booking.reference,
                    "status": booking.status.value,
                    "starts_at": local(booking.starts_at),
                    "ends_at": local(booking.ends_at),
                }
                for booking in made.bookings
            ],
        },
        "skipped": [
            {
                "starts_at": local(one.starts_at),
                "ends_at": local(one.ends_at),
                "conflicts": one.conflicts,
            }
            for one in made.skipped
        ],
    }
