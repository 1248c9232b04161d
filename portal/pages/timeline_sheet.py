"""The sheet of the timeline: headings and rows in sequence, drawn piece by piece.

The page draws the first pieces, and further ones as one scrolls: what is asked of the database
and drawn is what comes into sight, however long the catalogue is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from config import clock
from portal.access import allowed, current_member
from portal.pages import assets, timeline_bars, timeline_list
from portal.pages.timeline_asked import Asked, Group, groups
from portal.pages.timeline_month import MonthPen
from portal.pages.timeline_rows import Viewer, row
from portal.pages.timeline_window import View, Window, closed_hours
from rental import board, hours
from rental.board import Listed, Lying

CHUNK = 50
# The head is the grid's first row.
FIRST = 2

Piece = Group | Listed


def viewer() -> Viewer:
    """Whose eyes the page is for."""
    return Viewer(
        current_member().unit_id,
        sees_all=allowed("see every unit's bookings"),
        changes_own=allowed("change own bookings"),
        changes_all=allowed("change every unit's bookings"),
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """All headings and rows of one address, not drawn yet."""

    asked: Asked
    pieces: Sequence[Piece]
    total: int

    @property
    def window(self) -> Window:
        """The days shown."""
        return self.asked.window

    def further(self, number: int) -> list[tuple[int, int]]:
        """The chunks behind the one that begins with a piece: where each begins, how long it is."""
        size = len(self.pieces)
        return [(at, min(CHUNK, size - at)) for at in range(number + CHUNK, size, CHUNK)]

    def drawn(self, number: int = 0) -> Markup:
        """One chunk of the sheet, from a piece on."""
        chunk = self.pieces[number : number + CHUNK]
        resources = [piece for piece in chunk if not isinstance(piece, Group)]
        lying = self._lying(resources)
        draw = self._drawing(lying)
        lines = (
            self._heading(piece, at) if isinstance(piece, Group) else draw(piece, at)
            for at, piece in enumerate(chunk, number + FIRST)
        )
        return Markup("".join(lines))  # noqa: S704  # titles are escaped where they are set

    def _lying(self, resources: list[Listed]) -> dict[int, Lying]:
        if not resources:
            return {}
        return board.lying(resources, self.window.period, viewer().unit_id)

    def _drawing(self, lying: dict[int, Lying]) -> Any:
        window, eyes = self.window, viewer()
        if self.asked.as_list:
            return timeline_list.drawing(window, eyes, lying)
        pen = timeline_bars.pen(window, eyes)
        shut = Shut(window)
        if self.asked.view is View.MONTH:
            address = self.asked.address(view="day", day="2000-01-01")
            month = MonthPen(pen, str(escape(address)), eyes)
            return lambda one, at: month.row(one, lying[one.id], shut.of(one), at)
        return lambda one, at: pen.row(row(one, lying[one.id], window, eyes), shut.of(one), at)

    def _heading(self, group: Group, number: int) -> str:
        chevron = assets.icon("chevron-right" if group.folded else "chevron-down", "ico-s")
        opened = "false" if group.folded else "true"
        heading = (
            f'<a href="{escape(self.asked.fold(group.key))}" id="fold-{escape(group.key)}"'
            f' role="button" aria-expanded="{opened}" hx-boost="true">{chevron}'
            f"{escape(group.title)} <small>{len(group.resources)}</small></a>"
        )
        if self.asked.as_list:
            return f'<h2 class="tl-group">{heading}</h2>'
        return (
            f'<div class="tl-group" role="row" aria-rowindex="{number}">'
            f'<span role="rowheader">{heading}</span></div>'
        )


class Shut:
    """The hours outside opening and those that cannot be booked, drawn once a site."""

    def __init__(self, window: Window) -> None:
        """Of one window; the past is behind everybody but the staff, who put things right."""
        self.window = window
        self.drawn: dict[str, str] = {}
        now = clock.now()
        past = window.span(window.period.starts_at, min(now, window.period.ends_at))
        bound = past is not None and now > window.period.starts_at
        self.past = (
            timeline_bars.shut([past], "tl-past")
            if past
            and bound
            and window.view is not View.MONTH
            and not allowed("see every unit's bookings")
            else Markup()
        )
        shown = window.period.contains(now) and window.view is not View.MONTH
        self.now = (
            Markup('<i class="tl-now c{}"></i>').format(int(window.exact(now))) if shown else ""
        )

    def of(self, resource: Listed) -> str:
        """The shading of one row."""
        if resource.site not in self.drawn:
            opening = hours.load().get(resource.site)
            look = "tl-shut never" if opening and opening.outside == "refuse" else "tl-shut"
            spans = timeline_bars.shut(closed_hours(opening, self.window), look)
            self.drawn[resource.site] = str(spans + self.past + self.now)
        return self.drawn[resource.site]


def sheet(asked: Asked) -> Sheet:
    """The headings and rows that an address asks for."""
    period, unit_id = asked.window.period, current_member().unit_id
    resources = board.listed(asked.wanted)
    if asked.mine:
        used = board.used_by(unit_id, period)
        resources = [one for one in resources if one.id in used]
    if asked.only_free:
        free = board.free_throughout(resources, period, unit_id)
        resources = [one for one in resources if one.id in free]
    pieces = list(_in_sequence(groups(resources, asked)))
    return Sheet(asked, pieces, len(resources))


def _in_sequence(found: list[Group]) -> Iterator[Piece]:
    for group in found:
        yield group
        if not group.folded:
            yield from group.resources


def one_row(asked: Asked, codes: Sequence[str]) -> Markup:
    """A few rows by code, drawn anew: after a bar has moved from one to another."""
    found = Sheet(asked, board.listed(board.Wanted(codes=codes)), len(codes))
    return found.drawn()


def booking_address() -> str:
    """Where a chosen time goes."""
    return url_for("bookings.new")


def words() -> dict[str, str]:
    """What the live region and the dock say; the script has no words of its own."""
    return {
        "free": _("free"),
        "started": _("Selection begun."),
        "ended": _("Selection ended. Press Enter to book."),
        "dropped": _("Selection dropped."),
        "moving": _("Moving. Arrows move, Shift and arrows change the end, Enter previews, "
                    "Escape drops."),
        "kept": _("Nothing was moved."),
        "opens": _("Press Enter for what can be done with it."),
        "loading": _("Further rows are being drawn."),
        "failed": _("That did not work. Reload the page and try again."),
    }  # fmt: skip
