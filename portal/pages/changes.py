"""Changing, repeating and giving up what is booked, seen before it is done."""

from billing import cancellation_charges

# What the booking page asks before somebody cancels.
FOR_TEMPLATES = {"cancellation_of": cancellation_charges.estimate}
