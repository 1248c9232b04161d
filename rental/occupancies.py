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
from rental.models import Booking, Line, Occupancy, Resource
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


# Written out, and not built anew at each call: every booking asks it.
_TAKEN = """
    SELECT resource_id, lower(during), upper(during), quantity
    FROM {occupancies}
    WHERE CAST(:apart_from AS integer) IS NULL
       OR line_id NOT IN (SELECT id FROM line WHERE booking_id = :apart_from)
    UNION ALL
    SELECT resource_id, coalesce(lower(during), :starts_at), coalesce(upper(during), :ends_at),
           quantity
    FROM {closures}
    WHERE kind <> 'reserved'
"""
# Resource by resource, as the index is written: GiST finds resource and time at once. OFFSET 0
# keeps the planner from looking by time alone where its statistics know of no booking yet.
_EACH = """unnest(CAST(:ids AS integer[])) AS wanted (id) CROSS JOIN LATERAL (
        SELECT * FROM {table}
        WHERE int4range(resource_id, resource_id, '[]') && int4range(wanted.id, wanted.id, '[]')
          AND during && tstzrange(:starts_at, :ends_at) OFFSET 0
    ) AS taken"""
# For many, the time alone narrows enough.
_ALL = """(
        SELECT * FROM {table}
        WHERE resource_id = ANY(:ids) AND during && tstzrange(:starts_at, :ends_at)
    ) AS taken"""
FEW = 20


def _taken(source: str) -> sa.TextClause:
    return sa.text(
        _TAKEN.format(
            occupancies=source.format(table="occupancy"), closures=source.format(table="closure")
        )
    )


_TAKEN_OF_FEW, _TAKEN_OF_MANY = _taken(_EACH), _taken(_ALL)


def taken(
    resources: Mapping[int, int], span: Period, *, apart_from: int | None = None
) -> dict[int, list[Claim]]:
    """What is claimed of each resource within `span`, closures included.

    `resources` maps ids to stock (a closure without a quantity takes all of it); `apart_from` is
    the id of a booking whose own claims do not count.
    """
    claims: dict[int, list[Claim]] = {resource_id: [] for resource_id in resources}
    rows = db.session.execute(
        _TAKEN_OF_FEW if len(resources) <= FEW else _TAKEN_OF_MANY,
        {
            "ids": list(resources),
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "apart_from": apart_from,
        },
    )
    for resource_id, starts_at, ends_at, quantity in rows:
        pieces = quantity if quantity is not None else resources[resource_id]
        if pieces:
            claims[resource_id].append(Claim(starts_at, ends_at, pieces))
    return claims


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


def write(lines: Sequence[Line], wanted: Iterable[Wanted]) -> None:
    """Insert the occupancies of flushed lines that stand in the order asked."""
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
