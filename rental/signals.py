"""What the rental floor tells the floors above, in the past tense and inside the transaction.

A receiver writes rows in the same transaction and reaches for nothing outside.

- `booking_requested(booking)`: a unit asked; its stock is held.
- `booking_confirmed(booking)`: the desk promised; from here on it is charged.
- `booking_changed(booking)`: title, attendees or lines differ from before.
- `booking_handed_over(booking)`, `booking_returned(booking)`: gear and hall changed hands.
- `booking_declined(booking)`, `booking_cancelled(booking)`, `booking_expired(booking)`,
  `booking_no_show(booking)`: the stock is free again.
- `rental_interrupted(booking, line=Line, interruption=Interruption, period=Period)`: the renter of
  `line` was deprived of it during `period` (the overlap of outage and rental). Sent once, when the
  interruption has ended.
"""

from blinker import Namespace

_rental = Namespace()

booking_requested = _rental.signal("booking_requested")
booking_confirmed = _rental.signal("booking_confirmed")
booking_changed = _rental.signal("booking_changed")
booking_handed_over = _rental.signal("booking_handed_over")
booking_returned = _rental.signal("booking_returned")
booking_declined = _rental.signal("booking_declined")
booking_cancelled = _rental.signal("booking_cancelled")
booking_expired = _rental.signal("booking_expired")
booking_no_show = _rental.signal("booking_no_show")
rental_interrupted = _rental.signal("rental_interrupted")
