"""The life of a booking: requested, confirmed, handed over, returned, and the ways out."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock, references
from config.database import db
from rental import catalogue, closures, hours, journal, occupancies, units
from rental.errors import BadBooking, MovedOn, NotYourMove, UnknownBooking
from rental.models import (
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Member,
    Organiser,
    Unit,
)
from rental.occupancies import Ask
from rental.period import Period
from rental.signals import (
    booking_cancelled,
    booking_changed,
    booking_confirmed,
    booking_declined,
    booking_expired,
    booking_handed_over,
    booking_no_show,
    booking_requested,
    booking_returned,
)

LONGEST = timedelta(days=366)
MOST_LINES = 200
MOST_PIECES = 100_000
# Clocks differ a little, and a form takes a while to fill in.
GRACE = timedelta(minutes=15)
# Line breaks and controls; and what makes the text after it read from right to left, so that a
# page or a mail shows other words than were typed.
UNSEEN = ("Cc", "Zl", "Zp")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

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


@dataclass(frozen=True, slots=True)
class WantedLine:
    """One line as a unit asks for it: a resource's code, pieces, a period."""

    resource: str
    quantity: int
    period: Period


@dataclass(frozen=True, slots=True)
class RequestedBooking:
    """One event as a unit asks for it."""

    unit: Unit
    title: str
    event_kind: EventKind
    lines: Sequence[WantedLine]
    organiser: Organiser = Organiser.DOMESTIC
    attendees: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change of a booking; None leaves a value as it is."""

    title: str | None = None
    attendees: int | None = None
    note: str | None = None
    lines: Sequence[WantedLine] | None = None


def request(wanted: RequestedBooking, *, by: Member, keep_days: int = 7) -> Booking:
    """Ask for an event: its stock is held until the desk answers, `keep_days` at the longest.

    Raises BadBooking, UnknownResource, or ResourceUnavailable with every conflict.
    """
    title = _title(wanted.title)
    _check_attendees(wanted.attendees)
    asks = _asks(wanted.lines, by)
    claims = occupancies.unfold(asks)
    occupancies.require_free(claims)
    starts_at, ends_at = _span(asks)
    now = clock.now()
    booking = Booking(
        reference=references.new("BK"),
        unit_id=wanted.unit.id,
        member_id=by.id,
        title=title,
        event_kind=wanted.event_kind,
        organiser=wanted.organiser,
        attendees=wanted.attendees,
        note=_text(wanted.note),
        status=BookingStatus.REQUESTED,
        starts_at=starts_at,
        ends_at=ends_at,
        requested_at=now,
        expires_at=min(now + timedelta(days=keep_days), max(ends_at, now)),
        lines=[_line(ask) for ask in asks],
    )
    booking.unit = wanted.unit
    db.session.add(booking)
    db.session.flush()
    occupancies.write(booking, claims)
    journal.record(booking, "requested", by=by)
    booking_requested.send(booking)
    return booking


def change(booking: Booking, changes: Changes, *, by: Member) -> None:
    """Change title, attendees, note or lines, under the checks of a new request.

    A member changes its own request; what the desk has confirmed only the staff changes.
    """
    status = _lock(booking).status
    if status not in (BookingStatus.REQUESTED, BookingStatus.CONFIRMED):
        raise MovedOn(
            "A booking that is {status} cannot be changed any more; request a new one.",
            status=status,
        )
    if status is BookingStatus.CONFIRMED and not units.is_staff(by):
        raise NotYourMove("The booking is confirmed: ask the desk to change it.")
    if changes.title is not None:
        booking.title = _title(changes.title)
    if changes.attendees is not None:
        _check_attendees(changes.attendees)
        booking.attendees = changes.attendees
    if changes.note is not None:
        booking.note = _text(changes.note)
    if changes.lines is not None:
        _replace_lines(booking, _asks(changes.lines, by))
    db.session.flush()
    journal.record(booking, "changed", by=by)
    booking_changed.send(booking)


def _replace_lines(booking: Booking, asks: Sequence[Ask]) -> None:
    claims = occupancies.unfold(asks)
    occupancies.require_free(claims, apart_from=booking.id)
    occupancies.give_back(booking)
    old = list(booking.lines)
    kept: list[Line] = []
    for ask in asks:
        # A line that rents the same thing stays the same row, so that its charges keep their line.
        line = next((line for line in old if line.resource_id == ask.resource.id), None)
        if line is None:
            line = _line(ask)
        else:
            old.remove(line)
            line.quantity = ask.quantity
            line.starts_at, line.ends_at = ask.period
        kept.append(line)
    booking.lines = kept
    booking.starts_at, booking.ends_at = _span(asks)
    db.session.flush()
    occupancies.write(booking, claims)


def confirm(booking: Booking, *, by: Member) -> None:
    """Promise the resources to the unit; from here on they are charged."""
    # Booking first, resources second, as everywhere: two deeds on one booking never deadlock.
    _lock(booking)
    claims = occupancies.unfold(_asks_of(booking))
    catalogue.lock(claim.resource_id for claim in claims)
    for claim in claims:
        closures.require_open([claim.resource_id], claim.period)
    _move(booking, BookingStatus.CONFIRMED, by=by)
    booking_confirmed.send(booking)


def decline(booking: Booking, *, by: Member, reason: str = "") -> None:
    """Say no to a request; the unit reads the reason, if one is given."""
    booking.reason = _reason(reason)
    _move(booking, BookingStatus.DECLINED, by=by, reason=booking.reason)
    occupancies.give_back(booking)
    booking_declined.send(booking)


def cancel(booking: Booking, *, by: Member, reason: str = "") -> None:
    """Take back a request or a confirmed booking; its stock is free again."""
    booking.reason = _reason(reason)
    _move(booking, BookingStatus.CANCELLED, by=by, reason=booking.reason)
    occupancies.give_back(booking)
    booking_cancelled.send(booking)


def hand_over(booking: Booking, *, by: Member) -> None:
    """Give hall, gear and lines to the unit. What is off the calendar now cannot be handed over."""
    claims = occupancies.unfold(_asks_of(_lock(booking)))
    now = clock.now()
    closures.require_open(
        [claim.resource_id for claim in claims], Period(now, now + timedelta(minutes=1))
    )
    _move(booking, BookingStatus.HANDED_OVER, by=by)
    booking_handed_over.send(booking)


def return_(booking: Booking, *, by: Member, condition: str = "") -> None:
    """Take everything back; what was booked beyond this moment is free again."""
    _move(booking, BookingStatus.RETURNED, by=by, condition=condition.strip()[:500])
    occupancies.give_back_rest(booking, clock.now())
    booking_returned.send(booking)


def no_show(booking: Booking, *, by: Member) -> None:
    """Note that nobody came; the rest of the time is free again."""
    if clock.now() < _lock(booking).starts_at:
        raise BadBooking("The event has not begun yet; cancel it instead.")
    _move(booking, BookingStatus.NO_SHOW, by=by)
    occupancies.give_back_rest(booking, clock.now())
    booking_no_show.send(booking)


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
        _move(booking, BookingStatus.EXPIRED, by=None)
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


def _move(booking: Booking, to: BookingStatus, *, by: Member | None, **details: object) -> None:
    """Make one move; a conditional UPDATE settles who was first."""
    allowed = [status for status, moves in MOVES.items() if to in moves]
    moved = db.session.execute(
        sa.update(Booking)
        .where(Booking.id == booking.id, Booking.status.in_(allowed))
        .values(status=to)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]
        db.session.refresh(booking, ["status"])
        raise MovedOn(
            "The booking is {status} and cannot become {to}; look again before you decide.",
            status=booking.status,
            to=to,
        )
    db.session.refresh(booking, ["status"])
    journal.record(booking, to.value, by=by, **{k: v for k, v in details.items() if v})


def _lock(booking: Booking) -> Booking:
    """The same row with its lines, as they are now and stay until this transaction ends.

    What was read before the lock may be old: a colleague may have changed the lines meanwhile, and
    what is promised and charged is what the booking holds.
    """
    db.session.flush()
    return db.session.execute(
        sa.select(Booking)
        .where(Booking.id == booking.id)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _asks(lines: Sequence[WantedLine], by: Member) -> list[Ask]:
    if not lines:
        raise BadBooking("A booking needs at least one line: what, how many, from when until when.")
    if len(lines) > MOST_LINES:
        raise BadBooking("A booking has at most {most} lines; split it.", most=MOST_LINES)
    earliest = clock.now() - GRACE
    resources = catalogue.by_codes(line.resource for line in lines)
    for line in lines:
        code = line.resource
        if not 1 <= line.quantity <= MOST_PIECES:
            raise BadBooking(
                "The quantity of {resource} is between 1 and {most}; correct it.",
                resource=code,
                most=MOST_PIECES,
            )
        if line.period.duration > LONGEST:
            raise BadBooking("{resource}: a line lasts 366 days at most; split it.", resource=code)
        if line.period.starts_at < earliest and not units.is_staff(by):
            raise BadBooking(
                "{resource}: the period has begun already; choose a later one.", resource=code
            )
        if hours.refuses(resources[code], line.period):
            raise BadBooking(
                "{resource}: the site is closed then; choose its opening hours.", resource=code
            )
        if resources[code].is_retired:
            raise BadBooking("{resource} is no longer rented out; choose another.", resource=code)
    return [Ask(resources[line.resource], line.quantity, line.period) for line in lines]


def _asks_of(booking: Booking) -> list[Ask]:
    return [
        Ask(line.resource, line.quantity, Period(line.starts_at, line.ends_at))
        for line in booking.lines
    ]


def _line(ask: Ask) -> Line:
    return Line(
        resource=ask.resource,
        quantity=ask.quantity,
        starts_at=ask.period.starts_at,
        ends_at=ask.period.ends_at,
    )


def _span(asks: Sequence[Ask]) -> tuple[datetime, datetime]:
    return min(a.period.starts_at for a in asks), max(a.period.ends_at for a in asks)


def _text(value: str | None) -> str | None:
    return unicodedata.normalize("NFC", value).strip() or None if value else None


def _title(value: str) -> str:
    title = _text(value)
    if not title or all(unicodedata.category(c)[0] in "CZ" for c in title):
        raise BadBooking("A booking needs a title.")
    if len(title) > 200:
        raise BadBooking("A title has at most 200 characters.")
    if any(unicodedata.category(c) in UNSEEN or c in TURNING for c in title):
        raise BadBooking("A title is one line of text without control characters.")
    return title


def _reason(value: str) -> str | None:
    reason = _text(value)
    return reason[:500] if reason else None


def _check_attendees(value: int | None) -> None:
    if value is not None and not 0 < value <= 100_000:
        raise BadBooking("The number of attendees is between 1 and 100 000.")
