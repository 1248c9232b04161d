"""What a change of a booking would mean, and what is made of a booking."""

from flask import Blueprint, Response

from billing import cancellation_charges
from portal.access import may
from portal.api.bookings import visible
from portal.api.calls import Call, answer, offers
from portal.api.cancellation_answers import CancellationAnswer
from rental.errors import MovedOn
from rental.models import BookingStatus

room = Blueprint("api_changes", __name__)

CANCELLABLE = (BookingStatus.REQUESTED, BookingStatus.CONFIRMED)


@room.get("/bookings/<reference>/cancellation")
@may("see own bookings")
@offers(
    Call("Ask what cancelling costs", "bookings", answer=CancellationAnswer, refusals=(404, 409))
)
def cancellation(reference: str) -> Response:
    """By the terms in force, if it were cancelled now. Writes nothing."""
    asked = visible(reference)
    if asked.status not in CANCELLABLE:
        raise MovedOn(
            "A booking that is {status} cannot be cancelled any more; look at it again.",
            status=asked.status,
        )
    return answer(cancellation_charges.estimate(asked).as_json())
