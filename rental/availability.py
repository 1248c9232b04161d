"""How much of a resource is free, when: arithmetic over values, no database.

Free stock is what the peak of all claims leaves at an instant, never a day's sum.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from rental.period import Period


class Claim(NamedTuple):
    """`quantity` taken over the half-open span `[starts_at, ends_at)`."""

    starts_at: datetime
    ends_at: datetime
    quantity: int = 1


class Segment(NamedTuple):
    """A span in which the free stock stays the same."""

    starts_at: datetime
    ends_at: datetime
    free: int


def free_segments(
    stock: int,
    taken: Iterable[Claim | tuple[datetime, datetime, int]],
    period: Period | tuple[datetime, datetime],
) -> list[Segment]:
    """The free stock over `period`, in spans without gap or overlap, neighbours always unequal.

    `stock` and quantities are pieces. Claims outside the period do not count; where closures lie
    over bookings and more is claimed than exists, the free stock is 0. Raises BadPeriod for a
    naive, an empty or a reversed period.
    """
    starts_at, ends_at = period if isinstance(period, Period) else Period(*period)
    changes: dict[datetime, int] = {starts_at: 0, ends_at: 0}
    for claimed_from, claimed_to, quantity in taken:
        begins, ends = max(claimed_from, starts_at), min(claimed_to, ends_at)
        if begins < ends:
            changes[begins] = changes.get(begins, 0) + quantity
            changes[ends] = changes.get(ends, 0) - quantity
    segments: list[Segment] = []
    level = 0
    for begins, ends in pairwise(sorted(changes)):
        level += changes[begins]
        free = max(stock - level, 0)
        if segments and segments[-1].free == free:
            segments[-1] = segments[-1]._replace(ends_at=ends)
        else:
            segments.append(Segment(begins, ends, free))
    return segments


def free_stock(
    stock: int, taken: Iterable[Claim | tuple[datetime, datetime, int]], wanted: Period
) -> int:
    """How many pieces are free during the whole of `wanted`."""
    return min(segment.free for segment in free_segments(stock, taken, wanted))


def lowest(whole: list[Segment], parts: list[tuple[list[Segment], int]]) -> list[Segment]:
    """The segments of a resource that needs its parts: the scarcest decides.

    `parts` pairs each part's segments over the same period with the quantity one whole needs.
    """
    instants = {s.starts_at for s in whole} | {s.ends_at for s in whole}
    for segments, _ in parts:
        instants |= {s.starts_at for s in segments}
    merged: list[Segment] = []
    for begins, ends in pairwise(sorted(instants)):
        free = min(
            [_free_at(whole, begins)]
            + [_free_at(segments, begins) // needed for segments, needed in parts]
        )
        if merged and merged[-1].free == free:
            merged[-1] = merged[-1]._replace(ends_at=ends)
        else:
            merged.append(Segment(begins, ends, free))
    return merged


def _free_at(segments: list[Segment], instant: datetime) -> int:
    return next(s.free for s in segments if s.starts_at <= instant < s.ends_at)
