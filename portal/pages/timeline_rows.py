"""The timeline as rows of bars: pure arithmetic, from what lies there to columns and lanes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from portal.pages.timeline_window import Window
from rental.board import Booked, Closed, Held, Listed, Lying, Mark

MOST_LANES = 6
# In these states a booking can still be moved; what the desk has confirmed only the desk moves.
MOVABLE = frozenset({"requested", "confirmed"})


class Owned(Protocol):
    """What belongs to a unit."""

    @property
    def unit_id(self) -> int | None:
        """The unit; a closure belongs to nobody."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes: which unit's bookings are theirs, and whether they see and change everybody's."""

    unit_id: int
    sees_all: bool
    changes_own: bool = False
    changes_all: bool = False

    def knows(self, mark: Owned) -> bool:
        """Whether title and reference may be shown."""
        return self.sees_all or mark.unit_id == self.unit_id

    def moves(self, booked: Booked) -> bool:
        """Whether this bar can be dragged: not the trace of a whole on its part."""
        if not booked.own or booked.status not in MOVABLE:
            return False
        mine = self.changes_own and booked.unit_id == self.unit_id
        return self.changes_all or (mine and booked.status == "requested")


class Bar(NamedTuple):
    """One bar: where, how it looks, what it stands for.

    `lane` stacks the bars of a pool; a `slim` one is a ribbon over what lies there too.
    """

    column: int
    columns: int
    look: str
    mark: Mark | None
    known: bool = False
    lane: int = 0
    busy: bool = True
    slim: bool = False


class Level(NamedTuple):
    """How many of a pool are free over a span."""

    column: int
    columns: int
    free: int
    stock: int

    @property
    def look(self) -> str:
        """none, low (a quarter or less) or plenty."""
        if self.free == 0:
            return "none"
        return "low" if self.free * 4 <= self.stock else "plenty"


@dataclass(frozen=True, slots=True)
class Row:
    """One resource with its bars; `hidden` bars of a pool found no lane."""

    resource: Listed
    bars: list[Bar]
    levels: list[Level] = field(default_factory=list)
    lanes: int = 1
    hidden: int = 0

    @property
    def is_pool(self) -> bool:
        """Whether several pieces exist, so that bars lie beside each other."""
        return self.resource.stock > 1


def row(resource: Listed, lies: Lying, window: Window, viewer: Viewer) -> Row:
    """The row of one resource, for one viewer."""
    if resource.stock > 1:
        return _pool(resource, lies, window, viewer)
    # A whole whose part is taken cannot be had, though nothing of its own lies there.
    bars = [
        Bar(*place, "parts" if resource.stock else "unbookable", None)
        for segment in lies.free
        if segment.free == 0 and (place := window.span(segment.starts_at, segment.ends_at))
    ]
    bars += _closures(lies.closed, window)
    for one in lies.booked:
        known = viewer.knows(one)
        bars.extend(_turnarounds(one, window, known=known))
        if place := window.span(one.starts_at, one.ends_at):
            bars.append(Bar(*place, look(one, known=known), one, known))
    bars += _holds(lies, window, viewer)
    return Row(resource, bars)


def _closures(closed: Iterable[Closed], window: Window) -> Iterable[Bar]:
    for shut in closed:
        if place := window.span(shut.starts_at, shut.ends_at):
            yield Bar(*place, shut.kind, shut, busy=not shut.excepted)


def _turnarounds(one: Booked, window: Window, *, known: bool) -> Iterable[Bar]:
    begins, ends = one.takes
    for starts_at, ends_at in ((begins, one.starts_at), (one.ends_at, ends)):
        if starts_at < ends_at and (place := window.span(starts_at, ends_at)):
            yield Bar(*place, "turnaround", one, known)


def _holds(lies: Lying, window: Window, viewer: Viewer) -> Iterable[Bar]:
    """Alone on its time a hold is a bar; over a booking or another hold it is a ribbon."""
    for held in lies.held:
        place = window.span(held.starts_at, held.ends_at)
        if place is None:
            continue
        others: list[Booked | Held] = [*lies.booked, *(o for o in lies.held if o is not held)]
        shared = any(o.starts_at < held.ends_at and held.starts_at < o.ends_at for o in others)
        known = viewer.knows(held)
        lane = (held.rank - 1) % 2 if shared else 0
        yield Bar(*place, "held", held, known, lane, busy=False, slim=shared)


def _pool(resource: Listed, lies: Lying, window: Window, viewer: Viewer) -> Row:
    levels = [
        Level(*place, segment.free, resource.stock)
        for segment in lies.free
        if (place := window.span(segment.starts_at, segment.ends_at))
    ]
    bars: list[Bar] = []
    ends: list[int] = []
    hidden = 0
    for mark in lies.marks:
        place = window.span(mark.starts_at, mark.ends_at)
        if place is None:
            continue
        lane = next((i for i, end in enumerate(ends) if end <= place[0]), len(ends))
        if lane >= MOST_LANES:
            hidden += 1
            continue
        ends[lane : lane + 1] = [place[0] + place[1]]
        known = not isinstance(mark, Closed) and viewer.knows(mark)
        bars.append(Bar(*place, look(mark, known=known), mark, known, lane, busy=False))
    return Row(resource, bars, levels, len(ends), hidden)


def look(mark: Mark, *, known: bool) -> str:
    """The class of a bar: a booking's state, a closure's kind, held, or merely taken."""
    if isinstance(mark, Closed):
        return mark.kind
    if isinstance(mark, Held):
        return "held"
    return mark.status if known else "taken"
