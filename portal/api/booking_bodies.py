"""What clients send about bookings."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from portal.api.fields import (
    EXAMPLE,
    Body,
    Code,
    Day,
    Instant,
    Note,
    Paged,
    Pieces,
    Query,
    Slug,
    Text,
    Title,
    instant,
)
from rental.asking import MOST_ADD_ONS, MOST_LINES, WantedLine
from rental.counting import Piece
from rental.models import AssetCondition, BookingStatus, EventKind, OnConflict, Organiser
from rental.period import Period
from rental.series_changes import Scope
from rental.shelves import MOST_PIECES


def _exdate(value: Any) -> date | datetime:
    """A day of the site's calendar, or an instant."""
    if isinstance(value, str) and len(value.strip()) == 10:
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise PydanticCustomError(
                "date", "a day such as 2026-12-08, or a time with its offset"
            ) from None
    return instant(value)


ExDate = Annotated[
    date | datetime,
    BeforeValidator(_exdate),
    WithJsonSchema({"type": "string", "examples": ["2026-12-08", EXAMPLE]}),
]


AddOnCode = Annotated[str, Field(pattern="^[a-z0-9_]{1,40}$")]


class LineBody(Body):
    """One resource: how many, from when until when."""

    resource: Code
    quantity: Pieces = 1
    starts_at: Instant
    ends_at: Instant
    # What goes with it, by the codes of the price list that prices it.
    add_ons: list[AddOnCode] = Field(default=[], max_length=MOST_ADD_ONS)

    def wanted(self) -> WantedLine:
        """The line as the bookings room takes it; raises BadPeriod."""
        period, add_ons = Period(self.starts_at, self.ends_at), tuple(dict.fromkeys(self.add_ons))
        return WantedLine(self.resource, self.quantity, period, add_ons)


class RecurrenceBody(Body):
    """A rule by RFC 5545 that ends, the dates left out, and what to do where dates are taken."""

    rrule: Text = Field(min_length=1, max_length=400)
    exdates: list[ExDate] = Field(default=[], max_length=400)
    on_conflict: OnConflict = OnConflict.REFUSE


class QuoteBody(Body):
    """As a booking; only the lines and the unit decide the price."""

    unit: Slug | None = None
    title: Title | None = None
    event_kind: EventKind = EventKind.OTHER
    organiser: Organiser = Organiser.DOMESTIC
    attendees: int | None = Field(default=None, ge=1, le=100_000)
    note: Note | None = None
    lines: list[LineBody] = Field(min_length=1, max_length=MOST_LINES)
    recurrence: RecurrenceBody | None = None


class BookingBody(QuoteBody):
    """One event with all it rents. Without a unit it is for the member's own."""

    title: Title
    event_kind: EventKind


def _left_out() -> Any:
    """None stands for left out; a null that is sent is refused, as nothing can be unset."""
    return None


class ChangesBody(Body):
    """What to change; what is left out stays. `lines` replaces all lines."""

    title: Title = Field(default_factory=_left_out)
    attendees: int = Field(default_factory=_left_out, ge=1, le=100_000)
    note: Note = Field(default_factory=_left_out)
    lines: list[LineBody] = Field(default_factory=_left_out, min_length=1, max_length=MOST_LINES)
    event_kind: EventKind = Field(default_factory=_left_out)
    organiser: Organiser = Field(default_factory=_left_out)
    # The revision that was read: the change is refused where the booking has another by now.
    revision: int = Field(default_factory=_left_out, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> "ChangesBody":
        if not self.model_fields_set - {"revision"}:
            raise PydanticCustomError(
                "nothing",
                "nothing to change: send title, event_kind, organiser, attendees, note or lines",
            )
        return self


class ScopeQuery(Query):
    """How much of a series a deed is meant for; a booking of no series is all there is."""

    scope: Scope = Scope.THIS


class DuplicateBody(Body):
    """On which day the same begins, as the site's calendar has it."""

    starts_on: Day


class NothingBody(Body):
    """No body is needed."""


class DeclineBody(Body):
    """Why, if you like: the unit reads it."""

    reason: Text = Field(default="", max_length=500)


class CancelBody(Body):
    """Why, if you like."""

    reason: Text = Field(default="", max_length=500)


class GivenPieceBody(Body):
    """An asset by its tag, or some of a resource; `note` says why another model stands in."""

    asset: Code | None = None
    resource: Code | None = None
    quantity: Pieces = 1
    note: Text = Field(default="", max_length=500)

    def piece(self) -> Piece:
        """The piece as the counter takes it."""
        return Piece(self.asset, self.resource, self.quantity, note=self.note)


class ReturnedPieceBody(GivenPieceBody):
    """A piece with the state it came back in: good, worn, damaged, or lost."""

    condition: AssetCondition | None = Field(default=None, strict=False)

    def piece(self) -> Piece:
        """The piece as the counter takes it."""
        return Piece(self.asset, self.resource, self.quantity, self.condition, self.note)


class HandOverBody(Body):
    """Without pieces everything goes at once; with them these go, all or none."""

    pieces: list[GivenPieceBody] | None = Field(default=None, min_length=1, max_length=MOST_PIECES)


class ReturnBody(Body):
    """In what state it came back. Without pieces everything comes back at once."""

    condition: Text = Field(default="", max_length=500)
    pieces: list[ReturnedPieceBody] | None = Field(
        default=None, min_length=1, max_length=MOST_PIECES
    )


class BookingsQuery(Paged):
    """Filters of a list of bookings. `from` and `to` keep what overlaps the period."""

    status: list[BookingStatus] = Field(default=[])
    starts_at: Instant | None = Field(default=None, alias="from")
    ends_at: Instant | None = Field(default=None, alias="to")
    unit: Slug | None = None
    resource: Code | None = None
    q: Text | None = Field(default=None, max_length=200)

    @property
    def period(self) -> Period | None:
        """The period, where both ends are given; raises BadPeriod."""
        if self.starts_at is None or self.ends_at is None:
            return None
        return Period(self.starts_at, self.ends_at)

    @model_validator(mode="after")
    def _both_ends(self) -> "BookingsQuery":
        if (self.starts_at is None) != (self.ends_at is None):
            raise PydanticCustomError("period", "from and to go together: give both or neither")
        return self
