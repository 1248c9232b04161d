"""Changing, repeating and giving up what is booked, seen before it is done."""

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import cancellation_charges
from config.database import transaction
from config.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from portal.access import allowed, current_member, may, require_visible
from portal.pages import booking_form, change_form, differences, form_lines, reading, repeat_form
from portal.pages.booking_form import TypedBooking, TypedLine
from portal.pages.diary import Told, told
from portal.pages.repeat_form import ShownChange
from rental import bookings, changing, journal, series_changes, shifts
from rental.asking import Changes
from rental.errors import ChangedMeanwhile
from rental.models import Booking
from rental.series_changes import Scope

pages = Blueprint("changes", __name__, url_prefix="/bookings")

# How much longer the booking page offers at a press, by minutes.
LONGER = {minutes: timedelta(minutes=minutes) for minutes in (30, 60)}
LONGEST = 24 * 60


def _mine(reference: str) -> Booking:
    """The booking, if who asks may change it in principle; otherwise as if there were none."""
    booking = bookings.get(reference)
    require_visible(booking.unit_id, "change every unit's bookings")
    return booking


def can_change(booking: Booking) -> bool:
    """Whether who asks may change the booking as it stands."""
    own = booking.unit_id == current_member().unit_id
    if not (allowed("change every unit's bookings") or (own and allowed("change own bookings"))):
        return False
    try:
        changing.require_changeable(booking, current_member())
    except (Conflict, NotAllowed):
        return False
    return True


def _page(
    booking: Booking,
    form: TypedBooking,
    status: int = 200,
    *,
    meanwhile: Told | None = None,
    seen: int | None = None,
) -> tuple[str, int]:
    resources = change_form.resources_for(booking)
    page = render_template(
        "bookings/edit.html",
        booking=booking,
        form=form,
        resources=resources,
        comparison=change_form.compare(booking, form, resources),
        dates=_dates(booking, form),
        meanwhile=meanwhile,
        seen=seen,
        scope=request.values.get("scope", ""),
        blank=TypedLine(),
    )
    return page, status


def _dates(booking: Booking, form: TypedBooking) -> list[ShownChange]:
    """What the change would make of every date it is meant for, where that is a series."""
    try:
        scope = reading.word(request.values, "scope", Scope) or Scope.THIS
    except Invalid:
        scope = Scope.THIS
    return repeat_form.changed_dates(booking, change_form.readable_lines(form), scope)


@pages.get("/<reference>/edit")
@may("change own bookings")
def edit(reference: str) -> tuple[str, int]:
    """The form with what is booked; `?extend=30` or `?day=2026-12-01` begins a change in it."""
    booking = _mine(reference)
    changing.require_changeable(booking, current_member())
    form = change_form.filled(booking)
    longer, day = reading.integer(request.args, "extend"), reading.day(request.args, "day")
    if longer is not None and 0 < longer <= LONGEST:
        lines = shifts.extended(shifts.of(booking), timedelta(minutes=longer))
        change_form.with_lines(form, lines)
    elif day is not None:
        change_form.with_lines(form, shifts.moved(shifts.of(booking), day))
    return _page(booking, form)


@pages.post("/<reference>/comparison")
@may("change own bookings")
def comparison(reference: str) -> str:
    """Before and after what is typed so far, for htmx."""
    booking = _mine(reference)
    form = booking_form.typed(request.form)
    resources = change_form.resources_for(booking)
    return render_template(
        "bookings/_comparison.html",
        booking=booking,
        comparison=change_form.compare(booking, form, resources),
        dates=_dates(booking, form),
    )


@pages.post("/<reference>/edit")
@may("change own bookings")
def save(reference: str) -> Response | tuple[str, int]:
    """Save the change; what is refused comes back with everything that was typed."""
    booking = _mine(reference)
    form = booking_form.typed(request.form)
    seen = reading.integer(request.form, "revision") or 0
    if form_lines.rearranged(form, request.form):
        return _page(booking, form, seen=seen)
    wanted = booking_form.requested(form, booking.unit)
    if wanted is None:
        return _page(booking, form, 422, seen=seen)
    scope = reading.word(request.form, "scope", Scope) or Scope.THIS
    try:
        with transaction():
            count = len(_change(booking, change_form.changes(wanted, seen), scope))
    except ChangedMeanwhile as refusal:
        return _look_again(reference, form, refusal)
    except (Conflict, Invalid, NotFound) as refusal:
        if scope is Scope.THIS:
            booking_form.note_refusal(form, refusal)
        else:
            repeat_form.note_refusal(form.errors, refusal)
        return _page(
            _mine(reference), form, 409 if isinstance(refusal, Conflict) else 422, seen=seen
        )
    if count > 1:
        flash(_("The change is saved. Changed dates: %(count)s.", count=count), "good")
    else:
        flash(_("The change is saved."), "good")
    return redirect(url_for("bookings.show", reference=reference))


def _change(booking: Booking, changes: Changes, scope: Scope) -> list[Booking]:
    """Of a series only what differs from this date changes, so that others keep what is theirs."""
    if scope is not Scope.THIS:
        changes = change_form.only_different(booking, changes)
    return series_changes.change(
        booking,
        changes,
        scope=scope,
        by=current_member(),
        challenge_hours=current_app.extensions["settings"].challenge_hours,
    )


def _look_again(reference: str, form: TypedBooking, refusal: Refusal) -> tuple[str, int]:
    """Both versions: what a colleague saved stands as before, what was typed as after."""
    booking = _mine(reference)
    changing.require_changeable(booking, current_member())
    booking_form.note_refusal(form, refusal)
    deeds = [entry for entry in journal.of(booking) if entry.member_id]
    return _page(booking, form, 409, meanwhile=told(deeds)[-1] if deeds else None)


def _next_week(booking: Booking) -> str:
    return shifts.week_after(shifts.of(booking)).isoformat()


# What the booking page asks, and how the comparison is told.
FOR_TEMPLATES = {
    "cancellation_of": cancellation_charges.estimate,
    "can_change": can_change,
    "next_week": _next_week,
    "changed_value": differences.value,
    "LONGER": LONGER,
    "CHANGED_FIELDS": differences.FIELDS,
    "LINE_CHANGES": differences.LINE_CHANGES,
    "change_mark": differences.mark,
}
