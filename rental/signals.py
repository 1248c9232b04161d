"""What the rental floor tells the floors above, in the past tense and inside the transaction.

A receiver writes rows in the same transaction and reaches for nothing outside.

- `bookings_asked(units, by=Member)`: something new is asked for these units, and nothing is locked
  or written yet. The one signal that is a question: a receiver refuses by raising a `Refusal`, and
  asks the database once at most (docs/decisions/0024).
- `booking_requested(booking)`: a unit asked; its stock is held.
- `booking_confirmed(booking)`: the desk promised; from here on it is charged.
- `booking_changed(booking)`: title, attendees or lines differ from before.
- `booking_handed_over(booking)`, `booking_returned(booking)`: gear and hall changed hands.
- `booking_declined(booking)`, `booking_cancelled(booking)`, `booking_expired(booking)`,
  `booking_no_show(booking)`: the stock is free again.
- `booking_overdue(booking)`: gear of it should be back and is not; said once a day while it lasts.
- `damage_reported(damage)`: pieces came back broken, or did not come back.
- `hold_placed(hold)`, `hold_released(hold)`: a date is held, or no longer.
- `hold_challenged(hold)`: somebody else asked for the date; the holder has until `hold.expires_at`.
- `hold_became_first(hold)`: whoever stood before it has gone, or has made it a request.
- `hold_expiring(hold)`: one day is left.
- `hold_lapsed(hold)`: its time is over.
- `hold_overridden(hold, booking=Booking, reason=str)`: the desk confirmed `booking` all the same.
- `wait_offered(entry)`: what was taken is free, and held for the unit that waited longest.
- `wait_lapsed(entry)`: the date has come and nothing became free.
- `approval_asked(approval)`: somebody's yes is needed.
- `approval_answered(approval)`: yes or no was said.
- `rental_interrupted(booking, line=Line, interruption=Interruption, period=Period)`: the renter of
  `line` was deprived of it during `period` (the overlap of outage and rental). Sent once, when the
  interruption has ended.
- `interruption_judged(interruption, was=InterruptionFault)`: somebody said whose doing it was; what
  it gave back is to be reckoned anew.
- `series_requested(series, bookings, skipped)`: a unit asked for many dates by one rule; `skipped`
  are the starts of dates that were taken.
- `series_changed(series, bookings)`: several dates differ from before.
- `series_extended(series, bookings, skipped)`: the rule gave these further dates.
- `series_confirmed(series, bookings)`, `series_declined(series, bookings)`,
  `series_cancelled(series, bookings)`: one deed on several dates.
- `series_reconfirmation_due(series, until, bookings)`: a long series waits for its unit's yes;
  `bookings` lie beyond the confirmed part, which ends at `until`.
- `series_reconfirmed(series, until)`: the unit keeps it, for the time until then.
- `series_let_go(series, bookings)`: nobody confirmed these again in time; they are cancelled.

One deed on a series sends the signal of each booking too, inside `together`: what is told to people
is told once, by the signal of the series (`is_together` says so).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from blinker import Namespace

_rental = Namespace()

bookings_asked = _rental.signal("bookings_asked")
booking_requested = _rental.signal("booking_requested")
booking_confirmed = _rental.signal("booking_confirmed")
booking_changed = _rental.signal("booking_changed")
booking_handed_over = _rental.signal("booking_handed_over")
booking_returned = _rental.signal("booking_returned")
booking_declined = _rental.signal("booking_declined")
booking_cancelled = _rental.signal("booking_cancelled")
booking_expired = _rental.signal("booking_expired")
booking_no_show = _rental.signal("booking_no_show")
booking_overdue = _rental.signal("booking_overdue")
damage_reported = _rental.signal("damage_reported")
hold_placed = _rental.signal("hold_placed")
hold_released = _rental.signal("hold_released")
hold_challenged = _rental.signal("hold_challenged")
hold_became_first = _rental.signal("hold_became_first")
hold_expiring = _rental.signal("hold_expiring")
hold_lapsed = _rental.signal("hold_lapsed")
hold_overridden = _rental.signal("hold_overridden")
wait_offered = _rental.signal("wait_offered")
wait_lapsed = _rental.signal("wait_lapsed")
approval_asked = _rental.signal("approval_asked")
approval_answered = _rental.signal("approval_answered")
rental_interrupted = _rental.signal("rental_interrupted")
interruption_judged = _rental.signal("interruption_judged")
series_requested = _rental.signal("series_requested")
series_changed = _rental.signal("series_changed")
series_extended = _rental.signal("series_extended")
series_confirmed = _rental.signal("series_confirmed")
series_declined = _rental.signal("series_declined")
series_cancelled = _rental.signal("series_cancelled")
series_reconfirmation_due = _rental.signal("series_reconfirmation_due")
series_reconfirmed = _rental.signal("series_reconfirmed")
series_let_go = _rental.signal("series_let_go")

_together: ContextVar[bool] = ContextVar("together", default=False)


@contextmanager
def together() -> Iterator[None]:
    """Many bookings, one deed: whoever writes to people waits for the signal of the series."""
    token = _together.set(True)
    try:
        yield
    finally:
        _together.reset(token)


def is_together() -> bool:
    """Whether a booking's signal is one of many of the same deed."""
    return _together.get()
