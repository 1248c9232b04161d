"""The board: what lies on many resources within a period, in plain values for the timeline.

A read model of seven statements whatever the number of resources. Each looks resource by resource,
as the indexes are written, so that its cost follows what is shown and not the history.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from config.database import db
from rental import availability, catalogue, hold_ranks, occupancies
from rental.availability import Claim, Segment
from rental.models import Resource, ResourceKind, Site
from rental.period import Period

# A booking lasts 366 days at most: none that began earlier lies on the board.
LONGEST = timedelta(days=366)


class Listed(NamedTuple):
    """A resource as the board lists it. Pieces, seats and Mbps are whole."""

    id: int
    code: str
    name: str
    name_en: str | None
    kind: ResourceKind
    category: str | None
    stock: int
    seats: int | None
    mbps: int | None
    site: str
    site_name: str


class Booked(NamedTuple):
    """A booking on a resource; `own` is False where it takes it as a part of something else."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    quantity: int
    title: str
    status: str
    reference: str
    unit_id: int
    revision: int
    in_series: bool
    line_id: int
    own: bool
    # Minutes of set-up and strike: the resource's, or those of what was booked if larger.
    before: int = 0
    after: int = 0

    @property
    def takes(self) -> tuple[datetime, datetime]:
        """The rented time with set-up and strike."""
        if not self.before and not self.after:
            return self.starts_at, self.ends_at
        set_up, strike = timedelta(minutes=self.before), timedelta(minutes=self.after)
        return self.starts_at - set_up, self.ends_at + strike


class Closed(NamedTuple):
    """A closure; without a quantity it takes all. `excepted`: the viewer's unit may book."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    quantity: int | None
    reason: str
    kind: str
    cause: str | None
    excepted: bool


class Held(NamedTuple):
    """A standing hold, also on what its resource consists of; it takes no stock."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    quantity: int
    title: str
    reference: str
    unit_id: int
    rank: int


Mark = Booked | Closed | Held


