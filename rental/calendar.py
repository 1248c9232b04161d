"""The calendar as it is read: what lies on which resource, and what is free.

A read model: plain values in two or three queries, whatever the number of resources.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Range

from config.database import db
from rental import availability, catalogue, outlook
from rental.availability import Claim, Segment
from rental.models import Booking, Closure, ClosureKind, Line, Occupancy, Resource, ResourceKind
from rental.period import Period


class EntryKind(StrEnum):
    """What a bar on the timeline is."""

    BOOKING = "booking"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class Entry:
    """One bar: whose, what, how much, from when until when.

    `starts_at` and `ends_at` are the rented time; `takes` is that plus turnaround. A
    booking of a whole shows on its parts too.
    """

    kind: EntryKind
    resource_id: int
    starts_at: datetime
    ends_at: datetime
    takes: Period
    quantity: int
    title: str
    status: str
    reference: str | None
    unit_id: int | None
    # What asked for a closure, in the words of a floor above.
    cause: str | None = None


def entries(resources: Sequence[Resource], period: Period) -> dict[int, list[Entry]]:
    """Every bar within `period` by resource id, soonest first."""
    by_id = {resource.id: resource for resource in resources}
    found: dict[int, list[Entry]] = {resource_id: [] for resource_id in by_id}
    for entry in [*_booked(by_id, period), *_closed(by_id, period)]:
        found[entry.resource_id].append(entry)
    for bars in found.values():
        bars.sort(key=lambda entry: entry.starts_at)
    return found


def _among(column: sa.orm.InstrumentedAttribute[int], ids: Iterable[int]) -> sa.ColumnElement[bool]:
    """`= ANY(array)`: one parameter however many there are, where IN would bear one each."""
    return column == sa.any_(sa.literal(list(ids), ARRAY(sa.Integer)))


# A booking of a whole takes its parts with the whole's turnaround, where that is the larger.
_booked_as = sa.orm.aliased(Resource)


def _rented(ids: Iterable[int], period: Period) -> sa.Select[Any]:
    """Resource, start, end, pieces, set-up and strike of what may lie within `period`."""
    # Set-up time lies before the row's own span: look that much further ahead.
    furthest = sa.select(sa.func.max(Resource.turnaround_before_minutes)).scalar_subquery()
    until = sa.literal(period.ends_at) + sa.func.make_interval(0, 0, 0, 0, 0, furthest)
    return (
        sa.select(
            Occupancy.resource_id,
            Line.starts_at,
            # What was returned early is free from then on.
            sa.func.least(Line.ends_at, sa.func.upper(Occupancy.during)),
            Occupancy.quantity,
            _booked_as.turnaround_before_minutes,
            _booked_as.turnaround_after_minutes,
        )
        .join(Line, Line.id == Occupancy.line_id)
        .join(_booked_as, _booked_as.id == Line.resource_id)
        .where(
            Occupancy.during.op("&&")(sa.func.tstzrange(period.starts_at, until)),
            _among(Occupancy.resource_id, ids),
        )
    )


def _taking(resource: Resource, rented: Period, before: int, after: int) -> Period:
    """The rented time with set-up and strike: the resource's own, or the whole's if larger."""
    before = max(resource.turnaround_before_minutes, before)
    after = max(resource.turnaround_after_minutes, after)
    if not before and not after:
        return rented
    return rented.widened(timedelta(minutes=before), timedelta(minutes=after))


def _booked(by_id: Mapping[int, Resource], period: Period) -> Iterable[Entry]:
    rows = db.session.execute(
        _rented(by_id, period)
        .add_columns(Booking.title, Booking.status, Booking.reference, Booking.unit_id)
        .join(Booking, Booking.id == Line.booking_id)
    )
    for resource_id, starts_at, ends_at, quantity, before, after, *of_booking in rows:
        title, status, reference, unit_id = of_booking
        takes = _taking(by_id[resource_id], Period(starts_at, ends_at), before, after)
        if takes.overlaps(period):
            yield Entry(
                EntryKind.BOOKING, resource_id, starts_at, ends_at, takes,
                quantity, title, status.value, reference, unit_id,
            )  # fmt: skip


def _closed(by_id: Mapping[int, Resource], period: Period) -> Iterable[Entry]:
    during = Range(period.starts_at, period.ends_at, bounds="[)")
    rows = db.session.scalars(
        sa.select(Closure).where(
            Closure.during.overlaps(during), _among(Closure.resource_id, by_id)
        )
    )
    for closure in rows:
        starts_at = closure.during.lower or period.starts_at
        ends_at = closure.during.upper or period.ends_at
        yield Entry(
            EntryKind.CLOSURE, closure.resource_id, starts_at, ends_at, Period(starts_at, ends_at),
            closure.quantity or by_id[closure.resource_id].stock, closure.reason,
            closure.kind.value, None, None, closure.cause,
        )  # fmt: skip


def segments(resources: Sequence[Resource], period: Period) -> dict[int, list[Segment]]:
    """The free stock of each resource over `period`, turnaround and parts taken into account.

    A resource with parts is as free as its scarcest part allows.
    """
    parts = catalogue.parts_of(resource.id for resource in resources)
    below = {part_id for pairs in parts.values() for part_id, _ in pairs}
    needed = _with(resources, below)
    claims = _shown(needed, period)
    own = {
        resource.id: availability.free_segments(resource.stock, claims[resource.id], period)
        for resource in needed
    }
    return {
        resource.id: availability.lowest(
            own[resource.id],
            [
                (own[part_id], quantity)
                for part_id, quantity in catalogue.unfolded(resource.id, 1, parts).items()
                if part_id != resource.id
            ],
        )
        if resource.id in parts
        else own[resource.id]
        for resource in resources
    }


def _shown(resources: Sequence[Resource], period: Period) -> dict[int, list[Claim]]:
    """What is taken of each resource as people see it: turnaround on both sides."""
    by_id = {resource.id: resource for resource in resources}
    claims: dict[int, list[Claim]] = {resource_id: [] for resource_id in by_id}
    for resource_id, starts_at, ends_at, quantity, before, after in db.session.execute(
        _rented(by_id, period)
    ):
        takes = _taking(by_id[resource_id], Period(starts_at, ends_at), before, after)
        claims[resource_id].append(Claim(takes.starts_at, takes.ends_at, quantity))
    for entry in _closed(by_id, period):
        if entry.status == ClosureKind.RESERVED:
            continue
        claims[entry.resource_id].append(Claim(entry.starts_at, entry.ends_at, entry.quantity))
    return claims


def _with(resources: Sequence[Resource], more: set[int]) -> list[Resource]:
    missing = more - {resource.id for resource in resources}
    if not missing:
        return list(resources)
    return [*resources, *db.session.scalars(sa.select(Resource).where(Resource.id.in_(missing)))]


@dataclass(frozen=True, slots=True)
class Search:
    """What a renter looks for: a period, how many, and perhaps a kind, seats, a site, a word."""

    period: Period
    quantity: int = 1
    kind: ResourceKind | None = None
    seats_min: int | None = None
    site: str | None = None
    q: str | None = None
    # Whose event it is: what is kept for other units is not free for it.
    unit_id: int | None = None


def free(search: Search) -> list[tuple[Resource, int]]:
    """The resources wholly free in the period, each with how many, in natural order.

    Their parts are not loaded.
    """
    offered = catalogue.search(
        kind=search.kind, seats_min=search.seats_min, site=search.site, q=search.q, parts=False
    )
    seen = outlook.of(offered, search.period)
    pieces = ((resource, seen.free_of(resource, search.period)) for resource in offered)
    kept = seen.kept_from(search.unit_id, offered, [search.period])
    return [
        (resource, free)
        for resource, free in pieces
        if free >= search.quantity and resource.id not in kept
    ]
