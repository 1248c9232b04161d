"""Clearances on pages: what an event needs, the notice, the authority's answer, the desk's list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from portal import clearance_notices, uploads
from portal.access import allowed, current_member, may
from portal.pages import formats, reading
from portal.pages.bookings import visible
from portal.pages.sentences import spoken
from rental import attachments, bookings, clearance_needs, clearance_rules, clearances
from rental.clearance_rules import ClearanceRule, Event
from rental.clearances import Answer
from rental.models import (
    Attachment,
    AttachmentKind,
    Booking,
    BookingStatus,
    Clearance,
    ClearanceStatus,
    EventKind,
    Organiser,
)

pages = Blueprint("clearances", __name__)

ONE = "/bookings/<reference>/clearances/<int:clearance_id>"


@dataclass(frozen=True, slots=True)
class Shown:
    """A clearance as a page shows it; without a rule where the files no longer have it."""

    clearance: Clearance
    rule: ClearanceRule | None
    papers: list[Attachment]
    # What a confirmation would be told, if anything.
    lack: str
    is_late: bool
    deeds: dict[str, bool]


def clock_word(deadline: datetime) -> str:
    """How near a deadline is: `3 days left`, or for how long it has passed."""
    if deadline > clock.now():
        return _("%(time)s left", time=formats.until(deadline))
    return _("passed %(time)s ago", time=formats.until(deadline))


def _deeds(booking: Booking, clearance: Clearance, rule: ClearanceRule | None) -> dict[str, bool]:
    own = allowed("change own bookings") and (
        allowed("change every unit's bookings") or booking.unit_id == current_member().unit_id
    )
    status, desk = clearance.status, allowed("answer clearances")
    if booking.status not in clearances.LIVE:
        return {}
    is_open = status in clearances.OPEN
    return {
        "lodge": own and is_open,
        "exempt": own and is_open and rule is not None and rule.exemption is not None,
        "accept": desk and status is not ClearanceStatus.ACCEPTED,
        "refuse": desk and status is not ClearanceStatus.REFUSED,
        "demand": desk and not is_open,
        "cancel": allowed("change every unit's bookings")
        and status is ClearanceStatus.REFUSED
        and booking.status is BookingStatus.CONFIRMED,
    }


def shown(booking: Booking) -> list[Shown]:
    """The clearances of a booking, with their papers and what may be done."""
    found = clearances.of(booking)
    papers = clearances.papers(found)
    told = []
    for clearance in found:
        rule = clearance_rules.find(clearance.rule)
        lack = clearance_needs.lacks(booking, clearance)
        told.append(
            Shown(
                clearance,
                rule,
                papers.get(clearance.id, []),
                spoken(lack) if lack and booking.status in clearances.LIVE else "",
                clearance.lodged_at is not None and not clearance_needs.is_in_time(clearance),
                _deeds(booking, clearance, rule),
            )
        )
    return told


def due_by_form(form: Mapping[str, str], starts: list[str]) -> list[tuple[ClearanceRule, datetime]]:
    """What the event typed so far will need, with the deadlines; nothing where it cannot be read.

    Times are those of the Centre's clock, as everywhere in the form.
    """
    try:
        kind = reading.word(form, "event_kind", EventKind)
        organiser = reading.word(form, "organiser", Organiser) or Organiser.DOMESTIC
        instants = [instant for text in starts if (instant := reading.instant(text))]
    except reading.BadField:
        return []
    if kind is None or not instants:
        return []
    first = min(instants)
    event = Event(kind, organiser, first.astimezone(clock.LOCAL).date())
    rules = clearance_rules.due(clearance_rules.load(), event)
    return [(rule, clearance_rules.deadline(rule, first, clock.LOCAL)) for rule in rules]


def _due_for_form(form: Any) -> list[tuple[ClearanceRule, datetime]]:
    """The same for a form that is shown whole."""
    typed = {"event_kind": form.event_kind, "organiser": form.organiser}
    return due_by_form(typed, [line.starts_at for line in form.lines])


FOR_TEMPLATES = {
    "clearances_of": shown,
    "clearances_due": _due_for_form,
    "clock_word": clock_word,
    "in_time": clearance_needs.is_in_time,
    "now": clock.now,
    "zone_of": clearance_needs.zone_of,
    "rule_of": lambda clearance: clearance_rules.find(clearance.rule),
}


@pages.get("/clearances")
@may("answer clearances")
def index() -> str:
    """What is needed, lodged or refused for events to come, the soonest deadline first."""
    return render_template("clearances/index.html", clearances=clearances.open_ones())


@pages.post("/clearances/due")
@may("request bookings")
def due() -> str:
    """What the event typed so far will need, for htmx."""
    found = due_by_form(request.form, request.form.getlist("starts_at"))
    return render_template("bookings/_form_clearances_due.html", due=found)


def _paper(booking: Booking, kind: AttachmentKind) -> Attachment | None:
    upload = uploads.received_if_any("file", kind)
    if upload is None:
        return None
    return attachments.add(booking, upload, by=current_member(), largest=uploads.largest_file())


def _back(reference: str, words: str) -> Response:
    flash(words, "good")
    return redirect(url_for("bookings.show", reference=reference) + "#clearances")


@pages.post(f"{ONE}/lodge")
@uploads.takes_files()
@may("change own bookings")
def lodge(reference: str, clearance_id: int) -> Response:
    """Upload the notice and say when the authority received it."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.get(booking, clearance_id)
        upload = uploads.received("file", AttachmentKind.NOTICE)
        zone = clearance_needs.zone_of(booking)
        lodged_at = reading.instant(request.form.get("lodged_at", ""), zone) or clock.now()
        notice = attachments.add(
            booking, upload, by=current_member(), largest=uploads.largest_file()
        )
        clearances.lodge(clearance, notice, lodged_at=lodged_at, by=current_member())
    return _back(reference, _("The notice is recorded."))


