"""Tentative holds: placed, extended, released, converted into a request, and lapsed by time.

A hold takes no stock and blocks nobody silently. The resources are locked before any hold is
written, so that two deeds on competing holds come one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock, references
from config.database import db
from rental import (
    asking,
    bookings,
    closures,
    hold_ends,
    hold_ranks,
    journal,
    moves,
    occupancies,
    quotas,
    units,
)
from rental.admission import CHALLENGE_HOURS
from rental.asking import RequestedBooking, WantedLine
from rental.errors import BadHold, ResourceUnavailable, TooManyHolds, UnknownHold
from rental.models import (
    Booking,
    BookingStatus,
    EventKind,
    Hold,
    HoldLine,
    HoldStatus,
    Line,
    Member,
    Occupancy,
    Organiser,
    Unit,
)
from rental.occupancies import Ask, Wanted
from rental.period import Period
from rental.signals import (
    hold_placed,
    hold_released,
)

DAYS = 7
MOST_DAYS = 30
LONGEST = timedelta(days=MOST_DAYS)
# What a displaced unit reads, whatever its language: it is kept with the booking.
DISPLACED = (
    "Đơn vị giữ chỗ trước đã chính thức đặt khung giờ này. / "
    "The unit that held this date before you has taken it."
)


@dataclass(frozen=True, slots=True)
class NewHold:
    """What a unit holds: title, kind of event, lines, and for how many days."""

    unit: Unit
    title: str
    event_kind: EventKind
    lines: Sequence[WantedLine]
    days: int = DAYS


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a request says beyond its hold, and how long it and challenged holds stand."""

    organiser: Organiser = Organiser.DOMESTIC
    attendees: int | None = None
    note: str | None = None
    keep_days: int = 7
    challenge_hours: int = CHALLENGE_HOURS


def place(new: NewHold, *, by: Member) -> Hold:
    """Hold a date that is free; where others hold it already, this one stands behind them.

    Raises BadHold, BadBooking, TooManyHolds, ReservedForOthers, or ResourceUnavailable where
    bookings have taken it: then the waitlist is the place.
    """
    if not 1 <= new.days <= MOST_DAYS:
        raise BadHold("A hold lasts between 1 and {most} days; correct it.", most=MOST_DAYS)
    asks = asking.read_lines(new.lines, by)
    wishes = occupancies.unfold(asks)
    closures.require_unreserved(wishes, new.unit.id)
    quotas.lock(new.unit)
    if not units.is_staff(by):
        _require_fewer(new.unit)
    occupancies.require_free(wishes)
    if any(hold.unit_id == new.unit.id for hold in hold_ranks.near(wishes)):
        raise BadHold("Your unit holds part of this already; release that hold first.")
    return add(new, asks, by, clock.now() + timedelta(days=new.days))


def _require_fewer(unit: Unit) -> None:
    most = quotas.most_holds(unit)
    count = sa.select(sa.func.count(Hold.id)).where(
        Hold.unit_id == unit.id, Hold.status == HoldStatus.STANDING
    )
    if (db.session.scalar(count) or 0) >= most:
        raise TooManyHolds(
            "Your unit has {most} holds, and may have no more at once; release one first.",
            most=most,
        )


def add(new: NewHold, asks: Sequence[Ask], by: Member, expires_at: datetime) -> Hold:
    """Write a hold of resources that are locked already; it ends when its event begins."""
    starts_at, ends_at = asking.span_of(asks)
    now = clock.now()
    if starts_at <= now:
        raise BadHold("The event has begun already; book it instead.")
    hold = Hold(
        reference=references.new("HD"),
        unit=new.unit,
        member=by,
        title=asking.checked_title(new.title),
        event_kind=new.event_kind,
        starts_at=starts_at,
        ends_at=ends_at,
        placed_at=now,
        expires_at=min(expires_at, starts_at),
        lines=[
            HoldLine(
                resource=ask.resource,
                quantity=ask.quantity,
                starts_at=ask.period.starts_at,
                ends_at=ask.period.ends_at,
            )
            for ask in asks
        ],
    )
    db.session.add(hold)
    db.session.flush()
    if rank_of(hold) == 1:
        hold.told_first_at = now
    journal.record(hold, "held", by=by)
    hold_placed.send(hold)
    return hold


def extend(hold: Hold, days: int, *, by: Member) -> None:
    """Let a hold stand `days` from now, 30 days after it was placed at the most.

    Not where somebody else has asked for the date: then its unit decides. Raises BadHold,
    HoldEnded.
    """
    hold_ends.lock(hold)
    latest = min(hold.placed_at + LONGEST, hold.starts_at)
    until = clock.now() + timedelta(days=days)
    if hold.challenged_at is not None:
        raise BadHold("Somebody else has asked for this date: take it or release it.")
    if days < 1 or hold.expires_at >= latest:
        raise BadHold("The hold stands as long as it may already: take it or release it.")
    hold.expires_at = max(hold.expires_at, min(until, latest))
    db.session.flush()
    journal.record(hold, "extended", by=by)


def release(hold: Hold, *, by: Member) -> None:
    """Let go of a hold; whoever stands behind it moves up. Raises HoldEnded."""
    wishes = hold_ends.lock(hold)
    hold_ends.end(hold, HoldStatus.RELEASED, by=by)
    hold_released.send(hold)
    hold_ends.tell_the_next(wishes)


