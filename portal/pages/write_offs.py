"""Write-offs: what finance proposes to give up, decided by another person."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import write_offs
from billing.models import WriteOff
from billing.money import total
from config.database import transaction
from portal.access import allowed, current_member, may

pages = Blueprint("write_offs", __name__, url_prefix="/write-offs")


@pages.get("")
@may("see reports")
def index() -> str:
    """What waits, and what was decided lately."""
    waiting = write_offs.waiting()
    return render_template(
        "write_offs/index.html",
        waiting=waiting,
        amount=total(one.amount for one in waiting),
        decided=write_offs.decided(),
    )


def may_decide(proposal: WriteOff) -> bool:
    """Whether who asks may decide it: by role, and not the proposer."""
    return allowed("decide write-offs") and proposal.proposed_by_id != current_member().id


def count() -> int:
    """How many wait, for those who decide or proposed them."""
    return write_offs.count_waiting() if allowed("see reports") else 0


@pages.post("/<int:write_off_id>/approve")
@may("decide write-offs")
def approve(write_off_id: int) -> Response:
    """Give the invoice up."""
    with transaction():
        proposal = write_offs.get(write_off_id)
        write_offs.approve(proposal, by=current_member(), comment=request.form.get("comment", ""))
    flash(_("Written off. A payment that comes after all still counts."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:write_off_id>/refuse")
@may("decide write-offs")
def refuse(write_off_id: int) -> Response:
    """Go on collecting, for a reason."""
    with transaction():
        proposal = write_offs.get(write_off_id)
        write_offs.refuse(proposal, by=current_member(), comment=request.form.get("comment", ""))
    flash(_("It is collected further; whoever proposed it is told."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:write_off_id>/withdraw")
@may("propose write-offs")
def withdraw(write_off_id: int) -> Response:
    """Take a proposal back."""
    with transaction():
        write_offs.withdraw(write_offs.get(write_off_id), by=current_member())
    flash(_("The proposal is taken back."), "good")
    return redirect(url_for(".index"))


FOR_TEMPLATES: dict[str, Any] = {"may_decide_write_off": may_decide, "write_offs_waiting": count}
