"""Interruptions: what renters went without, whose doing it was, and what it gave back."""

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing.models import InterruptionCredit
from config import clock
from config.database import bounded_count, db, transaction
from monitoring import outages
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import BadField, Listing
from portal.pages.states import State
from rental import interruptions
from rental.interruptions import Judgement
from rental.models import Interruption, InterruptionFault, Line

pages = Blueprint("interruptions", __name__, url_prefix="/interruptions")

FAULTS = {
    "centre": State("calm", "building", lazy_gettext("The Centre's")),
    "renter": State("warn", "user-x", lazy_gettext("The renter's")),
    "maintenance": State("info", "tool", lazy_gettext("Announced maintenance")),
    "force_majeure": State("plum", "bolt", lazy_gettext("Force majeure")),
}


def given_back(found: list[Interruption]) -> dict[int, list[InterruptionCredit]]:
    """What each gave back, by its id: one query."""
    rows = db.session.scalars(
        sa.select(InterruptionCredit)
        .where(InterruptionCredit.interruption_id.in_([one.id for one in found]))
        .options(
            joinedload(InterruptionCredit.line).joinedload(Line.booking),
            joinedload(InterruptionCredit.charge),
        )
        .order_by(InterruptionCredit.id)
    )
    by_id: dict[int, list[InterruptionCredit]] = {}
    for row in rows:
        by_id.setdefault(row.interruption_id, []).append(row)
    return by_id


def amount_of(row: InterruptionCredit) -> int:
    """What stands given for one line, in đồng: a line of an invoice or credit notes."""
    charge = row.charge
    by_line = 0 if charge is None or charge.reversed_at is not None else -charge.amount_minor
    return by_line + row.given_minor - row.withdrawn_minor


@pages.get("")
@may("judge interruptions")
def index() -> str:
    """The newest first, all or those of one fault."""
    fault = reading.word(request.args, "fault", InterruptionFault)
    page = reading.page_number()
    query = interruptions.listed(fault)
    rows = list(
        db.session.scalars(query.limit(reading.PER_PAGE).offset((page - 1) * reading.PER_PAGE))
    )
    total = bounded_count(query.with_only_columns(Interruption.id), page * reading.PER_PAGE)
    return render_template(
        "interruptions/index.html",
        listing=Listing(rows, total, page),
        given=given_back(rows),
        causes=outages.behind(rows),
        amount_of=amount_of,
        faults=FAULTS,
        fault=fault.value if fault else "",
        now=clock.now(),
    )


@pages.post("/<int:interruption_id>/fault")
@may("judge interruptions")
def judge(interruption_id: int) -> Response:
    """Say whose doing it was; the credit is reckoned anew."""
    fault = reading.word(request.form, "fault", InterruptionFault)
    if fault is None:
        raise BadField(_("Choose whose doing it was."))
    with transaction():
        interruptions.judge(
            interruptions.get(interruption_id),
            Judgement(fault, request.form.get("reason", "")),
            by=current_member(),
        )
    flash(_("Written down. What it gives back is reckoned anew."), "good")
    return redirect(url_for(".index"))
