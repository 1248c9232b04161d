"""Who stands before whom: the rank of a hold, and the holds that a booking leaves no room.

A hold takes no stock. Its rank is its place among the standing holds that compete for the same
stock and time, oldest first: one behind the last of those that leave it no room.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from rental import availability, journal, occupancies
from rental.availability import Claim
from rental.errors import HeldByAnother
from rental.models import Booking, Hold, HoldLine, HoldStatus, JournalEntry, Member, Resource
from rental.occupancies import Ask, Wanted
from rental.period import Period
from rental.signals import hold_challenged, hold_overridden

Taken = Mapping[int, Sequence[Claim]]
# The longest turnaround that a resource can have: holds further away cannot touch.
FURTHEST = timedelta(days=2)
# Holds that hang together by a chain of others are looked up in so many steps at most.
STEPS = 8


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing hold as the rules see it: since when, until when, and what it would take."""

    hold_id: int
    unit_id: int
    placed_at: datetime
    expires_at: datetime
    wishes: tuple[Wanted, ...]


class Ahead(NamedTuple):
    """A hold that stands in the way of somebody: its rank, and until when it stands."""

    rank: int
    hold: Standing


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants the stock, and since when: what was held before counts, its own does not."""

    unit_id: int
    since: datetime


def oldest_first(holds: Iterable[Standing]) -> list[Standing]:
    """In the order in which they were placed."""
    return sorted(holds, key=lambda hold: (hold.placed_at, hold.hold_id))


def ranks(holds: Iterable[Standing], stock: Mapping[int, int], taken: Taken) -> dict[int, int]:
    """The rank of each hold by its id, from 1 without a gap.

    `stock` and `taken` say what exists of each resource and what bookings and closures take of it.
    Where there is enough for all, all are first.
    """
    found: dict[int, int] = {}
    older: dict[int, list[tuple[int, Wanted]]] = {}
    for hold in oldest_first(holds):
        before = _rivals(hold, older, stock, taken)
        found[hold.hold_id] = 1 + max((found[rival] for rival in before), default=0)
        for wish in hold.wishes:
            older.setdefault(wish.resource_id, []).append((hold.hold_id, wish))
    return found


def _rivals(
    hold: Standing,
    older: Mapping[int, Sequence[tuple[int, Wanted]]],
    stock: Mapping[int, int],
    taken: Taken,
) -> set[int]:
    """The older holds beside which this one does not fit."""
    rivals: set[int] = set()
    for wish in hold.wishes:
        beside = [
            (hold_id, theirs, shared)
            for hold_id, theirs in older.get(wish.resource_id, ())
            if (shared := wish.period.overlap(theirs.period)) is not None
        ]
        claims = [
            *taken.get(wish.resource_id, ()),
            *(_claim(theirs) for _id, theirs, _shared in beside),
        ]
        for hold_id, _theirs, shared in beside:
            if not _fits(wish, shared, stock, claims):
                rivals.add(hold_id)
    return rivals


def _claim(wish: Wanted) -> Claim:
    return Claim(wish.period.starts_at, wish.period.ends_at, wish.quantity)


def _fits(wish: Wanted, during: Period, stock: Mapping[int, int], claims: Iterable[Claim]) -> bool:
    free = availability.free_stock(stock.get(wish.resource_id, 0), claims, during)
    return free >= wish.quantity


def squeezed(
    holds: Iterable[Standing],
    stock: Mapping[int, int],
    others: Taken,
    claims: Sequence[Wanted],
) -> list[Standing]:
    """The holds that `claims` would leave no room, oldest first; `others` is taken without them.

    A hold has no room where it would not fit beside them alone, or where they take what the holds
    before it would have left.
    """
    found: list[Standing] = []
    older: list[Wanted] = []
    for hold in oldest_first(holds):
        if any(_is_squeezed(wish, stock, others, (older, claims)) for wish in hold.wishes):
            found.append(hold)
        older += hold.wishes
    return found


def _is_squeezed(
    wish: Wanted,
    stock: Mapping[int, int],
    others: Taken,
    rivals: tuple[Sequence[Wanted], Sequence[Wanted]],
) -> bool:
    older, mine = ([_claim(w) for w in side if _touches(w, wish)] for side in rivals)
    taken = list(others.get(wish.resource_id, ()))
    for claim in mine:
        during = wish.period.overlap(Period(claim.starts_at, claim.ends_at))
        if during is None:
            continue
        if not _fits(wish, during, stock, [*taken, *mine]):
            return True
        beside_older = _fits(wish, during, stock, [*taken, *older])
        if beside_older and not _fits(wish, during, stock, [*taken, *older, *mine]):
            return True
    return False


def _touches(one: Wanted, other: Wanted) -> bool:
    return one.resource_id == other.resource_id and one.period.overlaps(other.period)


# Of whatever is wanted, and of every whole that has it as a part: nearly always none.
_NEAR = sa.text("""
    WITH RECURSIVE above (id) AS (
        SELECT unnest(CAST(:ids AS integer[]))
        UNION
        SELECT part.whole_id FROM part JOIN above ON part.part_id = above.id
    )
    SELECT DISTINCT hold.id FROM hold_line JOIN hold ON hold.id = hold_line.hold_id
    WHERE hold.status = 'standing' AND hold.expires_at > :now
      AND hold_line.resource_id IN (SELECT id FROM above)
      AND hold_line.starts_at < :until AND hold_line.ends_at > :since
