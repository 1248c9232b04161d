"""How a hold ends: locked, ended once, and whoever stands behind it told.

The resources are locked before any hold is written, in id order like everywhere, so that two deeds
on competing holds come one after the other.
"""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from rental import catalogue, hold_ranks, journal, occupancies
from rental.errors import HoldEnded
from rental.models import (
    Hold,
    HoldLine,
    HoldStatus,
    JournalEntry,
    Member,
    WaitlistEntry,
    WaitStatus,
)
from rental.occupancies import Wanted
from rental.signals import hold_became_first, hold_expiring, hold_lapsed

WARNED_BEFORE = timedelta(hours=24)
A_DAY = sa.literal(WARNED_BEFORE, sa.Interval())
# What becomes of the place on the waitlist whose hold has ended so.
OF_THE_WAIT = {
    HoldStatus.CONVERTED: WaitStatus.TAKEN,
    HoldStatus.LAPSED: WaitStatus.LAPSED,
    HoldStatus.RELEASED: WaitStatus.WITHDRAWN,
}


def wishes(hold: Hold) -> list[Wanted]:
    """All that a hold would take, parts and turnaround included."""
    return occupancies.unfold(hold_ranks.asks_of(hold))


def require_standing(hold: Hold) -> None:
    """Refuse with HoldEnded what stands no longer, also in the minute before it is noticed."""
    if hold.status is not HoldStatus.STANDING or hold.expires_at <= clock.now():
        raise HoldEnded


def lock(hold: Hold) -> list[Wanted]:
    """Lock what the hold wants, and read the hold again; raises HoldEnded."""
    wanted = wishes(hold)
    catalogue.lock(wish.resource_id for wish in wanted)
    db.session.refresh(hold, ["status", "expires_at", "challenged_at"])
    require_standing(hold)
    return wanted


def end(hold: Hold, status: HoldStatus, *, by: Member | None) -> None:
    """A conditional UPDATE settles who was first; the place on the waitlist ends with its hold."""
    ended = db.session.execute(
        sa.update(Hold)
        .where(Hold.id == hold.id, Hold.status == HoldStatus.STANDING)
        .values(status=status)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount == 0:  # type: ignore[attr-defined]
        raise HoldEnded
    db.session.refresh(hold, ["status"])
    db.session.execute(
        sa.update(WaitlistEntry)
        .where(WaitlistEntry.hold_id == hold.id, WaitlistEntry.status == WaitStatus.OFFERED)
        .values(status=OF_THE_WAIT[status])
    )
    journal.record(hold, status.value, by=by)


def tell_the_next(left: Sequence[Wanted]) -> None:
    """Tell those who have become first for what one hold has left, once each."""
    around = hold_ranks.near(left)
    if not around:
        return
    found = hold_ranks.ranked(around)
    first = hold_ranks.locked(hold.hold_id for hold in around if found[hold.hold_id] == 1)
    told = db.session.scalars(
        sa.update(Hold)
        .where(Hold.id.in_(first), Hold.told_first_at.is_(None))
        .values(told_first_at=clock.now())
        .returning(Hold.id)
        .execution_options(synchronize_session=False)
    ).all()
    for hold in hold_ranks.loaded(told):
        journal.record(hold, "became_first", by=None)
        hold_became_first.send(hold)


def lapse_overdue(limit: int = 100) -> list[Hold]:
    """End the holds whose time is over, and tell whoever moves up; gives back those that ended."""
    overdue = list(
        db.session.scalars(
            sa.select(Hold)
            .where(Hold.status == HoldStatus.STANDING, Hold.expires_at <= clock.now())
            .options(selectinload(Hold.lines).joinedload(HoldLine.resource))
            .order_by(Hold.id)
            .limit(limit)
        )
    )
    wanted = {hold: wishes(hold) for hold in overdue}
    catalogue.lock(wish.resource_id for each in wanted.values() for wish in each)
    ended: list[Hold] = []
    for hold in overdue:
        db.session.refresh(hold, ["status", "expires_at"])
        # Meanwhile it may have been extended, or somebody has taken it.
        if hold.status is HoldStatus.STANDING and hold.expires_at <= clock.now():
            end(hold, HoldStatus.LAPSED, by=None)
            hold_lapsed.send(hold)
            ended.append(hold)
    for hold in ended:
        tell_the_next(wanted[hold])
    return ended


def warn_expiring(limit: int = 100) -> list[Hold]:
    """Tell the holders whose last day has begun, once for each expiry."""
    now = clock.now()
    told = sa.exists().where(
        JournalEntry.subject == Hold.__tablename__,
        JournalEntry.subject_id == Hold.id,
        JournalEntry.verb == "warned",
        JournalEntry.at >= Hold.expires_at - A_DAY,
    )
    expiring = list(
        db.session.scalars(
            sa.select(Hold)
            .where(
                Hold.status == HoldStatus.STANDING,
                Hold.expires_at > now,
                Hold.expires_at <= now + WARNED_BEFORE,
                # One placed or challenged for less than a day has been told so.
                Hold.placed_at < Hold.expires_at - A_DAY,
                ~told,
            )
            .order_by(Hold.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Hold)
        )
    )
    for hold in expiring:
        journal.record(hold, "warned", by=None)
        hold_expiring.send(hold)
    return expiring
