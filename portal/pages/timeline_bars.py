"""Draws the rows of the timeline: a week has thousands of bars, too many for the templates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape

from portal.pages import assets, closed, formats, states
from portal.pages.states import State
from portal.pages.timeline_rows import Bar, Level, Row, Viewer
from portal.pages.timeline_window import Window
from rental.board import Booked, Closed, Held, Listed

LOOKS = {
    # All of them: a no-show keeps the part of its time that had passed.
    **states.BOOKING,
    "held": State("plum", "flag", _("On hold")),
    "taken": State("calm", "lock", _("Taken")),
    "turnaround": State("calm", "", _("Turnaround")),
    **states.CLOSURE,
    "unbookable": State("calm", "ban", _("Not bookable")),
}
# A bar of fewer columns has no room for words; a level of fewer, none for the stock.
WORDS_FIT = 24
STOCK_FITS = 10
FREE_FITS = 4
PLACE = "BK-0000-0000"
CODE = "CODE-0000"


@dataclass(frozen=True, slots=True)
class Pen:
    """What every bar needs and none should look up again: words, drawings, addresses."""

    window: Window
    viewer: Viewer
    words: dict[str, str]
    icons: dict[str, str]
    booking: str
    resource: str
    said: dict[str, str]

    def row(self, row: Row, shut: str, number: int) -> str:
        """One whole row: the name, and on its track all that lies there."""
        pool = f" pool lanes-{row.lanes}" if row.is_pool else ""
        name = str(escape(formats.title_of(row.resource)))
        code = str(escape(row.resource.code))
        drawn = "".join(self._level(level) for level in row.levels)
        drawn += "".join(self._bar(bar, pool=row.is_pool) for bar in row.bars)
        return (
            f'<div class="tl-row{pool}" role="row" aria-rowindex="{number}">'
            f"{self.name(row.resource, row.hidden)}"
            f'<div class="tl-track" role="gridcell" tabindex="-1" data-code="{code}"'
            f' data-kind="{row.resource.kind.value}" data-name="{name}" aria-label="{name}">'
            f"{shut}{drawn}</div></div>"
        )

    def name(self, resource: Listed, hidden: int = 0) -> str:
        """The row's header: what it is, its code and size."""
        title = str(escape(formats.title_of(resource)))
        code = str(escape(resource.code))
        more = " · " + gettext("+%(count)s more", count=hidden) if hidden else ""
        return (
            '<div class="tl-name" role="rowheader">'
            f'<a href="{self.resource.replace(CODE, code)}" title="{title}">{title}</a>'
            f"<small>{code}{self._size(resource)}{more}</small></div>"
        )

    def _size(self, resource: Listed) -> str:
        if resource.seats:
            return f" · {gettext('%(seats)s seats', seats=resource.seats)}"
        if resource.stock > 1:
            return f" · {gettext('%(stock)s pieces', stock=resource.stock)}"
        return f" · {formats.number(resource.mbps)} Mbit/s" if resource.mbps else ""

    def _level(self, level: Level) -> str:
        words = ""
        if level.columns > STOCK_FITS:
            words = f"{level.free}/{level.stock}"
            words += f" {self.said['free']}" if level.columns > WORDS_FIT else ""
        elif level.columns > FREE_FITS:
            words = str(level.free)
        busy = f' data-busy="{self.said["none"]}"' if level.free == 0 else ""
        place = f"c{level.column} n{level.columns} {level.look}"
        return (
            f'<span class="tl-level {place}" data-free="{level.free}"{busy}>'
            f"<span>{words}</span></span>"
        )

    def _bar(self, bar: Bar, *, pool: bool) -> str:
        slim = " slim" if bar.slim else ""
        place = f"tl-bar c{bar.column} n{bar.columns} is-{bar.look} l{bar.lane}{slim}"
        mark = bar.mark
        word = self.words.get(bar.look, bar.look)
        if mark is None:
            told = self.said["part"] if bar.look == "parts" else word
            shown = told if bar.columns > WORDS_FIT else ""
            return _span(place, told, told, f'<span class="say">{shown}</span>')
        if bar.look == "turnaround":
            return _span(place + _of(bar), word, word, "")
        if isinstance(mark, Closed):
            told = f"{word}: {escape(closed.told(mark.reason, mark.cause))!s}"
            if pool and mark.quantity:
                told = f"{mark.quantity} · {told}"
            return _span(place, told if bar.busy else "", told, self._say(bar.look, told))
        if isinstance(mark, Held):
            word = gettext("Hold %(rank)s", rank=mark.rank)
        when = self.clock(mark.starts_at, mark.ends_at)
        count = f"{mark.quantity} · " if pool else ""
        if not bar.known:
            said = self._say(bar.look, count + word)
            return _span(place, word if bar.busy else "", f"{word} · {when}", said)
        title = str(escape(mark.title))
        if isinstance(mark, Held):
            said = self._say(bar.look, f"{count}{word}: {title}")
            return _span(place, "", f"{title} · {word} · {when}", said)
        held = f' data-busy="{word}"' if bar.busy else ""
        series = self.icons["series"] if mark.in_series else ""
        return (
            f'<a class="{place}{_of(bar)}" href="{self.booking.replace(PLACE, mark.reference)}"'
            f'{held} title="{title} · {word} · {when}"{self._moving(mark)}>'
            f"{self._say(bar.look, count + title, series)}</a>"
        )

    def _moving(self, mark: Booked) -> str:
        """What the script needs to move the bar: the line, what was seen of it, its wall clock."""
        if not self.viewer.moves(mark):
            return ""
        zone = self.window.zone
        first, last = (at.astimezone(zone) for at in (mark.starts_at, mark.ends_at))
        return (
            f' data-line="{mark.line_id}" data-ref="{mark.reference}" data-rev="{mark.revision}"'
            f' data-takes="{mark.quantity}" data-from="{first:%Y-%m-%dT%H:%M}"'
            f' data-to="{last:%Y-%m-%dT%H:%M}"'
        )

    def _say(self, look: str, words: str, more: str = "") -> str:
        return f'<span class="say">{self.icons.get(look, "")}{more}<span>{words}</span></span>'

    def clock(self, starts_at: datetime, ends_at: datetime) -> str:
        """The times alone, the day named where the span leaves it or the window has several."""
        first, last = (at.astimezone(self.window.zone) for at in (starts_at, ends_at))
        if first.date() == last.date():
            return f"{first:%H:%M}–{last:%H:%M}"
        return f"{first:%d/%m %H:%M}–{last:%d/%m %H:%M}"


