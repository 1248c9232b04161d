"""Remediations: asked for from a violation, looked at as a diff, approved by its digest."""

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring import exposure, remediations, remedy_reasons, violations
from monitoring.models import Remediation, RemediationStatus
from portal.access import current_member, may
from portal.jobs import settings_here
from portal.pages import reading
from portal.pages.reading import Listing
from portal.pages.violations import rules_in_force

pages = Blueprint("remediations", __name__, url_prefix="/remediations")


@pages.get("")
@may("see violations")
def index() -> str:
    """All of them, the newest first."""
    status = reading.word(request.args, "status", RemediationStatus)
    statuses = [status] if status else []
    page = reading.page_number()
    rows = remediations.all_(statuses, limit=reading.PER_PAGE, offset=(page - 1) * reading.PER_PAGE)
    total = remediations.count(statuses, beyond=page * reading.PER_PAGE)
    return render_template(
        "remediations/index.html", listing=Listing(rows, total, page), status=status
    )


@pages.get("/<int:remediation_id>")
@may("see violations")
def show(remediation_id: int) -> str | Response:
    """One: what it would change, who let it, how it ended."""
    one = remediations.get(remediation_id)
    if reading.is_partial():
        # The page asks whether the worker has gone on, and loads itself anew where it has.
        is_same = request.args.get("seen") == _seen(one)
        return Response(status=204, headers={} if is_same else {"HX-Refresh": "true"})
    uses = exposure.live_uses(clock.now()).get(one.device_id, [])
    return render_template("remediations/show.html", one=one, seen=_seen(one), uses=uses)


def _seen(one: Remediation) -> str:
    """What of a remediation a page has shown already."""
    return f"{one.status} {' '.join(each['template'] for each in one.reasons)}"[:200]


@pages.post("/of/<int:violation_id>")
@may("remedy violations")
def plan(violation_id: int) -> Response:
    """Have a worker say what would be changed about a violation."""
    with transaction():
        planned = remediations.plan(violations.get(violation_id), by=current_member())
        planned_id = planned.id
    return redirect(url_for(".show", remediation_id=planned_id))


@pages.post("/<int:remediation_id>/approve")
@may("remedy violations")
def approve(remediation_id: int) -> Response:
    """Let just what was looked at be applied."""
    with transaction():
        is_settled = remediations.approve(
            remediations.get(remediation_id),
            digest=request.form.get("digest", ""),
            by=current_member(),
            is_during_events=request.form.get("during_events") == "yes",
        )
    if is_settled:
        flash(_("Approved. A worker checks once more, then applies it."), "good")
    else:
        flash(_("Asked for. Somebody else must approve it now."), "good")
    return redirect(url_for(".show", remediation_id=remediation_id))


@pages.post("/<int:remediation_id>/again")
@may("remedy violations")
def check_again(remediation_id: int) -> Response:
    """Have a worker look anew at what would change."""
    with transaction():
        remediations.check_again(remediations.get(remediation_id), by=current_member())
    return redirect(url_for(".show", remediation_id=remediation_id))


@pages.post("/<int:remediation_id>/withdraw")
@may("remedy violations")
def withdraw(remediation_id: int) -> Response:
    """Do not do it after all."""
    with transaction():
        remediations.withdraw(remediations.get(remediation_id), by=current_member())
    flash(_("Taken back; nothing is changed."), "good")
    return redirect(url_for(".show", remediation_id=remediation_id))


def diff_lines(change: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A change line by line, with two lines around: "+", "-" or " ", and the line."""
    before, after = change["before"].splitlines(), change["after"].splitlines()
    lines = difflib.unified_diff(before, after, lineterm="", n=2)
    # The first two name the sides.
    for line in islice(lines, 2, None):
        if not line.startswith("@@"):
            yield line[:1], line[1:]


def needs_another(one: Remediation) -> bool:
    """Whether somebody else than who looks must approve it."""
    return one.is_risky and one.planned_by_id == current_member().id


def awaited(one: Remediation) -> str | None:
    """The booking whose end it waits for, by its reference."""
    return next(
        (
            each["values"].get("booking")
            for each in one.reasons
            if each["template"] == remedy_reasons.WAITS
        ),
        None,
    )


FOR_TEMPLATES = {
    "awaited": awaited,
    "remediation_mode": lambda: settings_here().remediate,
    "remediations_of": remediations.of_violation,
    "remedy_of": lambda violation: remediations.remedy_of(
        violation, list(rules_in_force().values())
    ),
    "needs_another": needs_another,
    "remediations_waiting": lambda: remediations.waiting_for(current_member()),
    "diff_lines": diff_lines,
}
