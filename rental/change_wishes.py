"""What a unit would like changed of a booking that only the desk may change any more.

A wish is an entry of the journal; it waits until the desk answers it, changes the booking, or the
event is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import asking, journal, moves
from rental.errors import BadBooking, MovedOn
from rental.models import Booking, BookingStatus, JournalEntry, Member

WISHED, ANSWERED = "change_asked", "change_answered"
# The newest of these tells whether a wish waits.
TELLING = (WISHED, ANSWERED, "changed")
# A request its unit changes itself; what has come back nobody changes.
OPEN = frozenset({BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked, by whom and when."""

    booking: Booking
    words: str
    at: datetime
    member: Member | None


def ask(booking: Booking, words: str, *, by: Member) -> None:
    """Leave a wish with the desk; a newer one stands in place of the one before.

    Raises MovedOn for a booking that its unit may change itself, or nobody any more.
    """
    if moves.lock(booking).status not in OPEN:
        raise MovedOn(
            "The booking is {status}; only of a confirmed booking the desk is asked for a change.",
            status=booking.status,
        )
    journal.record(booking, WISHED, by=by, reason=_said(words))
    db.session.flush()


def answer(booking: Booking, words: str, *, by: Member) -> Wish:
    """Tell the unit what becomes of its wish; raises MovedOn where none waits any more."""
    moves.lock(booking)
    wish = of(booking)
    if wish is None:
        raise MovedOn("A colleague has answered this wish already; look at the journal.")
    journal.record(booking, ANSWERED, by=by, reason=_said(words))
    db.session.flush()
    return wish


def of(booking: Booking) -> Wish | None:
    """The wish that waits on this booking, if any."""
    found = _waiting([Booking.id == booking.id])
    return found[0] if found else None


def waiting() -> list[Wish]:
    """Every wish that waits, the soonest event first."""
    return _waiting([])


def _waiting(narrowed: Sequence[sa.ColumnElement[bool]]) -> list[Wish]:
    newest = (
        sa.select(JournalEntry.id)
        .where(
            JournalEntry.subject == Booking.__tablename__,
            JournalEntry.subject_id == Booking.id,
            JournalEntry.verb.in_(TELLING),
        )
        .order_by(JournalEntry.id.desc())
        .limit(1)
        .correlate(Booking)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(Booking, JournalEntry)
        .join(JournalEntry, JournalEntry.id == newest)
        .where(
            Booking.status.in_(OPEN),
            Booking.ends_at > clock.now(),
            JournalEntry.verb == WISHED,
            *narrowed,
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    return [
        Wish(booking, str(entry.details.get("reason", "")), entry.at, entry.member)
        for booking, entry in rows.unique().tuples()
    ]


def _said(words: str) -> str:
    said = asking.reason(words)
    if said is None:
        raise BadBooking("Say in a few words what it is about, then send it.")
    return said
