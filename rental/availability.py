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
    if not taken:
        return [Segment(starts_at, ends_at, max(stock, 0))]
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
    if not taken:
        return max(stock, 0)
    return min(segment.free for segment in free_segments(stock, taken, wanted))


def lowest(whole: list[Segment], parts: list[tuple[list[Segment], int]]) -> list[Segment]:
    """The segments of a resource that needs its parts: the scarcest decides.

    `parts` pairs each part's segments over the same period with the quantity one whole needs.
    """
    found = whole
    for segments, needed in parts:
        found = _lower(found, segments, needed)
    return found


def _lower(whole: list[Segment], part: list[Segment], needed: int) -> list[Segment]:
    """The scarcer of both at every instant; two walks over the same period, side by side."""
    merged: list[Segment] = []
    here, there = 0, 0
    while here < len(whole) and there < len(part):
        mine, theirs = whole[here], part[there]
        begins = max(mine.starts_at, theirs.starts_at)
        ends = min(mine.ends_at, theirs.ends_at)
        free = min(mine.free, theirs.free // needed)
        if merged and merged[-1].free == free:
            merged[-1] = merged[-1]._replace(ends_at=ends)
        else:
            merged.append(Segment(begins, ends, free))
        here += mine.ends_at == ends
        there += theirs.ends_at == ends
    return merged
