"""The waitlist over the API."""

from flask import Blueprint, Response, url_for

from portal.access import current_member, may, visible_unit_id
from portal.api.booking_bodies import NothingBody
from portal.api.bookings import CHANGE_ALL, SEE_ALL, unit_of
from portal.api.calls import Call, answer, offers
from portal.api.claim_answers import WaitAnswer, wait_as_json
from portal.api.claim_bodies import WaitBody, WaitsQuery
from portal.idempotency import once
from rental import waitlist
from rental.errors import UnknownWait
from rental.models import WaitlistEntry
from rental.waitlist import NewWait

room = Blueprint("api_waitlist", __name__)


def visible(reference: str, verb: str = SEE_ALL) -> WaitlistEntry:
    """The place on the waitlist, if the member may see it; another unit's does not exist."""
    only = visible_unit_id(current_member(), verb)
    entry = waitlist.find(reference)
    if entry is None or only not in (None, entry.unit_id):
        raise UnknownWait
    return entry


def _told(entry: WaitlistEntry, status: int = 200) -> Response:
    where = url_for("api_waitlist.show_wait", wait=entry.reference) if status == 201 else None
    return answer(wait_as_json(entry, waitlist.places([entry])), status, location=where)


@room.get("/waitlist")
@may("see own bookings")
@offers(Call("List who waits", "waitlist", answer=WaitAnswer, is_list=True))
def list_entries(query: WaitsQuery) -> Response:
    """The soonest first; members see their unit's places, the staff every unit's."""
    only = visible_unit_id(current_member(), SEE_ALL)
    page, total = waitlist.listed(only, query.status, limit=query.per_page, offset=query.offset)
    places = waitlist.places(page)
    return answer({"items": [wait_as_json(entry, places) for entry in page], "total": total})


@room.post("/waitlist")
@may("place holds")
@offers(
    Call("Wait for a taken date", "waitlist", answer=WaitAnswer, status=201, refusals=(404, 409))
)
@once
def join(body: WaitBody) -> Response:
    """Refused where it is free: then it is booked. An offer is a hold of 24 hours."""
    new = NewWait(unit_of(body.unit), body.title, body.event_kind, body.wanted())
    return _told(waitlist.join(new, by=current_member()), 201)


@room.get("/waitlist/<wait>")
@may("see own bookings")
@offers(Call("Show a place on the waitlist", "waitlist", answer=WaitAnswer, refusals=(404,)))
def show_wait(wait: str) -> Response:
    """With the number of its place while it waits."""
    return _told(visible(wait))


@room.post("/waitlist/<wait>/withdraw")
@may("place holds")
@offers(
    Call(
        "Wait no longer",
        "waitlist",
        answer=WaitAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def withdraw(wait: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """An offer is let go by releasing its hold."""
    asked = visible(wait, CHANGE_ALL)
    waitlist.withdraw(asked, by=current_member())
    return _told(asked)
