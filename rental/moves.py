"""The moves of a booking: which exist, and the lock and the update that settle who was first."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from rental import journal
from rental.errors import MovedOn
from rental.models import Booking, BookingStatus, Line, Member

# Which moves exist; the database is asked again when one is made.
MOVES: dict[BookingStatus, frozenset[BookingStatus]] = {
    BookingStatus.REQUESTED: frozenset(
        {
            BookingStatus.CONFIRMED,
            BookingStatus.DECLINED,
            BookingStatus.CANCELLED,
            BookingStatus.EXPIRED,
        }
    ),
    BookingStatus.CONFIRMED: frozenset(
        {BookingStatus.HANDED_OVER, BookingStatus.CANCELLED, BookingStatus.NO_SHOW}
    ),
    BookingStatus.HANDED_OVER: frozenset({BookingStatus.RETURNED}),
}


def make(booking: Booking, to: BookingStatus, *, by: Member | None, **details: object) -> None:
    """Make one move; a conditional UPDATE settles who was first."""
    allowed = [status for status, onward in MOVES.items() if to in onward]
    moved = db.session.execute(
        sa.update(Booking)
        .where(Booking.id == booking.id, Booking.status.in_(allowed))
        .values(status=to, revision=Booking.revision + 1, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]
        db.session.refresh(booking, ["status"])
        raise MovedOn(
            "The booking is {status} and cannot become {to}; look again before you decide.",
            status=booking.status,
            to=to,
        )
    db.session.refresh(booking, ["status", "revision", "changed_at"])
    journal.record(booking, to.value, by=by, **{k: v for k, v in details.items() if v})


def require(booking: Booking, to: BookingStatus) -> None:
    """Refuse with MovedOn a move that a locked booking cannot make any more."""
    if to not in MOVES.get(booking.status, ()):
        raise MovedOn(
            "The booking is {status} and cannot become {to}; look again before you decide.",
            status=booking.status,
            to=to,
        )


def lock(booking: Booking) -> Booking:
    """The same row with its lines, as they are now and stay until this transaction ends.

    What was read before the lock may be old: a colleague may have changed the lines meanwhile, and
    what is promised and charged is what the booking holds.
    """
    return lock_all([booking])[0]


def lock_all(bookings: Sequence[Booking]) -> list[Booking]:
    """The same rows, locked in id order, so that two deeds on several bookings never deadlock."""
    db.session.flush()
    return list(
        db.session.scalars(
            sa.select(Booking)
            .where(Booking.id.in_([booking.id for booking in bookings]))
            .options(selectinload(Booking.lines).joinedload(Line.resource))
            .order_by(Booking.id)
            .with_for_update(of=Booking)
            .execution_options(populate_existing=True)
        )
    )
