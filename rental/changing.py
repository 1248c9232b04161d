"""Changing what is booked: locked, compared, held against what others have, and remembered."""

from collections.abc import Mapping, Sequence

from config import clock
from config.database import db
from rental import (
    admission,
    approvals,
    asking,
    bandwidth,
    clearance_needs,
    differences,
    journal,
    moves,
    occupancies,
    programme,
    quotas,
    units,
)
from rental.admission import CHALLENGE_HOURS
from rental.asking import Changes, WantedLine
from rental.differences import Difference, LineValue
from rental.errors import ChangedMeanwhile, MovedOn, NotYourMove
from rental.models import Booking, BookingStatus, Line, Member
from rental.occupancies import Ask
from rental.signals import booking_changed


def change_all(
    wanted: Sequence[tuple[Booking, Changes]],
    *,
    by: Member,
    challenge_hours: int = CHALLENGE_HOURS,
) -> None:
    """Change several bookings at once, all or none: locked first, then looked at together.

    A member changes its own request; what the desk has confirmed only the staff changes. Changes
    that change nothing leave no trace. Raises ChangedMeanwhile where a booking has another revision
    than was seen, ResourceUnavailable with every conflict.
    """
    moves.lock_all([booking for booking, _changes in wanted])
    for booking, changes in wanted:
        require_changeable(booking, by)
        if changes.seen is not None and changes.seen != booking.revision:
            raise ChangedMeanwhile(revision=booking.revision)
    before = [differences.of(booking) for booking, _changes in wanted]
    needed = [approvals.needed(booking) for booking, _changes in wanted]
    for booking, changes in wanted:
        _change_event(booking, changes)
    _replace_lines(
        {
            booking: changes.lines
            for booking, changes in wanted
            if changes.lines is not None and not _are_lines_of(booking, changes.lines)
        },
        by,
        challenge_hours,
    )
    _remember(
        [
            (booking, differences.between(old, differences.of(booking)))
            for (booking, _changes), old in zip(wanted, before, strict=True)
        ],
        by,
    )
    for (booking, _changes), needs in zip(wanted, needed, strict=True):
        approvals.renew(booking, needs)


def _remember(changed: Sequence[tuple[Booking, Difference]], by: Member) -> None:
    """Raise the revisions, keep before and after in the journal, and say it, all flushed first."""
    different = [(booking, difference) for booking, difference in changed if difference]
    for booking, _difference in different:
        booking.revision += 1
        booking.changed_at = clock.now()
    db.session.flush()
    clearance_needs.renew_all([booking for booking, _difference in different])
    for booking, difference in different:
        journal.record(booking, "changed", by=by, **difference.as_json())
        booking_changed.send(booking)


def require_changeable(booking: Booking, by: Member) -> None:
    """Refuse with MovedOn or NotYourMove where `by` may not change the booking as it stands."""
    status = booking.status
    if status not in (BookingStatus.REQUESTED, BookingStatus.CONFIRMED):
        raise MovedOn(
            "A booking that is {status} cannot be changed any more; request a new one.",
            status=status,
        )
    if status is BookingStatus.CONFIRMED and not units.is_staff(by):
        raise NotYourMove("The booking is confirmed: ask the desk to change it.")


def _change_event(booking: Booking, changes: Changes) -> None:
    if changes.title is not None:
        booking.title = asking.checked_title(changes.title)
    if changes.event_kind is not None:
        booking.event_kind = changes.event_kind
    if changes.organiser is not None:
        booking.organiser = changes.organiser
    if changes.forgets_attendees:
        booking.attendees = None
    elif changes.attendees is not None:
        asking.check_attendees(changes.attendees)
        booking.attendees = changes.attendees
    if changes.note is not None:
        booking.note = asking.text(changes.note)


def _are_lines_of(booking: Booking, wanted: Sequence[WantedLine]) -> bool:
    """Whether the lines asked for are those it has; what stays as it is is not asked again."""
    return differences.of(booking).lines == tuple(map(LineValue.of, wanted))


def _replace_lines(
    wanted: Mapping[Booking, Sequence[WantedLine]], by: Member, challenge_hours: int
) -> None:
    if not wanted:
        return
    bookings = list(wanted)
    asks = asking.read_lines_of(list(wanted.values()), by)
    for booking, of_one in zip(bookings, asks, strict=True):
        if booking.status is BookingStatus.CONFIRMED:
            has = {line.resource_id for line in booking.lines}
            bandwidth.require_kept(a.resource for a in of_one if a.resource.id not in has)
    claims = occupancies.unfold([ask for of_one in asks for ask in of_one])
    apart_from = [booking.id for booking in bookings]
    events = admission.events([booking.unit for booking in bookings], asks, claims)
    over = admission.require(events, by=by, apart_from=apart_from)
    occupancies.require_free(claims, apart_from=apart_from)
    occupancies.give_back(*bookings)
    for booking, of_one in zip(bookings, asks, strict=True):
        was = booking.starts_at, booking.ends_at
        _put_lines(booking, of_one)
        programme.follow(booking, was)
    db.session.flush()
    occupancies.write([line for booking in bookings for line in booking.lines], claims)
    for booking in bookings:
        quotas.note(booking, over.pop(booking.unit_id, []), by=by)
    # A moved line claims its stock from now on, whenever the booking was requested.
    now = clock.now()
    taken = [(one, now, event.claims) for one, event in zip(bookings, events, strict=True)]
    admission.challenge(taken, hours=challenge_hours)


def _put_lines(booking: Booking, asks: Sequence[Ask]) -> None:
    old = list(booking.lines)
    wanted = [LineValue(ask.resource.code, ask.quantity, ask.period, ask.add_ons) for ask in asks]
    partners = differences.pairs(differences.of(booking).lines, wanted)
    kept: list[Line] = []
    # A line that rents the same thing stays the same row, so that its charges keep their line.
    for ask, partner in zip(asks, partners, strict=True):
        line = asking.line_of(ask) if partner is None else old[partner]
        line.quantity = ask.quantity
        line.starts_at, line.ends_at = ask.period
        line.add_ons = list(ask.add_ons)
        kept.append(line)
    booking.lines = kept
    booking.starts_at, booking.ends_at = asking.span_of(asks)
