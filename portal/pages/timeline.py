"""The calendar page: what lies on which resource, by day, week or month."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request

from config import clock
from portal.access import may
from portal.pages import formats, opening, reading, timeline_asked, timeline_sheet
from portal.pages.timeline_asked import GROUPINGS, VIEWS, Asked
from portal.pages.timeline_bars import LOOKS
from portal.pages.timeline_window import View, Window
from rental import board, units

# A booking moved touches a few rows; nobody asks for the whole catalogue by code.
MOST_ROWS = 50

pages = Blueprint("timeline", __name__, url_prefix="/calendar")


def _days(shown: Window) -> list[dict[str, Any]]:
    today = clock.today(shown.zone)
    return [
        {
            "date": day.isoformat(),
            "name": formats.short_day(day),
            "number": day.day,
            "weekday": formats.weekday(day),
            "today": day == today,
            "holiday": opening.holiday(day),
        }
        for day in (shown.first + timedelta(days=offset) for offset in range(shown.days))
    ]


def _now(shown: Window) -> int | None:
    now = clock.now()
    drawn = shown.period.contains(now) and shown.view is not View.MONTH
    return int(shown.exact(now)) if drawn else None


def _begins() -> int:
    return max(reading.integer(request.args, "from") or 0, 0)


def _script(asked: Asked, days: list[dict[str, Any]]) -> dict[str, Any]:
    told = [{"date": day["date"], "name": day["name"], "today": day["today"]} for day in days]
    return {"days": told, "rows": asked.rows_from(0), **timeline_sheet.words()}


@pages.get("")
@may("see the catalogue")
def show() -> str:
    """The timeline of a day, a week or a month, as its address asks; its first rows drawn."""
    asked = timeline_asked.read(request.args)
    sheet = timeline_sheet.sheet(asked)
    begins = min(_begins(), len(sheet.pieces))
    days = _days(asked.window)
    return render_template(
        "timeline/show.html",
        asked=asked,
        window=asked.window,
        sheet=sheet,
        begins=begins,
        days=days,
        views=VIEWS,
        groupings=GROUPINGS,
        looks=LOOKS,
        now=_now(asked.window),
        script=_script(asked, days),
        today=clock.today(asked.window.zone),
        sites=units.sites(),
        categories=board.categories(),
    )


@pages.get("/rows")
@may("see the catalogue")
def rows() -> str:
    """Further rows of the same address from `from` on; or the rows of `code`, drawn anew."""
    asked = timeline_asked.read(request.args)
    if codes := request.args.getlist("code"):
        return timeline_sheet.one_row(asked, codes[:MOST_ROWS])
    return timeline_sheet.sheet(asked).drawn(_begins())
