"""Taking and giving back stock: from the lines of a booking to occupancy rows.

A claim's tail keeps the turnaround: it ends `turnaround` after the line does, where the turnaround
is the larger of set-up and strike. Between two bookings of one resource the gap then reaches the
larger turnaround and never the sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config.database import db
from rental import availability, catalogue
from rental.availability import Claim
from rental.catalogue import Locked
from rental.errors import ResourceUnavailable
from rental.models import Booking, Closure, Line, Occupancy, Resource
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one line takes of one resource (its own, or a part of it)."""

    line_number: int
    resource_id: int
    quantity: int
    period: Period


@dataclass(frozen=True, slots=True)
class Ask:
    """One line as asked for: a resource, how many, from when until when."""

    resource: Resource
    quantity: int
    period: Period


def unfold(asks: Sequence[Ask]) -> list[Wanted]:
    """Every resource that these lines take, parts included, with turnaround in the tail."""
    parts = catalogue.parts_of(ask.resource.id for ask in asks)
    own = {ask.resource.id: ask.resource.turnaround_minutes for ask in asks}
    below = {part_id for pairs in parts.values() for part_id, _ in pairs} - own.keys()
    gaps = own | _turnarounds(below)
    wanted: list[Wanted] = []
    for number, ask in enumerate(asks):
        taken = catalogue.unfolded(ask.resource.id, ask.quantity, parts)
        for resource_id, quantity in taken.items():
            gap = max(gaps[resource_id], gaps[ask.resource.id])
            period = ask.period.widened(timedelta(), timedelta(minutes=gap))
            wanted.append(Wanted(number, resource_id, quantity, period))
    return wanted


def _turnarounds(resource_ids: set[int]) -> dict[int, int]:
    if not resource_ids:
        return {}
    gap = sa.func.greatest(Resource.turnaround_before_minutes, Resource.turnaround_after_minutes)
    rows = db.session.execute(sa.select(Resource.id, gap).where(Resource.id.in_(resource_ids)))
    return {row[0]: row[1] for row in rows}


def taken(
    resources: Mapping[int, int], span: Period, *, apart_from: int | None = None
) -> dict[int, list[Claim]]:
    """What is claimed of each resource within `span`, closures included.

    `resources` maps ids to stock (a closure without a quantity takes all of it); `apart_from` is
    the id of a booking whose own claims do not count.
    """
    claims: dict[int, list[Claim]] = {resource_id: [] for resource_id in resources}
    during = Range(span.starts_at, span.ends_at, bounds="[)")
    occupied = sa.select(
        Occupancy.resource_id,
        sa.func.lower(Occupancy.during),
        sa.func.upper(Occupancy.during),
        Occupancy.quantity,
    ).where(_of(Occupancy.resource_id, resources), Occupancy.during.overlaps(during))
    if apart_from is not None:
        occupied = occupied.join(Line).where(Line.booking_id != apart_from)
    closed = sa.select(
        Closure.resource_id,
        sa.func.coalesce(sa.func.lower(Closure.during), span.starts_at),
        sa.func.coalesce(sa.func.upper(Closure.during), span.ends_at),
        Closure.quantity,
    ).where(_of(Closure.resource_id, resources), Closure.during.overlaps(during))
    for resource_id, starts_at, ends_at, quantity in db.session.execute(occupied.union_all(closed)):
        pieces = quantity if quantity is not None else resources[resource_id]
        if pieces:
            claims[resource_id].append(Claim(starts_at, ends_at, pieces))
    return claims


def _of(
    column: sa.orm.InstrumentedAttribute[int], resources: Mapping[int, int]
) -> sa.ColumnElement[bool]:
    """Written as the index is: one range a resource, so that GiST finds resource and time at once.

    With many resources a plain list reads better to the planner.
    """
    if len(resources) > 20:
        return column.in_(resources)
    return sa.or_(
        *(
            sa.func.int4range(column, column, "[]").op("&&")(sa.func.int4range(r, r, "[]"))
            for r in resources
        )
    )


def shortages(
    wanted: Sequence[Wanted], locked: Mapping[int, Locked], others: Mapping[int, list[Claim]]
) -> list[dict[str, object]]:
    """Where the wish exceeds what is free: one entry a resource and line, JSON values."""
    found: list[dict[str, object]] = []
    for index, wish in enumerate(wanted):
        beside = [
            Claim(other.period.starts_at, other.period.ends_at, other.quantity)
            for position, other in enumerate(wanted)
            if position < index and other.resource_id == wish.resource_id
        ]
        claims = [*others[wish.resource_id], *beside]
        stock = locked[wish.resource_id].stock
        free = availability.free_stock(stock, claims, wish.period)
        if free < wish.quantity:
            found.append(
                {
                    "resource": locked[wish.resource_id].code,
                    "starts_at": wish.period.starts_at.isoformat(),
                    "ends_at": wish.period.ends_at.isoformat(),
                    "free": free,
                    "wanted": wish.quantity,
                }
            )
    return found


def require_free(wanted: Sequence[Wanted], *, apart_from: int | None = None) -> None:
    """Lock what is wanted, then refuse with ResourceUnavailable unless all of it is free."""
    locked = catalogue.lock(wish.resource_id for wish in wanted)
    span = Period(
        min(wish.period.starts_at for wish in wanted), max(wish.period.ends_at for wish in wanted)
    )
    stocks = {resource_id: row.stock for resource_id, row in locked.items()}
    others = taken(stocks, span, apart_from=apart_from)
    if conflicts := shortages(wanted, locked, others):
        raise ResourceUnavailable(conflicts)


def write(booking: Booking, wanted: Iterable[Wanted]) -> None:
    """Insert the occupancies of a flushed booking whose lines stand in the order asked."""
    lines = booking.lines
    db.session.execute(
        sa.insert(Occupancy),
        [
            {
                "resource_id": wish.resource_id,
                "line_id": lines[wish.line_number].id,
                "quantity": wish.quantity,
                "during": Range(wish.period.starts_at, wish.period.ends_at, bounds="[)"),
            }
            for wish in wanted
        ],
    )


def give_back(booking: Booking) -> None:
    """Free all that the booking held."""
    db.session.execute(sa.delete(Occupancy).where(Occupancy.line_id.in_(_lines_of(booking))))


def give_back_rest(booking: Booking, at: datetime) -> None:
    """Free what the booking no longer needs from `at` on; the past stays as it was."""
    mine = Occupancy.line_id.in_(_lines_of(booking))
    db.session.execute(sa.delete(Occupancy).where(mine, sa.func.lower(Occupancy.during) >= at))
    db.session.execute(
        sa.update(Occupancy)
        .where(mine, sa.func.upper(Occupancy.during) > at)
        .values(during=sa.func.tstzrange(sa.func.lower(Occupancy.during), at))
        .execution_options(synchronize_session=False)
    )


def _lines_of(booking: Booking) -> sa.Select[tuple[int]]:
    return sa.select(Line.id).where(Line.booking_id == booking.id)
