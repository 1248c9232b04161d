"""How the price of a cancellation is written."""

from typing import Any

from billing.cancellation_charges import Cancellation
from portal.api.booking_answers import BookingAnswer, booking_as_json
from portal.api.fields import Amount, Answer
from rental.models import Booking


class CancelledLineAnswer(Answer):
    """One line that is given up: its price, the percent that is owed, and the tax of that.

    `invoiced`: its charge is on an issued invoice, so nothing is charged; finance credits the rest.
    """

    resource: str
    price: Amount
    percent: int
    net: Amount
    vat: Amount
    total: Amount
    explanation: str
    explanation_vi: str
    invoiced: bool
    sample: bool


class CancellationAnswer(Answer):
    """What cancelling costs: the lines that terms speak of, and what is newly owed with its tax."""

    lines: list[CancelledLineAnswer]
    total: Amount


class CancelledBookingAnswer(BookingAnswer):
    """A cancelled booking and what the cancellation cost."""

    cancellation: CancellationAnswer


def cancelled_as_json(booking: Booking, cost: Cancellation) -> dict[str, Any]:
    """The booking with the price of its cancellation."""
    return {**booking_as_json(booking), "cancellation": cost.as_json()}
