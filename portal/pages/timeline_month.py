"""The month: one column a day, with what lies on it counted instead of drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from flask_babel import gettext as _
from markupsafe import escape

from portal.pages import formats
from portal.pages.timeline_bars import Pen
from portal.pages.timeline_rows import Level, Viewer
from portal.pages.timeline_window import Window, touched
from rental.board import Listed, Lying

# A day's working hours: what a hall's day is measured against, to show it as light or full.
FULL_DAY = timedelta(hours=10)
STEPS = 4


class Cell(NamedTuple):
    """One day of one resource: its place, events, standing holds, and how full it is.

    `load` is 0 to 4 quarters of a working day; `least` the fewest pieces free of a pool.
    """

    place: int
    events: int
    holds: int
    load: int
    least: int | None
    own: bool


def cells(resource: Listed, lies: Lying, window: Window, viewer: Viewer) -> list[Cell]:
    """The days on which anything lies; the others stay empty."""
    events, holds = [0] * window.days, [0] * window.days
    lengths = [timedelta()] * window.days
    own: set[int] = set()
    days = [window.day(offset) for offset in range(window.days)]
    for one in lies.booked:
        for place in touched(one.starts_at, one.ends_at, window):
            events[place] += 1
            begins = max(one.starts_at, days[place].starts_at)
            lengths[place] += min(one.ends_at, days[place].ends_at) - begins
            if one.unit_id == viewer.unit_id:
                own.add(place)
    for held in lies.held:
        for place in touched(held.starts_at, held.ends_at, window):
            holds[place] += 1
    least = _least(lies, window) if resource.stock > 1 else {}
    return [
        Cell(
            place,
            events[place],
            holds[place],
            min(STEPS, -(-lengths[place] * STEPS // FULL_DAY)),
            least.get(place),
            place in own,
        )
        for place in range(window.days)
        if events[place] or holds[place] or least.get(place, resource.stock) < resource.stock
    ]


def _least(lies: Lying, window: Window) -> dict[int, int]:
    """The fewest pieces free on each day, by place."""
    found: dict[int, int] = {}
    for segment in lies.free:
        for place in touched(segment.starts_at, segment.ends_at, window):
            found[place] = min(found.get(place, segment.free), segment.free)
    return found


@dataclass(frozen=True, slots=True)
class MonthPen:
    """Draws rows of days; `address` holds the day's own page with a day of this form in it."""

    pen: Pen
    address: str
    viewer: Viewer

    @property
    def window(self) -> Window:
        """The month."""
        return self.pen.window

    def row(self, resource: Listed, lies: Lying, shut: str, number: int) -> str:
        """One whole row of the month."""
        name = str(escape(formats.title_of(resource)))
        closures = "".join(self._closures(lies))
        days = "".join(
            self._cell(resource, cell) for cell in cells(resource, lies, self.window, self.viewer)
        )
        return (
            f'<div class="tl-row month" role="row" aria-rowindex="{number}">'
            f"{self.pen.name(resource)}"
            f'<div class="tl-track" role="gridcell" data-code="{escape(resource.code)}"'
            f' aria-label="{name}">{shut}{closures}{days}</div></div>'
        )

    def _closures(self, lies: Lying) -> Iterable[str]:
        for shut in lies.closed:
            days = touched(shut.starts_at, shut.ends_at, self.window)
            if not days:
                continue
            word = self.pen.words.get(shut.kind, shut.kind)
            yield (
                f'<span class="tl-bar c{days[0]} n{len(days)} is-{shut.kind} under"'
                f' title="{word}"><span class="say">{self.pen.icons.get(shut.kind, "")}'
                f'<span class="visually-hidden">{word}</span></span></span>'
            )

    def _cell(self, resource: Listed, cell: Cell) -> str:
        day = self.window.first + timedelta(days=cell.place)
        told = [formats.short_day(day)]
        look, words = f"load-{cell.load}", str(cell.events)
        if cell.least is not None:
            told.append(_("%(free)s of %(stock)s free", free=cell.least, stock=resource.stock))
            look = f"level-{Level(0, 1, cell.least, resource.stock).look}"
            words = str(cell.least)
        if cell.events:
            told.append(formats.events(cell.events))
        if cell.holds:
            told.append(_("%(count)s on hold", count=cell.holds))
            look += " with-hold"
            words = words if cell.events or cell.least is not None else "–"
        look += " own" if cell.own else ""
        said = str(escape(", ".join(told)))
        address = self.address.replace("2000-01-01", day.isoformat())
        return (
            f'<a class="tl-day c{cell.place} n1 {look}" href="{address}" title="{said}"'
            f' aria-label="{said}">{words}</a>'
        )
