"""Shares of what could be rented: reckoned by hand, and by any numbers at all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rental import utilisation
from rental.utilisation import HOUR, Spell, Usage, Use, by_hour, capacity, usage, within

DAY = 24 * HOUR
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")


def use(first: float, last: float, pieces: int = 1, unit_id: int = 1) -> Use:
    return Use(int(first * HOUR), int(last * HOUR), pieces, unit_id)


def spell(first: float, last: float, pieces: int = 1) -> Spell:
    return Spell(int(first * HOUR), int(last * HOUR), pieces)


def measured(spells: Sequence[Spell], *uses: Use) -> tuple[float, float, float]:
    """Capacity, inside and outside, in piece-hours."""
    found = usage(spells, uses, list(within(spells, uses)))
    return found.capacity / HOUR, float(found.inside) / HOUR, float(found.outside) / HOUR


OPEN = [spell(8, 18)]


@pytest.mark.parametrize(
    ("reason", "spells", "uses", "expected"),
    [
        ("nothing booked", OPEN, [], (10, 0, 0)),
        ("a morning", OPEN, [use(8, 12)], (10, 4, 0)),
        ("an evening is told apart", OPEN, [use(16, 22)], (10, 2, 4)),
        ("before the doors open", OPEN, [use(6, 7)], (10, 0, 1)),
        ("two that touch", OPEN, [use(8, 10), use(10, 12)], (10, 4, 0)),
        ("all day and beyond", OPEN, [use(0, 24)], (10, 10, 14)),
        ("over a closed noon", [spell(8, 12), spell(13, 17)], [use(10, 15)], (8, 4, 1)),
        ("over a night", [spell(8, 18), spell(32, 42)], [use(16, 34)], (20, 4, 14)),
        ("never open", [], [use(8, 10)], (0, 0, 2)),
        ("a pool by pieces", [spell(8, 18, 7)], [use(8, 12, 3), use(10, 14, 4)], (70, 28, 0)),
        ("stock lowered later", [spell(8, 18, 2)], [use(8, 10, 3)], (20, 4, 2)),
        ("one closed beneath", [spell(8, 10, 1), spell(10, 18, 2)], [use(8, 12, 2)], (18, 6, 2)),
    ],
)
def test_by_hand(reason, spells, uses, expected):
    assert measured(spells, *uses) == expected, reason


@pytest.mark.parametrize(
    ("reason", "closed", "expected"),
    [
        ("none", [], [spell(8, 18, 3)]),
        ("all, for two hours", [spell(9, 11, 3)], [spell(8, 9, 3), spell(11, 18, 3)]),
        ("one piece", [spell(0, 12, 1)], [spell(8, 12, 2), spell(12, 18, 3)]),
        (
            "two closures over each other",
            [spell(9, 12, 1), spell(11, 13, 2)],
            [spell(8, 9, 3), spell(9, 11, 2), spell(12, 13, 1), spell(13, 18, 3)],
        ),
        ("more than there is", [spell(0, 24, 9)], []),
        ("outside the hours", [spell(18, 24, 3)], [spell(8, 18, 3)]),
    ],
)
def test_closures_lower_the_capacity(reason, closed, expected):
    assert capacity(3, [(8 * HOUR, 18 * HOUR)], closed) == expected, reason


def test_what_is_scarce_is_divided_in_proportion():
    spells, uses = [spell(8, 10, 2)], [use(8, 10, 3, 1), use(8, 10, 1, 2)]
    parts = utilisation.split(uses, list(within(spells, uses)), lambda each: each.unit_id)
    assert {key: float(part.inside) / HOUR for key, part in parts.items()} == {1: 3, 2: 1}
    assert {key: float(part.outside) / HOUR for key, part in parts.items()} == {1: 3, 2: 1}


def test_the_hour_of_the_week_is_that_of_the_wall_clock():
    # A Tuesday, 09:30 to 11:15 in Ho Chi Minh City.
    first = int(datetime(2030, 3, 5, 9, 30, tzinfo=SAIGON).timestamp())
    found = by_hour([Spell(first, first + 105 * 60, 2)], SAIGON)
    assert found == {24 + 9: 2 * 30 * 60, 24 + 10: 2 * 3600, 24 + 11: 2 * 15 * 60}


@pytest.mark.parametrize(
    ("day", "seconds"),
    [
        (datetime(2030, 3, 31, tzinfo=UTC), 23 * HOUR),  # summer time begins: 03:00 never was
        (datetime(2030, 10, 27, tzinfo=UTC), 25 * HOUR),  # and ends: 03:00 was twice
    ],
)
def test_a_day_of_the_change_has_its_own_length(day, seconds):
    zone = ZoneInfo("Europe/Helsinki")
    midnight = day.replace(tzinfo=zone)
    span = Spell(int(midnight.timestamp()), int((midnight + timedelta(days=1)).timestamp()), 1)
    found = by_hour([span], zone)
    assert sum(found.values()) == seconds
    assert max(found) < 168
    assert found.get(6 * 24 + 3, 0) == (0 if seconds < DAY else 2 * HOUR)


TIMES = st.integers(0, 5 * 96).map(lambda quarter: quarter * 900)
SPANS = st.tuples(TIMES, TIMES).filter(lambda span: span[0] < span[1])
USES = st.lists(
    st.builds(
        lambda span, pieces, unit: Use(*span, pieces, unit),
        SPANS, st.integers(1, 5), st.integers(1, 3),
    ),
    max_size=8,
)  # fmt: skip
CLOSED = st.lists(
    st.builds(lambda span, pieces: Spell(*span, pieces), SPANS, st.integers(1, 4)), max_size=4
)
DAILY = [(day * DAY + 8 * HOUR, day * DAY + 18 * HOUR) for day in range(5)]


def _brute(stock: int, closed: list[Spell], uses: list[Use]) -> Usage:
    """The same, quarter of an hour by quarter of an hour."""
    held = inside = booked = 0
    for at in range(0, 5 * DAY, 900):
        is_open = 8 * HOUR <= at % DAY < 18 * HOUR
        gone = sum(each.pieces for each in closed if each.starts <= at < each.ends)
        there = max(0, stock - gone) if is_open else 0
        wanted = sum(each.pieces for each in uses if each.starts <= at < each.ends)
        held += there * 900
        inside += min(there, wanted) * 900
        booked += wanted * 900
    return Usage(held, inside, booked - inside)


@given(st.integers(0, 6), CLOSED, USES)
def test_no_share_exceeds_the_whole_and_parts_add_up(stock, closed, uses):
    spells = capacity(stock, DAILY, closed)
    stretches = list(within(spells, uses))
    found = usage(spells, uses, stretches)
    assert found == _brute(stock, closed, uses)
    assert 0 <= found.inside <= found.capacity
    assert found.share is None or 0 <= found.share <= 1
    assert found.inside + found.outside == sum(each.amount for each in uses)
    parts = utilisation.split(uses, stretches, lambda each: each.unit_id)
    total = sum(parts.values(), Usage())
    assert (total.inside, total.outside) == (found.inside, found.outside)
    hours, held = by_hour(stretches, SAIGON), by_hour(spells, SAIGON)
    assert sum(hours.values()) == found.inside
    assert sum(held.values()) == found.capacity
    assert all(hours[hour] <= held[hour] for hour in hours)
