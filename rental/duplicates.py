"""The same event once more, on another day."""

from datetime import date

from rental import bookings, programme, shifts
from rental.admission import CHALLENGE_HOURS
from rental.asking import RequestedBooking
from rental.models import Booking, Member


def request(
    origin: Booking,
    day: date,
    *,
    by: Member,
    keep_days: int = 7,
    challenge_hours: int = CHALLENGE_HOURS,
) -> Booking:
    """Ask for what `origin` rents on `day`, at the same wall-clock times, with its programme.

    A new request under the checks of any: raises BadBooking or ResourceUnavailable.
    """
    wanted = RequestedBooking(
        unit=origin.unit,
        title=origin.title,
        event_kind=origin.event_kind,
        lines=shifts.moved(shifts.of(origin), day),
        organiser=origin.organiser,
        attendees=origin.attendees,
        note=origin.note,
    )
    booking = bookings.request(wanted, by=by, keep_days=keep_days, challenge_hours=challenge_hours)
    programme.copy(origin, booking)
    return booking
