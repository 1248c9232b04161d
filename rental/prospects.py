"""What would become of each date of a series, said before anything is written or locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import asking, bookings, catalogue, hours, occupancies
from rental.asking import WantedLine
from rental.availability import Claim
from rental.models import Booking, Closure, ClosureKind, Line, Occupancy
from rental.occupancies import Ask, Wanted
from rental.period import Period
from rental.series import Plan


class Prospect(StrEnum):
    """What stands in the way of a date, if anything does."""

    FREE = "free"
    # The doors are closed then; the desk decides.
    OUTSIDE = "outside_hours"
    # The doors are closed then, and the site refuses at once.
    REFUSED = "refused_hours"
    TAKEN = "taken"
    CLOSED = "closed"
    PAST = "past"


# What can be asked for.
POSSIBLE = frozenset({Prospect.FREE, Prospect.OUTSIDE})


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One date: when, what stands in the way, what is short, and who has it."""

    at: datetime
    starts_at: datetime
    ends_at: datetime
    prospect: Prospect
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    # Bookings that lie on what is short; who may read their titles is for the caller to say.
    holders: list[Booking] = field(default_factory=list)
    # Taken out by the one who asks.
    is_left_out: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether it can be requested."""
        return self.prospect in POSSIBLE


def foresee(planned: Plan) -> list[Foreseen]:
    """Every date of the rule with its state, by date; raises UnknownResource.

    Dates count against each other as they would when requested; those left out take nothing.
    """
    dates = sorted({*planned.dates, *planned.removed})
    asks = _asks(planned, dates)
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    groups = bookings.by_event(asks, claims)
    locked = catalogue.seen(claim.resource_id for claim in claims)
    span = _span(claims)
    stocks = {resource_id: row.stock for resource_id, row in locked.items()}
    others = occupancies.taken(stocks, span)
    closed = _closed(stocks, span)
    removed = set(planned.removed)
    wanted = [[] if at in removed else group for at, group in zip(dates, groups, strict=True)]
    short = occupancies.sift(wanted, locked, others)
    holders = _holders([g for g, s in zip(groups, short, strict=True) if s])
    return [
        _foreseen(
            at,
            of_one,
            _Obstacle(
                shortages,
                bool(shortages) and bool(occupancies.shortages(group, locked, closed)),
                _on(group, holders) if shortages else [],
                at in removed,
            ),
        )
        for at, of_one, group, shortages in zip(dates, asks, groups, short, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class ForeseenChange:
    """One date of a series after a change: when, and what stands in the way of it."""

    booking: Booking
    starts_at: datetime
    ends_at: datetime
    prospect: Prospect
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    # Its lines stay as they are.
    is_kept: bool = False


def foresee_change(
    wanted: Sequence[tuple[Booking, Sequence[WantedLine] | None]],
) -> list[ForeseenChange]:
    """What a change would make of each date, in the order given; raises UnknownResource.

    What the changed dates hold now is free to them; they count against each other.
    """
    changed = [(booking, lines) for booking, lines in wanted if lines is not None]
    asks = [_asks_of(lines) for _booking, lines in changed]
    met = _obstacles(asks, [booking.id for booking, _lines in changed]) if asks else []
    found = {
        booking.id: ForeseenChange(
            booking, *asking.span_of(of_one), _prospect(of_one, obstacle), obstacle.shortages
        )
        for (booking, _lines), of_one, obstacle in zip(changed, asks, met, strict=True)
    }
    return [
        found.get(booking.id)
        or ForeseenChange(booking, booking.starts_at, booking.ends_at, Prospect.FREE, is_kept=True)
        for booking, _lines in wanted
    ]


def _asks_of(lines: Sequence[WantedLine]) -> list[Ask]:
    resources = catalogue.by_codes(line.resource for line in lines)
    return [Ask(resources[line.resource], line.quantity, line.period) for line in lines]


def _obstacles(asks: Sequence[Sequence[Ask]], apart_from: Sequence[int]) -> list["_Obstacle"]:
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    groups = bookings.by_event(asks, claims)
    locked = catalogue.seen(claim.resource_id for claim in claims)
    stocks = {resource_id: row.stock for resource_id, row in locked.items()}
    span = _span(claims)
    short = occupancies.sift(groups, locked, occupancies.taken(stocks, span, apart_from=apart_from))
    closed = _closed(stocks, span)
    return [
        _Obstacle(
            shortages,
            bool(shortages) and bool(occupancies.shortages(group, locked, closed)),
            [],
            is_left_out=False,
        )
        for group, shortages in zip(groups, short, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Obstacle:
    shortages: list[dict[str, Any]]
    is_closed: bool
    holders: list[Booking]
    is_left_out: bool


def _foreseen(at: datetime, asks: Sequence[Ask], met: _Obstacle) -> Foreseen:
    starts_at, ends_at = asking.span_of(asks)
    return Foreseen(
        at=at,
        starts_at=starts_at,
        ends_at=ends_at,
        prospect=_prospect(asks, met),
        conflicts=met.shortages,
        holders=met.holders,
        is_left_out=met.is_left_out,
    )


def _prospect(asks: Sequence[Ask], met: _Obstacle) -> Prospect:
    if asking.span_of(asks)[0] < clock.now() - asking.GRACE:
        return Prospect.PAST
    if any(hours.refuses(ask.resource, ask.period) for ask in asks):
        return Prospect.REFUSED
    if met.shortages:
        return Prospect.CLOSED if met.is_closed else Prospect.TAKEN
    if any(hours.is_closed(ask.resource, ask.period) for ask in asks):
        return Prospect.OUTSIDE
    return Prospect.FREE


def _asks(planned: Plan, dates: Sequence[datetime]) -> list[list[Ask]]:
    resources = catalogue.by_codes(line.resource for line in planned.template.lines)
    return [
        [
            Ask(resources[line.resource], line.quantity, line.period)
            for line in planned.template.lines_on(at, planned.zone)
        ]
        for at in dates
    ]


def _span(claims: Sequence[Wanted]) -> Period:
    return Period(
        min(claim.period.starts_at for claim in claims),
        max(claim.period.ends_at for claim in claims),
    )


def _range(period: Period) -> Range[datetime]:
    return Range(period.starts_at, period.ends_at, bounds="[)")


def _closed(stocks: Mapping[int, int], span: Period) -> dict[int, list[Claim]]:
    """What closures alone take of each resource."""
    found: dict[int, list[Claim]] = {resource_id: [] for resource_id in stocks}
    rows = db.session.execute(
        sa.select(
            Closure.resource_id,
            sa.func.coalesce(sa.func.lower(Closure.during), span.starts_at),
            sa.func.coalesce(sa.func.upper(Closure.during), span.ends_at),
            Closure.quantity,
        ).where(
            Closure.resource_id.in_(stocks),
            Closure.kind != ClosureKind.RESERVED,
            Closure.during.op("&&")(_range(span)),
        )
    )
    for resource_id, starts_at, ends_at, quantity in rows:
        pieces = stocks[resource_id] if quantity is None else quantity
        found[resource_id].append(Claim(starts_at, ends_at, pieces))
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    resource_id: int
    period: Period
    booking: Booking


def _holders(groups: Sequence[Sequence[Wanted]]) -> list[_Held]:
    """Who holds what on the dates that are short, in one query."""
    claims = [claim for group in groups for claim in group]
    if not claims:
        return []
    span = _span(claims)
    rows = db.session.execute(
        sa.select(
            Occupancy.resource_id,
            sa.func.lower(Occupancy.during),
            sa.func.upper(Occupancy.during),
            Booking,
        )
        .join(Line, Line.id == Occupancy.line_id)
        .join(Booking, Booking.id == Line.booking_id)
        .options(joinedload(Booking.unit))
        .where(
            Occupancy.resource_id.in_({claim.resource_id for claim in claims}),
            Occupancy.during.op("&&")(_range(span)),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    return [_Held(row[0], Period(row[1], row[2]), row[3]) for row in rows]


def _on(group: Sequence[Wanted], held: Sequence[_Held]) -> list[Booking]:
    found = {
        one.booking.id: one.booking
        for one in held
        for claim in group
        if one.resource_id == claim.resource_id and one.period.overlaps(claim.period)
    }
    return list(found.values())
