"""A file of bookings as it would be taken in: rows, the events they form, what is wrong with each.

Rows with the same event key form one booking with several lines; a row without a key is a booking
of its own. What holds for the whole event (title, unit …) stands in its first row and may be
repeated or left out below.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from config import clock
from config.errors import Refusal
from portal.pages.booking_files import columns, grids
from portal.pages.booking_files.errors import BadRow, BadSheet, TakenThen
from portal.pages.booking_files.grids import Cell
from rental import asking, catalogue, occupancies, units
from rental.asking import GRACE, RequestedBooking, WantedLine
from rental.models import EventKind, Member, Organiser, Resource, Unit
from rental.period import Period

# What is said once for an event.
OF_THE_EVENT = ("unit", "title", "event_kind", "organiser", "attendees", "note")
LONGEST_NOTE = 2_000


@dataclass(slots=True)
class Row:
    """One row: its number in the file, what it says, the line it means, what is wrong with it."""

    number: int
    cells: Mapping[str, Cell]
    line: WantedLine | None = None
    problems: list[Refusal] = field(default_factory=list)
    # The number of the first row of its event.
    first: int = 0

    @property
    def verdict(self) -> str:
        """`ok`, `conflict` where only the time is taken, or `wrong`."""
        if not self.problems:
            return "ok"
        taken = all(isinstance(problem, TakenThen) for problem in self.problems)
        return "conflict" if taken else "wrong"

    def said(self, name: str) -> str:
        """What stands under a column."""
        return columns.text(self.cells.get(name))


@dataclass(slots=True)
class Event:
    """The rows of one event, and the booking they ask for, where they can be read."""

    rows: list[Row]
    wanted: RequestedBooking | None = None


@dataclass(slots=True)
class Draft:
    """A file as read: its digest, its rows in their places, its events."""

    digest: str
    rows: list[Row]
    events: list[Event]
    # Why the file as a whole cannot be taken in, though each row could.
    refusal: Refusal | None = None

    @property
    def is_good(self) -> bool:
        """Whether all of it can be taken in."""
        return self.refusal is None and all(row.verdict == "ok" for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have which verdict."""
        verdicts = [row.verdict for row in self.rows]
        return {verdict: verdicts.count(verdict) for verdict in ("ok", "wrong", "conflict")}

    @property
    def wanted(self) -> list[RequestedBooking]:
        """The bookings asked for, in the file's order."""
        return [event.wanted for event in self.events if event.wanted is not None]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What rows may name: resources and units, by code or name in small letters."""

    resources: Mapping[str, Resource]
    units: Mapping[str, Unit]


def _lookup() -> _Lookup:
    resources: dict[str, Resource] = {}
    for resource in catalogue.search():
        resources.setdefault(columns.plain(resource.name), resource)
    resources |= {columns.plain(r.code): r for r in catalogue.search()}
    found: dict[str, Unit] = {}
    for unit in units.everyone():
        found.setdefault(columns.plain(unit.name), unit)
    found |= {unit.slug: unit for unit in units.everyone()}
    return _Lookup(resources, found)


def digest_of(content: bytes) -> str:
    """What makes two files the same: SHA-256 of the bytes."""
    return sha256(content).hexdigest()


def read(content: bytes, *, by: Member) -> Draft:
    """The file checked row by row, without a look at what is taken; raises BadSheet."""
    grid = grids.read(content)
    if not grid:
        raise BadSheet("The file is empty; choose the file that was meant.")
    places = columns.heads(grid[0])
    rows = [
        Row(row.number, {places[at]: c for at, c in enumerate(row.cells) if at in places})
        for row in grid[1:]
    ]
    if not rows:
        raise BadSheet("There is no row below the names of the columns.")
    lookup = _lookup()
    for row in rows:
        _read_line(row, lookup)
    events = [Event(of_one) for of_one in _by_event(rows)]
    for event in events:
        for row in event.rows:
            row.first = event.rows[0].number
        _read_event(event, lookup)
    _ask(events, by)
    return Draft(digest_of(content), rows, events)


def _by_event(rows: Iterable[Row]) -> list[list[Row]]:
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.said("event") or row.number, []).append(row)
    return list(groups.values())


def _read_line(row: Row, lookup: _Lookup) -> None:
    code = row.said("resource")
    resource = lookup.resources.get(columns.plain(code))
    if resource is None:
        _wrong(
            row, "There is no resource '{resource}'; look it up in the catalogue.", resource=code
        )
    zone = resource.site.tzinfo if resource is not None else clock.LOCAL
    try:
        quantity = columns.number(row.cells.get("quantity"), "quantity")
        starts_at = columns.instant(row.cells.get("starts_at"), "starts_at", zone)
        ends_at = columns.instant(row.cells.get("ends_at"), "ends_at", zone)
        period = Period(starts_at, ends_at)
    except Refusal as refusal:
        row.problems.append(refusal)
        return
    if starts_at < clock.now() - GRACE:
        _wrong(row, "The period has begun already; only what is to come is imported.")
    if resource is not None:
        row.line = WantedLine(resource.code, 1 if quantity is None else quantity, period)


def _read_event(event: Event, lookup: _Lookup) -> None:
    """What holds for the whole event, from its first row; below it may only be repeated."""
    first = event.rows[0]
    for row in event.rows[1:]:
        for name in OF_THE_EVENT:
            if row.said(name) and columns.plain(row.said(name)) != columns.plain(first.said(name)):
                _wrong(
                    row,
                    "{column}: differs from row {first} of the same event; "
                    "write the same or leave it empty.",
                    column=name,
                    first=first.number,
                )
    slug = first.said("unit")
    unit = lookup.units.get(columns.plain(slug))
    if unit is None:
        _wrong(first, "There is no unit '{unit}'; choose one of the list.", unit=slug)
    note = first.said("note")
    if len(note) > LONGEST_NOTE:
        _wrong(first, "A note has at most {most} characters.", most=LONGEST_NOTE)
    try:
        title = asking.checked_title(first.said("title"))
        attendees = columns.number(first.cells.get("attendees"), "attendees")
        asking.check_attendees(attendees)
        kind = EventKind(columns.kind(first.cells.get("event_kind")))
        organiser = Organiser(columns.organiser(first.cells.get("organiser")))
    except Refusal as refusal:
        first.problems.append(refusal)
        return
    lines = [row.line for row in event.rows if row.line is not None]
    if unit is not None and len(lines) == len(event.rows):
        event.wanted = RequestedBooking(unit, title, kind, lines, organiser, attendees, note)


def _ask(events: Iterable[Event], by: Member) -> None:
    """Let the rules of every request look at each event; where one refuses, at each row."""
    asked = [event for event in events if event.wanted is not None]
    try:
        asking.read([event.wanted for event in asked if event.wanted is not None], by)
    except Refusal:
        _ask_each(asked, by)


def _ask_each(events: Iterable[Event], by: Member) -> None:
    for event in events:
        try:
            asking.read([event.wanted] if event.wanted is not None else [], by)
        except Refusal as refusal:
            refused = [row for row in event.rows if _refuses(row, by)]
            if not refused:
                event.rows[0].problems.append(refusal)


def _refuses(row: Row, by: Member) -> bool:
    try:
        asking.read_lines([row.line] if row.line is not None else [], by)
    except Refusal as refusal:
        row.problems.append(refusal)
        return True
    return False


def look(draft: Draft, *, by: Member) -> None:
    """Note which rows ask for what is taken, by others or by the rows above.

    Locks the resources until the transaction ends.
    """
    rows = [row for event in draft.events for row in event.rows if row.line and not row.problems]
    if not rows:
        return
    asks = asking.read_lines_of([[row.line] for row in rows if row.line is not None], by)
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    claimed = occupancies.Claimed(*occupancies.look(claims))
    for claim in claims:
        short = claimed.add(claim)
        if short is not None:
            _taken(
                rows[claim.line_number],
                "{resource}: {free} of {wanted} are free then; "
                "choose another time, quantity or resource.",
                short,
            )


def _wrong(row: Row, template: str, **details: Any) -> None:
    row.problems.append(BadRow(template, **details))


def _taken(row: Row, template: str, short: Mapping[str, Any]) -> None:
    facts = {name: short[name] for name in ("resource", "free", "wanted")}
    row.problems.append(TakenThen(template, **facts))
