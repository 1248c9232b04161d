"""Utilisation: what could be rented, what was, and what became of the requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from config import clock
from portal.access import may
from portal.pages import formats, reading, states
from portal.pages.reading import BadField
from rental import usage
from rental.models import BookingStatus
from rental.usage import Hour, Report, Row
from rental.utilisation import Usage

pages = Blueprint("reports", __name__, url_prefix="/reports")

LONGEST_DAYS = 366
MOST_UNITS = 12


@dataclass(frozen=True, slots=True)
class Days:
    """The days a report speaks of, both included."""

    first: date
    last: date


def asked_days() -> Days:
    """The days asked for, else this month to its end; raises BadField."""
    first, last = reading.day(request.args, "from"), reading.day(request.args, "to")
    if first is None and last is None:
        return _month(clock.today())
    if first is None or last is None:
        raise BadField(_("Give the first and the last day."))
    if last < first:
        raise BadField(_("The last day comes after the first."))
    if last - first >= timedelta(days=LONGEST_DAYS):
        raise BadField(_("A report covers 366 days at most."))
    return Days(first, last)


def _month(day: date) -> Days:
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return Days(first, after - timedelta(days=1))


def _shortcuts() -> list[tuple[str, Days]]:
    today = clock.today()
    this = _month(today)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    return [
        (_("This month"), this),
        (_("Last month"), _month(this.first - timedelta(days=1))),
        (_("This quarter"), Days(quarter, _month(quarter + timedelta(days=64)).last)),
        (_("This year"), Days(date(today.year, 1, 1), date(today.year, 12, 31))),
    ]


def _together(rows: list[Row], most: int) -> list[Row]:
    """The largest, and the rest as one row, so that the parts still add up."""
    if len(rows) <= most + 1:
        return rows
    rest = rows[most:]
    now = sum((row.now for row in rest), Usage())
    before = sum((row.before for row in rest), Usage())
    return [*rows[:most], Row(_("%(count)s others", count=len(rest)), now, before)]


def _named(rows: Iterable[Row]) -> list[Row]:
    return [Row(str(states.EVENT_KINDS[row.name]), row.now, row.before) for row in rows]


def _outcome_rows(report: Report) -> list[dict[str, Any]]:
    """Each state with its count now and before; what was promised is one."""
    return [
        {
            "status": status,
            "now": report.outcomes.by_status.get(status, 0),
            "before": report.outcomes_before.by_status.get(status, 0),
        }
        for status in BookingStatus
    ]


def lead_names() -> list[str]:
    """What the counts of `Outcomes.lead_counts` are called."""
    steps = usage.LEAD_DAYS
    between = [
        _("%(first)s to %(last)s days", first=first, last=last) for first, last in pairwise(steps)
    ]
    return [_("less than a day"), *between, _("more than %(days)s days", days=steps[-1])]


def heat(hours: list[Hour]) -> tuple[range, list[list[Hour]]]:
    """The hours of a day in which something can be rented, and seven days of them."""
    days = [hours[day * 24 : day * 24 + 24] for day in range(7)]
    open_hours = [hour for hour in range(24) if any(day[hour].capacity for day in days)]
    shown = range(open_hours[0], open_hours[-1] + 1) if open_hours else range(0)
    return shown, [day[shown.start : shown.stop] for day in days]


@pages.get("/utilisation")
@may("see utilisation")
def utilisation() -> str:
    """The report of a period beside the one before it."""
    days = asked_days()
    report = usage.report(days.first, days.last)
    shown, week = heat(report.hours)
    return render_template(
        "reports/utilisation.html",
        days=days,
        report=report,
        shortcuts=_shortcuts(),
        units=_together(report.units, MOST_UNITS),
        kinds=_named(report.kinds),
        outcomes=_outcome_rows(report),
        leads=list(
            zip(
                lead_names(),
                report.outcomes.lead_counts(),
                report.outcomes_before.lead_counts(),
                strict=True,
            )
        ),
        shown=shown,
        week=week,
        # 1 January 2024 was a Monday.
        weekdays=[formats.weekday(date(2024, 1, 1 + number)) for number in range(7)],
        points=formats.points,
    )