def _of(bar: Bar) -> str:
    """A class shared by a booking's bar and its turnaround, which never stand in its own way."""
    return f" of-{bar.mark.reference}" if bar.known and isinstance(bar.mark, Booked) else ""


def _span(place: str, busy: str, title: str, inside: str) -> str:
    held = f' data-busy="{busy}"' if busy else ""
    return f'<span class="{place}"{held} title="{title}">{inside}</span>'


def pen(window: Window, viewer: Viewer) -> Pen:
    """The pen of this page, in its language."""
    icons = {look: str(assets.icon(s.icon)) for look, s in LOOKS.items() if s.icon}
    return Pen(
        window=window,
        viewer=viewer,
        words={look: str(escape(shown.word)) for look, shown in LOOKS.items()},
        icons={**icons, "series": str(assets.icon("refresh"))},
        booking=url_for("bookings.show", reference=PLACE),
        resource=url_for("catalogue.show", code=CODE),
        said={
            "free": str(escape(gettext("free"))),
            "none": str(escape(gettext("none free"))),
            "part": str(escape(gettext("a part of it is taken"))),
        },
    )


def shut(spans: Iterable[tuple[int, int]], look: str = "tl-shut") -> Markup:
    """Hours outside opening, or that cannot be booked: the same on every row of a site."""
    drawn = (f'<i class="{look} c{column} n{columns}"></i>' for column, columns in spans)
    return Markup("".join(drawn))  # noqa: S704  # numbers only
