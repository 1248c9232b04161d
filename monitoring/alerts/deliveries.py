"""Messages on their way: claimed in one transaction, carried outside of any, marked in another.

Two workers never carry one message at a time. Should one die after the channel's yes and before
our mark, the message goes once more under the same key: twice is better than never.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring.errors import UnknownDelivery
from monitoring.models import ChannelState, Delivery, DeliveryStatus
from rental import journal
from rental.models import Member

# Who claims a message has so long to carry it.
CLAIMED = timedelta(minutes=2)
LONGEST_WAIT = timedelta(minutes=30)
# So long a message is tried; then it is given up and stays to be seen.
PATIENCE = timedelta(days=2)


def claim(only: int | None = None) -> Delivery | None:
    """The message that waits longest, ours for two minutes; other workers pass over it."""
    now = clock.now()
    query = sa.select(Delivery).where(
        Delivery.status == DeliveryStatus.QUEUED, Delivery.due_at <= now
    )
    if only is not None:
        query = query.where(Delivery.id == only)
    found = db.session.scalars(
        query.order_by(Delivery.due_at, Delivery.id).limit(1).with_for_update(skip_locked=True)
    ).one_or_none()
    if found is not None:
        found.due_at = now + CLAIMED
    return found


def mark_sent(delivery: Delivery) -> None:
    """The channel took it."""
    delivery.attempts += 1
    delivery.status, delivery.sent_at, delivery.problem = DeliveryStatus.SENT, clock.now(), None
    note_channel(delivery.channel, None)


def mark_failed(delivery: Delivery, problem: str) -> None:
    """The channel did not: again after a growing pause, for two days."""
    delivery.attempts += 1
    delivery.problem = problem[:300]
    delivery.due_at = clock.now() + wait_after(delivery.attempts)
    if clock.now() - delivery.created_at >= PATIENCE:
        delivery.status = DeliveryStatus.FAILED
    note_channel(delivery.channel, problem)


def wait_after(attempts: int) -> timedelta:
    """15 s, 30 s, 1, 2, 4 … minutes, at most half an hour."""
    return min(LONGEST_WAIT, timedelta(seconds=15 * 2 ** min(attempts - 1, 12)))


def again(delivery: Delivery, *, by: Member) -> None:
    """Carry a message that was given up once more, from now on for two days."""
    if delivery.status is not DeliveryStatus.SENT:
        delivery.status, delivery.due_at = DeliveryStatus.QUEUED, clock.now()
        delivery.created_at = clock.now()
        journal.record(delivery, "queued_again", by=by)
        db.session.flush()


def note_channel(channel: str, problem: str | None) -> None:
    """Keep whether the channel works."""
    now = clock.now()
    row = insert(ChannelState).values(channel=channel)
    worked = {"worked_at": now, "problem": None}
    failed = {"failed_at": now, "problem": (problem or "")[:300]}
    told = worked if problem is None else failed
    db.session.execute(
        row.values(channel=channel, **told).on_conflict_do_update(
            index_elements=["channel"], set_=told
        )
    )


def channel_states() -> dict[str, ChannelState]:
    """How each channel fared, by name."""
    return {one.channel: one for one in db.session.scalars(sa.select(ChannelState))}


def get(delivery_id: int) -> Delivery:
    """The message of this id; raises UnknownDelivery."""
    found = db.session.get(Delivery, delivery_id)
    if found is None:
        raise UnknownDelivery
    return found


def recent(limit: int, *, status: DeliveryStatus | None = None) -> Sequence[Delivery]:
    """Messages, the newest first."""
    query = sa.select(Delivery).options(joinedload(Delivery.member))
    if status is not None:
        query = query.where(Delivery.status == status)
    return db.session.scalars(
        query.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit)
    ).all()


def sweep(before: datetime) -> int:
    """Forget what was carried or given up before; how many."""
    gone = db.session.execute(
        sa.delete(Delivery)
        .where(Delivery.status != DeliveryStatus.QUEUED, Delivery.created_at < before)
        .returning(Delivery.id)
    )
    return len(gone.all())
