"""The timeline as a list: everything the drawing says, in words, for whoever would rather read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import render_template

from portal.pages import closed, formats
from portal.pages.timeline_bars import LOOKS
from portal.pages.timeline_rows import Viewer, look
from portal.pages.timeline_window import Window
from rental import availability, board
from rental.availability import Claim
from rental.board import Closed, Held, Listed, Lying, Mark

# A shorter gap is no time that anybody rents.
LEAST_GAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of the list: when, what it is, what it says, where it leads."""

    starts_at: datetime
    ends_at: datetime
    look: str
    words: str
    reference: str | None = None
    quantity: int = 1
    rank: int = 0
    in_series: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which some of it is free."""

    starts_at: datetime
    ends_at: datetime
    free: int


def told(lies: Lying, viewer: Viewer) -> list[Told]:
    """All that lies on a resource, soonest first, as this viewer may know it."""
    return [_told(mark, viewer) for mark in lies.marks]


def _told(mark: Mark, viewer: Viewer) -> Told:
    if isinstance(mark, Closed):
        reason = closed.told(mark.reason, mark.cause)
        return Told(mark.starts_at, mark.ends_at, mark.kind, reason, quantity=mark.quantity or 0)
    known = viewer.knows(mark)
    words = mark.title if known else ""
    shown = look(mark, known=known)
    if isinstance(mark, Held):
        return Told(
            mark.starts_at, mark.ends_at, shown, words, quantity=mark.quantity, rank=mark.rank
        )
    return Told(
        mark.starts_at, mark.ends_at, shown, words, mark.reference if known else None,
        mark.quantity, in_series=mark.in_series and known,
    )  # fmt: skip


def gaps(resource: Listed, lies: Lying, window: Window) -> list[Gap]:
    """When and how much of it is free within the hours drawn, turnaround taken into account."""
    segments = lies.free or availability.free_segments(
        resource.stock,
        [Claim(*one.takes, one.quantity) for one in lies.booked]
        + [
            Claim(shut.starts_at, shut.ends_at, shut.quantity or resource.stock)
            for shut in lies.closed
            if not shut.excepted
        ],
        window.period,
    )
    found: list[Gap] = []
    for offset in range(window.days):
        day = window.day(offset)
        for segment in segments:
            starts_at = max(segment.starts_at, day.starts_at)
            ends_at = min(segment.ends_at, day.ends_at)
            if segment.free and ends_at - starts_at >= LEAST_GAP:
                found.append(Gap(starts_at, ends_at, segment.free))
    return found


def drawing(
    window: Window, viewer: Viewer, lying: dict[int, Lying]
) -> Callable[[board.Listed, int], str]:
    """Writes one resource of the list."""

    def written(resource: Listed, _number: int) -> str:
        lies = lying[resource.id]
        return render_template(
            "timeline/_listed.html",
            resource=resource,
            title=formats.title_of(resource),
            told=told(lies, viewer),
            gaps=gaps(resource, lies, window),
            several=window.days > 1,
            looks=LOOKS,
        )

    return written