""")


def near(wishes: Sequence[Wanted]) -> list[Standing]:
    """The standing holds that want any of this at the same time, oldest first. One query if none.

    Parts count: a hold on a combined hall wants its rooms.
    """
    if not wishes:
        return []
    ids = db.session.scalars(
        _NEAR,
        {
            "ids": list({wish.resource_id for wish in wishes}),
            "now": clock.now(),
            "since": min(wish.period.starts_at for wish in wishes) - FURTHEST,
            "until": max(wish.period.ends_at for wish in wishes) + FURTHEST,
        },
    ).all()
    by_resource: dict[int, list[Period]] = {}
    for wish in wishes:
        by_resource.setdefault(wish.resource_id, []).append(wish.period)
    return [
        hold
        for hold in _read(ids)
        if any(
            wish.period.overlaps(period)
            for wish in hold.wishes
            for period in by_resource.get(wish.resource_id, ())
        )
    ]


def _read(hold_ids: Sequence[int]) -> list[Standing]:
    if not hold_ids:
        return []
    holds = db.session.scalars(
        sa.select(Hold)
        .where(Hold.id.in_(hold_ids))
        .options(selectinload(Hold.lines).joinedload(HoldLine.resource))
        # Another transaction may have moved the expiry since this session read it.
        .execution_options(populate_existing=True)
    ).all()
    return as_standing(holds)


def asks_of(hold: Hold) -> list[Ask]:
    """The lines of a hold as they stand."""
    return [
        Ask(line.resource, line.quantity, Period(line.starts_at, line.ends_at))
        for line in hold.lines
    ]


def as_standing(holds: Iterable[Hold]) -> list[Standing]:
    """Holds as values, oldest first, with everything they would take."""
    by_id = {hold.id: hold for hold in holds}
    owners: list[int] = []
    asks: list[Ask] = []
    for hold in by_id.values():
        for ask in asks_of(hold):
            owners.append(hold.id)
            asks.append(ask)
    wishes: dict[int, list[Wanted]] = {hold_id: [] for hold_id in by_id}
    for wish in occupancies.unfold(asks) if asks else []:
        wishes[owners[wish.line_number]].append(wish)
    return oldest_first(
        Standing(hold.id, hold.unit_id, hold.placed_at, hold.expires_at, tuple(wishes[hold.id]))
        for hold in by_id.values()
    )


def ranked(holds: Sequence[Standing]) -> dict[int, int]:
    """The ranks of these holds, with all that hang together with them looked up."""
    known = {hold.hold_id: hold for hold in holds}
    fresh = list(holds)
    for _step in range(STEPS):
        wishes = [wish for hold in fresh for wish in hold.wishes]
        fresh = [hold for hold in near(wishes) if hold.hold_id not in known]
        known |= {hold.hold_id: hold for hold in fresh}
        if not fresh:
            break
    stock, taken = _stock_of([wish for hold in known.values() for wish in hold.wishes])
    return ranks(known.values(), stock, taken)


def _stock_of(
    wishes: Sequence[Wanted], *, apart_from: int | None = None
) -> tuple[dict[int, int], Taken]:
    ids = {wish.resource_id for wish in wishes}
    rows = db.session.execute(sa.select(Resource.id, Resource.stock).where(Resource.id.in_(ids)))
    stock = {row[0]: row[1] for row in rows}
    if not stock:
        return {}, {}
    span = Period(
        min(wish.period.starts_at for wish in wishes), max(wish.period.ends_at for wish in wishes)
    )
    return stock, occupancies.taken(stock, span, apart_from=apart_from)


def in_the_way(
    claims: Sequence[Wanted], claimant: Claimant, *, apart_from: int | None = None
) -> list[Ahead]:
    """The older holds of other units that these claims would leave no room, with their ranks.

    `apart_from` is the booking whose claims these are, where it has its stock already.
    """
    older = [
        hold
        for hold in near(claims)
        if hold.unit_id != claimant.unit_id and hold.placed_at < claimant.since
    ]
    if not older:
        return []
    wishes = [*claims, *(wish for hold in older for wish in hold.wishes)]
    stock, others = _stock_of(wishes, apart_from=apart_from)
    found = squeezed(older, stock, others, claims)
    by_id = ranked(found) if found else {}
    return [Ahead(by_id[hold.hold_id], hold) for hold in found]


def since(booking: Booking) -> datetime:
    """Since when a booking claims its stock: its last change of lines, its hold, or its request."""
    moved_at = db.session.scalar(
        sa.select(sa.func.max(JournalEntry.at)).where(
            JournalEntry.subject == Booking.__tablename__,
            JournalEntry.subject_id == booking.id,
            JournalEntry.verb == "changed",
            sa.func.jsonb_array_length(JournalEntry.details["lines"]) > 0,
        )
    )
    if moved_at is not None:
        return moved_at
    placed_at = db.session.scalar(
        sa.select(sa.func.min(Hold.placed_at)).where(Hold.booking_id == booking.id)
    )
    return min(placed_at, booking.requested_at) if placed_at else booking.requested_at


def against(booking: Booking, claims: Sequence[Wanted]) -> list[Ahead]:
    """The holds that stand in the way of a booking which has its stock already."""
    if not near(claims):
        return []
    claimant = Claimant(booking.unit_id, since(booking))
    return in_the_way(claims, claimant, apart_from=booking.id)


def challenge(
    booking: Booking, claims: Sequence[Wanted], claimant: Claimant, *, hours: int
) -> None:
    """Tell the holders in the way that somebody wants the date: they have `hours` to decide."""
    ahead = in_the_way(claims, claimant, apart_from=booking.id)
    if not ahead:
        return
    now = clock.now()
    ids = locked(one.hold.hold_id for one in ahead)
    fresh = db.session.scalars(
        sa.update(Hold)
        .where(
            Hold.id.in_(ids),
            Hold.status == HoldStatus.STANDING,
            Hold.challenged_at.is_(None),
        )
        .values(
            challenged_at=now,
            expires_at=sa.func.least(Hold.expires_at, now + timedelta(hours=hours)),
        )
        .returning(Hold.id)
        .execution_options(synchronize_session=False)
    ).all()
    for hold in loaded(fresh):
        journal.record(hold, "challenged", by=None)
        hold_challenged.send(hold)


def locked(hold_ids: Iterable[int]) -> list[int]:
    """These holds, locked in id order until the transaction ends."""
    chosen = sa.select(Hold.id).where(Hold.id.in_(set(hold_ids))).order_by(Hold.id)
    return list(db.session.scalars(chosen.with_for_update()))


def loaded(hold_ids: Sequence[int]) -> list[Hold]:
    """These holds as they are now, in id order."""
    if not hold_ids:
        return []
    return list(
        db.session.scalars(
            sa.select(Hold)
            .where(Hold.id.in_(hold_ids))
            .order_by(Hold.id)
            .execution_options(populate_existing=True)
        )
    )


def require_none(
    booking: Booking, claims: Sequence[Wanted], *, by: Member, override: str | None
) -> None:
    """Refuse with HeldByAnother a confirmation that leaves an older hold of others no room.

    `override` is the reason of a member who confirms all the same; the holders read it.
    """
    ahead = against(booking, claims)
    if not ahead:
        return
    if override is None:
        until = max(one.hold.expires_at for one in ahead)
        raise HeldByAnother(
            "Another unit holds this date until {until}. Wait for its answer, decline the request, "
            "or confirm with a reason for passing over the hold.",
            words={"until": until.astimezone(clock.LOCAL).strftime("%H:%M %d/%m/%Y")},
            holds=[
                {"rank": one.rank, "expires_at": one.hold.expires_at.isoformat()} for one in ahead
            ],
        )
    journal.record(booking, "passed_over_hold", by=by, reason=override)
    for hold in loaded([one.hold.hold_id for one in ahead]):
        journal.record(hold, "passed_over", by=by, reason=override)
        hold_overridden.send(hold, booking=booking, reason=override)
