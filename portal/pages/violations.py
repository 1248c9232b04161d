"""Violations of the policies: what broke which rule, with its evidence, and who answers for it."""

from datetime import timedelta
from functools import cache
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring import enforcement, rules, violations, waiver_terms, waivers
from monitoring.models import FindingRow, Violation
from monitoring.rules import Rule
from portal.access import current_member, may
from portal.pages import formats, reading, violation_list
from portal.pages.diary import told
from portal.pages.waivers import waiver_ends
from rental import journal

pages = Blueprint("violations", __name__, url_prefix="/violations")


@cache
def rules_in_force() -> dict[str, Rule]:
    """The rules as they were when this process first asked, by id."""
    return {rule.id: rule for rule in rules.load()}


def rule_of(violation: Violation | FindingRow) -> Rule | None:
    """The rule as operators wrote it, where it is still on the books."""
    return rules_in_force().get(violation.rule)


def rule_title(violation: Violation | FindingRow) -> str:
    """What the rule asks, in the language of the page."""
    return title_of_rule(violation.rule)


def title_of_rule(name: str) -> str:
    """What the rule of this id asks; the id itself where it is no longer on the books."""
    rule = rules_in_force().get(name)
    return spoken(rule.title) if rule else name


def spoken(words: Any) -> str:
    """A text of an operator's file in the language of the page."""
    return str(words.vi if formats.language() == "vi" else words.en)


@pages.get("")
@may("see violations")
def index() -> str:
    """The violations, those of the greatest risk first."""
    template = "violations/_results.html" if reading.is_partial() else "violations/index.html"
    return render_template(
        template, listing=violation_list.listing(), sorts=violation_list.sort_words()
    )


@pages.get("/<int:violation_id>")
@may("see violations")
def show(violation_id: int) -> str:
    """One violation: the rule, the evidence, the cure and the answer given."""
    violation = violations.get(violation_id)
    return render_template(
        "violations/show.html",
        violation=violation,
        risk=violation_list.weighed([violation])[0].risk,
        rule=rule_of(violation),
        entries=told(journal.of(violation)),
        closures=enforcement.closures_of(violation),
        waivers=waivers.current([violation]).get(violation.id, []),
        terms=waiver_terms.load(),
        ends_with=waiver_ends(violation),
        suggested=(clock.today() + timedelta(days=30)).isoformat(),
        first=(clock.today() + timedelta(days=1)).isoformat(),
    )


@pages.post("/<int:violation_id>/acknowledge")
@may("acknowledge violations")
def acknowledge(violation_id: int) -> Response:
    """Say that somebody has seen it and works on it."""
    with transaction():
        violations.acknowledge(
            violations.get(violation_id), by=current_member(), note=request.form.get("note", "")
        )
    flash(_("Acknowledged."), "good")
    return redirect(url_for(".show", violation_id=violation_id))
