"""The waitlist of a taken date: who asked first is offered it first, when it becomes free.

An offer is a first hold of one day. Unused it lapses, and the next is offered the date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock, references
from config.database import db
from rental import asking, catalogue, closures, hold_ranks, holds, journal, occupancies, quotas
from rental.asking import WantedLine
from rental.availability import Claim
from rental.errors import BadHold, NotTaken, TooManyHolds, UnknownWait, WaitEnded
from rental.holds import NewHold
from rental.models import EventKind, Member, Unit, WaitlistEntry, WaitStatus
from rental.occupancies import Ask, Wanted
from rental.period import Period
from rental.signals import wait_lapsed, wait_offered

OFFERED_FOR = timedelta(hours=24)
MOST_OF_A_UNIT = 20
# One sweep looks at so many who wait, the oldest first, and makes so many offers at most.
LOOKED_AT = 500
OFFERS = 20


@dataclass(frozen=True, slots=True)
class NewWait:
    """What a unit waits for: one line, and the event it is for."""

    unit: Unit
    title: str
    event_kind: EventKind
    line: WantedLine


def join(new: NewWait, *, by: Member) -> WaitlistEntry:
    """Wait for a taken date; refused with NotTaken where it is free.

    Raises BadBooking, BadHold (waiting already), TooManyHolds, ReservedForOthers.
    """
    asks = asking.read_lines([new.line], by)
    wishes = occupancies.unfold(asks)
    title = asking.checked_title(new.title)
    closures.require_unreserved(wishes, new.unit.id)
    quotas.lock(new.unit)
    if not occupancies.shortages(wishes, *occupancies.look(wishes)):
        raise NotTaken
    ask = asks[0]
    if ask.quantity > ask.resource.stock:
        raise BadHold(
            "There are only {stock} of {resource}; wait for fewer.",
            stock=ask.resource.stock,
            resource=ask.resource.code,
        )
    _require_new(new.unit, ask)
    entry = WaitlistEntry(
        reference=references.new("WL"),
        unit=new.unit,
        member=by,
        resource=ask.resource,
        quantity=ask.quantity,
        starts_at=ask.period.starts_at,
        ends_at=ask.period.ends_at,
        title=title,
        event_kind=new.event_kind,
    )
    db.session.add(entry)
    db.session.flush()
    journal.record(entry, "waiting", by=by)
    return entry


def _require_new(unit: Unit, ask: Ask) -> None:
    live = db.session.scalars(
        sa.select(WaitlistEntry).where(
            WaitlistEntry.unit_id == unit.id, WaitlistEntry.status == WaitStatus.WAITING
        )
    ).all()
    if len(live) >= MOST_OF_A_UNIT:
        raise TooManyHolds(
            "Your unit waits for {most} dates already; leave one of them first.",
            most=MOST_OF_A_UNIT,
        )
    if any(
        entry.resource_id == ask.resource.id and _period(entry).overlaps(ask.period)
        for entry in live
    ):
        raise BadHold("Your unit waits for this already; look at your waitlist.")


def withdraw(entry: WaitlistEntry, *, by: Member) -> None:
    """Wait no longer; an offer is let go by releasing its hold. Raises WaitEnded."""
    left = db.session.execute(
        sa.update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.status == WaitStatus.WAITING)
        .values(status=WaitStatus.WITHDRAWN)
        .execution_options(synchronize_session=False)
    )
    if left.rowcount == 0:  # type: ignore[attr-defined]
        raise WaitEnded
    db.session.refresh(entry, ["status"])
    journal.record(entry, "withdrawn", by=by)


def sweep() -> list[WaitlistEntry]:
    """Offer what has become free to those who waited longest; gives back whom it was offered.

    Looks at a bounded number, and locks only what seems free.
    """
    _lapse()
    offered: list[WaitlistEntry] = []
    free = _that_seem_free(_waiting())
    # All at once, in id order: one after the other could deadlock with a booking of several.
    wishes = occupancies.unfold([_ask(entry) for entry in free])
    catalogue.lock(wish.resource_id for wish in wishes)
    for entry in free:
        if len(offered) >= OFFERS:
            break
        if _offer(entry):
            offered.append(entry)
    return offered


def _lapse() -> None:
    """What nobody could be offered before it began is over."""
    over = db.session.scalars(
        sa.select(WaitlistEntry)
        .where(WaitlistEntry.status == WaitStatus.WAITING, WaitlistEntry.starts_at <= clock.now())
        .order_by(WaitlistEntry.id)
        .limit(LOOKED_AT)
        .with_for_update(skip_locked=True, of=WaitlistEntry)
    ).all()
    for entry in over:
        entry.status = WaitStatus.LAPSED
        journal.record(entry, "lapsed", by=None)
        wait_lapsed.send(entry)
    db.session.flush()


def _waiting() -> list[WaitlistEntry]:
    return list(
        db.session.scalars(
            sa.select(WaitlistEntry)
            .where(WaitlistEntry.status == WaitStatus.WAITING)
            .options(joinedload(WaitlistEntry.resource))
            .order_by(WaitlistEntry.asked_at, WaitlistEntry.id)
            .limit(LOOKED_AT)
        )
    )


def _that_seem_free(entries: Sequence[WaitlistEntry]) -> list[WaitlistEntry]:
    """Whom the bookings would leave room; nothing is locked, so it is looked at again."""
    if not entries:
        return []
    wishes = occupancies.unfold([_ask(entry) for entry in entries])
    seen = catalogue.seen(wish.resource_id for wish in wishes)
    span = Period(
        min(wish.period.starts_at for wish in wishes), max(wish.period.ends_at for wish in wishes)
    )
    others = occupancies.taken({key: row.stock for key, row in seen.items()}, span)
    of_entry: list[list[Wanted]] = [[] for _ in entries]
    for wish in wishes:
        of_entry[wish.line_number].append(wish)
    return [
        entry
        for entry, mine in zip(entries, of_entry, strict=True)
        if not occupancies.shortages(mine, seen, others)
    ]


def _offer(entry: WaitlistEntry) -> bool:
    """Hold the date for the unit, if it fits beside all bookings and all holds that stand."""
    ask = _ask(entry)
    wishes = occupancies.unfold([ask])
    locked, others = occupancies.look(wishes)
    held = [wish for hold in hold_ranks.near(wishes) for wish in hold.wishes]
    for wish in held:
        if wish.resource_id in others:
            claim = Claim(wish.period.starts_at, wish.period.ends_at, wish.quantity)
            others[wish.resource_id].append(claim)
    if occupancies.shortages(wishes, locked, others):
        return False
    if closures.reserved_for_others(wishes, entry.unit_id):
        return False
    chosen = db.session.execute(
        sa.update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.status == WaitStatus.WAITING)
        .values(status=WaitStatus.OFFERED, offered_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if chosen.rowcount == 0:  # type: ignore[attr-defined]
        return False
    db.session.refresh(entry, ["status", "offered_at"])
    new = NewHold(entry.unit, entry.title, entry.event_kind, ())
    entry.hold = holds.add(new, [ask], entry.member, clock.now() + OFFERED_FOR)
    db.session.flush()
    journal.record(entry, "offered", by=None)
    wait_offered.send(entry)
    return True


def _ask(entry: WaitlistEntry) -> Ask:
    return Ask(entry.resource, entry.quantity, _period(entry))


def _period(entry: WaitlistEntry) -> Period:
    return Period(entry.starts_at, entry.ends_at)


def places(entries: Sequence[WaitlistEntry]) -> dict[int, int]:
    """The place in the queue of those who wait, by the entry's id: 1 is next."""
    waiting = [entry for entry in entries if entry.status is WaitStatus.WAITING]
    if not waiting:
        return {}
    before = sa.orm.aliased(WaitlistEntry)
    rows = db.session.execute(
        sa.select(WaitlistEntry.id, sa.func.count(before.id))
        .outerjoin(
            before,
            sa.and_(
                before.status == WaitStatus.WAITING,
                before.resource_id == WaitlistEntry.resource_id,
                before.starts_at < WaitlistEntry.ends_at,
                before.ends_at > WaitlistEntry.starts_at,
                sa.tuple_(before.asked_at, before.id)
                < sa.tuple_(WaitlistEntry.asked_at, WaitlistEntry.id),
            ),
        )
        .where(WaitlistEntry.id.in_([entry.id for entry in waiting]))
        .group_by(WaitlistEntry.id)
    )
    return {entry_id: count + 1 for entry_id, count in rows}


