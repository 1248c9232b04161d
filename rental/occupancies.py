"""Taking and giving back stock: from the lines of a booking to occupancy rows.

A claim's tail keeps the turnaround: it ends `turnaround` after the line does, where the turnaround
is the larger of set-up and strike. Between two bookings of one resource the gap then reaches the
larger turnaround and never the sum.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    # What is asked for beside it, by the codes of the price list.
    add_ons: tuple[str, ...] = ()


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
    WHERE CAST(:apart_from AS integer[]) IS NULL
       OR line_id NOT IN (SELECT id FROM line WHERE booking_id = ANY(:apart_from))
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
FEW = 60


def _taken(source: str) -> sa.TextClause:
    return sa.text(
        _TAKEN.format(
            occupancies=source.format(table="occupancy"), closures=source.format(table="closure")
        )
    )


_TAKEN_OF_FEW, _TAKEN_OF_MANY = _taken(_EACH), _taken(_ALL)


def taken(
    resources: Mapping[int, int], span: Period, *, apart_from: int | Collection[int] | None = None
) -> dict[int, list[Claim]]:
    """What is claimed of each resource within `span`, closures included.

    `resources` maps ids to stock (a closure without a quantity takes all of it); `apart_from` is
    the id of a booking whose own claims do not count, or the ids of several.
    """
    claims: dict[int, list[Claim]] = {resource_id: [] for resource_id in resources}
    rows = db.session.execute(
        _TAKEN_OF_FEW if len(resources) <= FEW else _TAKEN_OF_MANY,
        {
            "ids": list(resources),
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "apart_from": _ids(apart_from),
        },
    )
    for resource_id, starts_at, ends_at, quantity in rows:
        pieces = quantity if quantity is not None else resources[resource_id]
        if pieces:
            claims[resource_id].append(Claim(starts_at, ends_at, pieces))
    return claims


def _ids(apart_from: int | Collection[int] | None) -> list[int] | None:
    ids = [apart_from] if isinstance(apart_from, int) else list(apart_from or ())
    return ids or None


def shortages(
    wanted: Sequence[Wanted], locked: Mapping[int, Locked], others: Mapping[int, list[Claim]]
) -> list[dict[str, object]]:
    """Where the wish exceeds what is free: one entry a resource and line, JSON values."""
    claimed = Claimed(locked, others)
    return [short for wish in wanted if (short := claimed.add(wish)) is not None]


class Claimed:
    """What is taken of each resource, found by day: a long series asks hundreds of times."""

    def __init__(self, locked: Mapping[int, Locked], others: Mapping[int, Iterable[Claim]]) -> None:
        """`others` are the claims that stand already."""
        self._locked = locked
        self._days: dict[tuple[int, int], list[Claim]] = {}
        for resource_id, claims in others.items():
            for claim in claims:
                self._note(resource_id, claim)

    def add(self, wish: Wanted) -> dict[str, object] | None:
        """Note the wish; what is short of it beside all that was noted before, as JSON values."""
        row = self._locked[wish.resource_id]
        free = availability.free_stock(row.stock, self._near(wish), wish.period)
        starts_at, ends_at = wish.period
        self._note(wish.resource_id, Claim(starts_at, ends_at, wish.quantity))
        if free >= wish.quantity:
            return None
        return {
            "resource": row.code,
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "free": free,
            "wanted": wish.quantity,
        }

    def drop(self, wishes: Iterable[Wanted]) -> None:
        """Forget wishes that were noted and are not taken after all."""
        for wish in wishes:
            starts_at, ends_at = wish.period
            claim = Claim(starts_at, ends_at, wish.quantity)
            for day in _days(claim):
                self._days[wish.resource_id, day].remove(claim)

    def _note(self, resource_id: int, claim: Claim) -> None:
        for day in _days(claim):
            self._days.setdefault((resource_id, day), []).append(claim)

    def _near(self, wish: Wanted) -> list[Claim]:
        days = _days(Claim(wish.period.starts_at, wish.period.ends_at, wish.quantity))
        if len(days) == 1:
            return self._days.get((wish.resource_id, days[0]), [])
        # A claim of several days stands under each of them and counts once.
        near: dict[int, Claim] = {}
        for day in days:
            near |= {id(claim): claim for claim in self._days.get((wish.resource_id, day), ())}
        return list(near.values())


def _days(claim: Claim) -> range:
    """The days in UTC that the claim touches, as ordinals."""
    return range(claim.starts_at.toordinal(), claim.ends_at.toordinal() + 1)


def sift(
    groups: Sequence[Sequence[Wanted]],
    locked: Mapping[int, Locked],
    others: Mapping[int, list[Claim]],
) -> list[list[dict[str, object]]]:
    """What each group of wishes is short of, group by group: empty where all of it is free.

    A group that does not fit takes nothing from those after it.
    """
    claimed = Claimed(locked, others)
    found: list[list[dict[str, object]]] = []
    for group in groups:
        short = [s for wish in group if (s := claimed.add(wish)) is not None]
        if short:
            claimed.drop(group)
        found.append(short)
    return found


def look(
    wanted: Sequence[Wanted], *, apart_from: int | Collection[int] | None = None
) -> tuple[dict[int, Locked], dict[int, list[Claim]]]:
    """Lock what is wanted; what the lock saw, and all that is taken in that span, in one query."""
    locked = catalogue.lock(wish.resource_id for wish in wanted)
    span = Period(
        min(wish.period.starts_at for wish in wanted), max(wish.period.ends_at for wish in wanted)
    )
    stocks = {resource_id: row.stock for resource_id, row in locked.items()}
    return locked, taken(stocks, span, apart_from=apart_from)


def require_free(
    wanted: Sequence[Wanted], *, apart_from: int | Collection[int] | None = None
) -> None:
    """Lock what is wanted, then refuse with ResourceUnavailable unless all of it is free."""
    locked, others = look(wanted, apart_from=apart_from)
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


def give_back(*bookings: Booking) -> None:
    """Free all that these bookings held."""
    ids = [booking.id for booking in bookings]
    held = sa.select(Line.id).where(Line.booking_id.in_(ids))
    db.session.execute(sa.delete(Occupancy).where(Occupancy.line_id.in_(held)))


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