def convert(hold: Hold, details: Conversion, *, by: Member) -> Booking:
    """Make a request of a hold. Later requests of others that took its stock are declined.

    Raises HoldEnded, or as a request does: ResourceUnavailable where what was promised to others
    leaves no room.
    """
    hold_ends.require_standing(hold)
    wishes = hold_ends.wishes(hold)
    later = _later_requests(hold, wishes)
    while True:
        try:
            with db.session.begin_nested():
                _make_room(hold, wishes, later, by=by)
                booking = _requested(hold, details, by=by)
        except ResourceUnavailable:
            # Bookings are locked before resources: who asked between the two was not seen.
            fresh = _later_requests(hold, wishes)
            if {rival.id for rival in fresh} <= {rival.id for rival in later}:
                raise
            later = fresh
        else:
            hold_ends.tell_the_next(wishes)
            return booking


def _requested(hold: Hold, details: Conversion, *, by: Member) -> Booking:
    booking = bookings.request(
        RequestedBooking(
            unit=hold.unit,
            title=hold.title,
            event_kind=hold.event_kind,
            lines=[WantedLine(a.resource.code, a.quantity, a.period) for a in asks_of(hold)],
            organiser=details.organiser,
            attendees=details.attendees,
            note=details.note,
            held_since=hold.placed_at,
        ),
        by=by,
        keep_days=details.keep_days,
        challenge_hours=details.challenge_hours,
    )
    hold.booking_id = booking.id
    db.session.flush()
    return booking


def _later_requests(hold: Hold, wishes: Sequence[Wanted]) -> list[Booking]:
    """The unanswered requests of others for this stock, if they claim it later than the hold."""
    span = Period(
        min(wish.period.starts_at for wish in wishes), max(wish.period.ends_at for wish in wishes)
    )
    rows = db.session.scalars(
        sa.select(Booking)
        .where(
            Booking.status == BookingStatus.REQUESTED,
            Booking.unit_id != hold.unit_id,
            Booking.id.in_(
                sa.select(Line.booking_id)
                .join(Occupancy, Occupancy.line_id == Line.id)
                .where(
                    Occupancy.resource_id.in_({wish.resource_id for wish in wishes}),
                    Occupancy.during.overlaps(sa.func.tstzrange(span.starts_at, span.ends_at)),
                )
            ),
        )
        .order_by(Booking.id)
    )
    later = [(since, row) for row in rows if (since := hold_ranks.since(row)) > hold.placed_at]
    return [row for _since, row in sorted(later, key=lambda each: each[0], reverse=True)]


def _make_room(
    hold: Hold, wishes: Sequence[Wanted], later: Sequence[Booking], *, by: Member
) -> None:
    """End the hold, and decline the latest requests, one after the other, until its wishes fit."""
    rivals = moves.lock_all(later)
    quotas.lock(hold.unit)
    hold_ends.lock(hold)
    hold_ends.end(hold, HoldStatus.CONVERTED, by=by)
    standing = [one for one in rivals if one.status is BookingStatus.REQUESTED]
    for rival in sorted(standing, key=hold_ranks.since, reverse=True):
        if not occupancies.shortages(wishes, *occupancies.look(wishes)):
            return
        bookings.decline(rival, by=None, reason=DISPLACED)


def asks_of(hold: Hold) -> list[Ask]:
    """The lines of a hold as they stand."""
    return hold_ranks.asks_of(hold)


def rank_of(hold: Hold) -> int:
    """The place of a standing hold among those that compete with it."""
    return ranks_of([hold])[hold.id]


def ranks_of(holds: Sequence[Hold]) -> dict[int, int]:
    """The ranks of standing holds by their ids; the others have none."""
    standing = [hold for hold in holds if hold.status is HoldStatus.STANDING]
    found = hold_ranks.ranked(hold_ranks.as_standing(standing)) if standing else {}
    return {hold.id: found[hold.id] for hold in standing}


def listed(
    unit_id: int | None, statuses: Sequence[HoldStatus], *, limit: int = 50, offset: int = 0
) -> tuple[list[Hold], int]:
    """One page of holds, the soonest event first; of one unit, or of every unit (None)."""
    chosen = sa.select(Hold.id)
    if unit_id is not None:
        chosen = chosen.where(Hold.unit_id == unit_id)
    if statuses:
        chosen = chosen.where(Hold.status.in_(statuses))
    total = db.session.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
    rows = db.session.scalars(
        sa.select(Hold)
        .where(Hold.id.in_(chosen))
        .options(selectinload(Hold.lines).joinedload(HoldLine.resource))
        .order_by(Hold.starts_at, Hold.placed_at, Hold.id)
        .limit(limit)
        .offset(offset)
    )
    return list(rows), total


def of_booking(booking: Booking) -> Hold | None:
    """The hold that became this booking."""
    return db.session.scalars(sa.select(Hold).where(Hold.booking_id == booking.id)).first()


def find(reference: str) -> Hold | None:
    """The hold of this reference, typed in whatever way, with its lines."""
    return db.session.scalar(
        sa.select(Hold)
        .where(Hold.reference == references.canonical(reference))
        .options(selectinload(Hold.lines).joinedload(HoldLine.resource))
    )


def get(reference: str) -> Hold:
    """The hold of this reference; raises UnknownHold."""
    hold = find(reference)
    if hold is None:
        raise UnknownHold
    return hold