@pages.post(f"{ONE}/exempt")
@may("change own bookings")
def exempt(reference: str, clearance_id: int) -> Response:
    """Say why the organiser need not lodge a notice."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.get(booking, clearance_id)
        clearances.exempt(clearance, request.form.get("reason", ""), by=current_member())
    return _back(reference, _("The exemption is recorded; the desk reads the reason."))


@pages.post(f"{ONE}/accept")
@uploads.takes_files()
@may("answer clearances")
def accept(reference: str, clearance_id: int) -> Response:
    """The authority agrees, or the desk lets it pass with a reason."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.get(booking, clearance_id)
        answer = Answer(request.form.get("reason", ""), _paper(booking, AttachmentKind.ANSWER))
        clearances.accept(clearance, answer, by=current_member())
    return _back(reference, _("Recorded: the event may go ahead."))


@pages.post(f"{ONE}/refuse")
@uploads.takes_files()
@may("answer clearances")
def refuse(reference: str, clearance_id: int) -> Response:
    """The authority refuses; the unit is told."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.get(booking, clearance_id)
        answer = Answer(request.form.get("reason", ""), _paper(booking, AttachmentKind.ANSWER))
        clearances.refuse(clearance, answer, by=current_member())
        clearance_notices.refused(clearance)
    return _back(reference, _("Recorded: the authority refused. The unit will be told."))


@pages.post(f"{ONE}/demand")
@may("answer clearances")
def demand(reference: str, clearance_id: int) -> Response:
    """The notice is needed after all; the unit is told."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.get(booking, clearance_id)
        clearances.demand(clearance, request.form.get("reason", ""), by=current_member())
        clearance_notices.demanded(clearance)
    return _back(reference, _("Recorded: the notice is needed. The unit will be told."))


@pages.post(f"{ONE}/cancel")
@may("change every unit's bookings")
def cancel(reference: str, clearance_id: int) -> Response:
    """Cancel a confirmed booking because the authority refused, with the authority's reason."""
    booking = visible(reference)
    with transaction():
        clearance = clearances.require_refused(clearances.get(booking, clearance_id))
        bookings.cancel(
            booking,
            by=current_member(),
            reason=_("The authority refused: %(reason)s", reason=clearance.reason),
        )
    return _back(reference, _("Cancelled. Its time is free again."))
