"""Approvals: what waits for my answer, the answer, and what the booking page shows of them."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from portal.access import allowed, current_member, may, visible_unit_id
from portal.pages import formats
from portal.pages.reading import BadField
from portal.pages.states import ROLES
from rental import approval_rules, approvals, asking, hold_ranks, holds, occupancies
from rental.models import Approval, ApprovalStatus, Booking, BookingStatus, Hold, Role

pages = Blueprint("approvals", __name__, url_prefix="/approvals")

ANSWERS = {"approved": ApprovalStatus.APPROVED, "refused": ApprovalStatus.REFUSED}
# Who answers for a role of the Centre finds the page in the navigation on any day.
APPROVERS = frozenset({Role.OPERATOR, Role.DIRECTOR, Role.ADMINISTRATOR})


def waiting() -> list[Approval]:
    """What waits for the answer of who asks, the soonest event first."""
    return approvals.waiting(current_member()) if allowed("answer approvals") else []


def count() -> int:
    """How many wait for the answer of who asks."""
    return approvals.count_waiting(current_member()) if allowed("answer approvals") else 0


def has_place() -> bool:
    """Whether the page stands in the navigation of who asks on any day."""
    return current_member().role in APPROVERS


@pages.get("")
@may("answer approvals")
def index() -> str:
    """What waits for my answer, and what was answered lately."""
    return render_template(
        "approvals/index.html",
        waiting=waiting(),
        answered=approvals.answered(current_member()),
        knows=_sees_booking,
    )


def _sees_booking(booking: Booking) -> bool:
    return visible_unit_id(current_member()) in (None, booking.unit_id)


@pages.post("/<int:approval_id>/answer")
@may("answer approvals")
def answer(approval_id: int) -> Response:
    """Say yes or no, with a comment; a no needs its reason."""
    status = ANSWERS.get(request.form.get("status", ""))
    comment = request.form.get("comment", "")
    with transaction():
        approval = approvals.get(approval_id, current_member())
        if status is None:
            raise BadField(_("Say yes or no."))
        if status is ApprovalStatus.REFUSED and not comment.strip():
            raise BadField(_("Say why not: the desk reads it."))
        approvals.answer(approval, status, by=current_member(), comment=comment)
        reference = approval.booking.reference
    flash(_("Your answer is noted; the desk sees it."), "good")
    if request.form.get("next") == "booking":
        return redirect(url_for("bookings.show", reference=reference) + "#approvals")
    return redirect(url_for(".index"))


def titled(approval: Approval) -> str:
    """What a rule is about, in the language of the page."""
    wording = approval_rules.titled(approval.rule)
    if wording is not None:
        return wording.vi if formats.language() == "vi" else wording.en
    rule, _colon, code = approval.rule.partition(":")
    if rule == approval_rules.OWNER:
        return _("%(code)s belongs to %(unit)s", code=code, unit=asked_of(approval))
    return rule


def asked_of(approval: Approval) -> str:
    """Whose yes it is."""
    if approval.unit is not None:
        return approval.unit.name
    return str(ROLES[approval.role.value]) if approval.role is not None else ""


def may_answer(approval: Approval) -> bool:
    """Whether who asks may still answer it."""
    booking, member = approval.booking, current_member()
    is_open = booking.status is BookingStatus.REQUESTED or (
        booking.status is BookingStatus.CONFIRMED and approval.status is not ApprovalStatus.APPROVED
    )
    return is_open and allowed("answer approvals") and approvals.may_answer(approval, member)


def missing(booking: Booking) -> list[Approval]:
    """Whose yes a request still lacks."""
    if booking.status is not BookingStatus.REQUESTED:
        return []
    return [one for one in approvals.of(booking) if one.status is not ApprovalStatus.APPROVED]


def holds_ahead(booking: Booking) -> list[tuple[int, Hold]]:
    """The older holds of other units in the way of a request: rank and hold."""
    if booking.status is not BookingStatus.REQUESTED:
        return []
    ahead = hold_ranks.against(booking, occupancies.unfold(asking.asks_of(booking)))
    found = {hold.id: hold for hold in hold_ranks.loaded([one.hold.hold_id for one in ahead])}
    return [(one.rank, found[one.hold.hold_id]) for one in ahead]


FOR_TEMPLATES: dict[str, Any] = {
    "approvals_of": approvals.of,
    "approvals_waiting": waiting,
    "approvals_have_place": has_place,
    "approval_title": titled,
    "approval_of": asked_of,
    "may_answer_approval": may_answer,
    "missing_approvals": missing,
    "holds_ahead": holds_ahead,
    "hold_behind": holds.of_booking,
}
