"""How the price of a cancellation is written."""

from portal.api.booking_answers import DeedAnswer
from portal.api.fields import Amount, Answer


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


class CancelledBookingAnswer(DeedAnswer):
    """A cancelled booking, of a series with what went with it, and what the cancellation cost."""

    cancellation: CancellationAnswer
