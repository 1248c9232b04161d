"""The life of a booking: requested, confirmed, handed over, returned, and the ways out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock, references
from config.database import db
from rental import (
    admission,
    approvals,
    asking,
    bandwidth,
    catalogue,
    changing,
    clearance_needs,
    closures,
    handovers,
    hold_ranks,
    journal,
    moves,
    occupancies,
    returns,
)
from rental.admission import CHALLENGE_HOURS
from rental.asking import Changes, RequestedBooking
from rental.errors import BadBooking, ResourceUnavailable, UnknownBooking
from rental.models import (
    Booking,
    BookingStatus,
    Line,
    Member,
    Movement,
)
from rental.occupancies import Ask, Wanted
from rental.quota_rules import Excess
from rental.signals import (
    booking_cancelled,
    booking_confirmed,
    booking_declined,
    booking_expired,
    booking_no_show,
    booking_requested,
    bookings_asked,
)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Who asks, how long a request and a challenged hold stand, and what goes beyond a quota."""

    by: Member
    keep_days: int
    challenge_hours: int
    over: dict[int, list[Excess]]


def request(
    wanted: RequestedBooking,
    *,
    by: Member,
    keep_days: int = 7,
    challenge_hours: int = CHALLENGE_HOURS,
) -> Booking:
    """Ask for an event: its stock is held until the desk answers, `keep_days` at the longest.

    A hold of another unit does not stand in the way of asking: its holder is told, and has
    `challenge_hours` to decide. Raises BadBooking, UnknownResource, ReservedForOthers,
    QuotaExceeded, or ResourceUnavailable with every conflict.
    """
    asked = request_all([wanted], by=by, keep_days=keep_days, challenge_hours=challenge_hours)
    return asked[0]


def request_all(
    wanted: Sequence[RequestedBooking],
    *,
    by: Member,
    keep_days: int = 7,
    challenge_hours: int = CHALLENGE_HOURS,
) -> list[Booking]:
    """Ask for several events at once, all or none: one lock, one look at what is taken.

    Raises as `request` does.
    """
    asks = asking.read(wanted, by)
    bookings_asked.send([one.unit for one in wanted], by=by)
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    over = admission.require(admission.events([one.unit for one in wanted], asks, claims), by=by)
    occupancies.require_free(claims)
    return _write(wanted, asks, claims, _Terms(by, keep_days, challenge_hours, over))


def request_free(
    wanted: Sequence[RequestedBooking],
    *,
    by: Member,
    keep_days: int = 7,
    challenge_hours: int = CHALLENGE_HOURS,
) -> tuple[list[Booking], dict[int, list[dict[str, object]]]]:
    """Ask for those of several events that are free: what was booked, what the others lack.

    The conflicts stand under the event's place in `wanted`; quotas count all that is asked for.
    Raises as `request_all` does, with ResourceUnavailable where not one event is free.
    """
    asks = asking.read(wanted, by)
    bookings_asked.send([one.unit for one in wanted], by=by)
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    over = admission.require(admission.events([one.unit for one in wanted], asks, claims), by=by)
    lacking = occupancies.sift(by_event(asks, claims), *occupancies.look(claims))
    taken = {place: short for place, short in enumerate(lacking) if short}
    if len(taken) == len(wanted):
        conflicts = [short for each in lacking for short in each]
        raise ResourceUnavailable(conflicts)
    if taken:
        wanted = [one for place, one in enumerate(wanted) if place not in taken]
        asks = [of_one for place, of_one in enumerate(asks) if place not in taken]
        claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    return _write(wanted, asks, claims, _Terms(by, keep_days, challenge_hours, over)), taken


def by_event(asks: Sequence[Sequence[Ask]], claims: Sequence[Wanted]) -> list[list[Wanted]]:
    """The claims of each event, in the order asked; claims number the lines of all."""
    places = [place for place, of_one in enumerate(asks) for _ask in of_one]
    groups: list[list[Wanted]] = [[] for _ in asks]
    for claim in claims:
        groups[places[claim.line_number]].append(claim)
    return groups


def _write(
    wanted: Sequence[RequestedBooking],
    asks: Sequence[Sequence[Ask]],
    claims: Sequence[Wanted],
    terms: _Terms,
) -> list[Booking]:
    by = terms.by
    requested = [
        _new(one, of_one, by, terms.keep_days) for one, of_one in zip(wanted, asks, strict=True)
    ]
    db.session.add_all(requested)
    db.session.flush()
    occupancies.write([line for booking in requested for line in booking.lines], claims)
    clearance_needs.ask_all(requested)
    for booking in requested:
        journal.record(booking, "requested", by=by)
        booking_requested.send(booking)
        admission.welcome(booking, terms.over, by=by)
    since = [one.held_since or clock.now() for one in wanted]
    groups = by_event(asks, claims)
    admission.challenge(zip(requested, since, groups, strict=True), hours=terms.challenge_hours)
    return requested


def _new(wanted: RequestedBooking, asks: Sequence[Ask], by: Member, keep_days: int) -> Booking:
    starts_at, ends_at = asking.span_of(asks)
    now = clock.now()
    booking = Booking(
        reference=references.new("BK"),
        unit_id=wanted.unit.id,
        member_id=by.id,
        title=asking.checked_title(wanted.title),
        event_kind=wanted.event_kind,
        organiser=wanted.organiser,
        attendees=wanted.attendees,
        note=asking.text(wanted.note),
        status=BookingStatus.REQUESTED,
        starts_at=starts_at,
        ends_at=ends_at,
        requested_at=now,
        expires_at=min(now + timedelta(days=keep_days), max(ends_at, now)),
        lines=[asking.line_of(ask) for ask in asks],
        series_id=wanted.series_id,
        series_at=wanted.series_at,
    )
    booking.unit = wanted.unit
    return booking


