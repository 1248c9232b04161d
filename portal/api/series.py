"""Series over the API: seen before they are asked for, read, given other dates, kept."""

from flask import Blueprint, Response

from config.database import transaction
from portal import series_terms
from portal.access import current_member, may, visible_unit_id
from portal.api import bookings as booking_calls
from portal.api.booking_answers import PricedBookingAnswer
from portal.api.booking_bodies import NothingBody
from portal.api.bookings import CHANGE_ALL, SEE_ALL, priced, unit_of
from portal.api.calls import Call, answer, offers
from portal.api.series_answers import (
    PreviewAnswer,
    WholeSeriesAnswer,
    preview_as_json,
    skipped_as_json,
    whole_as_json,
)
from portal.api.series_bodies import DateBody, PreviewBody, RuleBody
from portal.idempotency import once
from rental import prospects, reconfirmation, series, series_changes
from rental.errors import ResourceUnavailable, UnknownSeries
from rental.models import Series

room = Blueprint("api_series", __name__)
room.register_error_handler(ResourceUnavailable, booking_calls.unavailable)


def visible(reference: str, verb: str = SEE_ALL) -> Series:
    """The series, if the member may see it; another unit's does not exist."""
    found = series.get(reference)
    if visible_unit_id(current_member(), verb) not in (None, found.unit_id):
        raise UnknownSeries
    return found


@room.post("/series/preview")
@may("request bookings")
@offers(Call("See every date of a rule first", "series", answer=PreviewAnswer, refusals=(404,)))
def preview_series(body: PreviewBody) -> Response:
    """Each date with its state: free, outside hours, taken, closed, in the past. Writes nothing."""
    planned = series.plan(booking_calls.asked_series(body, unit_of(body.unit)))
    return answer(preview_as_json(planned.rrule, prospects.foresee(planned)))


@room.get("/series/<series_reference>")
@may("see own bookings")
@offers(Call("Show a series", "series", answer=WholeSeriesAnswer, refusals=(404,)))
def one_series(series_reference: str) -> Response:
    """Its rule, the bookings that stand, and every date that was removed or skipped."""
    return answer(whole_as_json(visible(series_reference)))


@room.patch("/series/<series_reference>")
@may("change own bookings")
@offers(Call("Change the rule", "series", answer=WholeSeriesAnswer, refusals=(404, 409)))
def change_rule(series_reference: str, body: RuleBody) -> Response:
    """What the new rule gives beyond the old one is requested. Removed dates stay removed."""
    with transaction():
        held = visible(series_reference, CHANGE_ALL)
        made = series_changes.change_rule(
            held, body.rrule, by=current_member(), terms=series_terms.here()
        )
        told = whole_as_json(made.series)
        told["skipped"] = skipped_as_json(made.skipped)
        return answer(told)


@room.post("/series/<series_reference>/dates")
@may("change own bookings")
@offers(
    Call(
        "Request a removed or skipped date again",
        "series",
        answer=PricedBookingAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def add_date(series_reference: str, body: DateBody) -> Response:
    """Under the checks of a new request."""
    booking = series_changes.add_date(
        visible(series_reference, CHANGE_ALL),
        body.starts_at,
        by=current_member(),
        terms=series_terms.here(),
    )
    return priced(booking, 201)


@room.post("/series/<series_reference>/reconfirm")
@may("change own bookings")
@offers(
    Call(
        "Keep a long series",
        "series",
        answer=WholeSeriesAnswer,
        refusals=(404,),
        is_body_optional=True,
    )
)
@once
def reconfirm(series_reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """For as many weeks again; where nobody asked, nothing changes."""
    held = reconfirmation.reconfirm(visible(series_reference, CHANGE_ALL), by=current_member())
    return answer(whole_as_json(held))
