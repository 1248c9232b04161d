"""The public programme: a unit asks for its event to be shown, the desk shows it.

Outside stands what `PublicEvent` holds and nothing else: no reference, no attendees, no note of the
renter, and the unit only where it agreed to be named.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from rental import asking, journal, moves
from rental.errors import BadBooking, MovedOn
from rental.models import (
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Member,
    Resource,
    ResourceKind,
)
from rental.period import Period

# What is only asked for, or called off, is nobody's programme.
SHOWN = frozenset({BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED})
LONGEST_NOTE = 1000
MOST = 1000


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """All that the public learns of an event; `key` tells events apart inside the house only."""

    key: int
    title: str
    event_kind: EventKind
    unit: str | None
    halls: tuple[Resource, ...]
    starts_at: datetime
    ends_at: datetime
    note: str | None
    revision: int
    changed_at: datetime


def ask(booking: Booking, *, by: Member, is_unit_named: bool) -> None:
    """The unit would like its event on the programme, with or without its own name."""
    moves.lock(booking)
    booking.publishing_asked_at = clock.now()
    booking.is_unit_named = is_unit_named
    _note(booking, "publishing_asked", by)


def decline(booking: Booking, *, by: Member) -> None:
    """The unit no longer wants it, or the desk does not take it: off the programme at once."""
    moves.lock(booking)
    booking.publishing_asked_at = None
    booking.is_public = False
    _note(booking, "publishing_declined", by)


def publish(booking: Booking, *, by: Member, note: str, is_unit_named: bool) -> None:
    """Show the event; raises MovedOn unless it is confirmed, BadBooking for a note too long."""
    status = moves.lock(booking).status
    if status not in SHOWN:
        raise MovedOn(
            "Only a confirmed event stands on the public programme; this one is {status}.",
            status=status,
        )
    words = asking.text(note)
    if words is not None and len(words) > LONGEST_NOTE:
        raise BadBooking("The public note has at most {most} characters.", most=LONGEST_NOTE)
    booking.is_public = True
    booking.public_note = words
    booking.is_unit_named = is_unit_named
    booking.publishing_asked_at = None
    _note(booking, "published", by)


def _note(booking: Booking, verb: str, by: Member) -> None:
    booking.revision += 1
    booking.changed_at = clock.now()
    db.session.flush()
    journal.record(booking, verb, by=by)


def shown(booking: Booking) -> PublicEvent:
    """The event as the public sees it, or would see it."""
    halls = [line for line in booking.lines if line.resource.kind is ResourceKind.HALL]
    # People come to the hall; gear may be there long before them.
    lines = halls or booking.lines
    return PublicEvent(
        key=booking.id,
        title=booking.title,
        event_kind=booking.event_kind,
        unit=booking.unit.name if booking.is_unit_named else None,
        halls=tuple(dict.fromkeys(line.resource for line in halls)),
        starts_at=min((line.starts_at for line in lines), default=booking.starts_at),
        ends_at=max((line.ends_at for line in lines), default=booking.ends_at),
        note=booking.public_note,
        revision=booking.revision,
        changed_at=booking.changed_at,
    )


def published(period: Period) -> list[PublicEvent]:
    """What the public programme shows within a period, soonest first; 1 000 events at most."""
    found = db.session.scalars(
        sa.select(Booking)
        .where(
            Booking.is_public,
            Booking.status.in_(SHOWN),
            Booking.starts_at < period.ends_at,
            Booking.ends_at > period.starts_at,
        )
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
        .limit(MOST)
    )
    events = [shown(booking) for booking in found]
    return sorted(
        (e for e in events if e.starts_at < period.ends_at and e.ends_at > period.starts_at),
        key=lambda event: (event.starts_at, event.key),
    )
