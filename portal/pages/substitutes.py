"""What stands in for what is off the calendar: on the violation, on the booking, at a press."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from config.settings import Settings
from monitoring import enforcement
from monitoring.models import Violation
from portal import notices
from portal.access import allowed, current_member, may
from portal.pages import reading
from portal.pages.bookings import visible
from portal.pages.reading import BadField
from rental import catalogue, substitutes
from rental.models import Booking, BookingStatus
from rental.substitutes import Stranded

pages = Blueprint("substitutes", __name__, url_prefix="/bookings/<reference>/substitutes")

# What has been handed over is exchanged at the counter.
SWAPPED = (BookingStatus.REQUESTED, BookingStatus.CONFIRMED)
FIELD = "line-"


@pages.post("")
@may("change every unit's bookings")
def swap(reference: str) -> Response:
    """Put what was chosen in the place of what the booking lacks."""
    seen = reading.integer(request.form, "revision") or 0
    chosen = {
        _number(name): value for name, value in request.form.items() if name.startswith(FIELD)
    }
    if not any(chosen.values()):
        raise BadField(_("Choose what stands in."))
    with transaction():
        booking = visible(reference)
        others = {line_id: catalogue.get(code) for line_id, code in chosen.items() if code}
        gone = [line.resource.name for line in booking.lines if line.id in others]
        substitutes.swap(booking, others, by=current_member(), seen=seen)
        _tell(booking, gone, [other.name for other in others.values()])
    told = ", ".join(other.code for other in others.values())
    flash(_("%(what)s stands in; the unit is written to.", what=told), "good")
    return redirect(url_for("bookings.show", reference=reference))


def _tell(booking: Booking, gone: list[str], instead: list[str]) -> None:
    """Write to who booked it: what it gets in place of what."""
    settings: Settings = current_app.extensions["settings"]
    member = booking.member
    with force_locale(member.locale):
        sentence = _(
            "%(gone)s cannot be rented out then. The Press Center has put in its place: "
            "%(instead)s. Answer this mail if that does not suit you.",
            gone=", ".join(gone),
            instead=", ".join(instead),
        )
        address = f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"
        subject = _("something else stands in")
        body = "\n\n".join((booking.title, sentence, address))
        notices.write(member, f"{booking.reference}: {subject}", body, about=booking.reference)


def _number(name: str) -> int:
    digits = name.removeprefix(FIELD)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise BadField(_("Choose what stands in."))
    return int(digits)


def _of(booking: Booking) -> list[Stranded]:
    """What a booking lacks, for those who can do something about it."""
    return substitutes.of_booking(booking) if allowed("change every unit's bookings") else []


def _under(violation: Violation) -> list[list[Stranded]]:
    """What bookings lack because of a violation, booking by booking."""
    found: dict[int, list[Stranded]] = {}
    for one in substitutes.under(enforcement.closures_of(violation)):
        found.setdefault(one.booking.id, []).append(one)
    return list(found.values())


def _can_swap(stranded: list[Stranded]) -> bool:
    """Whether one press helps: the desk, before the handover, and something free for a line."""
    return (
        allowed("change every unit's bookings")
        and stranded[0].booking.status in SWAPPED
        and any(one.others for one in stranded)
    )


FOR_TEMPLATES: dict[str, Any] = {
    "stranded_of": _of,
    "stranded_under": _under,
    "can_swap": _can_swap,
}