@dataclass(slots=True)
class Lying:
    """All that lies on one resource, soonest first, and how much of it is free.

    `free` is empty where it says no more than the bookings do: one piece without parts.
    """

    booked: list[Booked] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    free: list[Segment] = field(default_factory=list)

    @property
    def marks(self) -> list[Mark]:
        """All of it in one list, soonest first."""
        every: list[Mark] = [*self.booked, *self.closed, *self.held]
        return sorted(every, key=lambda one: one.starts_at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which resources to list; None leaves out the question."""

    kind: ResourceKind | None = None
    seats_min: int | None = None
    site: str | None = None
    category: str | None = None
    q: str | None = None
    codes: Sequence[str] | None = None


_COLUMNS = (
    Resource.id, Resource.code, Resource.name, Resource.name_en, Resource.kind, Resource.category,
    Resource.stock, Resource.seats, Resource.mbps, Site.slug, Site.name,
)  # fmt: skip


def listed(wanted: Wanted) -> list[Listed]:
    """What the catalogue offers, in natural order of code (H50 before H100).

    Uplinks are there only where they are named.
    """
    query = sa.select(*_COLUMNS).join(Site).where(~Resource.is_retired)
    if wanted.codes is None:
        query = query.where(~Resource.is_uplink)
    if wanted.kind:
        query = query.where(Resource.kind == wanted.kind)
    if wanted.seats_min:
        query = query.where(Resource.seats >= wanted.seats_min)
    if wanted.site:
        query = query.where(Site.slug == wanted.site)
    if wanted.category:
        query = query.where(Resource.category == wanted.category)
    if wanted.codes is not None:
        query = query.where(
            Resource.code == sa.any_(sa.literal(list(wanted.codes), ARRAY(sa.String)))
        )
    if wanted.q and (word := wanted.q.strip()):
        searched = (Resource.name, Resource.name_en, Resource.code, Resource.category)
        query = query.where(sa.or_(*(c.icontains(word, autoescape=True) for c in searched)))
    rows = [Listed(*row) for row in db.session.execute(query)]
    return sorted(rows, key=lambda one: catalogue.natural(one.code))


def categories() -> list[str]:
    """Every category of the catalogue, by name."""
    query = sa.select(Resource.category).where(~Resource.is_retired, Resource.category.is_not(None))
    return sorted((c for c in db.session.scalars(query.distinct()) if c), key=str.casefold)


# Resource by resource: OFFSET 0 keeps the planner from looking by time alone.
_EACH = """
    FROM unnest(CAST(:ids AS integer[])) AS wanted (id) CROSS JOIN LATERAL (
        SELECT * FROM {table}
        WHERE int4range(resource_id, resource_id, '[]') && int4range(wanted.id, wanted.id, '[]')
          AND during && tstzrange(:starts_at, {until}) OFFSET 0
    ) AS {name}
"""
# Set-up time lies before a booking's own span: look that much further ahead.
_FURTHEST = """
    CAST(:ends_at AS timestamptz) + make_interval(
        mins => (SELECT coalesce(max(turnaround_before_minutes), 0) FROM resource))
"""
# What was returned early is free from then on.
_BOOKED = sa.text(f"""
    SELECT taken.resource_id, line.starts_at, least(line.ends_at, upper(taken.during)),
           taken.quantity, booking.title, booking.status, booking.reference, booking.unit_id,
           booking.revision, booking.series_id IS NOT NULL, line.id,
           line.resource_id = taken.resource_id,
           greatest(resource.turnaround_before_minutes, whole.turnaround_before_minutes),
           greatest(resource.turnaround_after_minutes, whole.turnaround_after_minutes)
    {_EACH.format(table="occupancy", name="taken", until=_FURTHEST)}
    JOIN line ON line.id = taken.line_id JOIN booking ON booking.id = line.booking_id
    JOIN resource ON resource.id = taken.resource_id
    JOIN resource AS whole ON whole.id = line.resource_id
    ORDER BY line.starts_at, taken.id
""")  # a constant
_CLOSED = sa.text(f"""
    SELECT shut.resource_id, coalesce(lower(shut.during), :starts_at),
           coalesce(upper(shut.during), :ends_at), shut.quantity, shut.reason, shut.kind,
           shut.cause, EXISTS (SELECT FROM closure_exception AS e
                               WHERE e.closure_id = shut.id AND e.unit_id = :unit_id)
    {_EACH.format(table="closure", name="shut", until=":ends_at")}
    ORDER BY lower(shut.during), shut.id
""")  # noqa: S608  # a constant


def lying(resources: Sequence[Listed], period: Period, unit_id: int) -> dict[int, Lying]:
    """What lies on these resources within `period`, as the viewer's unit meets it, by id."""
    parts = catalogue.parts_of(one.id for one in resources)
    below = {part_id for pairs in parts.values() for part_id, _ in pairs}
    stocks = {one.id: one.stock for one in resources}
    stocks |= _stocks(below - stocks.keys())
    found = {resource_id: Lying() for resource_id in stocks}
    asked = {"ids": [*stocks], "starts_at": period.starts_at, "ends_at": period.ends_at}
    for row in db.session.execute(_BOOKED, asked):
        found[row[0]].booked.append(Booked._make(row))
    for row in db.session.execute(_CLOSED, {**asked, "unit_id": unit_id}):
        found[row[0]].closed.append(Closed._make(row))
    _add_held(found, period)
    wholes = parts.keys() & {one.id for one in resources}
    graded = {one.id for one in resources if one.stock != 1} | wholes | below
    own = {
        resource_id: availability.free_segments(
            stocks[resource_id], _claims(found[resource_id], stocks[resource_id]), period
        )
        for resource_id in graded
    }
    for one in resources:
        if one.stock != 1:
            found[one.id].free = own[one.id]
    for resource_id in wholes:
        needed = catalogue.unfolded(resource_id, 1, parts).items()
        found[resource_id].free = availability.lowest(
            own[resource_id],
            [(own[part_id], quantity) for part_id, quantity in needed if part_id != resource_id],
        )
    return found


def _add_held(found: dict[int, Lying], period: Period) -> None:
    """Standing holds on these resources, those on a whole that has one as its part included."""
    wishes = [
        occupancies.Wanted(number, resource_id, 1, period)
        for number, resource_id in enumerate(found)
    ]
    holds = hold_ranks.near(wishes)
    if not holds:
        return
    ranks = hold_ranks.ranked(holds)
    rows = {hold.id: hold for hold in hold_ranks.loaded([hold.hold_id for hold in holds])}
    for standing in holds:
        hold = rows[standing.hold_id]
        # The wishes are numbered through all holds, line by line.
        first = min(wish.line_number for wish in standing.wishes)
        for wish in standing.wishes:
            line = hold.lines[wish.line_number - first]
            spans = Period(line.starts_at, line.ends_at)
            if wish.resource_id in found and spans.overlaps(period):
                held = Held(
                    wish.resource_id, line.starts_at, line.ends_at, wish.quantity, hold.title,
                    hold.reference, hold.unit_id, ranks[hold.id],
                )  # fmt: skip
                found[wish.resource_id].held.append(held)
    for lies in found.values():
        # They came oldest first, and a sort keeps that among equals.
        lies.held.sort(key=lambda one: (one.starts_at, one.rank))


def _stocks(ids: set[int]) -> dict[int, int]:
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Resource.id, Resource.stock).where(Resource.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _claims(lies: Lying, stock: int) -> Iterable[Claim]:
    """What is taken as people see it: turnaround on both sides."""
    for one in lies.booked:
        yield Claim(*one.takes, one.quantity)
    for shut in lies.closed:
        if shut.kind != "reserved":
            pieces = shut.quantity if shut.quantity is not None else stock
            yield Claim(shut.starts_at, shut.ends_at, pieces)


_UNTOUCHED = sa.text("""
    SELECT wanted.id FROM unnest(CAST(:ids AS integer[])) AS wanted (id)
    WHERE NOT EXISTS (
        SELECT FROM occupancy
        WHERE int4range(resource_id, resource_id, '[]') && int4range(wanted.id, wanted.id, '[]')
          AND during && tstzrange(:starts_at, :ends_at)
    ) AND NOT EXISTS (
        SELECT FROM closure
        WHERE int4range(resource_id, resource_id, '[]') && int4range(wanted.id, wanted.id, '[]')
          AND during && tstzrange(:starts_at, :ends_at) AND kind <> 'reserved'
    )
""")


def free_throughout(resources: Sequence[Listed], period: Period, unit_id: int) -> set[int]:
    """The ids of those of which a piece is free during the whole of `period`."""
    ids = [one.id for one in resources]
    asked = {"ids": ids, "starts_at": period.starts_at, "ends_at": period.ends_at}
    untouched = set(db.session.scalars(_UNTOUCHED, asked))
    wholes = catalogue.parts_of(ids).keys()
    # One piece that something lies on is taken; pools and wholes have to be added up.
    added_up = [one for one in resources if one.stock != 1 or one.id in wholes]
    found = lying(added_up, period, unit_id) if added_up else {}
    free = untouched - {one.id for one in added_up}
    return free | {one.id for one in added_up if min(s.free for s in found[one.id].free) >= 1}


_USED = sa.text("""
    SELECT DISTINCT occupancy.resource_id
    FROM booking JOIN line ON line.booking_id = booking.id
    JOIN occupancy ON occupancy.line_id = line.id
    WHERE booking.unit_id = :unit_id AND booking.starts_at BETWEEN :earliest AND :ends_at
      AND occupancy.during && tstzrange(:starts_at, :ends_at)
    UNION
    SELECT line.resource_id FROM hold JOIN hold_line AS line ON line.hold_id = hold.id
    WHERE hold.unit_id = :unit_id AND hold.status = 'standing'
      AND line.starts_at < :ends_at AND line.ends_at > :starts_at
""")


def used_by(unit_id: int, period: Period) -> set[int]:
    """The ids of the resources that the unit has booked or holds within `period`."""
    return set(
        db.session.scalars(
            _USED,
            {
                "unit_id": unit_id,
                "earliest": period.starts_at - LONGEST,
                "starts_at": period.starts_at,
                "ends_at": period.ends_at,
            },
        )
    )
