"""Thresholds: what fires, what clears, what hovers, what flaps."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitoring.thresholds import Damping, Level, Limits, Patience, Strikes, decide
from tests.build import TUESDAY

WELL, BETWEEN, WARNING, CRITICAL = Level
HOT = Limits(warning=60, critical=70, clear=55)
DRAINED = Limits(direction="below", warning=30, critical=10, clear=50)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("limits", "value", "level"),
    [
        (HOT, 20, WELL),
        (HOT, 55, WELL),
        (HOT, 55.1, BETWEEN),
        (HOT, 60, WARNING),
        (HOT, 69.9, WARNING),
        (HOT, 70, CRITICAL),
        (DRAINED, 100, WELL),
        (DRAINED, 50, WELL),
        (DRAINED, 49, BETWEEN),
        (DRAINED, 30, WARNING),
        (DRAINED, 10, CRITICAL),
        (Limits(critical=1), 0, WELL),
        (Limits(critical=1), 1, CRITICAL),
        # A freezer: all of it below zero.
        (Limits(direction="above", warning=-15, clear=-18), -16, BETWEEN),
    ],
)
def test_a_value_has_a_level(limits, value, level):
    assert limits.level(value) is level


def run(values, limits=HOT, patience=Patience()):  # noqa: B008  # frozen
    """The level after each value."""
    now, recent, told = WELL, [], []
    for value in values:
        recent = [*recent, limits.level(value)][-patience.memory :]
        now = decide(now, recent, patience)
        told.append(now)
    return told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        # One hot poll is a draught from the door.
        ([65, 20, 65, 20, 65, 20], [WELL] * 6),
        ([65, 65, 65], [WELL, WELL, WARNING]),
        ([75, 75, 75], [WELL, WELL, CRITICAL]),
        # Two of three were critical, all three a warning at least.
        ([65, 75, 75, 75], [WELL, WELL, WARNING, CRITICAL]),
        # Between clear and warning nothing changes, for however long.
        ([65, 65, 65, 58, 58, 58, 58], [WELL, WELL, WARNING, WARNING, WARNING, WARNING, WARNING]),
        ([65, 65, 65, 50, 50], [WELL, WELL, WARNING, WARNING, WELL]),
        ([75, 75, 75, 65, 65], [WELL, WELL, CRITICAL, CRITICAL, WARNING]),
        ([75, 75, 75, 50, 75, 50, 50], [WELL, WELL] + [CRITICAL] * 4 + [WELL]),
    ],
)
def test_a_problem_takes_patience_to_open_and_to_clear(values, told):
    assert run(values) == told


def test_three_of_five_is_enough_where_the_file_says_so():
    patience = Patience(fire=Strikes(count=3, of=5))
    assert run([65, 20, 65, 20, 65], patience=patience)[-1] is WARNING


@given(st.lists(st.floats(-50, 150), max_size=60))
def test_no_value_by_itself_opens_or_clears_anything(values):
    told = [WELL, *run(values)]
    for before, after, value in zip(told, told[1:], values, strict=False):
        if after > before:
            assert HOT.level(value) >= WARNING
        if after < before:
            assert HOT.level(value) < before
        assert after is not BETWEEN
    changes = sum(a is not b for a, b in pairwise(told))
    # It takes two polls at least to come back.
    assert changes <= len(values) / 2 + 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "give `warning`, `critical` or both"),
        ({"warning": 70, "critical": 60}, "rise in this order"),
        ({"warning": 70, "clear": 75}, "rise in this order"),
        ({"direction": "below", "warning": 10, "critical": 30}, "fall where it is below"),
        ({"warning": "warm"}, "number"),
        ({"warning": 70, "warnung": 60}, "Extra inputs"),
    ],
)
def test_limits_that_cannot_be_are_refused(wrong, why):
    with pytest.raises(ValidationError, match=why):
        Limits.model_validate(wrong)


def test_four_of_three_polls_cannot_count():
    with pytest.raises(ValidationError, match="at most that many"):
        Strikes(count=4, of=3)


def test_what_opens_four_times_in_an_hour_flaps_until_half_an_hour_of_calm():
    damping = Damping()
    openings = [TUESDAY + MINUTE * m for m in (0, 10, 20, 30)]
    at = TUESDAY + 30 * MINUTE
    assert not damping.flaps(openings[:3], at, flapped=False)
    assert damping.flaps(openings, at, flapped=False)
    assert damping.flaps(openings, at + 29 * MINUTE, flapped=True)
    assert not damping.flaps(openings, at + 60 * MINUTE, flapped=True)
    assert damping.remembered(openings, at + 45 * MINUTE) == openings[2:]
