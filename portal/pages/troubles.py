"""The work list of IT operations, and how long devices were available."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring import devices, outages, problems, received_alerts, troubles, uptimes
from monitoring.availability import Availability
from monitoring.models import Device, DeviceRole, Problem
from monitoring.rules import Severity
from monitoring.troubles import Trouble, TroubleKind
from monitoring.uptimes import Lasting
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.violations import rule_title
from rental.models import Booking
from rental.period import Period

pages = Blueprint("troubles", __name__, url_prefix="/devices")

SHOWN = 200


@pages.get("/troubles")
@may("see devices")
def index() -> str:
    """Everything that is not well now, the greatest risk first."""
    found = troubles.all_(clock.now())
    if severity := reading.word(request.args, "severity", Severity):
        found = [one for one in found if one.severity is severity]
    if kind := reading.word(request.args, "kind", TroubleKind):
        found = [one for one in found if one.kind is kind]
    if request.args.get("live"):
        found = [one for one in found if one.uses]
    template = "devices/_troubles.html" if reading.is_partial() else "devices/troubles.html"
    return render_template(
        template, troubles=found[:SHOWN], count=len(found), firing=received_alerts.firing()
    )


@pages.post("/outages/<int:outage_id>/acknowledge")
@may("acknowledge violations")
def acknowledge_outage(outage_id: int) -> Response:
    """Say that somebody looks after an outage."""
    with transaction():
        outage = outages.get(outage_id)
        outages.acknowledge(outage, by=current_member(), note=request.form.get("note", ""))
    flash(_("Acknowledged."), "good")
    return redirect(url_for(".index"))


@pages.post("/problems/<int:problem_id>/acknowledge")
@may("acknowledge violations")
def acknowledge_problem(problem_id: int) -> Response:
    """Say that somebody looks after a problem."""
    with transaction():
        problem = problems.get(problem_id)
        problems.acknowledge(problem, by=current_member(), note=request.form.get("note", ""))
    flash(_("Acknowledged."), "good")
    return redirect(url_for(".index"))


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a device: a word for its square, and what it was."""

    day: date
    had: Availability

    @property
    def look(self) -> str:
        """How the square is drawn: well, some, bad, pause or unknown."""
        if self.had.down:
            return "bad" if self.had.down * 20 >= self.had.known else "some"
        if self.had.known:
            return "well"
        return "pause" if self.had.maintenance else "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A device over a month."""

    device: Device
    total: Availability
    days: list[Day]


@pages.get("/availability")
@may("see devices")
def availability() -> str:
    """Every device over a month, day by day."""
    first = _month()
    found = devices.search(
        devices.Wanted(role=reading.word(request.args, "role", DeviceRole), q=request.args.get("q"))
    )
    period = _so_far(first)
    rows = [] if period is None else _rows(found, first, period)
    return render_template(
        "devices/availability.html",
        first=first,
        before=_shifted(first, -1),
        after=_shifted(first, 1) if _shifted(first, 1) <= clock.today() else None,
        rows=rows,
        total=sum((row.total for row in rows), Availability()),
    )


def _month() -> date:
    text = request.args.get("month", "")
    try:
        asked = date.fromisoformat(f"{text}-01") if text else clock.today()
    except ValueError:
        raise reading.BadField(_("Write the month as 2026-11.")) from None
    if not 2000 <= asked.year <= 2100:
        raise reading.BadField(_("Write the month as 2026-11."))
    return asked.replace(day=1)


def _shifted(first: date, months: int) -> date:
    return (first + timedelta(days=32 if months > 0 else -1)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LOCAL).astimezone(UTC)


def _so_far(first: date) -> Period | None:
    """The month, until now if it lasts; None before it has begun."""
    starts_at, ends_at = _midnight(first), min(_midnight(_shifted(first, 1)), clock.now())
    return Period(starts_at, ends_at) if starts_at < ends_at else None


def _rows(found: Sequence[Device], first: date, period: Period) -> list[Row]:
    lasting = uptimes.of_devices([device for device in found if device.is_enabled], period)
    days = [first + timedelta(days=n) for n in range((_shifted(first, 1) - first).days)]
    return [
        Row(device, lasting[device.id].total, [_day(lasting[device.id], day) for day in days])
        for device in found
        if device.id in lasting
    ]


def _day(lasting: Lasting, day: date) -> Day:
    return Day(day, lasting.within(Period(_midnight(day), _midnight(day + timedelta(days=1)))))


def _of_booking(booking: Booking) -> list[uptimes.OfLine]:
    """What the measured lines of a booking had so far."""
    return uptimes.of_booking(booking, clock.now())


def kind_words() -> dict[str, str]:
    """What kinds of troubles and problems are called."""
    return {
        "outage": _("Outage"),
        "problem": _("Problem"),
        "violation": _("Violation"),
        "sensor": _("Sensor"),
        "processor": _("Processor"),
        "storage": _("Storage"),
        "interface_down": _("Interface down"),
        "interface_use": _("Interface busy"),
        "interface_errors": _("Errors of an interface"),
        "endpoint": _("Endpoint"),
        "certificate": _("Certificate"),
        "host_key": _("Host key"),
    }


def said(trouble: Trouble) -> str:
    """What is wrong, in a few words."""
    if trouble.kind is TroubleKind.OUTAGE:
        return _("does not answer")
    if isinstance(trouble.record, Problem):
        return problem_said(trouble.record)
    return rule_title(trouble.record)  # type: ignore[arg-type]


def problem_said(problem: Problem) -> str:
    """Kind and subject of a problem."""
    kind = kind_words().get(problem.kind, problem.kind)
    return f"{kind}: {problem.subject}" if problem.subject else kind


def _acknowledging(trouble: Trouble) -> str | None:
    """Where it is acknowledged; None for what has a page of its own."""
    if trouble.kind is TroubleKind.OUTAGE:
        return url_for("troubles.acknowledge_outage", outage_id=trouble.record.id)
    if trouble.kind is TroubleKind.PROBLEM:
        return url_for("troubles.acknowledge_problem", problem_id=trouble.record.id)
    return None


FOR_TEMPLATES: dict[str, Any] = {
    "trouble_said": said,
    "problem_said": problem_said,
    "trouble_kinds": kind_words,
    "acknowledging": _acknowledging,
    "availability_of_booking": _of_booking,
    "problems_of": problems.of,
}
