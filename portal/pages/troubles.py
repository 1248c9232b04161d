"""The work list of IT operations, and how long devices were available."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from config.errors import filled
from monitoring import (
    endpoints,
    outages,
    port_holds,
    port_shortages,
    problems,
    received_alerts,
    troubles,
)
from monitoring.models import Problem
from monitoring.rules import Severity
from monitoring.troubles import Trouble, TroubleKind
from portal.access import current_member, may
from portal.pages import formats, reading
from portal.pages.endpoints import flaw_words
from portal.pages.reasons import reasons_said
from portal.pages.violations import rule_title

pages = Blueprint("troubles", __name__, url_prefix="/devices")

SHOWN = 200
# In what the values of a kind are measured; of a sensor its own unit is on its device's page.
UNITS = {"processor": "percent", "storage": "percent", "interface_use": "percent", "endpoint": "ms"}


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
        "access_port": _("Port of a circuit"),
        "remediation": _("Remediation"),
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
    return f"{kind}: {_subject(problem)}" if problem.subject else kind


def problem_measured(problem: Problem) -> str:
    """The last value and the threshold it passed; of a certificate what is wrong with it."""
    if problem.value is None or problem.kind == "interface_down":
        return ""
    if problem.kind == endpoints.CERTIFICATE:
        left = _("days left: %(days)s", days=formats.number(int(problem.value)))
        return ", ".join([*flaw_words(problem.evidence.get("flaws", [])), left])
    unit = UNITS.get(problem.kind)
    if problem.threshold is None:
        return formats.measured(problem.value, unit)
    return _(
        "%(value)s (threshold %(threshold)s)",
        value=formats.measured(problem.value, unit),
        threshold=formats.measured(problem.threshold, unit),
    )


def problem_because(problem: Problem) -> str:
    """Why it came about, where that was kept as sentences."""
    return reasons_said(problem.evidence.get("reasons", []))


def _subject(problem: Problem) -> str:
    """What it is of; a port that lacks for a booking is told in the language of the page."""
    for words, sentence in (
        (port_holds.KEPT_SHUT, _("{circuit}: kept shut for {booking}")),
        (port_shortages.NOTHING_LEFT, _("{circuit}: no port or VLAN left for {booking}")),
    ):
        circuit, is_of, _rest = problem.subject.partition(f": {words}")
        if is_of and "booking" in problem.evidence:
            values = {"circuit": circuit, "booking": problem.evidence["booking"]}
            return filled(sentence, values)
    return problem.subject


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
    "problem_because": problem_because,
    "problem_measured": problem_measured,
    "trouble_kinds": kind_words,
    "acknowledging": _acknowledging,
    "problems_of": problems.of,
}
