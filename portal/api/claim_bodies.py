"""What clients send about holds, the waitlist and approvals."""

from enum import StrEnum

from pydantic import Field

from portal.api.booking_bodies import LineBody
from portal.api.fields import Body, Note, Paged, Pieces, Slug, Text, Title
from rental.asking import MOST_LINES
from rental.holds import DAYS, MOST_DAYS
from rental.models import ApprovalStatus, EventKind, HoldStatus, Organiser, WaitStatus


class HoldBody(Body):
    """What is held, and for how many days. Without a unit it is for the member's own."""

    unit: Slug | None = None
    title: Title
    event_kind: EventKind
    lines: list[LineBody] = Field(min_length=1, max_length=MOST_LINES)
    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS)


class HoldsQuery(Paged):
    """Filters of a list of holds; without a status those that stand."""

    status: list[HoldStatus] = Field(default=[HoldStatus.STANDING])


class ConversionBody(Body):
    """What the request says beyond its hold."""

    organiser: Organiser = Organiser.DOMESTIC
    attendees: int | None = Field(default=None, ge=1, le=100_000)
    note: Note | None = None


class ExtensionBody(Body):
    """For how many days from now the hold shall stand."""

    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS)


class WaitBody(LineBody):
    """The taken resource that the unit waits for, and the event it is for."""

    unit: Slug | None = None
    title: Title
    event_kind: EventKind
    quantity: Pieces = 1


class WaitsQuery(Paged):
    """Filters of the waitlist; without a status those who wait or have been offered the date."""

    status: list[WaitStatus] = Field(default=[WaitStatus.WAITING, WaitStatus.OFFERED])


class Answered(StrEnum):
    """Yes or no."""

    APPROVED = ApprovalStatus.APPROVED.value
    REFUSED = ApprovalStatus.REFUSED.value


class ApprovalBody(Body):
    """The answer to one of the approvals, by its rule."""

    rule: Text = Field(min_length=1, max_length=80)
    status: Answered
    comment: Text = Field(default="", max_length=500)


class ConfirmBody(Body):
    """Why older holds of other units are passed over; only who may override holds says so."""

    override: Text | None = Field(default=None, min_length=1, max_length=500)
