"""Bookings over the API: asking, changing, and the moves from request to return."""

from datetime import datetime

from flask import Blueprint, Response, current_app, url_for
from werkzeug.wrappers import Response as Answer

from billing import cancellation_charges, quotes
from billing.quotes import Quote
from config.database import transaction
from config.settings import Settings
from portal import problems
from portal.access import allows, current_member, may, visible_unit_id
from portal.api import suggested
from portal.api.booking_answers import (
    BookingAnswer,
    PricedBookingAnswer,
    QuoteAnswer,
    booking_as_json,
    quote_as_json,
    series_as_json,
)
from portal.api.booking_bodies import (
    BookingBody,
    BookingsQuery,
    CancelBody,
    ChangeQuery,
    ChangesBody,
    DeclineBody,
    NothingBody,
    QuoteBody,
    RecurrenceBody,
    ReturnBody,
)
from portal.api.calls import Call, answer, offers
from portal.api.cancellation_answers import CancelledBookingAnswer, cancelled_as_json
from portal.api.instants import local
from portal.idempotency import once
from rental import bookings, catalogue, moves, search, series, units
from rental.asking import Changes, RequestedBooking
from rental.errors import ResourceUnavailable, UnknownBooking, UnknownUnit
from rental.models import Booking, Unit
from rental.search import Sought
from rental.series import RequestedSeries, Terms

room = Blueprint("api_bookings", __name__)

SEE_ALL = "see every unit's bookings"
CHANGE_ALL = "change every unit's bookings"


@room.errorhandler(ResourceUnavailable)
def unavailable(refusal: ResourceUnavailable) -> Answer:
    """Each shortage with its times on the wall clock."""
    for shortage in refusal.details["conflicts"]:
        for end in ("starts_at", "ends_at"):
            shortage[end] = local(datetime.fromisoformat(shortage[end]))
    # What was asked for is rolled back by now: nobody waits while this is reckoned.
    refusal.details["suggestions"] = suggested.near()
    return problems.answer(problems.of_refusal(refusal))


def unit_of(slug: str | None) -> Unit:
    """The unit a member books for: its own, or for the desk any; raises UnknownUnit."""
    member = current_member()
    if slug is None or slug == member.unit.slug:
        return member.unit
    unit = units.find(slug) if allows(member, "request bookings for any unit") else None
    if unit is None:
        # Whether another unit exists is no member's business.
        raise UnknownUnit(f"There is no unit {slug!r} that you may book for.")
    return unit


def visible(reference: str, verb: str = SEE_ALL) -> Booking:
    """The booking, if the member may see it; another unit's does not exist."""
    only = visible_unit_id(current_member(), verb)
    booking = bookings.find(reference)
    if booking is None or only not in (None, booking.unit_id):
        raise UnknownBooking
    return booking


def priced(booking: Booking, status: int = 200) -> Response:
    """The booking with its price; a new one says where it stands."""
    told = booking_as_json(booking)
    told["quote"] = quote_as_json(quotes.for_booking(booking))
    where = url_for("api_bookings.booking", reference=booking.reference)
    return answer(told, status, location=where if status == 201 else None)


@room.post("/quotes")
@may("request bookings")
@offers(Call("Price a booking without writing it", "bookings", answer=QuoteAnswer, refusals=(404,)))
def quote(body: QuoteBody) -> Response:
    """By the lists in force, all dates of a series; whether it is free is not asked."""
    return answer(quote_as_json(_quote(body)))


def _quote(body: QuoteBody) -> Quote:
    wanted = [line.wanted() for line in body.lines]
    if body.recurrence is not None:
        unit = unit_of(body.unit)
        asked = RequestedBooking(unit, body.title or "–", body.event_kind, wanted)
        planned = series.plan(
            RequestedSeries(asked, body.recurrence.rrule, tuple(body.recurrence.exdates))
        )
        wanted = [
            line for at in planned.dates for line in planned.template.lines_on(at, planned.zone)
        ]
    resources = catalogue.by_codes(line.resource for line in wanted)
    rented = [quotes.rented(resources[w.resource], w.period, w.quantity) for w in wanted]
    return quotes.quote(unit_of(body.unit).unit_class, rented)


