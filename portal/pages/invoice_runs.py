"""The invoice run: what would be invoiced, the press, how far it is, what did not go."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from billing import due_charges, invoice_runs
from billing.invoice_runs import NewRun
from billing.models import Grouping
from billing.money import total
from config import clock
from config.database import transaction
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import BadField

pages = Blueprint("invoice_runs", __name__, url_prefix="/invoices/run")

GROUPINGS = {
    "booking": lazy_gettext("one invoice for each booking"),
    "unit": lazy_gettext("one invoice for each unit"),
}
HELD = {
    "not_over": lazy_gettext("not over yet"),
    "not_returned": lazy_gettext("equipment is not back yet"),
    "buyer": lazy_gettext("the codes of the buyer are wrong"),
    "proposal": lazy_gettext("a proposal waits for a decision"),
    "not_reconciled": lazy_gettext("not reconciled yet"),
}


def _asked(fields: Any) -> tuple[date, Grouping]:
    until = reading.day(fields, "until") or clock.yesterday()
    if until > clock.today():
        raise BadField(_("The day is still to come; invoice up to today at most."))
    return until, reading.word(fields, "per", Grouping) or Grouping.BOOKING


@pages.get("")
@may("issue invoices")
def show() -> str:
    """What would be invoiced up to a day, and the runs before."""
    until, grouping = _asked(request.args)
    found = due_charges.due(until, grouping)
    return render_template(
        "invoices/run.html",
        until=until,
        grouping=grouping,
        due=[one for one in found if one.groups],
        held=[each for one in found for each in one.held],
        total=total(one.total for one in found),
        count=sum(len(one.groups) for one in found),
        going_on=invoice_runs.going_on(),
        recent=invoice_runs.recent(),
        groupings=GROUPINGS,
        why=HELD,
        latest=clock.today(),
    )


@pages.post("")
@may("issue invoices")
def start() -> Response:
    """Begin it: a worker does it while one looks on."""
    until, grouping = _asked(request.form)
    new = NewRun(until, grouping, request.form.get("issues") == "yes")
    with transaction():
        run_id = invoice_runs.start(new, by=current_member()).id
    flash(_("The run has begun."), "good")
    return redirect(url_for(".progress", run_id=run_id))


@pages.get("/<int:run_id>")
@may("issue invoices")
def progress(run_id: int) -> str:
    """How far a run is, and what each unit came to."""
    run = invoice_runs.get(run_id)
    template = "invoices/_run_units.html" if reading.is_partial() else "invoices/run_progress.html"
    return render_template(template, run=run, groupings=GROUPINGS)
