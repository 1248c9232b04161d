"""Clearances of bookings over the API: what is needed, the notice, the answer."""

from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from portal import clearance_notices
from portal.access import current_member, may
from portal.api.bookings import CHANGE_ALL, visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import LARGEST_ID, Answer, Body, Instant, Paged, Reason, Text
from portal.api.files import FileAnswer, file_as_json
from portal.api.instants import local, local_or_none
from portal.idempotency import once
from rental import attachments, clearance_needs, clearance_rules, clearances
from rental.models import Attachment, Booking, Clearance, ClearanceStatus

room = Blueprint("api_clearances", __name__)

ONE = "/bookings/<reference>/clearances/<int:clearance_id>"


class RuleAnswer(Answer):
    """What a rule asks for; `to_verify` names what a lawyer has still to confirm."""

    title: str
    authorities: list[str]
    copies: list[str]
    contents: list[str]
    source: str
    to_verify: list[str]


class ClearanceAnswer(Answer):
    """A clearance of a booking; `confirmable` says whether it stands in the way no longer."""

    id: int
    rule: str
    status: ClearanceStatus
    deadline: str
    lodged_at: str | None
    in_time: bool
    answered_at: str | None
    reason: str | None
    confirmable: bool
    asks: RuleAnswer | None
    files: list[FileAnswer]


class LodgeBody(Body):
    """Which file of the booking is the notice, and when the authority received it."""

    file: int = Field(ge=1, le=LARGEST_ID)
    lodged_at: Instant


class ReasonBody(Body):
    """Why."""

    reason: Reason


class AcceptBody(Body):
    """Why, where no notice came in time, and the file that is the answer, if there is one."""

    reason: Text = Field(default="", max_length=500)
    file: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class RefuseBody(ReasonBody):
    """Why the authority refused, and the file that is its answer, if there is one."""

    file: int | None = Field(default=None, ge=1, le=LARGEST_ID)


def _asks(code: str) -> dict[str, Any] | None:
    rule = clearance_rules.find(code)
    if rule is None:
        return None
    return {
        "title": rule.title.en,
        "authorities": [each.name.en for each in rule.authorities],
        "copies": [each.en for each in rule.copies],
        "contents": [each.en for each in rule.contents],
        "source": rule.source.en,
        "to_verify": [each.en for each in rule.to_verify],
    }


def _as_json(booking: Booking, each: Clearance, papers: list[Attachment]) -> dict[str, Any]:
    zone = clearance_needs.zone_of(booking)
    return {
        "id": each.id,
        "rule": each.rule,
        "status": each.status.value,
        "deadline": local(each.deadline, zone),
        "lodged_at": local_or_none(each.lodged_at, zone),
        "in_time": clearance_needs.is_in_time(each),
        "answered_at": local_or_none(each.answered_at, zone),
        "reason": each.reason,
        "confirmable": clearance_needs.lacks(booking, each) is None,
        "asks": _asks(each.rule),
        "files": [file_as_json(paper) for paper in papers],
    }


def _told(booking: Booking, clearance: Clearance) -> Response:
    papers = clearances.papers([clearance]).get(clearance.id, [])
    return answer(_as_json(booking, clearance, papers))


def _paper(booking: Booking, file_id: int | None) -> Attachment | None:
    return attachments.get(booking, file_id) if file_id is not None else None


def _deed(summary: str) -> Call:
    return Call(summary, "clearances", answer=ClearanceAnswer, refusals=(404, 409))


@room.get("/bookings/<reference>/clearances")
@may("see own bookings")
@offers(
    Call("List the clearances of a booking", "clearances", answer=ClearanceAnswer, is_list=True)
)
def list_clearances(reference: str, query: Paged) -> Response:
    """The soonest deadline first; empty where the event needs none."""
    booking = visible(reference)
    found = clearances.of(booking)
    papers = clearances.papers(found)
    shown = found[query.offset : query.offset + query.per_page]
    told = [_as_json(booking, each, papers.get(each.id, [])) for each in shown]
    return answer({"items": told, "total": len(found)})


@room.post(f"{ONE}/lodge")
@may("change own bookings")
@offers(_deed("Record that the notice was lodged"))
@once
def lodge_clearance(reference: str, clearance_id: int, body: LodgeBody) -> Response:
    """With a file of the booking, sent before; a later notice replaces it until it is answered."""
    booking = visible(reference, CHANGE_ALL)
    clearance = clearances.get(booking, clearance_id)
    notice = attachments.get(booking, body.file)
    clearances.lodge(clearance, notice, lodged_at=body.lodged_at, by=current_member())
    return _told(booking, clearance)


@room.post(f"{ONE}/exempt")
@may("change own bookings")
@offers(_deed("Record an exemption"))
@once
def exempt_clearance(reference: str, clearance_id: int, body: ReasonBody) -> Response:
    """With the reason, where the rule exempts somebody."""
    booking = visible(reference, CHANGE_ALL)
    clearance = clearances.get(booking, clearance_id)
    clearances.exempt(clearance, body.reason, by=current_member())
    return _told(booking, clearance)


@room.post(f"{ONE}/accept")
@may("answer clearances")
@offers(_deed("Record that the event may go ahead"))
@once
def accept_clearance(reference: str, clearance_id: int, body: AcceptBody) -> Response:
    """The authority's word, or the desk's with its reason."""
    booking = visible(reference)
    clearance = clearances.get(booking, clearance_id)
    given = clearances.Answer(body.reason, _paper(booking, body.file))
    clearances.accept(clearance, given, by=current_member())
    return _told(booking, clearance)


@room.post(f"{ONE}/refuse")
@may("answer clearances")
@offers(_deed("Record that the authority refused"))
@once
def refuse_clearance(reference: str, clearance_id: int, body: RefuseBody) -> Response:
    """The booking cannot be confirmed; a confirmed one stays until the desk cancels it."""
    booking = visible(reference)
    clearance = clearances.get(booking, clearance_id)
    given = clearances.Answer(body.reason, _paper(booking, body.file))
    clearances.refuse(clearance, given, by=current_member())
    clearance_notices.refused(clearance)
    return _told(booking, clearance)


@room.post(f"{ONE}/demand")
@may("answer clearances")
@offers(_deed("Ask for the notice after all"))
@once
def demand_clearance(reference: str, clearance_id: int, body: ReasonBody) -> Response:
    """An exemption or an answer that was recorded does not hold."""
    booking = visible(reference)
    clearance = clearances.get(booking, clearance_id)
    clearances.demand(clearance, body.reason, by=current_member())
    clearance_notices.demanded(clearance)
    return _told(booking, clearance)
