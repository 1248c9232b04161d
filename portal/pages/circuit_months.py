"""Months of periodic circuits: what waits to be reconciled, and what was."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from billing import circuit_months
from config.database import transaction
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import Listing
from portal.pages.states import State

pages = Blueprint("circuit_months", __name__, url_prefix="/circuit-months")

STATES = {
    "running": State("calm", "clock", lazy_gettext("Still running")),
    "due": State("warn", "hourglass", lazy_gettext("To reconcile")),
    "late": State("bad", "alert-circle", lazy_gettext("Late")),
    "reconciled": State("good", "circle-check", lazy_gettext("Reconciled")),
    "invoiced": State("info", "file-invoice", lazy_gettext("Invoiced")),
}
# So many that wait are shown at once; the oldest come first.
MOST = 200


@pages.get("")
@may("issue invoices")
def index() -> str:
    """What is over and waits first, then the months that run or are reconciled."""
    page = reading.page_number()
    start = (page - 1) * reading.PER_PAGE
    rows = circuit_months.others(reading.PER_PAGE, start)
    total = circuit_months.count(waits=False, limit=page * reading.PER_PAGE)
    waiting = circuit_months.waiting(MOST)
    return render_template(
        "circuit_months/index.html",
        waiting=waiting,
        unknown={one.month.id for one in waiting if not circuit_months.is_traffic_known(one.month)},
        listing=Listing(rows, total, page),
        states=STATES,
    )


@pages.post("/<int:month_id>/reconcile")
@may("issue invoices")
def reconcile(month_id: int) -> Response:
    """It stands as it is charged; the next invoice run takes it."""
    with transaction():
        month = circuit_months.get(month_id)
        circuit_months.reconcile(month, by=current_member(), note=request.form.get("note", ""))
    flash(_("Reconciled. The next invoice run takes the month."), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:month_id>/reopen")
@may("issue invoices")
def reopen(month_id: int) -> Response:
    """Take the reconciliation back, for a reason."""
    with transaction():
        month = circuit_months.get(month_id)
        circuit_months.reopen(month, by=current_member(), reason=request.form.get("reason", ""))
    flash(_("The month waits to be reconciled anew."), "good")
    return redirect(url_for(".index"))
