"""The 95th percentile."""

import pytest

from billing import metering
from billing.errors import NoBuckets
from config.errors import Invalid


@pytest.mark.parametrize(
    ("buckets", "expected", "reason"),
    [
        (range(1, 101), 95, "rank 95 of 100"),
        (range(100, 0, -1), 95, "the order of arrival does not matter"),
        (range(1, 21), 19, "rank ⌈19⌉ of 20: floats would say 19.000…4 for some n"),
        (range(1, 20), 19, "19 buckets: nothing may be dropped"),
        ([7], 7, "one bucket"),
        ([None, 5, None], 5, "missing is not zero"),
        ([0] * 95 + [9] * 5, 0, "five of a hundred are free"),
        ([0] * 94 + [9] * 6, 9, "six of a hundred are not"),
    ],
)
def test_the_percentile_is_the_nearest_rank(
    buckets: list[float], expected: float, reason: str
) -> None:
    assert metering.percentile_95(buckets) == expected


def test_a_month_without_measurements_has_no_percentile() -> None:
    with pytest.raises(NoBuckets):
        metering.percentile_95([None, None])


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_impossible_values_are_refused(wrong: float) -> None:
    with pytest.raises(Invalid):
        metering.percentile_95([1.0, wrong])
