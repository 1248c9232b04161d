"""Moving one line of a booking, and what the rest of the event does then: rules over values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rental.asking import WantedLine
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Shift:
    """One line taken to another resource or time; `together`: the rest of the event follows."""

    number: int
    resource: str
    period: Period
    together: bool = True


def shifted(lines: Sequence[WantedLine], shift: Shift, zone: ZoneInfo) -> list[WantedLine]:
    """The lines of the event after the shift, in the same sequence.

    Where the line keeps its length on the wall clock of `zone`, the others follow by as much (two
    days later at 08:00 is 08:00 whatever the clocks did meanwhile). Where its length changes, the
    others follow at the ends they share with it: gear rented for the event stays as long as it.
    """
    moved = lines[shift.number]
    by = [_between(old, new, zone) for old, new in zip(moved.period, shift.period, strict=True)]
    after: list[WantedLine] = []
    for number, line in enumerate(lines):
        if number == shift.number:
            # Another hall may offer other add-ons; the same one keeps them.
            kept = line.add_ons if shift.resource == line.resource else ()
            after.append(WantedLine(shift.resource, line.quantity, shift.period, kept))
        elif not shift.together:
            after.append(line)
        elif by[0] == by[1]:
            ends = [_later(at, by[0], zone) for at in line.period]
            after.append(replace(line, period=Period(*ends)))
        else:
            after.append(replace(line, period=_stretched(line, moved, shift)))
    return after


def _stretched(line: WantedLine, moved: WantedLine, shift: Shift) -> Period:
    starts_at, ends_at = line.period
    if starts_at == moved.period.starts_at:
        starts_at = shift.period.starts_at
    if ends_at == moved.period.ends_at:
        ends_at = shift.period.ends_at
    # What lies wholly in the part that was cut off stays where it is, for people to see.
    return Period(starts_at, ends_at) if starts_at < ends_at else line.period


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _between(old: datetime, new: datetime, zone: ZoneInfo) -> timedelta:
    return _wall(new, zone) - _wall(old, zone)


def _later(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    return (_wall(at, zone) + by).replace(tzinfo=zone).astimezone(UTC)
