"""Units that owe too much to ask for anything new, and the leave to go on that they are given."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import reminder_rules, stops
from billing.stops import Arrears
from config import clock
from config.database import transaction
from portal.access import allowed, current_member, may
from portal.pages import reading
from portal.pages.reading import BadField
from rental import units
from rental.models import Unit

pages = Blueprint("stops", __name__, url_prefix="/stops")

A_WHILE = timedelta(days=14)


@pages.get("")
@may("let overdue units book")
def index() -> str:
    """The units beyond the policy: how much, since when, and who may go on."""
    everyone = {unit.id: unit for unit in units.everyone()}
    found = sorted(stops.arrears_of(list(everyone)).values(), key=lambda one: one.since)
    policy = reminder_rules.policy_on(clock.today())
    rows = [(everyone[one.unit_id], one, stops.grace_of(everyone[one.unit_id])) for one in found]
    return render_template(
        "stops/index.html",
        rows=rows,
        stop=policy.stop if policy is not None else None,
        until=(clock.today() + A_WHILE).isoformat(),
    )


@pages.post("/<unit_slug>/grace")
@may("let overdue units book")
def grant(unit_slug: str) -> Response:
    """Let the unit go on booking up to a day, for a reason."""
    until = reading.day(request.form, "until")
    if until is None:
        raise BadField(_("Choose the day until which the unit may go on booking."))
    with transaction():
        unit = units.get(unit_slug)
        stops.grant(unit, until=until, reason=request.form.get("reason", ""), by=current_member())
        name = unit.name
    flash(_("%(unit)s may go on booking until then.", unit=name), "good")
    return redirect(url_for(".index"))


@pages.post("/<unit_slug>/grace/end")
@may("let overdue units book")
def end(unit_slug: str) -> Response:
    """Take the leave back."""
    with transaction():
        unit = units.get(unit_slug)
        stops.end_grace(unit, by=current_member())
        name = unit.name
    flash(_("%(unit)s asks for nothing new until it has paid.", unit=name), "good")
    return redirect(url_for(".index"))


def arrears(unit: Unit) -> Arrears | None:
    """What stops a unit from asking for anything new, if anything does."""
    found = stops.arrears_of([unit.id]).get(unit.id)
    return found if found is not None and found.is_stopped else None


def count() -> int:
    """How many units are stopped now, for those who may let them go on."""
    if not allowed("let overdue units book"):
        return 0
    found = stops.arrears_of([unit.id for unit in units.everyone()])
    return sum(one.is_stopped for one in found.values())


FOR_TEMPLATES: dict[str, Any] = {"booking_stop": arrears}
