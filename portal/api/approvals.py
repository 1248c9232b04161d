"""Approvals over the API: what a booking needs, what waits for me, and the answer."""

from flask import Blueprint, Response

from portal.access import current_member, may, visible_unit_id
from portal.api.bookings import SEE_ALL
from portal.api.calls import Call, answer, offers
from portal.api.claim_answers import ApprovalAnswer, approval_as_json
from portal.api.claim_bodies import ApprovalBody
from portal.api.fields import Paged
from portal.idempotency import once
from rental import approvals, bookings
from rental.errors import UnknownApproval, UnknownBooking
from rental.models import Approval, ApprovalStatus

room = Blueprint("api_approvals", __name__)


def _visible(reference: str) -> list[Approval]:
    """The approvals of a booking one sees; of another unit's booking those that are one's own."""
    member = current_member()
    booking = bookings.find(reference)
    if booking is None:
        raise UnknownBooking
    found = approvals.of(booking)
    if visible_unit_id(member, SEE_ALL) in (None, booking.unit_id):
        return found
    mine = [one for one in found if approvals.may_answer(one, member)]
    if not mine:
        raise UnknownBooking
    return mine


@room.get("/approvals")
@may("answer approvals")
@offers(Call("List what waits for my answer", "approvals", answer=ApprovalAnswer, is_list=True))
def list_waiting(query: Paged) -> Response:
    """The soonest event first."""
    waiting = approvals.waiting(current_member(), limit=query.offset + query.per_page)
    told = [approval_as_json(one) for one in waiting[query.offset :]]
    return answer({"items": told, "total": approvals.count_waiting(current_member())})


@room.get("/bookings/<reference>/approvals")
@may("see own bookings")
@offers(
    Call(
        "List the approvals that a booking needs",
        "approvals",
        answer=ApprovalAnswer,
        is_list=True,
        refusals=(404,),
    )
)
def list_approvals(reference: str) -> Response:
    """Whoever is asked by a booking of another unit sees its own approvals only."""
    told = [approval_as_json(one) for one in _visible(reference)]
    return answer({"items": told, "total": len(told)})


@room.post("/bookings/<reference>/approvals")
@may("answer approvals")
@offers(Call("Say yes or no", "approvals", answer=ApprovalAnswer, refusals=(404, 409)))
@once
def answer_approval(reference: str, body: ApprovalBody) -> Response:
    """In any order; an answer may be thought over until the booking is confirmed."""
    asked = next((one for one in _visible(reference) if one.rule == body.rule), None)
    if asked is None:
        raise UnknownApproval
    status = ApprovalStatus(body.status.value)
    approvals.answer(asked, status, by=current_member(), comment=body.comment)
    return answer(approval_as_json(asked))
