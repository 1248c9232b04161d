"""Draws the bars of the timeline: a week of two hundred rows has thousands, too many for Jinja."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape

from portal.pages import assets, closed, states
from portal.pages.states import State
from portal.pages.timeline_rows import Bar, Level, Row, Window
from rental.calendar import Entry, EntryKind

LOOKS = {
    **{key: states.BOOKING[key] for key in ("requested", "confirmed", "handed_over", "returned")},
    **states.CLOSURE,
    "taken": State("calm", "lock", _("Taken")),
    "turnaround": State("calm", "", _("Turnaround")),
}
# A bar of fewer columns has no room for words; a level of fewer, none for the stock.
WORDS_FIT = 24
STOCK_FITS = 10
FREE_FITS = 4
PLACE = "BK-0000-0000"


@dataclass(frozen=True, slots=True)
class Pen:
    """What every bar needs and none should look up again: words, drawings, an address."""

    window: Window
    words: dict[str, str]
    icons: dict[str, str]
    address: str
    free: str
    none_free: str
    part: str
    part_taken: str

    def bars(self, row: Row) -> Markup:
        """All that lies on one row."""
        drawn = [self._level(level) for level in row.levels]
        drawn += [self._bar(bar, pool=row.is_pool) for bar in row.bars]
        return Markup("".join(drawn))  # noqa: S704  # titles are escaped where they are set

    def _level(self, level: Level) -> str:
        words = ""
        if level.columns > STOCK_FITS:
            words = f"{level.free}/{level.stock}"
            words += f" {self.free}" if level.columns > WORDS_FIT else ""
        elif level.columns > FREE_FITS:
            words = str(level.free)
        busy = f' data-busy="{self.none_free}"' if level.free == 0 else ""
        place = f"c{level.column} n{level.columns} {level.look}"
        return f'<span class="tl-level {place}"{busy}><span>{words}</span></span>'

    def _bar(self, bar: Bar, *, pool: bool) -> str:
        place = f"tl-bar c{bar.column} n{bar.columns} is-{bar.look} l{bar.lane}"
        entry = bar.entry
        if entry is None:
            words = self.part_taken if bar.columns > WORDS_FIT else ""
            return _span(place, self.part, self.part, f'<span class="say">{words}</span>')
        word = self.words.get(bar.look, bar.look)
        if bar.look == "turnaround":
            return _span(place, word, word, "")
        busy = word if bar.busy else ""
        if entry.kind is EntryKind.CLOSURE:
            told = f"{word}: {escape(closed.told(entry.title, entry.cause))!s}"
            return _span(place, told if bar.busy else "", told, self._say(bar.look, told))
        count = f"{entry.quantity} · " if pool else ""
        when = self._hours(entry)
        if not bar.known:
            said = self._say(bar.look, count + word)
            return _span(place, busy, f"{word} · {when}", said)
        title = str(escape(entry.title))
        held = f' data-busy="{busy}"' if busy else ""
        address = self.address.replace(PLACE, str(entry.reference))
        return (
            f'<a class="{place}" href="{address}"{held} title="{title} · {word} · {when}">'
            f"{self._say(bar.look, count + title)}</a>"
        )

    def _say(self, look: str, words: str) -> str:
        return f'<span class="say">{self.icons.get(look, "")}<span>{words}</span></span>'

    def _hours(self, entry: Entry) -> str:
        starts_at = entry.starts_at.astimezone(self.window.zone)
        ends_at = entry.ends_at.astimezone(self.window.zone)
        return f"{starts_at.hour:02}:{starts_at.minute:02}–{ends_at.hour:02}:{ends_at.minute:02}"


def _span(place: str, busy: str, title: str, inside: str) -> str:
    held = f' data-busy="{busy}"' if busy else ""
    return f'<span class="{place}"{held} title="{title}">{inside}</span>'


def pen(window: Window) -> Pen:
    """The pen of this page, in its language."""
    return Pen(
        window=window,
        words={look: str(escape(shown.word)) for look, shown in LOOKS.items()},
        icons={look: str(assets.icon(s.icon)) for look, s in LOOKS.items() if s.icon},
        address=url_for("bookings.show", reference=PLACE),
        free=str(escape(gettext("free"))),
        none_free=str(escape(gettext("none free"))),
        part=str(escape(gettext("a part of it is taken"))),
        part_taken=str(escape(gettext("part taken"))),
    )


def shut(spans: Iterable[tuple[int, int]]) -> Markup:
    """The hours outside opening, the same on every row."""
    drawn = (f'<i class="tl-shut c{column} n{columns}"></i>' for column, columns in spans)
    return Markup("".join(drawn))  # noqa: S704  # numbers only


def shown(rows: Iterable[Row], window: Window) -> list[dict[str, Any]]:
    """The rows as the template lays them out."""
    with_pen = pen(window)
    return [
        {
            "resource": row.resource,
            "is_pool": row.is_pool,
            "lanes": row.lanes,
            "drawn": with_pen.bars(row),
        }
        for row in rows
    ]
