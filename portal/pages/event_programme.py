"""The programme of one event and the people who answer for it: read on its page, written here."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from portal.access import allowed, current_member, may, require_visible
from portal.pages import formats, programme_form
from portal.pages.papers.run_sheet import span
from portal.pages.programme_form import TypedPerson, TypedPoint, TypedProgramme
from rental import bookings, moves, programme
from rental.errors import ChangedMeanwhile, MovedOn
from rental.models import Booking, ProgrammeEntry

pages = Blueprint("event_programme", __name__, url_prefix="/bookings/<reference>/programme")


def _mine(reference: str) -> Booking:
    """The booking, if who asks may write its programme; otherwise as if there were none."""
    booking = bookings.get(reference)
    require_visible(booking.unit_id, "change every unit's bookings")
    return booking


def can_plan(booking: Booking) -> bool:
    """Whether who looks may write the programme as the booking stands."""
    own = booking.unit_id == current_member().unit_id
    may_write = allowed("change every unit's bookings") or (own and allowed("change own bookings"))
    return may_write and booking.status in programme.OPEN


def _page(
    booking: Booking, form: TypedProgramme, status: int = 200, *, is_old: bool = False
) -> tuple[str, int]:
    first, last = programme_form.days_of(booking)
    page = render_template(
        "bookings/programme.html",
        booking=booking,
        form=form,
        # One row more than there is: something to type into without a script.
        points=[*form.points, TypedPoint(day=first.isoformat())],
        people=[*form.people, TypedPerson()],
        blank_point=TypedPoint(day=first.isoformat()),
        blank_person=TypedPerson(),
        first=first,
        last=last,
        places=programme_form.places(booking),
        zone=programme.zone_of(booking),
        theirs=event_programme(booking) if is_old else None,
    )
    return page, status


@pages.get("")
@may("change own bookings")
def edit(reference: str) -> tuple[str, int]:
    """The form with what stands there."""
    booking = _mine(reference)
    if booking.status not in programme.OPEN:
        raise MovedOn(
            "A booking that is {status} keeps the programme it had; request a new booking.",
            status=booking.status,
        )
    return _page(booking, programme_form.filled(booking))


@pages.post("")
@may("change own bookings")
def save(reference: str) -> Response | tuple[str, int]:
    """Put it in place of what stood there; what is refused comes back as it was typed."""
    booking = _mine(reference)
    form = programme_form.typed(request.form)
    told = programme_form.told(form, booking)
    if told is None:
        return _page(booking, form, 422)
    try:
        with transaction():
            moves.lock(booking)
            programme_form.require_seen(booking, form.seen)
            programme.replace(booking, told.entries, told.people, by=current_member())
    except ChangedMeanwhile:
        booking = _mine(reference)
        form.seen = programme_form.version(booking)
        return _page(booking, form, 409, is_old=True)
    except (Conflict, Invalid, NotFound) as refusal:
        programme_form.note_refusal(form, refusal)
        return _page(_mine(reference), form, 409 if isinstance(refusal, Conflict) else 422)
    flash(_("The programme is saved."), "good")
    return redirect(url_for("bookings.show", reference=reference) + "#event-programme")


def event_programme(booking: Booking) -> dict[str, Any]:
    """What the booking page shows: the points in the order of time, and the people."""
    return {
        "entries": programme.entries(booking),
        "contacts": programme.contacts(booking),
        "zone": programme.zone_of(booking),
    }


def by_day(
    entries: Iterable[ProgrammeEntry], zone: ZoneInfo
) -> list[tuple[str, list[ProgrammeEntry]]]:
    """The points under the day they begin on, on the clock of the place."""
    days = groupby(entries, key=lambda entry: formats.day(entry.starts_at, zone))
    return [(day, list(points)) for day, points in days]


def dialled(phone: str) -> str:
    """A telephone number as `tel:` takes it: digits, and a plus in front."""
    return "".join(c for i, c in enumerate(phone) if c in "0123456789" or (c == "+" and not i))


FOR_TEMPLATES = {
    "can_plan": can_plan,
    "event_programme": event_programme,
    "entry_span": span,
    "is_outside_booking": programme.outside,
}
