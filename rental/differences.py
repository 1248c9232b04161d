"""Before and after: what two versions of a booking differ in. Rules over values, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from rental.asking import WantedLine
from rental.models import Booking, EventKind, Organiser
from rental.period import Period


@dataclass(frozen=True, slots=True)
class LineValue:
    """One line: a resource's code, pieces, a period."""

    resource: str
    quantity: int
    period: Period
    add_ons: tuple[str, ...] = ()

    @classmethod
    def of(cls, line: WantedLine) -> "LineValue":
        """A line as it is asked for."""
        return cls(line.resource, line.quantity, line.period, line.add_ons)

    def as_wanted(self) -> WantedLine:
        """The line as it would be asked for."""
        return WantedLine(self.resource, self.quantity, self.period, self.add_ons)

    def as_json(self) -> dict[str, Any]:
        """The form the journal keeps."""
        return {
            "resource": self.resource,
            "quantity": self.quantity,
            "starts_at": self.period.starts_at.isoformat(),
            "ends_at": self.period.ends_at.isoformat(),
            "add_ons": list(self.add_ons),
        }


@dataclass(frozen=True, slots=True)
class BookingValue:
    """All of a booking that a change may touch."""

    title: str
    event_kind: EventKind
    organiser: Organiser
    attendees: int | None
    note: str | None
    lines: tuple[LineValue, ...]


class LineChange(StrEnum):
    """What happened to a line."""

    ADDED = "added"
    REMOVED = "removed"
    # As long as before, at another time.
    MOVED = "moved"
    # All of the old time and more; a part of the old time.
    EXTENDED = "extended"
    SHORTENED = "shortened"
    # Another length at another time.
    RETIMED = "retimed"
    QUANTITY = "quantity"
    ADD_ONS = "add_ons"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One value of the event, before and after: JSON values."""

    name: str
    before: str | int | None
    after: str | int | None

    def as_json(self) -> dict[str, Any]:
        """The form the journal keeps."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class LineDifference:
    """One line before and after; either is missing where it was added or removed."""

    before: LineValue | None
    after: LineValue | None

    @property
    def changes(self) -> tuple[LineChange, ...]:
        """In what it differs, the time first; nothing where it is the same."""
        if self.before is None:
            return (LineChange.ADDED,)
        if self.after is None:
            return (LineChange.REMOVED,)
        found = [_timing(self.before.period, self.after.period)]
        if self.before.quantity != self.after.quantity:
            found.append(LineChange.QUANTITY)
        if self.before.add_ons != self.after.add_ons:
            found.append(LineChange.ADD_ONS)
        return tuple(change for change in found if change is not None)

    def as_json(self) -> dict[str, Any]:
        """The form the journal keeps."""
        return {
            "changes": [change.value for change in self.changes],
            "before": self.before.as_json() if self.before else None,
            "after": self.after.as_json() if self.after else None,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything two versions differ in; false where they are the same."""

    fields: tuple[FieldDifference, ...] = ()
    lines: tuple[LineDifference, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.fields or self.lines)

    def as_json(self) -> dict[str, Any]:
        """The form the journal keeps."""
        return {
            "fields": [field.as_json() for field in self.fields],
            "lines": [line.as_json() for line in self.lines],
        }


FIELDS = ("title", "event_kind", "organiser", "attendees", "note")


def between(before: BookingValue, after: BookingValue) -> Difference:
    """What `after` differs in from `before`."""
    fields = [
        FieldDifference(name, getattr(before, name), getattr(after, name))
        for name in FIELDS
        if getattr(before, name) != getattr(after, name)
    ]
    lines = [line for line in side_by_side(before.lines, after.lines) if line.changes]
    return Difference(tuple(fields), tuple(lines))


def side_by_side(
    before: Sequence[LineValue], after: Sequence[LineValue]
) -> tuple[LineDifference, ...]:
    """Every line of both versions once: what stays and what changed as `before` has it, new last.

    A line is the same one where it is equal, else where it rents the same resource.
    """
    partners = pairs(before, after)
    kept = {old: new for new, old in enumerate(partners) if old is not None}
    found = [
        LineDifference(line, after[kept[number]] if number in kept else None)
        for number, line in enumerate(before)
    ]
    added = [line for line, old in zip(after, partners, strict=True) if old is None]
    return (*found, *(LineDifference(None, line) for line in added))


def pairs(before: Sequence[LineValue], after: Sequence[LineValue]) -> list[int | None]:
    """For each line of `after` the number of its line in `before`; None where it is new.

    Equal lines find each other first, so that of two lines for one hall the one that was not
    touched stays untouched; then lines of one resource, in order.
    """
    left = dict(enumerate(before))
    partners: list[int | None] = [None] * len(after)
    for same in (_equal, _same_resource):
        for number, line in enumerate(after):
            if partners[number] is None:
                found = next((old for old, one in left.items() if same(one, line)), None)
                if found is not None:
                    del left[found]
                    partners[number] = found
    return partners


def of(booking: Booking) -> BookingValue:
    """The booking as it stands."""
    return BookingValue(
        title=booking.title,
        event_kind=booking.event_kind,
        organiser=booking.organiser,
        attendees=booking.attendees,
        note=booking.note,
        lines=tuple(
            LineValue(
                line.resource.code,
                line.quantity,
                Period(line.starts_at, line.ends_at),
                tuple(line.add_ons),
            )
            for line in booking.lines
        ),
    )


def read_line(kept: dict[str, Any] | None) -> LineValue | None:
    """A line as the journal kept it."""
    if kept is None:
        return None
    starts_at, ends_at = (datetime.fromisoformat(kept[end]) for end in ("starts_at", "ends_at"))
    add_ons = tuple(kept.get("add_ons", ()))
    return LineValue(kept["resource"], kept["quantity"], Period(starts_at, ends_at), add_ons)


def _timing(before: Period, after: Period) -> LineChange | None:
    if before == after:
        return None
    if before.duration == after.duration:
        return LineChange.MOVED
    if after.starts_at <= before.starts_at and before.ends_at <= after.ends_at:
        return LineChange.EXTENDED
    if before.starts_at <= after.starts_at and after.ends_at <= before.ends_at:
        return LineChange.SHORTENED
    return LineChange.RETIMED


def _equal(one: LineValue, other: LineValue) -> bool:
    return one == other


def _same_resource(one: LineValue, other: LineValue) -> bool:
    return one.resource == other.resource
