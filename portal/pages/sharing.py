"""A booking and the public programme: the unit's wish, the desk's switch."""

from dataclasses import replace

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from portal import publishing_notices
from portal.access import allowed, current_member, may, require_visible
from rental import bookings, publishing
from rental.models import Booking, BookingStatus
from rental.publishing import PublicEvent

pages = Blueprint("sharing", __name__, url_prefix="/bookings")

# After these nothing can be published any more.
OVER = frozenset(BookingStatus) - publishing.SHOWN - {BookingStatus.REQUESTED}


def preview(booking: Booking) -> PublicEvent:
    """What the public would read."""
    return publishing.shown(booking)


def named_preview(booking: Booking) -> PublicEvent:
    """The same with the unit's name, for the desk's dialog."""
    return replace(publishing.shown(booking), unit=booking.unit.name)


def sharing_state(booking: Booking) -> str:
    """`public`, `asked`, `private`; `over` where it can never be shown."""
    if booking.status in OVER:
        return "over"
    if booking.is_public:
        return "public"
    return "asked" if booking.publishing_asked_at else "private"


def may_wish(booking: Booking) -> bool:
    """Whether who asks may speak for the booking's unit."""
    return allowed("change every unit's bookings") or (
        allowed("change own bookings") and booking.unit_id == current_member().unit_id
    )


def note_wish(booking: Booking) -> None:
    """Take up what the booking form says about the programme, in the form's transaction."""
    if request.form.get("publish"):
        named = bool(request.form.get("name_unit"))
        publishing.ask(booking, by=current_member(), is_unit_named=named)
        publishing_notices.asked(booking)


FOR_TEMPLATES = {
    "public_preview": preview,
    "named_preview": named_preview,
    "sharing_state": sharing_state,
    "may_wish": may_wish,
}


def _own(reference: str) -> Booking:
    booking = bookings.get(reference)
    require_visible(booking.unit_id, "change every unit's bookings")
    return booking


def _back(reference: str, words: str) -> Response:
    flash(words, "good")
    return redirect(url_for("bookings.show", reference=reference) + "#sharing")


@pages.post("/<reference>/sharing/ask")
@may("change own bookings")
def ask(reference: str) -> Response:
    """The unit would like to stand on the programme."""
    booking = _own(reference)
    with transaction():
        named = bool(request.form.get("name_unit"))
        publishing.ask(booking, by=current_member(), is_unit_named=named)
        publishing_notices.asked(booking)
    return _back(reference, _("The desk has your wish and decides."))


@pages.post("/<reference>/sharing/withdraw")
@may("change own bookings")
def withdraw(reference: str) -> Response:
    """The unit takes its wish back; what is shown goes at once."""
    booking = _own(reference)
    with transaction():
        publishing.decline(booking, by=current_member())
    return _back(reference, _("The event is not on the public programme."))


@pages.post("/<reference>/sharing/publish")
@may("publish events")
def publish(reference: str) -> Response:
    """Show it, with the note that the public reads."""
    with transaction():
        booking = bookings.get(reference)
        is_new = not booking.is_public
        publishing.publish(
            booking,
            by=current_member(),
            note=request.form.get("note", ""),
            is_unit_named=bool(request.form.get("name_unit")),
        )
        if is_new:
            publishing_notices.published(booking)
    return _back(reference, _("The event is on the public programme."))


@pages.post("/<reference>/sharing/decline")
@may("publish events")
def decline(reference: str) -> Response:
    """Do not show it, or take it off."""
    with transaction():
        booking = bookings.get(reference)
        publishing.decline(booking, by=current_member())
        publishing_notices.declined(booking)
    return _back(reference, _("The event is not on the public programme."))
