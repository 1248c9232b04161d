"""What a change of a booking would mean, and what is made of a booking."""

from flask import Blueprint, Response, current_app

from billing import cancellation_charges
from config.settings import Settings
from portal.access import current_member, may
from portal.api.booking_answers import PricedBookingAnswer
from portal.api.booking_bodies import DuplicateBody
from portal.api.bookings import CHANGE_ALL, priced, visible
from portal.api.calls import Call, answer, offers
from portal.api.cancellation_answers import CancellationAnswer
from portal.idempotency import once
from rental import duplicates
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


@room.post("/bookings/<reference>/duplicate")
@may("request bookings")
@offers(
    Call(
        "Request the same on another day",
        "bookings",
        answer=PricedBookingAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def duplicate(reference: str, body: DuplicateBody) -> Response:
    """The same lines at the same wall-clock times, with programme and contacts."""
    settings: Settings = current_app.extensions["settings"]
    made = duplicates.request(
        visible(reference, CHANGE_ALL),
        body.starts_on,
        by=current_member(),
        keep_days=settings.request_days,
        challenge_hours=settings.challenge_hours,
    )
    return priced(made, 201)
