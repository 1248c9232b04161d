"""The form that changes a booking: filled with what is booked, compared with it as it is typed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from billing import quotes
from billing.errors import NoPrice, NoVatRate
from billing.money import Money
from billing.quotes import Quote
from portal.pages import booking_form, formats
from portal.pages.booking_form import Preview, TypedBooking, TypedLine
from rental import asking, catalogue, differences, shifts
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.differences import FieldDifference, LineDifference, LineValue
from rental.models import Booking, Resource


def filled(booking: Booking) -> TypedBooking:
    """The form with the booking as it stands."""
    return TypedBooking(
        title=booking.title,
        event_kind=booking.event_kind.value,
        organiser=booking.organiser.value,
        attendees=str(booking.attendees or ""),
        note=booking.note or "",
        lines=[_typed(line.as_wanted()) for line in differences.of(booking).lines],
    )


def with_lines(form: TypedBooking, lines: Sequence[WantedLine]) -> TypedBooking:
    """The form with other lines in it."""
    form.lines = [_typed(line) for line in lines]
    return form


def repeated(booking: Booking, day: date | None) -> TypedBooking:
    """The form of a new booking of the same things on `day`, or the same weekday next week."""
    lines = shifts.of(booking)
    form = with_lines(filled(booking), shifts.moved(lines, day or shifts.week_after(lines)))
    form.unit, form.copy = booking.unit.slug, booking.reference
    return form


def _typed(line: WantedLine) -> TypedLine:
    starts_at, ends_at = map(formats.field_time, line.period)
    quantity = str(line.quantity)
    return TypedLine(line.resource, quantity, starts_at, ends_at, add_ons=line.add_ons)


def changes(wanted: RequestedBooking, seen: int) -> Changes:
    """Everything the form says, as a change of what was seen."""
    return Changes(
        title=wanted.title,
        event_kind=wanted.event_kind,
        organiser=wanted.organiser,
        attendees=wanted.attendees,
        forgets_attendees=wanted.attendees is None,
        note=wanted.note or "",
        lines=wanted.lines,
        seen=seen,
    )


def readable_lines(form: TypedBooking) -> list[WantedLine] | None:
    """The lines as typed; None while one of them cannot be read."""
    found = [booking_form.wanted_line(replace(line, errors={})) for line in form.lines]
    return None if None in found or not found else [line for line in found if line is not None]


def only_different(booking: Booking, changed: Changes) -> Changes:
    """The changes without what is as it stands."""
    stands = differences.of(booking)
    lines = changed.lines
    if lines is not None and tuple(map(LineValue.of, lines)) == stands.lines:
        lines = None
    return replace(
        changed,
        title=None if changed.title == booking.title else changed.title,
        event_kind=None if changed.event_kind is booking.event_kind else changed.event_kind,
        organiser=None if changed.organiser is booking.organiser else changed.organiser,
        attendees=None if changed.attendees == booking.attendees else changed.attendees,
        forgets_attendees=changed.forgets_attendees and booking.attendees is not None,
        note=None if (changed.note or "") == (booking.note or "") else changed.note,
        lines=lines,
    )


def resources_for(booking: Booking) -> list[Resource]:
    """What can be chosen: the catalogue, and what is booked although it is no longer rented out."""
    offered = catalogue.search()
    known = {resource.id for resource in offered}
    gone = {line.resource for line in booking.lines if line.resource_id not in known}
    return [*offered, *sorted(gone, key=lambda resource: catalogue.natural(resource.code))]


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One line before and after, with what is wrong with it."""

    difference: LineDifference
    resource: Resource | None
    typed: TypedLine | None = None

    @property
    def clash(self) -> str:
        """What others hold of it."""
        return self.typed.clash if self.typed else ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A booking as it stands beside what the form would make of it."""

    fields: tuple[FieldDifference, ...]
    lines: tuple[ComparedLine, ...]
    unreadable: tuple[TypedLine, ...]
    before: Quote | None
    after: Quote | None
    # The form as it was looked at.
    shown: Preview

    @property
    def changed(self) -> tuple[ComparedLine, ...]:
        """The lines that differ."""
        return tuple(line for line in self.lines if line.difference.changes)

    @property
    def is_same(self) -> bool:
        """Whether saving would change nothing."""
        return not (self.fields or self.changed or self.unreadable)

    @property
    def more(self) -> Money | None:
        """What the change costs more, below zero where it costs less."""
        if self.before is None or self.after is None or not self.after.lines:
            return None
        return self.after.total - self.before.total


def compare(booking: Booking, form: TypedBooking, resources: Sequence[Resource]) -> Comparison:
    """What the form would change, cost and clash with; writes and locks nothing."""
    shown = booking_form.preview(form, booking.unit, resources, apart_from=booking.id)
    known = {resource.code: resource for resource in resources}
    readable = [(line, _value(line)) for line in form.lines if line.resource in known]
    typed = [(line, value) for line, value in readable if value is not None]
    before = differences.of(booking).lines
    rows = differences.side_by_side(before, [value for _line, value in typed])
    by_value = {id(value): line for line, value in typed}
    lines = [
        ComparedLine(
            row,
            known.get((row.after or row.before or before[0]).resource),
            by_value.get(id(row.after)),
        )
        for row in rows
    ]
    return Comparison(
        fields=_fields(booking, form),
        lines=tuple(lines),
        unreadable=tuple(line for line, value in readable if value is None),
        before=_price(booking),
        after=_after(booking, shown),
        shown=shown,
    )


def _value(line: TypedLine) -> LineValue | None:
    wanted = booking_form.wanted_line(line)
    return LineValue.of(wanted) if wanted is not None else None


def _fields(booking: Booking, form: TypedBooking) -> tuple[FieldDifference, ...]:
    stands = filled(booking)
    pairs: list[tuple[str, Any, Any]] = [
        (name, asking.text(getattr(stands, name)), asking.text(getattr(form, name)))
        for name in differences.FIELDS
    ]
    return tuple(FieldDifference(*pair) for pair in pairs if pair[1] != pair[2])


def _after(booking: Booking, shown: Preview) -> Quote | None:
    """The price of the form, where a line that stays keeps what it was promised."""
    if shown.quote is None:
        return None
    try:
        return quotes.foreseen(booking, [line.rented for line in shown.quote.lines])
    except (NoPrice, NoVatRate):
        return None


def _price(booking: Booking) -> Quote | None:
    try:
        return quotes.for_booking(booking)
    except (NoPrice, NoVatRate):
        return None