def listed(
    unit_id: int | None, statuses: Sequence[WaitStatus], *, limit: int = 50, offset: int = 0
) -> tuple[list[WaitlistEntry], int]:
    """One page of the waitlist, the soonest first; of one unit, or of every unit (None)."""
    chosen = sa.select(WaitlistEntry.id)
    if unit_id is not None:
        chosen = chosen.where(WaitlistEntry.unit_id == unit_id)
    if statuses:
        chosen = chosen.where(WaitlistEntry.status.in_(statuses))
    total = db.session.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
    rows = db.session.scalars(
        sa.select(WaitlistEntry)
        .where(WaitlistEntry.id.in_(chosen))
        .options(joinedload(WaitlistEntry.resource), joinedload(WaitlistEntry.hold))
        .order_by(WaitlistEntry.starts_at, WaitlistEntry.asked_at, WaitlistEntry.id)
        .limit(limit)
        .offset(offset)
    )
    return list(rows), total


def find(reference: str) -> WaitlistEntry | None:
    """The place on the waitlist of this reference, typed in whatever way."""
    return db.session.scalar(
        sa.select(WaitlistEntry).where(WaitlistEntry.reference == references.canonical(reference))
    )


def get(reference: str) -> WaitlistEntry:
    """The place on the waitlist of this reference; raises UnknownWait."""
    entry = find(reference)
    if entry is None:
        raise UnknownWait
    return entry
