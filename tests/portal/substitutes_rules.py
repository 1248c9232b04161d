"""Who may put one thing in the place of another; the table of all takes it in."""

PAGES = {"POST /bookings/<reference>/substitutes": "change every unit's bookings"}
