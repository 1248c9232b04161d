"""Holds over the API: placing, extending, releasing, and making a request of one."""

from flask import Blueprint, Response, current_app, url_for

from config.settings import Settings
from portal.access import current_member, may, visible_unit_id
from portal.api.booking_answers import PricedBookingAnswer
from portal.api.booking_bodies import NothingBody
from portal.api.bookings import CHANGE_ALL, SEE_ALL, priced, unit_of
from portal.api.calls import Call, answer, offers
from portal.api.claim_answers import HoldAnswer, hold_as_json
from portal.api.claim_bodies import ConversionBody, ExtensionBody, HoldBody, HoldsQuery
from portal.idempotency import once
from rental import holds
from rental.errors import UnknownHold
from rental.holds import Conversion, NewHold
from rental.models import Hold

room = Blueprint("api_holds", __name__)


def visible(reference: str, verb: str = SEE_ALL) -> Hold:
    """The hold, if the member may see it; another unit's does not exist."""
    only = visible_unit_id(current_member(), verb)
    hold = holds.find(reference)
    if hold is None or only not in (None, hold.unit_id):
        raise UnknownHold
    return hold


def _told(hold: Hold, status: int = 200) -> Response:
    where = url_for("api_holds.show_hold", hold=hold.reference) if status == 201 else None
    rank = holds.ranks_of([hold]).get(hold.id)
    return answer(hold_as_json(hold, rank), status, location=where)


def _move(summary: str) -> Call:
    return Call(summary, "holds", answer=HoldAnswer, refusals=(404, 409), is_body_optional=True)


@room.get("/holds")
@may("see own bookings")
@offers(Call("List holds", "holds", answer=HoldAnswer, is_list=True))
def list_holds(query: HoldsQuery) -> Response:
    """The soonest event first; members see their unit's, the staff every unit's."""
    only = visible_unit_id(current_member(), SEE_ALL)
    page, total = holds.listed(only, query.status, limit=query.per_page, offset=query.offset)
    ranks = holds.ranks_of(page)
    told = [hold_as_json(hold, ranks.get(hold.id)) for hold in page]
    return answer({"items": told, "total": total})


@room.post("/holds")
@may("place holds")
@offers(Call("Hold a date", "holds", answer=HoldAnswer, status=201, refusals=(404, 409)))
@once
def place(body: HoldBody) -> Response:
    """It takes no stock; `rank` says how many stand before it."""
    new = NewHold(
        unit=unit_of(body.unit),
        title=body.title,
        event_kind=body.event_kind,
        lines=[line.wanted() for line in body.lines],
        days=body.days,
    )
    return _told(holds.place(new, by=current_member()), 201)


@room.get("/holds/<hold>")
@may("see own bookings")
@offers(Call("Show a hold", "holds", answer=HoldAnswer, refusals=(404,)))
def show_hold(hold: str) -> Response:
    """With its rank while it stands."""
    return _told(visible(hold))


@room.post("/holds/<hold>/extend")
@may("place holds")
@offers(_move("Let a hold stand longer"))
@once
def extend(hold: str, body: ExtensionBody) -> Response:
    """Thirty days after it was placed at the most; not once another unit asks for the date."""
    asked = visible(hold, CHANGE_ALL)
    holds.extend(asked, body.days, by=current_member())
    return _told(asked)


@room.post("/holds/<hold>/release")
@may("place holds")
@offers(_move("Release a hold"))
@once
def release(hold: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """Whoever stands behind it moves up and is told."""
    asked = visible(hold, CHANGE_ALL)
    holds.release(asked, by=current_member())
    return _told(asked)


@room.post("/holds/<hold>/convert")
@may("place holds")
@offers(
    Call(
        "Make a request of a hold",
        "holds",
        answer=PricedBookingAnswer,
        status=201,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def convert(hold: str, body: ConversionBody) -> Response:
    """Later requests of others that took its stock give way; what is confirmed stays."""
    settings: Settings = current_app.extensions["settings"]
    details = Conversion(
        organiser=body.organiser,
        attendees=body.attendees,
        note=body.note,
        keep_days=settings.request_days,
        challenge_hours=settings.challenge_hours,
    )
    return priced(holds.convert(visible(hold, CHANGE_ALL), details, by=current_member()), 201)
