"""Bookings over the API: asking, changing, and the moves from request to return."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, url_for
from werkzeug.wrappers import Response as Answer

from billing import cancellation_charges, quotes
from billing.quotes import Quote
from config.database import transaction
from config.settings import Settings
from monitoring import readiness
from portal import problems, quarantine, series_terms
from portal.access import allows, current_member, may, require, visible_unit_id
from portal.api import suggested
from portal.api.booking_answers import (
    BookingAnswer,
    DeedAnswer,
    MovedBookingAnswer,
    PricedBookingAnswer,
    QuoteAnswer,
    booking_as_json,
    moved_as_json,
    quote_as_json,
)
from portal.api.booking_bodies import (
    BookingBody,
    BookingsQuery,
    CancelBody,
    ChangesBody,
    DeclineBody,
    HandOverBody,
    NothingBody,
    QuoteBody,
    ReturnBody,
    ScopeQuery,
)
from portal.api.calls import Call, answer, offers
from portal.api.cancellation_answers import CancelledBookingAnswer
from portal.api.claim_answers import in_the_way_of
from portal.api.claim_bodies import ConfirmBody
from portal.api.instants import local
from portal.api.series_answers import dates_as_json, made_as_json, series_as_json
from portal.idempotency import once
from rental import (
    bookings,
    catalogue,
    handovers,
    packing,
    returns,
    search,
    series,
    series_changes,
    series_moves,
    units,
)
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.errors import ResourceUnavailable, UnknownBooking, UnknownUnit
from rental.models import Booking, Unit
from rental.recurrence import BadRecurrence
from rental.search import Sought
from rental.series import RequestedSeries

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


def priced(
    booking: Booking, status: int = 200, *, affected: Sequence[Booking] | None = None
) -> Response:
    """The booking with its price; a new one says where it stands."""
    told = booking_as_json(booking) if affected is None else _after(booking, affected)
    told["quote"] = quote_as_json(quotes.for_booking(booking))
    told["holds"] = in_the_way_of(booking)
    if booking.series is not None:
        told["series"] = series_as_json(booking.series)
    where = url_for("api_bookings.booking", reference=booking.reference)
    return answer(told, status, location=where if status == 201 else None)


def _after(booking: Booking, affected: Sequence[Booking]) -> dict[str, Any]:
    """The booking after a deed, with the dates of its series that the deed was done to."""
    told = booking_as_json(booking)
    if booking.series_id is not None:
        told["affected"] = dates_as_json(affected)
    return told


@room.post("/quotes")
@may("request bookings")
@offers(Call("Price a booking without writing it", "bookings", answer=QuoteAnswer, refusals=(404,)))
def quote(body: QuoteBody) -> Response:
    """By the lists in force, all dates of a series; whether it is free is not asked."""
    return answer(quote_as_json(_quote(body)))


def asked_series(body: QuoteBody, unit: Unit) -> RequestedSeries:
    """The series a body with a recurrence asks for."""
    recurrence = body.recurrence
    if recurrence is None:
        raise BadRecurrence("Write one rule, such as FREQ=WEEKLY;BYDAY=MO;COUNT=10.")
    wanted = RequestedBooking(
        unit=unit,
        title=body.title or "–",
        event_kind=body.event_kind,
        organiser=body.organiser,
        attendees=body.attendees,
        note=body.note,
        lines=[line.wanted() for line in body.lines],
    )
    return RequestedSeries(
        wanted, recurrence.rrule, tuple(recurrence.exdates), recurrence.on_conflict
    )


def _quote(body: QuoteBody) -> Quote:
    unit = unit_of(body.unit)
    if body.recurrence is None:
        return _price(unit, [line.wanted() for line in body.lines], body.attendees)
    planned = series.plan(asked_series(body, unit))
    lines = [line for at in planned.dates for line in planned.template.lines_on(at, planned.zone)]
    return _price(unit, lines, body.attendees)


def _price(unit: Unit, wanted: Sequence[WantedLine], attendees: int | None) -> Quote:
    resources = catalogue.by_codes(line.resource for line in wanted)
    rented = [
        quotes.rented(resources[w.resource], w.period, w.quantity, attendees, w.add_ons)
        for w in wanted
    ]
    return quotes.for_unit(unit, rented)


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
        return _series(asked_series(body, wanted.unit))
    suggested.remember(list(wanted.lines), wanted.attendees)
    booked = bookings.request(
        wanted,
        by=current_member(),
        keep_days=settings.request_days,
        challenge_hours=settings.challenge_hours,
    )
    return priced(booked, 201)


def _series(asked: RequestedSeries) -> Response:
    made = series.request(asked, by=current_member(), terms=series_terms.here())
    first = made.bookings[0]
    told = booking_as_json(first) | made_as_json(made, quotes.total_of(made.bookings))
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
def change(reference: str, body: ChangesBody, query: ScopeQuery) -> Response:
    """Under the checks of a new request. What the desk has confirmed only the desk changes.

    Of a series, this date, it and the following, or all that have not begun: all or nothing.

    With the `revision` that was read, a booking that somebody else changed meanwhile is a conflict.
    """
    settings: Settings = current_app.extensions["settings"]
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
        affected = series_changes.change(
            changed,
            changes,
            scope=query.scope,
            by=current_member(),
            challenge_hours=settings.challenge_hours,
        )
        return priced(changed, affected=affected)


def _move(summary: str, shown: type[BookingAnswer] = DeedAnswer) -> Call:
    return Call(
        summary,
        "bookings",
        answer=shown,
        refusals=(404, 409),
        is_body_optional=True,
    )


@room.post("/bookings/<reference>/confirm")
@may("confirm bookings")
@offers(_move("Confirm a request"))
@once
def confirm(reference: str, body: ConfirmBody, query: ScopeQuery) -> Response:
    """From here on it is charged. Of a series, this date, it and the following, or all."""
    asked = visible(reference)
    if body.override is not None:
        require("override holds")
    affected = series_moves.confirm(
        asked, scope=query.scope, by=current_member(), override=body.override
    )
    return answer(_after(asked, affected))


@room.post("/bookings/<reference>/decline")
@may("decline bookings")
@offers(_move("Decline a request"))
@once
def decline(reference: str, body: DeclineBody, query: ScopeQuery) -> Response:
    """Its stock is free again. Of a series, this date, it and the following, or all."""
    asked = visible(reference)
    affected = series_moves.decline(
        asked, scope=query.scope, by=current_member(), reason=body.reason
    )
    return answer(_after(asked, affected))


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
def cancel(reference: str, body: CancelBody, query: ScopeQuery) -> Response:
    """Its stock is free again; the answer tells what the terms in force keep.

    Of a series, this date, it and the following, or all that lie ahead; they stay removed.
    """
    asked = visible(reference, CHANGE_ALL)
    cost = cancellation_charges.estimate_all(series_moves.in_scope(asked, query.scope))
    gone = series_moves.cancel(asked, scope=query.scope, by=current_member(), reason=body.reason)
    return answer(_after(asked, gone) | {"cancellation": cost.as_json()})


@room.post("/bookings/<reference>/hand-over")
@may("hand over bookings")
@offers(_move("Hand everything over, or some pieces of it", MovedBookingAnswer))
@once
def hand_over(reference: str, body: HandOverBody) -> Response:
    """Hall, gear and lines change hands. The first piece hands the booking over."""
    asked = visible(reference)
    readiness.require(asked)
    if body.pieces is None:
        bookings.hand_over(asked, by=current_member())
    else:
        pieces = [piece.piece() for piece in body.pieces]
        handovers.require_all(
            handovers.hand_over_pieces(
                asked, pieces, by=current_member(), barred=quarantine.assets()
            )
        )
    return answer(moved_as_json(asked, packing.out_of(asked)))


@room.post("/bookings/<reference>/return")
@may("return bookings")
@offers(_move("Take everything back, or some pieces of it", MovedBookingAnswer))
@once
def return_(reference: str, body: ReturnBody) -> Response:
    """What was booked beyond this moment is free again. The last piece returns the booking."""
    asked = visible(reference)
    if body.pieces is None:
        bookings.return_(asked, by=current_member(), condition=body.condition)
    else:
        pieces = [piece.piece() for piece in body.pieces]
        handovers.require_all(returns.return_pieces(pieces, by=current_member(), booking=asked))
    return answer(moved_as_json(asked, packing.out_of(asked)))


@room.post("/bookings/<reference>/no-show")
@may("mark no-shows")
@offers(_move("Note that nobody came"))
@once
def no_show(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """The rest of the time is free again."""
    asked = visible(reference)
    bookings.no_show(asked, by=current_member())
    return answer(booking_as_json(asked))
