"""What stands in for what a closure takes from bookings: who is stranded, and what is free."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import asking, bookings, hours, outlook, suggestions
from rental.asking import Changes, WantedLine
from rental.errors import BadSubstitute
from rental.models import HOLDING, Booking, Closure, Line, Member, Occupancy, Resource
from rental.occupancies import Ask
from rental.outlook import Outlook
from rental.period import Period

# The soonest first; who comes later is told when its time is nearer.
MOST_BOOKINGS = 20
MOST_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Stranded:
    """A line that lacks what a closure took, and what is free in its place, nearest first."""

    booking: Booking
    line: Line
    others: tuple[Resource, ...] = ()


def under(closures: Iterable[Closure], *, most: int = MOST_BOOKINGS) -> list[Stranded]:
    """The lines that lack something because of these closures, the soonest first.

    What has begun already is not taken from anybody. Of a pool only those lack something for whom
    too few pieces are left.
    """
    found: dict[int, Booking] = {}
    for closure in closures:
        found |= {booking.id: booking for booking in _lying_under(closure, most)}
    soonest = sorted(found.values(), key=lambda booking: (booking.starts_at, booking.id))
    return [each for booking in soonest[:most] for each in of_booking(booking)]


def of_booking(booking: Booking) -> list[Stranded]:
    """The lines of a booking that are yet to begin and lack something, with what is free."""
    if booking.status not in HOLDING:
        return []
    asks = asking.asks_of(booking)
    at = clock.now()
    if all(ask.period.starts_at <= at for ask in asks):
        return []
    seen = outlook.of([ask.resource for ask in asks], _span(asks), apart_from=booking.id)
    short = [number for number in seen.short_lines(asks) if asks[number].period.starts_at > at]
    return [
        Stranded(booking, booking.lines[number], tuple(_others(booking, asks, number)))
        for number in short
    ]


def swap(
    booking: Booking, chosen: Mapping[int, Resource], *, by: Member, seen: int | None = None
) -> None:
    """Let other resources stand in for those of some lines, under the checks of any change.

    `chosen` names the resource by the id of the line; `seen` is the revision that was looked at.
    Raises BadSubstitute where one is no equal or not free, and as `bookings.change` does.
    """
    asks = asking.asks_of(booking)
    lines = [_wanted(ask) for ask in asks]
    numbers = {line.id: number for number, line in enumerate(booking.lines)}
    if not chosen or not chosen.keys() <= numbers.keys():
        raise BadSubstitute
    for line_id, other in chosen.items():
        number = numbers[line_id]
        if other not in _others(booking, asks, number):
            raise BadSubstitute(
                "{other} cannot stand in for {resource}, or is no longer free; look at the booking "
                "again.",
                other=other.code,
                resource=asks[number].resource.code,
            )
        asks[number] = replace(asks[number], resource=other)
        lines[number] = replace(lines[number], resource=other.code)
    bookings.change(booking, Changes(lines=lines, seen=seen), by=by)


def _wanted(ask: Ask) -> WantedLine:
    return WantedLine(ask.resource.code, ask.quantity, ask.period, ask.add_ons)


def _span(asks: Sequence[Ask]) -> Period:
    return Period(*asking.span_of(asks))


def _lying_under(closure: Closure, most: int) -> list[Booking]:
    query = (
        sa.select(Booking)
        .where(
            Booking.status.in_(HOLDING),
            Booking.id.in_(
                sa.select(Line.booking_id)
                .join(Occupancy, Occupancy.line_id == Line.id)
                .where(
                    Occupancy.resource_id == closure.resource_id,
                    Occupancy.during.overlaps(closure.during),
                    Line.starts_at > clock.now(),
                )
            ),
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(most)
    )
    return list(db.session.scalars(query))


def _others(booking: Booking, asks: Sequence[Ask], number: int) -> list[Resource]:
    """What could stand in for one line and is free for it beside the others, nearest first."""
    ask = asks[number]
    taken = {each.resource.id for each in asks}
    able = suggestions.alternatives(ask.resource, booking.attendees)
    able = [each for each in able if each.id not in taken and _is_enough(each, ask)]
    if not able:
        return []
    known = [*(each.resource for each in asks), *able]
    seen = outlook.of(known, _span(asks), apart_from=booking.id)
    kept = seen.kept_from(booking.unit_id, able, [ask.period])
    fitting = [
        each
        for each in able
        if each.id not in kept and _is_open(each, ask) and _is_free(seen, asks, number, each)
    ]
    return fitting[:MOST_OTHERS]


def _is_enough(other: Resource, ask: Ask) -> bool:
    return other.stock >= ask.quantity


def _is_open(other: Resource, ask: Ask) -> bool:
    """Nobody is sent to closed doors who asked for open ones."""
    return not hours.is_closed(other, ask.period) or hours.is_closed(ask.resource, ask.period)


def _is_free(seen: Outlook, asks: Sequence[Ask], number: int, other: Resource) -> bool:
    swapped = list(asks)
    swapped[number] = replace(asks[number], resource=other)
    return number not in seen.short_lines(swapped)
