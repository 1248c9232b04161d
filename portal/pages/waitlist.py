"""The waitlist: joining from the booking form where a line is taken, the list, leaving it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from portal.access import allowed, current_member, may, require_visible, visible_unit_id
from portal.pages import booking_form, reading
from portal.pages.booking_form import TypedBooking
from portal.pages.reading import Listing
from portal.pages.sentences import spoken
from rental import catalogue, units, waitlist
from rental.models import EventKind, WaitlistEntry, WaitStatus
from rental.waitlist import NewWait

pages = Blueprint("waitlist", __name__, url_prefix="/waitlist")

LIVE = (WaitStatus.WAITING, WaitStatus.OFFERED)
OVER = tuple(status for status in WaitStatus if status not in LIVE)


@pages.get("")
@may("see own bookings")
def index() -> str:
    """Who waits for what, the soonest first; or what has become of it."""
    shows_ended = request.args.get("when") == "ended"
    page = reading.page_number()
    rows, total = waitlist.listed(
        visible_unit_id(current_member()),
        OVER if shows_ended else LIVE,
        limit=reading.PER_PAGE,
        offset=(page - 1) * reading.PER_PAGE,
    )
    return render_template(
        "waitlist/index.html",
        listing=Listing(rows, total, page),
        places=waitlist.places(rows),
        shows_ended=shows_ended,
        leaves=_may_leave,
    )


def _may_leave(entry: WaitlistEntry) -> bool:
    own = entry.unit_id == current_member().unit_id
    return entry.status is WaitStatus.WAITING and (
        allowed("change every unit's bookings") or (own and allowed("place holds"))
    )


def _form(form: TypedBooking, status: int = 200) -> tuple[str, int]:
    line = form.lines[0]
    resource = catalogue.find(line.resource)
    page = render_template(
        "waitlist/new.html",
        form=form,
        line=line,
        resource=resource,
        period_of=booking_form.period_of(line),
        units=[u for u in units.everyone() if not u.is_centre] if _any_unit() else [],
    )
    return page, status


def _any_unit() -> bool:
    return allowed("request bookings for any unit")


@pages.get("/new")
@may("place holds")
def new() -> tuple[str, int]:
    """The form, begun where the booking form said that something is taken."""
    return _form(booking_form.typed(request.args))


@pages.post("")
@may("place holds")
def join() -> Response | tuple[str, int]:
    """Wait for a taken date."""
    form = booking_form.typed(request.form)
    wanted = _wanted(form)
    if wanted is None:
        return _form(form, 422)
    try:
        with transaction():
            reference = waitlist.join(wanted, by=current_member()).reference
    except (Conflict, Invalid, NotFound) as refusal:
        form.errors["form"] = spoken(refusal)
        return _form(form, 409 if isinstance(refusal, Conflict) else 422)
    flash(
        _("You wait for it as %(reference)s. We write when it becomes free.", reference=reference),
        "good",
    )
    return redirect(url_for(".index"))


def _wanted(form: TypedBooking) -> NewWait | None:
    """What is waited for; None, with errors filled in, where it cannot be read."""
    unit = booking_form.unit_of(form, current_member(), any_unit=_any_unit())
    line = booking_form.wanted_line(form.lines[0])
    if line is None:
        form.errors["form"] = next(iter(form.lines[0].errors.values()))
    if not form.title.strip():
        form.errors["title"] = _("Give the event a title.")
    kind = reading.word({"kind": form.event_kind}, "kind", EventKind)
    if kind is None:
        form.errors["event_kind"] = _("Choose the kind of event.")
    if form.is_wrong or line is None or kind is None:
        return None
    return NewWait(unit, form.title, kind, line)


@pages.post("/<wait>/withdraw")
@may("place holds")
def withdraw(wait: str) -> Response:
    """Wait no longer."""
    entry = waitlist.get(wait)
    require_visible(entry.unit_id, "change every unit's bookings")
    with transaction():
        waitlist.withdraw(entry, by=current_member())
    flash(_("You have left the waitlist for this date."), "good")
    return redirect(url_for(".index"))
