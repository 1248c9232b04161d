"""What an interruption gives back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import sla
from billing.money import Money
from billing.sla import Terms
from config.documents import BadDocument
from rental.models import ResourceKind
from rental.period import Period

NINE = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
RENTED = Period(NINE, NINE + timedelta(hours=10))
TERMS = Terms(
    kind=ResourceKind.CIRCUIT, minimum_minutes=5, valid_from=date(2026, 1, 1), source="test"
)
PRICE = Money(1_000_000)


def span(start: float, end: float) -> Period:
    """Minutes after nine."""
    return Period(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end))


@pytest.mark.parametrize(
    ("interruptions", "credit", "reason"),
    [
        ([], 0, "nothing happened"),
        ([(0, 60)], 100_000, "an hour of ten"),
        ([(0, 4.99)], 0, "shorter than the minimum"),
        ([(0, 5)], 8_333, "the minimum itself counts, from its start"),
        ([(0, 30), (60, 90)], 100_000, "two half hours"),
        ([(0, 30), (10, 60)], 100_000, "two causes at once deprive once"),
        ([(0, 3), (3, 6)], 10_000, "two that touch are one of six minutes"),
        ([(0, 3), (100, 103)], 0, "two short ones stay short"),
        ([(-60, 60)], 100_000, "only what lies inside the rental"),
        ([(-60, -10)], 0, "before it began"),
        ([(-60, 6_000)], 1_000_000, "all of it, and no more than the price"),
    ],
)
def test_the_credit_is_the_interrupted_share_of_the_price(
    interruptions: list[tuple[float, float]], credit: int, reason: str
) -> None:
    spans = [span(*one) for one in interruptions]
    assert sla.credit(TERMS, PRICE, RENTED, spans) == Money(credit)


def test_the_cap_holds() -> None:
    capped = TERMS.model_copy(update={"cap_percent": 30})
    assert sla.credit(capped, PRICE, RENTED, [span(0, 600)]) == Money(300_000)


minutes = st.integers(-120, 720)
spans = st.lists(st.tuples(minutes, st.integers(1, 300)).map(lambda p: span(p[0], p[0] + p[1])))


@given(spans, st.integers(0, 10**9))
def test_a_credit_is_never_negative_and_never_above_the_price(
    interruptions: list[Period], price: int
) -> None:
    assert Money(0) <= sla.credit(TERMS, Money(price), RENTED, interruptions) <= Money(price)


@given(spans, spans)
def test_more_interruption_never_credits_less(some: list[Period], more: list[Period]) -> None:
    assert sla.credit(TERMS, PRICE, RENTED, some) <= sla.credit(TERMS, PRICE, RENTED, some + more)


@pytest.mark.parametrize("kind", ResourceKind)
def test_every_kind_has_terms(kind: ResourceKind) -> None:
    assert sla.terms_on(sla.terms(), kind, date(2026, 11, 22)).source


def test_a_day_without_terms_is_named() -> None:
    with pytest.raises(BadDocument, match="config/sla"):
        sla.terms_on(sla.terms(), ResourceKind.HALL, date(2020, 1, 1))
