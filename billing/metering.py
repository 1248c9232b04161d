"""Metered bandwidth: the 95th percentile of 5-minute buckets.

Index formula (nearest rank): sort the n measured buckets ascending and take the one at rank
⌈0.95 · n⌉, counted from 1. That is the same as dropping the highest ⌊0.05 · n⌋ buckets and taking
the highest that is left. Nothing is interpolated.
"""

import math
from collections.abc import Iterable
from typing import TypeVar

from billing.errors import NoBuckets
from config.errors import Invalid

Rate = TypeVar("Rate", int, float)


def percentile_95(buckets: Iterable[Rate | None]) -> Rate:
    """The 95th percentile, in the unit of the buckets (bits per second as a rule).

    A missing bucket (None) is left out: missing is not zero. Raises NoBuckets where nothing was
    measured and Invalid for a value that is negative, infinite or not a number.
    """
    return percentile(buckets, 95)


def percentile(buckets: Iterable[Rate | None], percent: int) -> Rate:
    """The percentile of so many percent (1 to 100) by the nearest rank, as `percentile_95`."""
    measured = sorted(bucket for bucket in buckets if bucket is not None)
    if not measured:
        raise NoBuckets
    # Sorted, what is negative or infinite stands at an end; what is no number stands anywhere.
    if measured[0] < 0 or not all(map(math.isfinite, measured)):
        raise Invalid("A bucket is negative or no finite number; correct the measurement first.")
    # Whole numbers only: 0.95 · n in floats is a hair too high for some n.
    rank = (percent * len(measured) + 99) // 100
    return measured[rank - 1]
