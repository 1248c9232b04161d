"""Tariffs and what a line costs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import pricing, tariff
from billing.errors import NoPrice
from billing.money import Money
from billing.pricing import Rented
from billing.tariff import Measure, Tariff
from config.documents import BadDocument
from rental.models import ResourceKind, UnitClass
from rental.period import Period

DAY = date(2026, 12, 2)
STARTS = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)


def a_rate(**over: Any) -> dict[str, Any]:
    prices = {"political": 10, "partner": 20, "other": 40}
    return {"key": "H", "per": "hour", "service": "hall_hire", "prices": prices, **over}


def a_tariff(*rates: dict[str, Any], **over: Any) -> Tariff:
    values = {
        "code": "T",
        "title": {"vi": "Giá", "en": "Prices"},
        "decision": "1/2026",
        "source": "test",
        "valid_from": "2026-01-01",
        "tax_inclusive": False,
        "rates": rates or (a_rate(),),
    }
    return Tariff.model_validate({**values, **over})


def rented(hours: float, code: str = "H", **over: Any) -> Rented:
    period = Period(STARTS, STARTS + timedelta(hours=hours))
    return Rented(**{"code": code, "kind": ResourceKind.HALL, "period": period, **over})


@pytest.mark.parametrize(
    ("measure", "hours", "units", "reason"),
    [
        (Measure.HOUR, 1.25, Fraction(5, 4), "an hour is not rounded"),
        (Measure.SESSION, 4.5, 1, "a session is at most 4.5 h"),
        (Measure.SESSION, 4.75, 2, "a quarter more begins the next"),
        (Measure.SESSION, 9, 2, "two full sessions"),
        (Measure.HALF_DAY, 4, 1, "a morning"),
        (Measure.HALF_DAY, 5, 1, "half of the opening day"),
        (Measure.HALF_DAY, 10, 2, "a full day is two half days, not one"),
        (Measure.HALF_DAY, 24, 2, "so is a day and night"),
        (Measure.HALF_DAY, 28, 3, "and a morning after"),
        (Measure.DAY, 4, 1, "a day begun"),
        (Measure.DAY, 24, 1, "the same hour tomorrow"),
        (Measure.DAY, 24.25, 2, "and later"),
        (Measure.EVENT, 100, 1, "however long"),
    ],
)
def test_what_is_used_is_counted(
    measure: Measure, hours: float, units: Fraction, reason: str
) -> None:
    assert pricing.units_of(measure, timedelta(hours=hours)) == units


def test_forty_an_hour_for_an_hour_and_a_quarter_is_fifty() -> None:
    priced = pricing.price([a_tariff()], UnitClass.OTHER, rented(1.25), DAY)
    assert priced.amount == Money(50)
    assert priced.measured == Decimal("1.25")


def test_a_half_day_rate_used_for_a_full_day_charges_two_half_days() -> None:
    lists = [a_tariff(a_rate(per="half_day"))]
    assert pricing.price(lists, UnitClass.OTHER, rented(9), DAY).amount == Money(80)


def test_the_price_explains_itself_in_both_languages() -> None:
    priced = pricing.price(tariff.tariffs(), UnitClass.PARTNER, rented(8, "H100"), DAY)
    assert priced.explanation_en == "2 sessions × 7\u00a0000\u00a0000\u00a0đ, partner rate"
    assert priced.explanation == "2 buổi × 7.000.000\u00a0đ, giá đơn vị phối hợp"
    assert priced.amount == Money(14_000_000)
    assert priced.sample
    assert priced.tax_inclusive


def test_the_class_of_the_unit_decides() -> None:
    amounts = [
        pricing.price(tariff.tariffs(), kind, rented(4, "H100"), DAY).amount.minor
        for kind in (UnitClass.POLITICAL, UnitClass.PARTNER, UnitClass.OTHER)
    ]
    assert amounts == [6_500_000, 7_000_000, 9_000_000]


def test_the_code_goes_before_the_tariff_key_and_that_before_the_kind() -> None:
    kind = {**a_rate(prices=dict.fromkeys(UnitClass, 1)), "kind": "hall"}
    del kind["key"]
    lists = [a_tariff(kind, a_rate(key="room"), a_rate(prices=dict.fromkeys(UnitClass, 7)))]

    def amount(code: str, key: str | None) -> int:
        return pricing.price(lists, UnitClass.OTHER, rented(1, code, tariff=key), DAY).amount.minor

    assert [amount("H", "room"), amount("X", "room"), amount("X", None)] == [7, 40, 1]


def test_of_several_rates_the_renter_pays_the_cheapest() -> None:
    lists = [a_tariff(a_rate(), a_rate(per="day", prices=dict.fromkeys(UnitClass, 100)))]
    assert pricing.price(lists, UnitClass.OTHER, rented(2), DAY).amount == Money(80)
    assert pricing.price(lists, UnitClass.OTHER, rented(8), DAY).amount == Money(100)


def test_a_circuit_is_priced_by_its_mbps_and_days() -> None:
    line = rented(30, "C1", kind=ResourceKind.CIRCUIT, mbps=100, quantity=2)
    priced = pricing.price(tariff.tariffs(), UnitClass.OTHER, line, DAY)
    assert priced.amount == Money(2 * 100 * 2 * 8_000)
    assert priced.measure is Measure.MBPS_DAY
    flat = rented(30, "C1", kind=ResourceKind.CIRCUIT)
    assert pricing.price(tariff.tariffs(), UnitClass.OTHER, flat, DAY).measure is Measure.DAY


@pytest.mark.parametrize("kind", ResourceKind)
@pytest.mark.parametrize("unit_class", UnitClass)
def test_whatever_is_rented_has_a_price(kind: ResourceKind, unit_class: UnitClass) -> None:
    line = rented(3, "unheard-of", kind=kind, tariff="unheard-of-too")
    assert pricing.price(tariff.tariffs(), unit_class, line, DAY).amount > Money(0)


def test_without_a_list_in_force_there_is_no_price() -> None:
    with pytest.raises(NoPrice, match="ask finance"):
        pricing.price([a_tariff()], UnitClass.OTHER, rented(1), date(2025, 12, 31))


def test_the_next_list_takes_over_on_its_first_day() -> None:
    old = a_tariff(valid_to="2026-12-01")
    new = a_tariff(a_rate(prices=dict.fromkeys(UnitClass, 99)), code="N", valid_from="2026-12-02")
    tariff.require_no_overlap((old, new))
    for day, amount in ((date(2026, 12, 1), 40), (DAY, 99)):
        priced = pricing.price([old, new], UnitClass.OTHER, rented(1), day)
        assert priced.amount.minor == amount


def test_lists_that_price_the_same_thing_on_the_same_day_are_refused() -> None:
    with pytest.raises(BadDocument, match="both price H"):
        tariff.require_no_overlap((a_tariff(), a_tariff(code="T2", valid_from="2026-06-01")))


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"kind": "hall"}, "key and kind"),
        ({"key": None}, "neither"),
        ({"prices": {"other": 1}}, "a class without a price"),
        ({"prices": {"political": -1, "partner": 1, "other": 1}}, "a price below zero"),
        ({"per": "fortnight"}, "an unknown measure"),
    ],
)
def test_a_rate_that_says_too_much_or_too_little_is_refused(
    over: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError):
        a_tariff(a_rate(**over))


def test_every_shipped_list_has_a_decision_and_says_that_it_is_a_sample() -> None:
    assert all(one.decision and one.source and one.sample for one in tariff.tariffs())


@given(st.integers(1, 60 * 24 * 40), st.integers(1, 60 * 24), st.sampled_from(Measure))
def test_longer_never_costs_less(minutes: int, more: int, measure: Measure) -> None:
    shorter = pricing.units_of(measure, timedelta(minutes=minutes), 10)
    assert 0 < shorter <= pricing.units_of(measure, timedelta(minutes=minutes + more), 10)
