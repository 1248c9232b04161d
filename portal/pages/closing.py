"""Closing a month: what waits, whether the books reconcile, and the lock."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import closing, reconciling
from billing.models import ClosedMonth
from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may
from portal.pages import work
from portal.pages.reading import month

pages = Blueprint("closing", __name__, url_prefix="/closing")

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A month and how it stands."""

    first: date
    closed: ClosedMonth | None
    is_over: bool


def _rows(today: date) -> list[Row]:
    first = closing.month_of(today)
    closed = {one.first: one for one in closing.all_() if one.reopened_at is None}
    found = []
    for _number in range(SHOWN):
        found.append(Row(first, closed.get(first), closing.following(first) <= today))
        first = closing.month_of(first - timedelta(days=1))
    return found


@pages.get("")
@may("see reports")
def index() -> str:
    """What waits before a month is closed, the sums, and the months."""
    return render_template(
        "closing/index.html",
        months=_rows(clock.today()),
        history=[one for one in closing.all_() if one.reopened_at is not None][:SHOWN],
        waiting=work.waiting() if allowed("close months") else [],
        sums=reconciling.sums(),
        differences=reconciling.differences(),
    )


@pages.post("/<of_month>/close")
@may("close months")
def close(of_month: str) -> Response:
    """Lock a month that is over."""
    first = month(of_month)
    with transaction():
        closing.close(first, by=current_member())
    flash(_("The month is closed. Nothing with a date in it can be written any more."), "good")
    return redirect(url_for(".index"))


@pages.post("/<of_month>/reopen")
@may("reopen months")
def reopen(of_month: str) -> Response:
    """Open a closed month again, for a reason."""
    first = month(of_month)
    with transaction():
        closing.reopen(first, by=current_member(), reason=request.form.get("reason", ""))
    flash(_("The month is open again; close it when what was missing is written."), "good")
    return redirect(url_for(".index"))
