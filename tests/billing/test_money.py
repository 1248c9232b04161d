"""Money never loses a đồng."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import money
from billing.errors import CurrencyMismatch
from billing.money import Money

amounts = st.integers(-(10**14), 10**14)


@pytest.mark.parametrize(
    ("minor", "ratio", "expected"),
    [
        (1, Decimal("0.5"), 1),  # a half goes up
        (-1, Decimal("0.5"), -1),  # and away from zero for credits
        (3, Decimal("0.5"), 2),
        (30018, Decimal("0.08"), 2401),  # the VAT of 3 × 10 006
        (40, Fraction(75, 60), 50),  # 40 an hour for 1 h 15
        (10, Fraction(1, 3), 3),
    ],
)
def test_multiplying_rounds_half_up(minor: int, ratio: Decimal, expected: int) -> None:
    assert Money(minor).times(ratio) == Money(expected)


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_split_parts_add_up_to_the_whole(minor: int, weights: list[int]) -> None:
    assert money.total(Money(minor).split(weights)) == Money(minor)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_no_part_is_a_dong_away_from_its_exact_share(minor: int, weights: list[int]) -> None:
    whole = sum(weights)
    for part, weight in zip(Money(minor).split(weights), weights, strict=True):
        exact = Fraction(minor * weight, whole) if whole else Fraction(minor, len(weights))
        assert abs(part.minor - exact) < 1


def test_equal_weights_favour_the_earlier_part() -> None:
    assert [part.minor for part in Money(100).split([1, 1, 1])] == [34, 33, 33]


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1) + Money(1, "USD")


def test_an_amount_is_written_as_vietnam_writes_it() -> None:
    assert Money(1_500_000).text() == "1.500.000\u00a0đ"
    assert Money(-9_000).text() == "-9.000\u00a0đ"


def test_the_api_sees_minor_units_and_the_currency() -> None:
    assert Money(9_000_000).as_json() == {"minor": 9_000_000, "currency": "VND"}


def test_nothing_adds_up_to_zero() -> None:
    assert money.total([]) == Money(0)
    assert not Money(0)
    assert Money(1) < Money(2)
    assert Money(2) >= Money(2)
