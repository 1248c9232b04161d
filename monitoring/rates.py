"""From counters to rates. Pure functions.

A 64-bit counter that falls was reset, never full; a rate above the speed of its port is no rate.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.probes.values import TICKS, has_rebooted

# Poll times jitter and shaping bursts: a little above the speed is still believed.
TOLERANCE = 1.1
# Across a longer silence an average would draw a line that nobody measured.
LONGEST_GAP_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Count:
    """The octet counters of one port in one reading."""

    at: datetime
    uptime_seconds: float | None
    in_octets: float | None
    out_octets: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """Bits per second in and out, on average over the interval that ends at `at`."""

    at: datetime
    in_bps: float | None
    out_bps: float | None


def between(
    before: Count,
    after: Count,
    *,
    speed_bps: int | None,
    is_wide: bool = True,
    longest_seconds: float = LONGEST_GAP_SECONDS,
) -> Point:
    """The average rates from one reading of a port to a later one; None where there is none.

    Readings further apart than `longest_seconds` have no rate.
    """
    seconds = elapsed(before, after, longest_seconds)
    if seconds is None:
        return Point(after.at, None, None)

    def bps(old: float | None, new: float | None) -> float | None:
        return rate(old, new, seconds, speed_bps=speed_bps, is_wide=is_wide)

    return Point(
        after.at,
        bps(before.in_octets, after.in_octets),
        bps(before.out_octets, after.out_octets),
    )


def elapsed(
    before: Count, after: Count, longest_seconds: float = LONGEST_GAP_SECONDS
) -> float | None:
    """Seconds between two readings, by the agent's clock where it agrees with ours.

    None after a reboot, and across a gap too long to average over.
    """
    seconds = (after.at - before.at).total_seconds()
    if not 0 < seconds <= longest_seconds:
        return None
    if has_rebooted(before.uptime_seconds, after.uptime_seconds):
        return None
    if before.uptime_seconds is not None and after.uptime_seconds is not None:
        told = after.uptime_seconds - before.uptime_seconds
        if told > 0 and abs(told - seconds) <= max(1.0, seconds * 0.1):
            return told
    return seconds


def rate(
    old: float | None,
    new: float | None,
    seconds: float,
    *,
    speed_bps: int | None,
    is_wide: bool,
) -> float | None:
    """Bits per second from two values of an octet counter."""
    if old is None or new is None:
        return None
    octets = new - old
    if octets < 0:
        if is_wide:
            return None
        octets += TICKS
    bps = octets * 8 / seconds
    if speed_bps and bps > speed_bps * TOLERANCE:
        return None
    # Without a known speed, a 32-bit counter that fell was most likely reset.
    if not is_wide and not speed_bps and new < old:
        return None
    return bps


def thinned(points: Sequence[Point], limit: int) -> list[Point]:
    """At most `limit` points: averages over equal spans of the series, at the end of each."""
    if len(points) <= limit or limit < 1:
        return list(points)
    first, last = points[0].at, points[-1].at
    span = (last - first) / limit or timedelta(microseconds=1)
    buckets: dict[int, list[Point]] = {}
    for point in points:
        buckets.setdefault(min(int((point.at - first) / span), limit - 1), []).append(point)
    return [
        Point(group[-1].at, _mean(p.in_bps for p in group), _mean(p.out_bps for p in group))
        for group in buckets.values()
    ]


def _mean(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def percentile_95(values: Iterable[float]) -> float | None:
    """The value that 95 % of them do not exceed, by nearest rank; None of nothing."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * 0.95), 1) - 1] if ranked else None
