"""Who is on call: the weeks ahead, planned in turn and swapped one by one."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring.alerts import duty
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import BadField
from rental.models import Member

pages = Blueprint("duty", __name__, url_prefix="/on-call")

AHEAD = timedelta(weeks=26)
BEHIND = timedelta(weeks=1)


@pages.get("")
@may("see devices")
def index() -> str:
    """Who is on call now, and the shifts of half a year."""
    now = clock.now()
    return render_template(
        "alerts/duty.html",
        on_call=duty.on_call(now),
        shifts=duty.shifts(now - BEHIND, now + AHEAD),
        operators=duty.operators(),
        now=now,
        monday=clock.today() + timedelta(days=-clock.today().weekday() % 7 or 7),
    )


def _operator(text: str) -> Member:
    found = next((one for one in duty.operators() if str(one.id) == text), None)
    if found is None:
        raise BadField(_("Choose an operator."))
    return found


@pages.post("/plan")
@may("manage devices")
def plan() -> Response:
    """Weekly shifts in turn."""
    weeks = request.form.get("weeks", "")
    if not weeks.isascii() or not weeks.isdigit() or len(weeks) > 3:
        raise BadField(_("Write the number of weeks in digits."))
    first = reading.day(request.form, "first")
    if first is None:
        raise BadField(_("Choose the first day."))
    members = [_operator(text) for text in request.form.getlist("member")]
    with transaction():
        made = duty.plan(members, first, int(weeks), clock.LOCAL, by=current_member())
    flash(_("%(count)s shifts are planned.", count=len(made)), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:shift_id>/give")
@may("manage devices")
def give(shift_id: int) -> Response:
    """Another operator takes the shift."""
    with transaction():
        shift = duty.get(shift_id)
        duty.give(shift, _operator(request.form.get("member", "")), by=current_member())
    flash(_("%(name)s takes the shift.", name=shift.member.name), "good")
    return redirect(url_for(".index"))


@pages.post("/<int:shift_id>/remove")
@may("manage devices")
def remove(shift_id: int) -> Response:
    """Take a shift out of the list."""
    with transaction():
        duty.remove(duty.get(shift_id), by=current_member())
    flash(_("Removed. Without anybody on call every operator is told."), "good")
    return redirect(url_for(".index"))
