"""What a unit asks for, read and checked before anything is locked or written."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config import clock
from rental import catalogue, hours, units
from rental.errors import BadBooking
from rental.models import Booking, EventKind, Line, Member, Organiser, Resource, Unit
from rental.occupancies import Ask
from rental.period import Period

LONGEST = timedelta(days=366)
MOST_LINES = 200
MOST_PIECES = 100_000
MOST_ADD_ONS = 20
ADD_ON = re.compile(r"[a-z0-9_]{1,40}")
# Clocks differ a little, and a form takes a while to fill in.
GRACE = timedelta(minutes=15)
# Line breaks and controls; and what makes the text after it read from right to left, so that a
# page or a mail shows other words than were typed.
UNSEEN = ("Cc", "Zl", "Zp")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class WantedLine:
    """One line as a unit asks for it: a resource's code, pieces, a period, what goes with it."""

    resource: str
    quantity: int
    period: Period
    # Codes of the price list: sound and light, say.
    add_ons: tuple[str, ...] = ()


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
    # The series it is a date of, and which date by the rule.
    series_id: int | None = None
    series_at: datetime | None = None
    # Since when a hold of the unit's own claims the date; None counts from the request.
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change of a booking; None leaves a value as it is, an empty note takes it away."""

    title: str | None = None
    attendees: int | None = None
    note: str | None = None
    lines: Sequence[WantedLine] | None = None
    event_kind: EventKind | None = None
    organiser: Organiser | None = None
    # Nobody knows any more how many will come.
    forgets_attendees: bool = False
    # The revision that was looked at; the change is refused where the booking has another by now.
    seen: int | None = None


def read(wanted: Sequence[RequestedBooking], by: Member) -> list[list[Ask]]:
    """The lines of each booking with their resources; raises BadBooking or UnknownResource."""
    for one in wanted:
        checked_title(one.title)
        check_attendees(one.attendees)
    return _read([one.lines for one in wanted], by)


def read_lines(lines: Sequence[WantedLine], by: Member) -> list[Ask]:
    """The lines of one booking with their resources; raises BadBooking or UnknownResource."""
    return _read([lines], by)[0]


def read_lines_of(bookings: Sequence[Sequence[WantedLine]], by: Member) -> list[list[Ask]]:
    """The lines of several bookings with their resources; raises as `read_lines` does."""
    return _read(bookings, by)


def _read(bookings: Sequence[Sequence[WantedLine]], by: Member) -> list[list[Ask]]:
    for lines in bookings:
        if not lines:
            raise BadBooking(
                "A booking needs at least one line: what, how many, from when until when."
            )
        if len(lines) > MOST_LINES:
            raise BadBooking("A booking has at most {most} lines; split it.", most=MOST_LINES)
    resources = catalogue.by_codes(line.resource for lines in bookings for line in lines)
    earliest = clock.now() - GRACE
    for lines in bookings:
        for line in lines:
            _check(line, resources[line.resource])
            if line.period.starts_at < earliest and not units.is_staff(by):
                raise BadBooking(
                    "{resource}: the period has begun already; choose a later one.",
                    resource=line.resource,
                )
    return [
        [Ask(resources[line.resource], line.quantity, line.period, line.add_ons) for line in lines]
        for lines in bookings
    ]


def _check(line: WantedLine, resource: Resource) -> None:
    if not 1 <= line.quantity <= MOST_PIECES:
        raise BadBooking(
            "The quantity of {resource} is between 1 and {most}; correct it.",
            resource=resource.code,
            most=MOST_PIECES,
        )
    if len(line.add_ons) > MOST_ADD_ONS or any(not ADD_ON.fullmatch(one) for one in line.add_ons):
        raise BadBooking(
            "{resource}: name at most {most} add-ons, each by its code.",
            resource=resource.code,
            most=MOST_ADD_ONS,
        )
    if line.period.duration > LONGEST:
        raise BadBooking(
            "{resource}: a line lasts 366 days at most; split it.", resource=resource.code
        )
    if hours.refuses(resource, line.period):
        raise BadBooking(
            "{resource}: the site is closed then; choose its opening hours.",
            resource=resource.code,
        )
    if resource.is_uplink:
        raise BadBooking(
            "{resource} is an uplink; book a circuit that goes through it.", resource=resource.code
        )
    if resource.is_retired:
        raise BadBooking(
            "{resource} is no longer rented out; choose another.", resource=resource.code
        )


def asks_of(booking: Booking) -> list[Ask]:
    """The lines of a booking as they stand."""
    return [
        Ask(
            line.resource,
            line.quantity,
            Period(line.starts_at, line.ends_at),
            tuple(line.add_ons),
        )
        for line in booking.lines
    ]


def line_of(ask: Ask) -> Line:
    """A new row of what is asked."""
    return Line(
        resource=ask.resource,
        quantity=ask.quantity,
        starts_at=ask.period.starts_at,
        ends_at=ask.period.ends_at,
        add_ons=list(ask.add_ons),
    )


def span_of(asks: Sequence[Ask]) -> tuple[datetime, datetime]:
    """From the first start to the last end."""
    return min(a.period.starts_at for a in asks), max(a.period.ends_at for a in asks)


def text(value: str | None) -> str | None:
    """Composed and trimmed; nothing where nothing is left."""
    return unicodedata.normalize("NFC", value).strip() or None if value else None


def checked_title(value: str) -> str:
    """A title as it is kept; raises BadBooking."""
    title = text(value)
    if not title or all(unicodedata.category(c)[0] in "CZ" for c in title):
        raise BadBooking("A booking needs a title.")
    if len(title) > 200:
        raise BadBooking("A title has at most 200 characters.")
    if any(unicodedata.category(c) in UNSEEN or c in TURNING for c in title):
        raise BadBooking("A title is one line of text without control characters.")
    return title


def reason(value: str) -> str | None:
    """A reason as it is kept, 500 characters at most."""
    words = text(value)
    return words[:500] if words else None


def check_attendees(value: int | None) -> None:
    """Refuse a number of people that no house holds."""
    if value is not None and not 0 < value <= 100_000:
        raise BadBooking("The number of attendees is between 1 and 100 000.")
