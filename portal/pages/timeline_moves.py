"""Moving and lengthening bars of the calendar: a proposal first, and then the change itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Conflict, Invalid, NotAllowed, Refusal
from portal.access import current_member, may
from portal.pages import bookings as booking_pages
from portal.pages import formats, reading, timeline_proposals, timeline_sheet
from portal.pages.sentences import spoken
from rental import board, following, series_changes
from rental.asking import Changes
from rental.errors import BadBooking, MovedOn
from rental.following import Shift
from rental.models import Booking, Line
from rental.period import Period
from rental.series_changes import Scope

# A series may have a hundred dates: the first that are taken are enough to go on with.
MOST_DATES = 8

pages = Blueprint("timeline_moves", __name__, url_prefix="/calendar/moves")


@dataclass(frozen=True, slots=True)
class Typed:
    """One move as the dialog sends it."""

    booking: Booking
    line: Line
    shift: Shift
    revision: int | None
    # How many dates of its series follow.
    reach: Scope


def _typed() -> Typed:
    """What was sent; raises NotFound for another unit's booking, BadField, BadBooking, MovedOn."""
    form = request.form
    booking = booking_pages.visible(form.get("reference", ""))
    wanted = reading.integer(form, "line")
    numbers = [number for number, line in enumerate(booking.lines) if line.id == wanted]
    if not numbers:
        raise MovedOn
    starts_at = reading.instant(form.get("starts_at", ""))
    ends_at = reading.instant(form.get("ends_at", ""))
    if starts_at is None or ends_at is None:
        raise BadBooking
    line = booking.lines[numbers[0]]
    code = form.get("resource") or line.resource.code
    together = form.get("scope", "booking") == "booking"
    shift = Shift(numbers[0], code, Period(starts_at, ends_at), together)
    reach = reading.word(form, "reach", Scope) or Scope.THIS
    return Typed(booking, line, shift, reading.integer(form, "revision"), reach)


def _resources(line: Line) -> list[board.Listed]:
    """Where the line can go: what is of the same kind."""
    return board.listed(board.Wanted(kind=line.resource.kind))


def _dialog(typed: Typed, problem: str = "", dates: Sequence[str] = ()) -> str:
    proposal = timeline_proposals.proposal(typed.booking, typed.shift, timeline_sheet.viewer())
    return render_template(
        "timeline/_move.html",
        typed=typed,
        booking=typed.booking,
        proposal=proposal,
        problem=problem,
        dates=dates,
        resources=_resources(typed.line),
    )


def _refused(refusal: Refusal) -> tuple[str, int]:
    """The dialog with the reason in it, and what stands in the way now."""
    db.session.rollback()
    status = 409 if isinstance(refusal, Conflict) else 422
    try:
        return _dialog(_typed(), spoken(refusal), _dates_of(refusal)), status
    except (Conflict, Invalid):
        page = render_template("timeline/_move_refused.html", problem=spoken(refusal))
        return page, status


def _dates_of(refusal: Refusal) -> list[str]:
    """What of a series is taken on which date; a single date is told by the preview itself."""
    conflicts = refusal.details.get("conflicts") or []
    told = [
        f"{conflict['resource']}, {formats.day(datetime.fromisoformat(conflict['starts_at']))}"
        for conflict in conflicts
    ]
    return list(dict.fromkeys(told))[:MOST_DATES]


@pages.post("/preview")
@may("change own bookings")
def propose() -> str | tuple[str, int]:
    """What the move would do: before, after, price, conflicts. Nothing is written."""
    try:
        return _dialog(_typed())
    except (Conflict, Invalid) as refusal:
        return _refused(refusal)


@pages.post("")
@may("change own bookings")
def move() -> Response | tuple[str, int]:
    """Move it, under the checks of any change; what is refused comes back with the reason."""
    try:
        typed = _typed()
        codes = {line.resource.code for line in typed.booking.lines} | {typed.shift.resource}
        with transaction():
            _change(typed)
    except (Conflict, Invalid, NotAllowed) as refusal:
        return _refused(refusal)
    told = _("%(title)s has been moved.", title=typed.booking.title)
    return jsonify({"words": told, "codes": sorted(codes)})


def _change(typed: Typed) -> None:
    before = timeline_proposals.lines_of(typed.booking)
    lines = following.shifted(before, typed.shift, clock.LOCAL)
    # Who moves a bar must have seen what it is now: without a revision nothing was seen.
    seen = typed.revision if typed.revision is not None else -1
    changes = Changes(lines=lines, seen=seen)
    series_changes.change(typed.booking, changes, scope=typed.reach, by=current_member())


def reach_words() -> dict[str, Any]:
    """How many dates of a series a move is meant for."""
    return {
        "this": _("This date only"),
        "following": _("This and the following dates"),
        "all": _("All dates that have not begun"),
    }


def scope_words() -> dict[str, Any]:
    """How far a move reaches."""
    return {
        "booking": _("Everything in this booking follows"),
        "line": _("This line only"),
    }


FOR_TEMPLATES = {"scope_words": scope_words, "reach_words": reach_words}
