"""The desk's queue: requests to answer, oldest first, with what stands in their way."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import selectinload

from config import clock
from config.database import db
from portal.access import may
from rental import approvals, asking, clearance_needs, closures, hold_ranks, hours, occupancies
from rental.models import (
    Approval,
    Booking,
    BookingStatus,
    Clearance,
    Closure,
    ClosureKind,
    Hold,
    Line,
)
from rental.period import Period

pages = Blueprint("desk", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request, what would refuse its confirmation, and whether it is after hours."""

    booking: Booking
    closures: list[Closure]
    is_outside: bool
    # Whose yes is missing, and the older holds of other units in its way.
    missing: list[Approval]
    holds: list[Hold]
    lacks: list[Clearance]

    @property
    def is_held_up(self) -> bool:
        """Whether it cannot be confirmed as it stands."""
        return bool(self.closures or self.missing or self.holds or self.lacks)


def waiting() -> int:
    """How many requests wait for an answer."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Booking.id)).where(Booking.status == BookingStatus.REQUESTED)
        )
        or 0
    )


def requests(limit: int = 100) -> list[Waiting]:
    """The requests that wait, the soonest event first."""
    rows = db.session.scalars(
        sa.select(Booking)
        .where(Booking.status == BookingStatus.REQUESTED)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
    )
    waiting = list(rows.unique())
    missing, ahead = approvals.missing_of(waiting), _ahead(waiting)
    needed = clearance_needs.of_all(waiting)
    closed = _in_the_way(waiting)
    return [
        Waiting(
            booking,
            closed[booking.id],
            bool(hours.lines_outside(booking.lines)),
            missing.get(booking.id, []),
            ahead.get(booking.id, []),
            _lacking(booking, needed.get(booking.id, [])),
        )
        for booking in waiting
    ]


def _lacking(booking: Booking, needed: list[Clearance]) -> list[Clearance]:
    return [each for each in needed if clearance_needs.lacks(booking, each) is not None]


def _ahead(waiting: list[Booking]) -> dict[int, list[Hold]]:
    """The older holds in the way of each; one look for all where nobody holds anything."""
    asks = [ask for booking in waiting for ask in asking.asks_of(booking)]
    claims = occupancies.unfold(asks) if asks else []
    held = {wish.resource_id for hold in hold_ranks.near(claims) for wish in hold.wishes}
    if not held:
        return {}
    found: dict[int, list[Hold]] = {}
    for booking in waiting:
        mine = occupancies.unfold(asking.asks_of(booking))
        if any(claim.resource_id in held for claim in mine):
            ahead = hold_ranks.against(booking, mine)
            found[booking.id] = hold_ranks.loaded([one.hold.hold_id for one in ahead])
    return found


def _in_the_way(waiting: list[Booking]) -> dict[int, list[Closure]]:
    """The closures in the way of each, in one look over the time of all."""
    if not waiting:
        return {}
    span = Period(min(one.starts_at for one in waiting), max(one.ends_at for one in waiting))
    lines = [line for booking in waiting for line in booking.lines]
    standing = [
        closure
        for closure in closures.standing([line.resource_id for line in lines], span)
        # What is kept for some units was asked before a request was written.
        if closure.quantity is None and closure.kind is not ClosureKind.RESERVED
    ]
    return {booking.id: [c for c in standing if _lies_over(c, booking)] for booking in waiting}


def _lies_over(closure: Closure, booking: Booking) -> bool:
    during = Range(booking.starts_at, booking.ends_at, bounds="[)")
    rented = {line.resource_id for line in booking.lines}
    return closure.resource_id in rented and closure.during.overlaps(during)


@pages.get("")
@may("confirm bookings")
def queue() -> str:
    """Every request that waits, to be confirmed or declined on the spot."""
    return render_template("desk/queue.html", requests=requests(), now=clock.now())
