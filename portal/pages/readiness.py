"""Is what a booking rents ready: on its page, in the counter's refusals, as a paper, by mail."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from monitoring import readiness
from monitoring.models import ReadinessReport, Verdict
from monitoring.readiness import Check, CheckKind, Readiness
from portal.access import allowed, current_member, may
from portal.pages import formats
from portal.pages.bookings import visible
from rental.models import Booking, BookingStatus

pages = Blueprint("readiness", __name__, url_prefix="/bookings/<reference>/readiness")

# Before and while it is handed over somebody wants to know; afterwards the reports stay.
LOOKED_AT = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)


@pages.post("/sign")
@may("acknowledge violations")
def sign(reference: str) -> Response:
    """An operator answers for what is red, with a reason."""
    with transaction():
        readiness.sign(
            visible(reference), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Signed. It may be handed over as it is."), "good")
    return redirect(url_for("bookings.show", reference=reference, _anchor="readiness"))


def kind_words() -> dict[str, str]:
    """What is looked at."""
    return {
        CheckKind.ANSWERS: _("Connection"),
        CheckKind.HEALTH: _("Health"),
        CheckKind.RULES: _("Security rules"),
        CheckKind.CERTIFICATE: _("Certificate"),
        CheckKind.DISK: _("Disk"),
        CheckKind.STREAM: _("Reachable"),
        CheckKind.SWITCHED: _("Line switched on"),
        CheckKind.BACKED_UP: _("Configuration backed up"),
        CheckKind.SAVED: _("Configuration saved"),
    }


def status_words() -> dict[str, str]:
    """What a device that is looked at does."""
    return {
        "up": _("answers"),
        "degraded": _("answers with losses"),
        "down": _("does not answer"),
        "unknown": _("never polled"),
    }


def found_words(check: Check) -> str:
    """What was found, in a few words."""
    if check.kind is CheckKind.ANSWERS:
        return status_words().get(check.found, check.found)
    if check.kind is CheckKind.RULES:
        if check.found == "none":
            return _("never checked")
        return _("rule %(rule)s is not met", rule=check.found) if check.found else _("all are met")
    if check.kind is CheckKind.BACKED_UP:
        return backup_words().get(check.found, check.found)
    if check.kind is CheckKind.SAVED:
        return _("%(count)s lines are not", count=check.found) if check.found else _("all of it is")
    return lacking_words().get(check.found, check.found)


def lacking_words() -> dict[str, str]:
    """Why a line has no port."""
    return {
        readiness.NOTHING_LEFT: _("no port or VLAN is left for it"),
        readiness.KEPT_SHUT: _("its port is kept shut while a rule is not met"),
    }


def backup_words() -> dict[str, str]:
    """How it is with the newest backup."""
    return {
        "": _("within three days"),
        "none": _("never yet"),
        "failed": _("the last try failed"),
        "old": _("longer ago than three days"),
    }


def look(verdict: Verdict) -> tuple[str, str, str]:
    """Tone, icon and word of a verdict."""
    return {
        Verdict.GREEN: ("good", "circle-check", _("Ready")),
        Verdict.AMBER: ("warn", "alert-triangle", _("Ready, with reservations")),
        Verdict.RED: ("bad", "alert-octagon", _("Not ready")),
    }[verdict]


def _of(booking: Booking) -> Readiness | None:
    """None where nothing is looked at, or by nobody who should see it."""
    if booking.status not in LOOKED_AT:
        return None
    if not allowed("see readiness"):
        return None
    found = readiness.of_booking(booking)
    return found if found.checks else None


def notice(booking: Booking, report: ReadinessReport) -> tuple[str, str]:
    """Subject and body of the mail about a red report."""
    red = [Check(**_typed(check)) for check in report.checks if check["verdict"] == Verdict.RED]
    rows = [f"- {check.device}: {kind_words()[check.kind]}, {found_words(check)}" for check in red]
    head = _(
        "%(title)s begins %(moment)s and is not ready:",
        title=booking.title,
        moment=formats.moment(booking.starts_at),
    )
    return (
        _("%(reference)s is not ready", reference=booking.reference),
        "\n".join([head, "", *rows, "", _("Mend it, or sign for it on the booking's page.")]),
    )


def _typed(check: dict[str, Any]) -> dict[str, Any]:
    return {**check, "kind": CheckKind(check["kind"]), "verdict": Verdict(check["verdict"])}


FOR_TEMPLATES: dict[str, Any] = {
    "readiness_of": _of,
    "readiness_reports": readiness.reports,
    "readiness_look": look,
    "readiness_kinds": kind_words,
    "readiness_found": found_words,
}
