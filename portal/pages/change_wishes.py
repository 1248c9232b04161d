"""Wishes for a change of confirmed bookings: left by the unit, answered by the desk."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from portal import wish_notices
from portal.access import allowed, current_member, may, require_visible
from rental import bookings, change_wishes
from rental.models import Booking

pages = Blueprint("change_wishes", __name__, url_prefix="/bookings/<reference>/wish")


def may_wish_change(booking: Booking) -> bool:
    """Whether who looks may ask the desk for a change, and cannot make it alone."""
    own = booking.unit_id == current_member().unit_id
    return (
        own
        and allowed("change own bookings")
        and not allowed("change every unit's bookings")
        and booking.status in change_wishes.OPEN
    )


@pages.post("")
@may("change own bookings")
def ask(reference: str) -> Response:
    """Leave a wish with the desk."""
    booking = bookings.get(reference)
    require_visible(booking.unit_id, "change every unit's bookings")
    words = request.form.get("words", "")
    with transaction():
        change_wishes.ask(booking, words, by=current_member())
        wish_notices.asked(booking, words)
    flash(_("The desk has your wish and answers by mail."), "good")
    return redirect(url_for("bookings.show", reference=reference))


@pages.post("/answer")
@may("change every unit's bookings")
def answer(reference: str) -> Response:
    """Tell the unit what becomes of it."""
    booking = bookings.get(reference)
    words = request.form.get("words", "")
    with transaction():
        wish = change_wishes.answer(booking, words, by=current_member())
        wish_notices.answered(wish, words)
    flash(_("The unit will read your answer."), "good")
    if request.form.get("next") == "queue":
        return redirect(url_for("desk.queue"))
    return redirect(url_for("bookings.show", reference=reference))


FOR_TEMPLATES = {
    "may_wish_change": may_wish_change,
    "wish_of": change_wishes.of,
    "wishes_waiting": change_wishes.waiting,
}
