"""Proposals of charges for damage, loss and lateness: finance accepts or drops them."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import proposals
from billing.models import ProposalStatus
from billing.money import Money
from config.database import transaction
from portal.access import current_member, may
from portal.pages import reading

pages = Blueprint("proposals", __name__, url_prefix="/proposals")


@pages.get("")
@may("decide proposals")
def index() -> str:
    """What waits, and what was decided."""
    status = reading.word(request.args, "status", ProposalStatus) or ProposalStatus.PROPOSED
    return render_template(
        "proposals/index.html", proposals=proposals.listed(status), status=status.value
    )


@pages.post("/<int:proposal_id>/accept")
@may("decide proposals")
def accept(proposal_id: int) -> Response:
    """It becomes a charge, of the amount in the form."""
    minor = reading.integer(request.form, "amount")
    with transaction():
        proposal = proposals.get(proposal_id)
        amount = Money(minor, proposal.currency) if minor is not None else None
        proposals.accept(proposal, by=current_member(), amount=amount)
    flash(_("Accepted. The next invoice of the booking has it."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:proposal_id>/drop")
@may("decide proposals")
def drop(proposal_id: int) -> Response:
    """Nothing is charged, for a reason."""
    with transaction():
        proposals.drop(
            proposals.get(proposal_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Dropped. Nothing is charged."), "good")
    return redirect(url_for(".index"))


def waiting() -> int:
    """How many wait for finance."""
    return proposals.waiting()
