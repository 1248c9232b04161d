"""Holds: the list, one hold, and what its unit may do with it."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from config.settings import Settings
from portal.access import allowed, current_member, may, require_visible, visible_unit_id
from portal.pages import booking_form, reading
from portal.pages import bookings as booking_pages
from portal.pages.reading import Listing
from portal.pages.sentences import spoken
from rental import holds, waitlist
from rental.holds import DAYS, MOST_DAYS, Conversion, NewHold
from rental.models import Hold, HoldStatus, Organiser, WaitlistEntry, WaitStatus

pages = Blueprint("holds", __name__, url_prefix="/holds")

CHANGE_ALL = "change every unit's bookings"
ENDED = (HoldStatus.CONVERTED, HoldStatus.LAPSED, HoldStatus.RELEASED)
SOME = 5


def visible(reference: str) -> Hold:
    """The hold, if who asks may see it; raises NotFound as if it did not exist."""
    hold = holds.get(reference)
    require_visible(hold.unit_id)
    return hold


def _own(reference: str) -> Hold:
    hold = holds.get(reference)
    require_visible(hold.unit_id, CHANGE_ALL)
    return hold


def may_decide(hold: Hold) -> bool:
    """Whether who asks may book, extend or release the hold as it stands."""
    own = hold.unit_id == current_member().unit_id
    stands = hold.status is HoldStatus.STANDING and hold.expires_at > clock.now()
    return stands and (allowed(CHANGE_ALL) or (own and allowed("place holds")))


@pages.get("")
@may("see own bookings")
def index() -> str:
    """The holds that stand, the soonest event first; or those that have ended."""
    shows_ended = request.args.get("when") == "ended"
    page = reading.page_number()
    rows, total = holds.listed(
        visible_unit_id(current_member()),
        ENDED if shows_ended else (HoldStatus.STANDING,),
        limit=reading.PER_PAGE,
        offset=(page - 1) * reading.PER_PAGE,
    )
    return render_template(
        "holds/index.html",
        listing=Listing(rows, total, page),
        ranks=holds.ranks_of(rows),
        shows_ended=shows_ended,
    )


@pages.get("/<hold>")
@may("see own bookings")
def show(hold: str) -> str:
    """One hold: what, until when, how many stand before it, and what one may do."""
    return _page(visible(hold))


def _page(found: Hold, wrong: str = "") -> str:
    latest = min(found.starts_at, found.placed_at + holds.LONGEST)
    return render_template(
        "holds/show.html",
        hold=found,
        wrong=wrong,
        rank=holds.ranks_of([found]).get(found.id),
        decides=may_decide(found),
        extends=found.challenged_at is None and found.expires_at < latest,
        most_days=max(1, (latest - clock.now()).days),
        days=DAYS,
    )


@pages.post("")
@may("place holds")
def place() -> Response | tuple[str, int]:
    """Hold what the booking form says instead of asking for it."""
    form = booking_form.typed(request.form)
    any_unit = allowed("request bookings for any unit")
    unit = booking_form.unit_of(form, current_member(), any_unit=any_unit)
    wanted = booking_form.requested(form, unit)
    if wanted is None:
        return booking_pages.form_page(form, 422)
    new = NewHold(wanted.unit, wanted.title, wanted.event_kind, wanted.lines, _days(DAYS))
    try:
        with transaction():
            hold = holds.place(new, by=current_member())
            reference, rank = hold.reference, holds.rank_of(hold)
    except (Conflict, Invalid, NotFound) as refusal:
        booking_form.note_refusal(form, refusal)
        return booking_pages.form_page(form, 409 if isinstance(refusal, Conflict) else 422)
    if rank == 1:
        flash(_("The date is held. Nobody stands before you."), "good")
    else:
        words = _(
            "The date is held. You are number %(rank)s; we write when you move up.", rank=rank
        )
        flash(words, "warn")
    return redirect(url_for(".show", hold=reference))


def _days(otherwise: int) -> int:
    return reading.integer(request.form, "days") or otherwise


@pages.post("/<hold>/convert")
@may("place holds")
def convert(hold: str) -> Response | tuple[str, int]:
    """Book it: a request of what it holds. What is refused is said on the page of the hold."""
    settings: Settings = current_app.extensions["settings"]
    try:
        with transaction():
            details = Conversion(
                organiser=reading.word(request.form, "organiser", Organiser) or Organiser.DOMESTIC,
                attendees=reading.integer(request.form, "attendees"),
                note=request.form.get("note") or None,
                keep_days=settings.request_days,
                challenge_hours=settings.challenge_hours,
            )
            reference = holds.convert(_own(hold), details, by=current_member()).reference
    except (Conflict, Invalid) as refusal:
        status = 409 if isinstance(refusal, Conflict) else 422
        return _page(visible(hold), spoken(refusal)), status
    flash(_("Your request %(reference)s is with the desk.", reference=reference), "good")
    return redirect(url_for("bookings.show", reference=reference))


@pages.post("/<hold>/extend")
@may("place holds")
def extend(hold: str) -> Response:
    """Let it stand longer."""
    with transaction():
        holds.extend(_own(hold), _days(DAYS), by=current_member())
    flash(_("The hold stands longer."), "good")
    return redirect(url_for(".show", hold=hold))


@pages.post("/<hold>/release")
@may("place holds")
def release(hold: str) -> Response:
    """Let it go."""
    with transaction():
        holds.release(_own(hold), by=current_member())
    flash(_("Released. Whoever stood behind you moves up."), "good")
    return redirect(url_for(".index"))


def mine() -> list[tuple[Hold, int | None]]:
    """The next holds of who asks, or of everybody for the staff, with their ranks."""
    only = visible_unit_id(current_member())
    rows, _total = holds.listed(only, (HoldStatus.STANDING,), limit=SOME)
    ranks = holds.ranks_of(rows)
    return [(hold, ranks.get(hold.id)) for hold in rows]


def waits() -> list[tuple[WaitlistEntry, int | None]]:
    """The next dates that who asks waits for, with the place in the queue."""
    only = visible_unit_id(current_member())
    rows, _total = waitlist.listed(only, (WaitStatus.WAITING,), limit=SOME)
    places = waitlist.places(rows)
    return [(entry, places.get(entry.id)) for entry in rows]


FOR_TEMPLATES: dict[str, Any] = {
    "my_holds": mine,
    "my_waits": waits,
    "HOLD_DAYS": DAYS,
    "MOST_HOLD_DAYS": MOST_DAYS,
}
