"""The calendar page: what lies on which resource, by day or week, and choosing a free time."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from config import clock
from portal.access import allowed, current_member, may
from portal.pages import formats, opening, reading, timeline_bars
from portal.pages.timeline_rows import Row, Viewer, Window, closed_hours, row
from rental import calendar, catalogue, hours, units
from rental.models import Resource, ResourceKind

pages = Blueprint("timeline", __name__, url_prefix="/calendar")

WEEK = 7


def window() -> Window:
    """The day, or the week from Monday, that the address asks for; today without one."""
    zone = clock.LOCAL
    wanted = reading.day(request.args, "day") or clock.today(zone)
    if request.args.get("view") == "week":
        return Window(wanted - timedelta(days=wanted.weekday()), WEEK, zone)
    return Window(wanted, 1, zone)


def _rows(shown: Window, resources: list[Resource]) -> list[Row]:
    member = current_member()
    viewer = Viewer(member.unit_id, allowed("see every unit's bookings"))
    entries = calendar.entries(resources, shown.period)
    graded = [resource for resource in resources if resource.stock > 1 or resource.parts]
    free = calendar.segments(graded, shown.period) if graded else {}
    return [
        row(resource, entries[resource.id], free.get(resource.id, ()), shown, viewer)
        for resource in resources
    ]


def _days(shown: Window) -> list[dict[str, Any]]:
    today = clock.today(shown.zone)
    return [
        {
            "date": day.isoformat(),
            "name": formats.short_day(day),
            "today": day == today,
            "holiday": opening.holiday(day),
        }
        for day in (shown.first + timedelta(days=offset) for offset in range(shown.days))
    ]


def _words() -> dict[str, str]:
    """What the live region says; the script has no words of its own."""
    return {
        "free": _("free"),
        "started": _("Selection begun."),
        "ended": _("Selection ended. Press Enter to book."),
        "dropped": _("Selection dropped."),
    }


def _chosen_day(shown: Window) -> date:
    return reading.day(request.args, "day") or clock.today(shown.zone)


@pages.get("")
@may("see the catalogue")
def show() -> str:
    """The timeline of a day or a week, filtered like the catalogue."""
    shown = window()
    resources = catalogue.search(
        kind=reading.word(request.args, "kind", ResourceKind),
        seats_min=reading.integer(request.args, "seats_min"),
        site=request.args.get("site") or None,
        q=request.args.get("q") or None,
    )
    rows = timeline_bars.shown(_rows(shown, resources), shown)
    now = clock.now()
    sites = units.sites()
    opening = hours.load().get(sites[0].slug) if sites else None
    chosen = _chosen_day(shown)
    return render_template(
        "timeline/show.html",
        window=shown,
        groups=[(kind, [r for r in rows if r["resource"].kind is kind]) for kind in ResourceKind],
        days=_days(shown),
        shut=timeline_bars.shut(closed_hours(opening, shown)),
        looks=timeline_bars.LOOKS,
        now=int(shown.exact(now)) if shown.period.contains(now) else None,
        script={"days": _days(shown), **_words()},
        chosen=chosen,
        today=clock.today(shown.zone),
        step=timedelta(days=shown.days),
    )
