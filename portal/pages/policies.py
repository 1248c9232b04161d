"""Policies: every rule in force and how it is kept now; one rule's findings; the report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as RedirectResponse

from config import clock
from config.database import db, transaction
from monitoring import compliance, devices, enforcing
from monitoring.compliance import Kept, Month, Tally
from monitoring.errors import UnknownRule
from monitoring.rules import Enforce, Result, Rule, Severity
from portal import jobs, sheets
from portal.access import may
from portal.pages import reading, violation_list, violations
from portal.pages.export_tables import Head, Table
from portal.pages.exports import sent
from portal.pages.reading import Listing
from portal.sheets import Kind
from rental.period import Period

pages = Blueprint("policies", __name__, url_prefix="/policies")

MONTHS = 12
LONGEST = 100


class By(StrEnum):
    """What the report counts by."""

    DEVICE = "device"
    SITE = "site"
    CONTROL = "control"
    MONTH = "month"


BY_WORDS = {
    By.DEVICE: _("By device"),
    By.SITE: _("By site"),
    By.CONTROL: _("By framework"),
    By.MONTH: _("By month"),
}
KEPT_HEADS = (
    Head("name", _("Name"), width=28),
    Head("under", _("Site or framework"), width=32),
    Head("passed", _("Passed"), Kind.NUMBER, 12),
    Head("failed", _("Failed"), Kind.NUMBER, 12),
    Head("waived", _("Waived"), Kind.NUMBER, 12),
    Head("unknown", _("Unknown"), Kind.NUMBER, 12),
    Head("not_applicable", _("Not applicable"), Kind.NUMBER, 14),
    Head("share", _("Share that passed"), Kind.SHARE, 16),
)
MONTH_HEADS = (
    Head("month", _("Month"), width=12),
    Head("opened", _("Opened"), Kind.NUMBER, 12),
    Head("resolved", _("Resolved"), Kind.NUMBER, 12),
    Head("standing", _("Standing at the end"), Kind.NUMBER, 20),
    Head("grave", _("Of these critical or high"), Kind.NUMBER, 24),
)


@dataclass(frozen=True, slots=True)
class Stance:
    """A rule and how it is kept now."""

    rule: Rule
    tally: Tally


@pages.get("")
@may("see violations")
def index() -> str:
    """Every rule in force, those broken most first."""
    tallies = compliance.by_rule()
    book = violations.rules_in_force()
    rows = [Stance(rule, tallies.get(name, Tally())) for name, rule in book.items()]
    template = "policies/_results.html" if reading.is_partial() else "policies/index.html"
    return render_template(
        template,
        rows=sorted(filter(_is_wanted(), rows), key=_rank),
        total=sum(tallies.values(), Tally()),
        broken=sum(row.tally.failed > 0 for row in rows),
        count=len(rows),
        platforms=sorted({name for rule in book.values() for name in rule.platforms}),
        frameworks=sorted({m.framework for rule in book.values() for m in rule.mappings}),
    )


def _rank(row: Stance) -> tuple[int, int, str]:
    return -row.tally.failed, violation_list.RANK[row.rule.severity], row.rule.id


def _is_wanted() -> Callable[[Stance], bool]:
    severity = reading.word(request.args, "severity", Severity)
    result = reading.word(request.args, "result", Result)
    return partial(_fits, severity, result)


def _fits(severity: Severity | None, result: Result | None, row: Stance) -> bool:
    rule, asked = row.rule, request.args
    words = " ".join((rule.id, rule.title.vi, rule.title.en, rule.cure.vi, rule.cure.en))
    controls = [c for m in rule.mappings for c in (m.framework, *m.controls)]
    counted = {
        Result.PASS: row.tally.passed,
        Result.FAIL: row.tally.failed,
        Result.WAIVED: row.tally.waived,
        Result.UNKNOWN: row.tally.unknown,
        Result.NOT_APPLICABLE: row.tally.not_applicable,
    }
    return (
        (severity is None or rule.severity is severity)
        and (result is None or counted[result] > 0)
        and (not asked.get("platform") or asked["platform"] in rule.platforms)
        and (not asked.get("framework") or asked["framework"] in controls)
        and asked.get("q", "")[:LONGEST].strip().casefold()
        in f"{words} {' '.join(controls)}".casefold()
    )


@pages.get("/<rule_id>")
@may("see violations")
def show(rule_id: str) -> str:
    """One rule: what it asks and why, and what it found on every device."""
    rule = violations.rules_in_force().get(rule_id)
    if rule is None:
        raise UnknownRule
    tally = compliance.by_rule().get(rule_id, Tally())
    result = reading.word(request.args, "result", Result)
    counted = {each.value: number for each, number in _numbers(tally)}
    page = reading.page_number()
    rows = compliance.findings(
        rule_id, result, limit=reading.PER_PAGE, offset=(page - 1) * reading.PER_PAGE
    )
    total = counted[result.value] if result else sum(counted.values())
    return render_template(
        "policies/show.html",
        rule=rule,
        tally=tally,
        counted=counted,
        listing=Listing(rows, total, page),
        result=result,
    )


def _numbers(tally: Tally) -> Iterator[tuple[Result, int]]:
    yield Result.FAIL, tally.failed
    yield Result.UNKNOWN, tally.unknown
    yield Result.WAIVED, tally.waived
    yield Result.PASS, tally.passed
    yield Result.NOT_APPLICABLE, tally.not_applicable


@pages.get("/report")
@may("see violations")
def report() -> str:
    """How the rules are kept, by device, site or framework; violations by month."""
    by = _by()
    return render_template(
        "policies/report.html",
        by=by,
        ways=BY_WORDS,
        rows=_kept(by),
        months=_months() if by is By.MONTH else [],
        total=sum(compliance.by_rule().values(), Tally()),
    )


def _by() -> By:
    return reading.word(request.args, "by", By) or By.DEVICE


def _kept(by: By) -> list[Kept]:
    if by is By.DEVICE:
        return compliance.by_device()
    if by is By.SITE:
        return compliance.by_site(compliance.by_device())
    if by is By.CONTROL:
        return compliance.by_control(violations.rules_in_force().values(), compliance.by_rule())
    return []


def _months() -> list[tuple[date, Month]]:
    """The last twelve with their first days, the newest first; the running one until now."""
    firsts = [clock.today().replace(day=1)]
    while len(firsts) < MONTHS:
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    ends = [(first + timedelta(days=32)).replace(day=1) for first in firsts]
    periods = [Period(_midnight(a), _midnight(b)) for a, b in zip(firsts, ends, strict=True)]
    return list(zip(firsts, compliance.by_month(periods), strict=True))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LOCAL).astimezone(UTC)


def steps_said(rule: Rule) -> list[str]:
    """What is done where a rule is broken, in words."""
    words = {
        Enforce.NOTIFY: _("Alerts are sent"),
        Enforce.RAISE: _("Counts more while an event runs or the Internet reaches it"),
        Enforce.QUARANTINE: _("Takes what the device serves off the calendar"),
        Enforce.REMEDIATE: _("What its remedy would change is looked at"),
        Enforce.SHUT_PORT: _("Takes the circuits of its ports off the calendar"),
    }
    done = enforcing.steps(rule, rule.severity)
    found = [str(words[step]) for step in Enforce if step in done]
    if rule.enforce is None:
        found.insert(1, str(_("Counts more while an event runs")))
    return found


FOR_TEMPLATES = {"steps_said": steps_said}


def _file(form: str) -> Response:
    """What the report shows, as a file."""
    by = _by()
    name = f"compliance-{by.value}"
    if by is By.MONTH:
        return sent(Table(name, MONTH_HEADS, _month_rows()), form, spoken=True)
    return sent(Table(name, KEPT_HEADS, _kept_rows(by)), form, spoken=True)


def _kept_rows(by: By) -> Iterator[Sequence[sheets.Value]]:
    for one in _kept(by):
        tally = one.tally
        numbers = (tally.passed, tally.failed, tally.waived, tally.unknown, tally.not_applicable)
        yield one.name, one.under, *numbers, tally.share


def _month_rows() -> Iterator[Sequence[sheets.Value]]:
    for first, month in _months():
        yield f"{first:%Y-%m}", month.opened, month.resolved, month.standing, month.grave


@pages.post("/devices/<int:device_id>/judge")
@may("manage devices")
def judge(device_id: int) -> RedirectResponse:
    """Read and judge a device now; whoever asks again before it is done waits for the same."""
    with transaction():
        device = devices.get(device_id)
        link = db.session.connection().connection.driver_connection
        jobs.defer(link, "judge_device", device.site.slug, device.id)  # type: ignore[arg-type]
    flash(str(_("It is read and judged within a minute; look again then.")), "good")
    return redirect(f"{url_for('devices.show', device_id=device_id)}#policies")


for _form in sheets.WRITERS:
    pages.add_url_rule(
        f"/report.{_form}",
        endpoint=_form,
        view_func=may("see violations")(partial(_file, _form)),
    )
