"""Bookings: the form, the list, one booking and what may be done with it."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import cancellation_charges, deposits, invoices, quotes
from billing.errors import NoPrice, NoVatRate
from billing.quotes import Quote
from config import clock
from config.database import transaction
from config.errors import Conflict, Invalid, NotFound
from config.settings import Settings
from monitoring import readiness
from portal import series_terms
from portal.access import (
    allowed,
    current_member,
    may,
    require,
    require_visible,
    visible_unit_id,
)
from portal.pages import (
    booking_form,
    change_form,
    exemptions,
    form_add_ons,
    form_lines,
    formats,
    reading,
    repeat_form,
    sharing,
)
from portal.pages.booking_form import TypedBooking, TypedLine
from portal.pages.diary import told
from portal.pages.reading import Listing
from rental import (
    bookings,
    catalogue,
    hours,
    journal,
    moves,
    programme,
    search,
    series,
    series_moves,
    units,
)
from rental.asking import RequestedBooking
from rental.models import Booking, BookingStatus, JournalEntry, Unit
from rental.search import Sorting, Sought
from rental.series_changes import Scope

pages = Blueprint("bookings", __name__, url_prefix="/bookings")
FOR_TEMPLATES = {"deposit_of": deposits.of, **form_add_ons.FOR_TEMPLATES}

# The states in which a member may take its own booking back.
CANCELLABLE = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED})


def visible(reference: str) -> Booking:
    """The booking, if who asks may see it; raises NotFound as if it did not exist."""
    booking = bookings.get(reference)
    require_visible(booking.unit_id)
    return booking


def sought() -> Sought:
    """The filters of the list as its address has them; what one may not see is out."""
    only = visible_unit_id(current_member())
    unit = request.args.get("unit") if only is None else None
    status = reading.word(request.args, "status", BookingStatus)
    return Sought(
        unit_id=units.get(unit).id if unit else only,
        statuses=[status] if status else [],
        q=request.args.get("q"),
        ends_after=clock.now() if _is_ahead() else None,
    )


def _is_ahead() -> bool:
    return request.args.get("when", "ahead") == "ahead"


def _listing() -> Listing[Booking]:
    page = reading.page_number()
    rows, total = search.bookings(
        sought(),
        limit=reading.PER_PAGE,
        offset=(page - 1) * reading.PER_PAGE,
        sorting=Sorting.SOONEST if _is_ahead() else Sorting.LATEST,
    )
    return Listing(rows, total, page)


@pages.get("")
@may("see own bookings")
def index() -> str:
    """The bookings one may see, what lies ahead first."""
    template = "bookings/_results.html" if reading.is_partial() else "bookings/index.html"
    return render_template(
        template,
        listing=_listing(),
        when=request.args.get("when", "ahead"),
        units=units.everyone() if allowed("see every unit's bookings") else [],
    )


def _any_unit() -> bool:
    return allowed("request bookings for any unit")


def _form(form: TypedBooking, status: int = 200) -> tuple[str, int]:
    unit = _unit_for(form)
    resources = catalogue.search()
    page = render_template(
        "bookings/new.html",
        form=form,
        resources=resources,
        units=[unit for unit in units.everyone() if not unit.is_centre] if _any_unit() else [],
        preview=booking_form.preview(form, unit, resources),
        copied=visible(form.copy) if form.copy else None,
        blank=TypedLine(),
    )
    return page, status


def form_page(form: TypedBooking, status: int) -> tuple[str, int]:
    """The form with all that was typed, for another room that read it and refused."""
    return _form(form, status)


def _unit_for(form: TypedBooking) -> Unit:
    return booking_form.unit_of(form, current_member(), any_unit=_any_unit())


@pages.get("/new")
@may("request bookings")
def new() -> tuple[str, int]:
    """The empty form, or one begun in the calendar, the catalogue, the basket, another booking."""
    if origin := request.args.get("copy"):
        return _form(change_form.repeated(visible(origin), reading.day(request.args, "day")))
    return _form(form_lines.begun(request.args))


@pages.post("/preview")
@may("request bookings")
def preview() -> str:
    """Price and availability of what is typed so far, for htmx."""
    form = booking_form.typed(request.form)
    shown = booking_form.preview(form, _unit_for(form), catalogue.search())
    return render_template("bookings/_preview.html", preview=shown)


@pages.post("")
@may("request bookings")
def create() -> Response | tuple[str, int]:
    """Request the booking; what is refused comes back with everything that was typed."""
    form = booking_form.typed(request.form)
    if form_lines.rearranged(form, request.form):
        return _form(form)
    wanted = booking_form.requested(form, _unit_for(form))
    if wanted is None:
        return _form(form, 422)
    if form.repeat.is_on:
        return _create_series(form, wanted)
    settings: Settings = current_app.extensions["settings"]
    try:
        with transaction():
            booking = bookings.request(
                wanted,
                by=current_member(),
                keep_days=settings.request_days,
                challenge_hours=settings.challenge_hours,
            )
            sharing.note_wish(booking)
            exemptions.note(booking)
            if form.copy:
                programme.copy(visible(form.copy), booking)
            reference = booking.reference
    except (Conflict, Invalid, NotFound) as refusal:
        booking_form.note_refusal(form, refusal)
        return _form(form, 409 if isinstance(refusal, Conflict) else 422)
    flash(_("Your request %(reference)s is with the desk.", reference=reference), "good")
    return redirect(url_for(".show", reference=reference))


def _create_series(form: TypedBooking, wanted: RequestedBooking) -> Response | tuple[str, int]:
    asked = repeat_form.requested(form.repeat, wanted)
    if asked is None:
        return _form(form, 422)
    try:
        with transaction():
            made = series.request(asked, by=current_member(), terms=series_terms.here())
            for booking in made.bookings:
                sharing.note_wish(booking)
                exemptions.note(booking)
                if form.copy:
                    programme.copy(visible(form.copy), booking)
            reference, count = made.series.reference, len(made.bookings)
    except (Conflict, Invalid, NotFound) as refusal:
        repeat_form.note_refusal(form.errors, refusal)
        return _form(form, 409 if isinstance(refusal, Conflict) else 422)
    flash(_("Your request for %(count)s dates is with the desk.", count=count), "good")
    return redirect(url_for("series.show", series_reference=reference))


def _quote(booking: Booking) -> Quote | None:
    try:
        return quotes.for_booking(booking)
    except (NoPrice, NoVatRate):
        return None


def deeds(booking: Booking) -> dict[str, bool]:
    """What who asks may do with the booking now."""
    status = booking.status
    onward = moves.MOVES.get(status, frozenset())
    own = booking.unit_id == current_member().unit_id
    return {
        "confirm": BookingStatus.CONFIRMED in onward and allowed("confirm bookings"),
        "decline": BookingStatus.DECLINED in onward and allowed("decline bookings"),
        "hand_over": BookingStatus.HANDED_OVER in onward and allowed("hand over bookings"),
        "return": BookingStatus.RETURNED in onward and allowed("return bookings"),
        "no_show": BookingStatus.NO_SHOW in onward
        and allowed("mark no-shows")
        and booking.starts_at <= clock.now(),
        "cancel": status in CANCELLABLE
        and (allowed("change every unit's bookings") or (own and allowed("change own bookings"))),
        "invoice": allowed("issue invoices")
        and status not in (BookingStatus.REQUESTED, BookingStatus.DECLINED),
    }


STEPS = (
    BookingStatus.REQUESTED,
    BookingStatus.CONFIRMED,
    BookingStatus.HANDED_OVER,
    BookingStatus.RETURNED,
)


def steps(booking: Booking, entries: list[Any]) -> list[dict[str, Any]]:
    """The life of the booking: what was, and on the straight way what is still to come."""
    reached = {entry.verb: entry for entry in entries}
    # The enumeration stands in the order of life.
    walked = [
        {"status": status, "entry": reached.get(status.value), "ahead": False}
        for status in BookingStatus
        if status.value in reached or status is booking.status
    ]
    if booking.status in STEPS:
        to_come = STEPS[STEPS.index(booking.status) + 1 :]
        walked += [{"status": status, "entry": None, "ahead": True} for status in to_come]
    return walked


def _may_read(entry: JournalEntry) -> bool:
    """A unit reads nothing of what was not ready: the entry names devices and broken rules."""
    return entry.verb != "readiness_signed" or allowed("see readiness")


@pages.get("/<reference>")
@may("see own bookings")
def show(reference: str) -> str:
    """One booking: lines, price, states, journal, and the deeds one may do."""
    booking = visible(reference)
    entries = [each for each in journal.of(booking) if _may_read(each)]
    papers = invoices.for_booking(booking) if allowed("see own invoices") else []
    if not allowed("see every unit's invoices"):
        papers = [paper for paper in papers if paper.status.value != "draft"]
    return render_template(
        "bookings/show.html",
        booking=booking,
        quote=_quote(booking),
        deeds=deeds(booking),
        steps=steps(booking, entries),
        entries=told(entries),
        papers=papers,
        outside={line.id for line in hours.lines_outside(booking.lines)},
    )


def _scope() -> Scope:
    """How much of a series the form is meant for."""
    return reading.word(request.form, "scope", Scope) or Scope.THIS


def _done(reference: str, words: str) -> Response:
    flash(words, "good")
    target = request.form.get("next", "")
    back = url_for("desk.queue") if target == "queue" else url_for(".show", reference=reference)
    return redirect(back)


@pages.post("/<reference>/confirm")
@may("confirm bookings")
def confirm(reference: str) -> Response:
    """Promise it to the unit; with a reason, over the older holds of others."""
    override = request.form.get("override", "").strip() or None
    if override is not None:
        require("override holds")
    with transaction():
        series_moves.confirm(
            bookings.get(reference), scope=_scope(), by=current_member(), override=override
        )
    return _done(reference, _("Confirmed. The unit will be told."))


@pages.post("/<reference>/decline")
@may("decline bookings")
def decline(reference: str) -> Response:
    """Say no, with the reason the unit reads."""
    with transaction():
        series_moves.decline(
            bookings.get(reference),
            scope=_scope(),
            by=current_member(),
            reason=request.form.get("reason", ""),
        )
    return _done(reference, _("Declined. The unit will read your reason."))


@pages.post("/<reference>/cancel")
@may("change own bookings")
def cancel(reference: str) -> Response:
    """Take it back; its time is free again, and the terms in force decide what is owed."""
    booking, scope = visible(reference), _scope()
    with transaction():
        cost = cancellation_charges.estimate_all(series_moves.in_scope(booking, scope)).total
        series_moves.cancel(
            booking, scope=scope, by=current_member(), reason=request.form.get("reason", "")
        )
    if not cost:
        return _done(reference, _("Cancelled. Its time is free again."))
    words = _(
        "Cancelled. Its time is free again; by the terms %(cost)s is owed.",
        cost=formats.money(cost),
    )
    return _done(reference, words)


@pages.post("/<reference>/hand-over")
@may("hand over bookings")
def hand_over(reference: str) -> Response:
    """Give everything to the unit."""
    with transaction():
        booking = bookings.get(reference)
        readiness.require(booking)
        bookings.hand_over(booking, by=current_member())
    return _done(reference, _("Handed over."))


@pages.post("/<reference>/return")
@may("return bookings")
def return_(reference: str) -> Response:
    """Take everything back, with the condition it came in."""
    with transaction():
        bookings.return_(
            bookings.get(reference),
            by=current_member(),
            condition=request.form.get("condition", ""),
        )
    return _done(reference, _("Returned. The booking is complete."))


@pages.post("/<reference>/no-show")
@may("mark no-shows")
def no_show(reference: str) -> Response:
    """Note that nobody came."""
    with transaction():
        bookings.no_show(bookings.get(reference), by=current_member())
    return _done(reference, _("Marked as no-show. The rest of its time is free again."))


@pages.post("/<reference>/invoice")
@may("issue invoices")
def invoice(reference: str) -> Response:
    """Draft an invoice of all that is charged and not yet invoiced."""
    with transaction():
        draft = invoices.draft_for(bookings.get(reference))
        number = draft.id
    return redirect(url_for("invoices.show", invoice_id=number))