@room.post("/bookings")
@may("request bookings")
@offers(
    Call(
        "Request a booking",
        "bookings",
        answer=PricedBookingAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def request_booking(body: BookingBody) -> Response:
    """Its stock is held until the desk answers. All lines or none."""
    settings: Settings = current_app.extensions["settings"]
    wanted = RequestedBooking(
        unit=unit_of(body.unit),
        title=body.title,
        event_kind=body.event_kind,
        organiser=body.organiser,
        attendees=body.attendees,
        note=body.note,
        lines=[line.wanted() for line in body.lines],
    )
    if body.recurrence is not None:
        return _series(wanted, body.recurrence)
    suggested.remember(list(wanted.lines), wanted.attendees)
    booked = bookings.request(wanted, by=current_member(), keep_days=settings.request_days)
    return priced(booked, 201)


def _series(wanted: RequestedBooking, recurrence: RecurrenceBody) -> Response:
    settings: Settings = current_app.extensions["settings"]
    asked = RequestedSeries(
        wanted, recurrence.rrule, tuple(recurrence.exdates), recurrence.on_conflict
    )
    terms = Terms(keep_days=settings.request_days)
    made = series.request(asked, by=current_member(), terms=terms)
    first = made.bookings[0]
    told = booking_as_json(first) | series_as_json(made)
    told["quote"] = quote_as_json(quotes.for_booking(first))
    where = url_for("api_bookings.booking", reference=first.reference)
    return answer(told, 201, location=where)


@room.get("/bookings")
@may("see own bookings")
@offers(Call("List bookings", "bookings", answer=BookingAnswer, is_list=True))
def list_bookings(query: BookingsQuery) -> Response:
    """The newest request first; members see their unit's, the staff every unit's."""
    sought = Sought(
        unit_id=visible_unit_id(current_member(), SEE_ALL),
        unit=query.unit,
        statuses=query.status,
        period=query.period,
        resource=query.resource,
        q=query.q,
    )
    page, total = search.bookings(sought, limit=query.per_page, offset=query.offset)
    return answer({"items": [booking_as_json(booking) for booking in page], "total": total})


@room.get("/bookings/<reference>")
@may("see own bookings")
@offers(Call("Show a booking", "bookings", answer=PricedBookingAnswer, refusals=(404,)))
def booking(reference: str) -> Response:
    """With its price by the lists in force."""
    return priced(visible(reference))


@room.patch("/bookings/<reference>")
@may("change own bookings")
@offers(Call("Change a booking", "bookings", answer=PricedBookingAnswer, refusals=(404, 409)))
def change(reference: str, body: ChangesBody, query: ChangeQuery) -> Response:  # noqa: ARG001
    """Under the checks of a new request. What the desk has confirmed only the desk changes.

    With the `revision` that was read, a booking that somebody else changed meanwhile is a conflict.
    """
    with transaction():
        changed = visible(reference, CHANGE_ALL)
        lines = body.lines
        changes = Changes(
            title=body.title,
            attendees=body.attendees,
            note=body.note,
            lines=[line.wanted() for line in lines] if lines is not None else None,
            event_kind=body.event_kind,
            organiser=body.organiser,
            seen=body.revision,
        )
        bookings.change(changed, changes, by=current_member())
        return priced(changed)


def _move(summary: str) -> Call:
    return Call(
        summary,
        "bookings",
        answer=BookingAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )


@room.post("/bookings/<reference>/confirm")
@may("confirm bookings")
@offers(_move("Confirm a request"))
@once
def confirm(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """From here on it is charged."""
    asked = visible(reference)
    bookings.confirm(asked, by=current_member())
    return answer(booking_as_json(asked))


@room.post("/bookings/<reference>/decline")
@may("decline bookings")
@offers(_move("Decline a request"))
@once
def decline(reference: str, body: DeclineBody) -> Response:
    """Its stock is free again."""
    asked = visible(reference)
    bookings.decline(asked, by=current_member(), reason=body.reason)
    return answer(booking_as_json(asked))


@room.post("/bookings/<reference>/cancel")
@may("change own bookings")
@offers(
    Call(
        "Cancel a request or a booking",
        "bookings",
        answer=CancelledBookingAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def cancel(reference: str, body: CancelBody) -> Response:
    """Its stock is free again; the answer tells what the terms in force keep."""
    asked = moves.lock(visible(reference, CHANGE_ALL))
    cost = cancellation_charges.estimate(asked)
    bookings.cancel(asked, by=current_member(), reason=body.reason)
    return answer(cancelled_as_json(asked, cost))


@room.post("/bookings/<reference>/hand-over")
@may("hand over bookings")
@offers(_move("Hand everything over"))
@once
def hand_over(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """Hall, gear and lines change hands."""
    asked = visible(reference)
    bookings.hand_over(asked, by=current_member())
    return answer(booking_as_json(asked))


@room.post("/bookings/<reference>/return")
@may("return bookings")
@offers(_move("Take everything back"))
@once
def return_(reference: str, body: ReturnBody) -> Response:
    """What was booked beyond this moment is free again."""
    asked = visible(reference)
    bookings.return_(asked, by=current_member(), condition=body.condition)
    return answer(booking_as_json(asked))


@room.post("/bookings/<reference>/no-show")
@may("mark no-shows")
@offers(_move("Note that nobody came"))
@once
def no_show(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """The rest of the time is free again."""
    asked = visible(reference)
    bookings.no_show(asked, by=current_member())
    return answer(booking_as_json(asked))