def change(
    booking: Booking, changes: Changes, *, by: Member, challenge_hours: int = CHALLENGE_HOURS
) -> None:
    """Change what the event is or its lines, under the checks of a new request.

    Approvals whose grounds change are asked again. Raises as `change_all` does.
    """
    changing.change_all([(booking, changes)], by=by, challenge_hours=challenge_hours)


def change_all(
    wanted: Sequence[tuple[Booking, Changes]],
    *,
    by: Member,
    challenge_hours: int = CHALLENGE_HOURS,
) -> None:
    """Change several bookings at once, all or none: locked first, then looked at together.

    A member changes its own request; what the desk has confirmed only the staff changes. Raises
    ChangedMeanwhile, NotYourMove, MovedOn, or ResourceUnavailable with every conflict.
    """
    changing.change_all(wanted, by=by, challenge_hours=challenge_hours)


def confirm(booking: Booking, *, by: Member, override: str | None = None) -> None:
    """Promise the resources to the unit; from here on they are charged.

    `override` is the reason for passing over an older hold of another unit. Raises ApprovalsMissing
    until everybody asked has said yes, BandwidthNotKept, a ClearanceRefusal, and HeldByAnother.
    """
    # Booking first, resources second, as everywhere: two deeds on one booking never deadlock.
    moves.lock(booking)
    claims = occupancies.unfold(asking.asks_of(booking))
    catalogue.lock(claim.resource_id for claim in claims)
    for claim in claims:
        closures.require_open([claim.resource_id], claim.period)
    moves.require(booking, BookingStatus.CONFIRMED)
    bandwidth.require_kept(line.resource for line in booking.lines)
    approvals.require(booking)
    clearance_needs.require(booking)
    hold_ranks.require_none(booking, claims, by=by, override=override)
    moves.make(booking, BookingStatus.CONFIRMED, by=by)
    booking_confirmed.send(booking)


def decline(booking: Booking, *, by: Member | None, reason: str = "") -> None:
    """Say no to a request; the unit reads the reason, if one is given."""
    booking.reason = asking.reason(reason)
    moves.make(booking, BookingStatus.DECLINED, by=by, reason=booking.reason)
    occupancies.give_back(booking)
    booking_declined.send(booking)


def cancel(booking: Booking, *, by: Member | None, reason: str = "") -> None:
    """Take back a request or a confirmed booking; its stock is free again."""
    booking.reason = asking.reason(reason)
    moves.make(booking, BookingStatus.CANCELLED, by=by, reason=booking.reason)
    occupancies.give_back(booking)
    booking_cancelled.send(booking)


def hand_over(booking: Booking, *, by: Member) -> None:
    """Give hall, gear and lines to the unit. What is off the calendar now cannot be handed over."""
    handovers.everything(booking, by=by)


def return_(booking: Booking, *, by: Member, condition: str = "") -> None:
    """Take everything back; what was booked beyond this moment is free again."""
    returns.everything(booking, by=by, condition=condition.strip()[:500])


def no_show(booking: Booking, *, by: Member) -> None:
    """Note that nobody came; the rest of the time is free again."""
    if clock.now() < moves.lock(booking).starts_at:
        raise BadBooking("The event has not begun yet; cancel it instead.")
    moves.make(booking, BookingStatus.NO_SHOW, by=by)
    occupancies.give_back_rest(booking, clock.now())
    booking_no_show.send(booking)


def no_show_overdue(after: timedelta, limit: int = 100) -> list[Booking]:
    """Free confirmed bookings of which nothing was handed over so long after their start.

    Gives back those that became no-shows; what another worker holds is left to it.
    """
    handed_over = sa.exists().where(Movement.line_id == Line.id, Line.booking_id == Booking.id)
    late = list(
        db.session.scalars(
            sa.select(Booking)
            .where(
                Booking.status == BookingStatus.CONFIRMED,
                Booking.starts_at <= clock.now() - after,
                ~handed_over,
            )
            .order_by(Booking.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Booking)
        )
    )
    for booking in late:
        moves.make(booking, BookingStatus.NO_SHOW, by=None)
        occupancies.give_back_rest(booking, clock.now())
        booking_no_show.send(booking)
    return late


def expire_overdue(limit: int = 100) -> list[Booking]:
    """Let go of requests that nobody answered in time; gives back those that expired."""
    overdue = list(
        db.session.scalars(
            sa.select(Booking)
            .where(Booking.status == BookingStatus.REQUESTED, Booking.expires_at <= clock.now())
            .order_by(Booking.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Booking)
        )
    )
    for booking in overdue:
        moves.make(booking, BookingStatus.EXPIRED, by=None)
        occupancies.give_back(booking)
        booking_expired.send(booking)
    return overdue


def find(reference: str) -> Booking | None:
    """The booking of this reference, typed in whatever way, with its lines and resources."""
    return db.session.scalar(
        sa.select(Booking)
        .where(Booking.reference == references.canonical(reference))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
    )


def get(reference: str) -> Booking:
    """The booking of this reference; raises UnknownBooking."""
    booking = find(reference)
    if booking is None:
        raise UnknownBooking
    return booking
