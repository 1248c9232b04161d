"""Waivers of broken rules: asked for, approved by another person, and listed with their ends."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from monitoring import enforcement, violations, waivers
from monitoring.models import Violation, Waiver, WaiverStatus
from monitoring.waivers import NewWaiver
from portal.access import allowed, current_member, may
from portal.pages import formats, reading
from portal.pages.reading import BadField
from rental import bookings
from rental.errors import UnknownBooking
from rental.models import HOLDING, Booking, Line

pages = Blueprint("waivers", __name__, url_prefix="/violations")

OFFERED = 20


@pages.get("/waivers")
@may("see violations")
def index() -> str:
    """What is borne now and until when, and what waits for a second person."""
    return render_template(
        "violations/waivers.html", waiting=waivers.asked(), standing=waivers.in_force()
    )


@pages.post("/<int:violation_id>/waive")
@may("waive violations")
def waive(violation_id: int) -> Response:
    """Ask to live with it, until a day or the end of a booking, for a reason."""
    new = _typed()
    with transaction():
        violation = violations.get(violation_id)
        waiver = waivers.ask(violation, new, by=current_member())
        enforcement.settle(violation.device)
        is_asked = waiver.status is WaiverStatus.ASKED
    if is_asked:
        flash(_("Asked for. It counts once a colleague has approved it."), "good")
    else:
        flash(_("Waived until %(day)s.", day=formats.moment(violation.waived_until)), "good")
    return redirect(url_for("violations.show", violation_id=violation_id))


def _typed() -> NewWaiver:
    reason, reference = request.form.get("reason", ""), request.form.get("booking", "").strip()
    if reference:
        try:
            return NewWaiver(reason, booking=bookings.get(reference))
        except UnknownBooking:
            raise BadField(
                _("No booking has the reference %(text)s; correct it.", text=reference)
            ) from None
    until = reading.day(request.form, "until")
    if until is None:
        raise BadField(_("Choose the day on which the waiver ends, or the booking it ends with."))
    ends_at = datetime.combine(until + timedelta(days=1), time(), clock.LOCAL).astimezone(UTC)
    return NewWaiver(reason, ends_at)


@pages.post("/<int:violation_id>/waiver/approve")
@may("approve waivers")
def approve(violation_id: int) -> Response:
    """Agree to bear the risk."""
    with transaction():
        violation = violations.get(violation_id)
        waivers.approve(waivers.get_asked(violation), by=current_member())
        enforcement.settle(violation.device)
    flash(_("Approved. What it closed is open again until the waiver ends."), "good")
    return redirect(url_for("violations.show", violation_id=violation_id))


@pages.post("/<int:violation_id>/waiver/decline")
@may("waive violations")
def decline(violation_id: int) -> Response:
    """Say no, or take back what one asked for."""
    with transaction():
        waiver = waivers.get_asked(violations.get(violation_id))
        waivers.decline(waiver, by=current_member(), reason=request.form.get("reason", ""))
        is_own = waiver.status is WaiverStatus.WITHDRAWN
    flash(_("Taken back.") if is_own else _("Refused; whoever asked is told."), "good")
    return redirect(url_for("violations.show", violation_id=violation_id))


def waiver_ends(violation: Violation) -> list[Booking]:
    """The bookings whose end a waiver may have: those coming that rent what the device serves."""
    query = (
        sa.select(Booking)
        .where(
            Booking.status.in_(HOLDING),
            Booking.ends_at > clock.now(),
            Booking.id.in_(
                sa.select(Line.booking_id).where(Line.resource_id == violation.device.resource_id)
            ),
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(OFFERED)
    )
    return list(db.session.scalars(query))


def _may_approve(waiver: Waiver) -> bool:
    """By role, and not who asked where two are needed."""
    is_another = waiver.asked_by_id != current_member().id
    return allowed("approve waivers") and (is_another or not waiver.takes_two)


FOR_TEMPLATES: dict[str, Any] = {
    "may_approve_waiver": _may_approve,
    "waivers_waiting": lambda: len(waivers.asked()),
}
