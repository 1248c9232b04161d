"""Ranks of holds, and whom a booking leaves no room: rules over values."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rental import hold_ranks
from rental.availability import Claim
from rental.hold_ranks import Standing
from rental.occupancies import Wanted
from rental.period import Period
from tests.build import TUESDAY

HALL, POOL = 1, 2
STOCK = {HALL: 1, POOL: 7}


def hours(first, last):
    return Period(TUESDAY + timedelta(hours=first), TUESDAY + timedelta(hours=last))


def hold(number, *wishes, unit=None):
    """A hold placed in the `number`th minute; a wish is (resource, first hour, last, pieces)."""
    placed_at = TUESDAY - timedelta(days=10) + timedelta(minutes=number)
    wanted = tuple(Wanted(0, r, n, hours(a, b)) for r, a, b, n in wishes)
    return Standing(number, unit or number, placed_at, placed_at + timedelta(days=7), wanted)


RANKS = [
    ("one stands alone", [hold(1, (HALL, 0, 3, 1))], {1: 1}),
    ("two for one date", [hold(1, (HALL, 0, 3, 1)), hold(2, (HALL, 0, 3, 1))], {1: 1, 2: 2}),
    (
        "the order of placing counts, not that of the list",
        [hold(2, (HALL, 0, 3, 1)), hold(1, (HALL, 1, 2, 1))],
        {1: 1, 2: 2},
    ),
    ("times that only touch", [hold(1, (HALL, 0, 3, 1)), hold(2, (HALL, 3, 5, 1))], {1: 1, 2: 1}),
    (
        "a chain: the third waits for the second, which waits for the first",
        [hold(1, (HALL, 0, 2, 1)), hold(2, (HALL, 1, 4, 1)), hold(3, (HALL, 3, 5, 1))],
        {1: 1, 2: 2, 3: 3},
    ),
    (
        "one over two that do not touch each other is second",
        [hold(1, (HALL, 0, 2, 1)), hold(2, (HALL, 3, 5, 1)), hold(3, (HALL, 0, 5, 1))],
        {1: 1, 2: 1, 3: 2},
    ),
    (
        "a pool has enough for three, the fourth is second",
        [hold(n, (POOL, 0, 3, 2)) for n in (1, 2, 3, 4)],
        {1: 1, 2: 1, 3: 1, 4: 2},
    ),
    (
        "another resource is another date",
        [hold(1, (HALL, 0, 3, 1)), hold(2, (POOL, 0, 3, 7))],
        {1: 1, 2: 1},
    ),
    (
        "one scarce line makes the whole hold second",
        [hold(1, (HALL, 0, 3, 1)), hold(2, (POOL, 0, 3, 1), (HALL, 2, 4, 1))],
        {1: 1, 2: 2},
    ),
]


@pytest.mark.parametrize(("why", "holds", "expected"), RANKS, ids=[case[0] for case in RANKS])
def test_the_rank_is_the_place_among_those_that_compete(why, holds, expected):
    assert hold_ranks.ranks(holds, STOCK, {}) == expected, why


def test_what_is_booked_makes_a_pool_scarcer():
    two = [hold(1, (POOL, 0, 3, 2)), hold(2, (POOL, 0, 3, 2))]
    span = hours(0, 3)
    taken = {POOL: [Claim(span.starts_at, span.ends_at, 4)]}
    assert hold_ranks.ranks(two, STOCK, {}) == {1: 1, 2: 1}
    assert hold_ranks.ranks(two, STOCK, taken) == {1: 1, 2: 2}


spans = st.tuples(st.integers(0, 20), st.integers(1, 6)).map(lambda s: (s[0], s[0] + s[1]))
wishes = st.tuples(st.sampled_from([HALL, POOL]), spans, st.integers(1, 7)).map(
    lambda w: (w[0], *w[1], 1 if w[0] == HALL else w[2])
)
several = st.lists(st.lists(wishes, min_size=1, max_size=3), min_size=1, max_size=8).map(
    lambda each: [hold(n, *of_one) for n, of_one in enumerate(each, 1)]
)


@given(several)
def test_ranks_are_one_to_n_without_a_gap(holds):
    found = hold_ranks.ranks(holds, STOCK, {})
    assert set(found.values()) == set(range(1, max(found.values()) + 1))


@given(st.integers(1, 8), spans)
def test_holds_of_one_hall_and_one_time_have_each_a_rank_of_their_own(count, span):
    found = hold_ranks.ranks([hold(n, (HALL, *span, 1)) for n in range(1, count + 1)], STOCK, {})
    assert list(found.values()) == list(range(1, count + 1))


@given(several, st.data())
def test_when_one_ends_nobody_moves_back(holds, data):
    before = hold_ranks.ranks(holds, STOCK, {})
    gone = data.draw(st.sampled_from(holds))
    after = hold_ranks.ranks([one for one in holds if one is not gone], STOCK, {})
    assert all(after[number] <= before[number] for number in after)


def booking(*wishes):
    return [Wanted(0, r, n, hours(a, b)) for r, a, b, n in wishes]


SQUEEZED = [
    ("the hall is taken under it", [hold(1, (HALL, 0, 3, 1))], booking((HALL, 2, 4, 1)), [1]),
    ("a booking after it", [hold(1, (HALL, 0, 3, 1))], booking((HALL, 3, 4, 1)), []),
    (
        "whoever stands behind loses the date as well",
        [hold(1, (HALL, 0, 3, 1)), hold(2, (HALL, 0, 3, 1))],
        booking((HALL, 0, 3, 1)),
        [1, 2],
    ),
    ("a pool has enough for both", [hold(1, (POOL, 0, 3, 3))], booking((POOL, 0, 3, 4)), []),
    ("a pool has too few for both", [hold(1, (POOL, 0, 3, 4))], booking((POOL, 0, 3, 4)), [1]),
    (
        "each alone would fit, together they do not",
        [hold(1, (POOL, 0, 3, 3)), hold(2, (POOL, 0, 3, 3))],
        booking((POOL, 0, 3, 4)),
        [2],
    ),
    (
        "who had no room before is not squeezed by the booking",
        [hold(1, (POOL, 0, 3, 4)), hold(2, (POOL, 0, 3, 4))],
        booking((POOL, 0, 3, 3)),
        [],
    ),
]


@pytest.mark.parametrize(
    ("why", "holds", "claims", "expected"), SQUEEZED, ids=[case[0] for case in SQUEEZED]
)
def test_a_booking_squeezes_whom_it_leaves_no_room(why, holds, claims, expected):
    found = hold_ranks.squeezed(holds, STOCK, {}, claims)
    assert [one.hold_id for one in found] == expected, why
