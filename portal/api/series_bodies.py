"""What clients send about series."""

from pydantic import Field

from portal.api.booking_bodies import QuoteBody, RecurrenceBody
from portal.api.fields import Body, Instant, Text


class RuleBody(Body):
    """Another rule for a series: it may give more dates, and leaves out none that stands."""

    rrule: Text = Field(min_length=1, max_length=400)


class DateBody(Body):
    """A date of the series, by its start."""

    starts_at: Instant


class PreviewBody(QuoteBody):
    """As a booking with its rule."""

    recurrence: RecurrenceBody
