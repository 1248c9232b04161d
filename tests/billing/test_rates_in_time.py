"""Prices by the time of day and the day, over-time, shortest and longest time, kits, add-ons."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import pricing, tariff
from billing.errors import AttendeesMissing, NoPrice, TooLongForPrice, UnknownAddOn
from billing.money import Money
from billing.pricing import Rented
from billing.rates import Measure
from config.clock import LOCAL
from config.documents import BadDocument
from rental.models import ResourceKind, UnitClass
from rental.period import Period
from tests.billing.test_pricing import a_rate, a_tariff

OTHER = UnitClass.OTHER
WEDNESDAY = date(2026, 12, 2)
SATURDAY = date(2026, 12, 5)
NATIONAL_DAY = date(2026, 9, 2)
WINDOWS = [
    {"code": "morning", "title": {"vi": "buổi sáng", "en": "morning"}, "hours": "06:00-12:00"},
    {"code": "evening", "title": {"vi": "buổi tối", "en": "evening"}, "hours": "18:00-22:00"},
]
EVENING = {"window": "evening", "percent": 150}
WEEKEND = {"day": "weekend", "percent": 120}
HOLIDAY = {"day": "holiday", "percent": 200}


def flat(price: int) -> dict[str, int]:
    return dict.fromkeys((one.value for one in UnitClass), price)


def session(**over: Any) -> dict[str, Any]:
    return a_rate(per="session", prices=flat(1000), **over)


def at(hour: float, hours: float, day: date = WEDNESDAY, **over: Any) -> Rented:
    starts_at = datetime(day.year, day.month, day.day, tzinfo=LOCAL) + timedelta(hours=hour)
    period = Period(starts_at.astimezone(UTC), starts_at.astimezone(UTC) + timedelta(hours=hours))
    return Rented(**{"code": "H", "kind": ResourceKind.HALL, "period": period, **over})


def cost(rate: dict[str, Any], rented: Rented, **over: Any) -> int:
    lists = [a_tariff(rate, windows=WINDOWS, **over)]
    return pricing.price(lists, OTHER, rented, WEDNESDAY).amount.minor


@pytest.mark.parametrize(
    ("hour", "day", "special", "amount", "reason"),
    [
        (8, WEDNESDAY, [EVENING], 1000, "a morning costs the list's price"),
        (18, WEDNESDAY, [EVENING], 1500, "the evening begins at six sharp"),
        (17.75, WEDNESDAY, [EVENING], 1000, "what starts before is priced by its start"),
        (22, WEDNESDAY, [EVENING], 1000, "the evening's end is no more the evening"),
        (8, SATURDAY, [WEEKEND], 1200, "a Saturday"),
        (8, date(2026, 12, 7), [WEEKEND], 1000, "a Monday"),
        (8, NATIONAL_DAY, [HOLIDAY], 2000, "the National Day"),
        (8, SATURDAY, [HOLIDAY, WEEKEND], 1200, "no holiday: the next that fits"),
        (18, SATURDAY, [{**WEEKEND, "window": "evening"}], 1200, "weekend and evening both"),
        (8, SATURDAY, [{**WEEKEND, "window": "evening"}], 1000, "weekend, but no evening"),
        (8, SATURDAY, [{"day": "weekend", "prices": flat(1111)}], 1111, "a price of its own"),
        (8, SATURDAY, [{"day": "weekend", "percent": 0}], 0, "nothing on weekends"),
    ],
)
def test_the_time_decides_the_price(
    hour: float, day: date, special: list[Any], amount: int, reason: str
) -> None:
    assert cost(session(special=special), at(hour, 4, day)) == amount, reason


def test_the_wall_clock_is_that_of_the_site() -> None:
    rented = at(18, 4, zone=ZoneInfo("Europe/Paris"))  # noon there
    assert cost(session(special=[EVENING]), rented) == 1000


def test_a_list_may_rest_on_other_days() -> None:
    friday = at(8, 4, date(2026, 12, 4))
    assert cost(session(special=[WEEKEND]), friday, weekend=["friday"]) == 1200


def test_each_session_has_the_price_of_its_own_start_and_the_words_tell_both() -> None:
    lists = [a_tariff(session(special=[EVENING]), windows=WINDOWS)]
    priced = pricing.price(lists, OTHER, at(13.5, 9), WEDNESDAY)
    assert priced.amount == Money(2500)
    assert priced.explanation == (
        "1 buổi × 1.000\u00a0đ + 1 buổi × 1.500\u00a0đ (buổi tối, 150\u00a0%), giá phổ thông"
    )
    assert priced.explanation_en == (
        "1 session × 1\u00a0000\u00a0đ + 1 session × 1\u00a0500\u00a0đ (evening, 150\u00a0%), "
        "standard rate"
    )
    # As one lump, so that quantity × price is the amount an invoice prints.
    assert (priced.measure, priced.measured, priced.unit_price) == (
        Measure.LUMP_SUM,
        1,
        priced.amount,
    )


def test_hours_are_divided_to_the_minute_where_the_price_changes() -> None:
    rate = a_rate(per="hour", prices=flat(600), special=[EVENING])
    # 17:30–18:30: half an hour at 600, half at 900.
    assert cost(rate, at(17.5, 1)) == 300 + 450
    # Friday 23:00 – Saturday 01:00.
    rate = a_rate(per="hour", prices=flat(600), special=[WEEKEND])
    assert cost(rate, at(23, 2, date(2026, 12, 4))) == 600 + 720


def test_a_day_over_the_clock_change_in_paris_is_still_divided_at_midnight() -> None:
    zone = ZoneInfo("Europe/Paris")
    starts_at = datetime(2027, 3, 27, 23, 0, tzinfo=zone).astimezone(UTC)  # a Saturday
    rented = Rented("H", ResourceKind.HALL, Period(starts_at, starts_at + timedelta(hours=26)))
    rated = a_rate(per="hour", prices=flat(100), special=[{"day": "weekend", "percent": 200}])
    # Until Monday 02:00: Sunday has 23 hours.
    rented = Rented(rented.code, rented.kind, rented.period, zone=zone)
    assert cost(rated, rented) == 24 * 200 + 2 * 100


@pytest.mark.parametrize(
    ("hours", "amount", "reason"),
    [
        (4.5, 1000, "just a session"),
        (4.75, 1000 + 150, "a half hour begun"),
        (5.5, 1000 + 300, "two of them"),
        (7.5, 1000 + 900, "six are cheaper than a session"),
        (8, 2000, "seven are not: 1 050 against 1 000"),
        (9, 2000, "two sessions"),
        (9.1, 2000 + 150, "and so on"),
        (1, 1000, "the first session is charged whole"),
    ],
)
def test_over_time_is_charged_by_the_half_hour_unless_a_session_is_cheaper(
    hours: float, amount: int, reason: str
) -> None:
    assert cost(session(over_time={"prices": flat(150)}), at(8, hours)) == amount, reason


@pytest.mark.parametrize(
    ("hours", "amount", "reason"),
    [
        (10, 1000, "a day of ten hours"),
        (11, 1000 + 200, "and one beyond"),
        (24, 2000, "a whole night costs no more than another day"),
        (34, 3000, "ten hours of the next day"),
        (35, 3000 + 200, "and one beyond"),
    ],
)
def test_a_day_may_be_shorter_than_a_day_and_night(hours: float, amount: int, reason: str) -> None:
    rate = a_rate(per="day", prices=flat(1000), lasts_minutes=600, over_time={"prices": flat(100)})
    assert cost(rate, at(8, hours)) == amount, reason


def test_over_time_in_the_evening_bears_its_percentage_and_says_so() -> None:
    rate = session(over_time={"prices": flat(100)}, special=[EVENING])
    lists = [a_tariff(rate, windows=WINDOWS)]
    priced = pricing.price(lists, OTHER, at(13, 5.5, quantity=2), WEDNESDAY)
    assert priced.amount == Money(2 * (1000 + 100 + 150))
    assert priced.explanation_en.startswith(
        "2 × (1 session × 1\u00a0000\u00a0đ + 1 half hour × 100\u00a0đ (over-time) + "
        "1 half hour × 150\u00a0đ (over-time, evening, 150\u00a0%)), "
    )


def test_less_than_the_shortest_time_is_charged_as_the_shortest_and_says_so() -> None:
    rate = a_rate(per="hour", prices=flat(100), minimum_minutes=120)
    assert [cost(rate, at(8, hours)) for hours in (0.5, 2, 3)] == [200, 200, 300]
    priced = pricing.price([a_tariff(rate)], OTHER, at(8, 1), WEDNESDAY)
    assert priced.explanation.endswith("giá phổ thông, tính tối thiểu 2 giờ")
    assert priced.explanation_en.endswith("standard rate, charged for at least 2 hours")


def test_beyond_the_longest_time_the_next_measure_counts_or_nothing() -> None:
    hourly = a_rate(per="hour", prices=flat(100), maximum_minutes=240)
    daily = a_rate(per="day", prices=flat(900))
    lists = [a_tariff(hourly, daily)]
    assert pricing.price(lists, OTHER, at(8, 4), WEDNESDAY).measure is Measure.HOUR
    assert pricing.price(lists, OTHER, at(8, 4.5), WEDNESDAY).measure is Measure.DAY
    with pytest.raises(TooLongForPrice, match="4 hours at most; shorten"):
        pricing.price([a_tariff(hourly)], OTHER, at(8, 4.5), WEDNESDAY)


def test_a_price_per_attendee_asks_how_many_will_come() -> None:
    lists = [a_tariff(a_rate(per="attendee", prices=flat(50)))]
    assert pricing.price(lists, OTHER, at(8, 4, attendees=120), WEDNESDAY).amount == Money(6000)
    with pytest.raises(AttendeesMissing, match="say how many will come"):
        pricing.price(lists, OTHER, at(8, 4), WEDNESDAY)


def parts() -> tuple[Rented, ...]:
    return tuple(
        at(8, 4, code=code, kind=ResourceKind.EQUIPMENT, quantity=pieces)
        for code, pieces in (("CAM", 1), ("MIC", 2))
    )


KIT_RATES = (
    a_rate(key="CAM", per="day", prices=flat(1000)),
    a_rate(key="MIC", per="day", prices=flat(100)),
)


def test_a_kit_costs_what_its_parts_cost_or_a_part_of_it() -> None:
    kit = {"key": "KIT", "service": "equipment_hire", "percent": 90}
    rented = at(8, 4, code="KIT", kind=ResourceKind.EQUIPMENT, quantity=2, parts=parts())
    priced = pricing.price([a_tariff(*KIT_RATES, kits=[kit])], OTHER, rented, WEDNESDAY)
    assert priced.amount == Money(2 * 1080)
    assert priced.service == "equipment_hire"
    assert "90\u00a0% của giá từng món: CAM 1.000\u00a0đ; 2 × MIC 200\u00a0đ" in priced.explanation


def test_a_kit_with_a_price_of_its_own_is_priced_as_one() -> None:
    own = a_rate(key="KIT", per="day", prices=flat(700))
    rented = at(8, 4, code="KIT", kind=ResourceKind.EQUIPMENT, parts=parts())
    priced = pricing.price([a_tariff(*KIT_RATES, own)], OTHER, rented, WEDNESDAY)
    assert priced.amount == Money(700)


def test_a_kit_without_parts_or_with_one_nobody_prices_is_refused() -> None:
    lists = [a_tariff(KIT_RATES[0], kits=[{"key": "KIT", "service": "s"}])]
    for some, words in (((), "has none"), (parts(), "not its part MIC")):
        rented = at(8, 4, code="KIT", kind=ResourceKind.EQUIPMENT, parts=some)
        with pytest.raises(NoPrice, match=words):
            pricing.price(lists, OTHER, rented, WEDNESDAY)


SOUND = {
    "code": "sound",
    "title": {"vi": "Âm thanh", "en": "Sound"},
    "keys": ["H"],
    "per": "session",
    "prices": flat(300),
}


def test_an_add_on_is_priced_with_its_line_and_named() -> None:
    lists = [a_tariff(session(), add_ons=[SOUND])]
    priced = pricing.price(lists, OTHER, at(8, 9, add_ons=("sound",)), WEDNESDAY)
    assert priced.amount == Money(2000 + 600)
    assert priced.explanation == (
        "2 buổi × 1.000\u00a0đ + 2 buổi × 300\u00a0đ (Âm thanh), giá phổ thông"
    )
    assert [one.code for one in pricing.add_ons_for(lists, at(8, 1), WEDNESDAY)] == ["sound"]
    assert pricing.add_ons_for(lists, at(8, 1, code="X"), WEDNESDAY) == []


def test_only_the_list_that_prices_a_thing_offers_add_ons_for_it() -> None:
    halls = {**SOUND, "keys": [], "kinds": ["hall"]}
    lists = [
        a_tariff(session(), code="ONE"),
        a_tariff(a_rate(key="X"), code="TWO", add_ons=[halls]),
    ]
    assert pricing.add_ons_for(lists, at(8, 1), WEDNESDAY) == []
    assert len(pricing.add_ons_for(lists, at(8, 1, code="X"), WEDNESDAY)) == 1


def test_an_add_on_that_does_not_go_with_it_is_refused_with_those_that_do() -> None:
    lists = [a_tariff(session(), add_ons=[SOUND])]
    with pytest.raises(UnknownAddOn, match="choose among: sound"):
        pricing.price(lists, OTHER, at(8, 4, add_ons=("laser",)), WEDNESDAY)


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"special": [{"percent": 150}]}, "a special price without a when"),
        ({"special": [{"day": "weekend"}]}, "without a how much"),
        ({"special": [{**WEEKEND, "prices": flat(1)}]}, "with two"),
        ({"special": [{"day": "weekend", "prices": flat(-1)}]}, "below zero"),
        ({"special": [{"window": "night", "percent": 150}]}, "a window nobody has defined"),
        ({"over_time": {"prices": flat(-1)}}, "over-time below zero"),
        ({"per": "event", "over_time": {"prices": flat(1)}}, "an event has no over-time"),
        ({"per": "day", "lasts_minutes": 600}, "a short day without over-time"),
        ({"minimum_minutes": 60, "maximum_minutes": 30}, "the longest before the shortest"),
        ({"per": "lump_sum"}, "no rate is a lump sum"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(over: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError):
        a_tariff(session(**over) if "per" not in over else {**session(), **over})


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"kits": [{"key": "H", "service": "s"}]}, "as one and as its parts"),
        ({"add_ons": [SOUND, SOUND]}, "stands there twice"),
        ({"add_ons": [{**SOUND, "keys": []}]}, "what it goes with"),
        ({"windows": [*WINDOWS, WINDOWS[0]]}, "stands there twice"),
        ({"windows": [{**WINDOWS[0], "hours": "closed"}]}, "18:00-22:00"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(over: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        a_tariff(session(), **over)


LIST = """\
code: {code}
title: {{vi: Giá, en: Prices}}
decision: "1/2026"
source: "test"
valid_from: {day}
tax_inclusive: false
rates:
  - {{key: H50, per: day, service: s, prices: {{political: 1, partner: 1, other: 1}}}}
  - {{key: {key}, per: day, service: s, prices: {{political: 1, partner: 1, other: {price}}}}}
"""


def test_lists_in_force_together_are_refused_with_file_line_and_reason(tmp_path: Any) -> None:
    for name, day, key in (("a", "2026-01-01", "H100"), ("b", "2026-06-01", "H100")):
        text = LIST.format(code=name, day=day, key=key, price=1).replace("H50", f"H50{name}")
        (tmp_path / f"{name}.yml").write_text(text, "utf-8")
    with pytest.raises(BadDocument) as refused:
        tariff.read(tmp_path)
    said = refused.value.message
    assert "b.yml, line 9: H100 is priced by a too" in said
    assert "a.yml, line 9)" in said
    assert "in force on 2026-06-01; end one before the other begins" in said


def test_a_price_below_zero_is_refused_with_file_and_line(tmp_path: Any) -> None:
    text = LIST.format(code="a", day="2026-01-01", key="H100", price=-1)
    (tmp_path / "a.yml").write_text(text, "utf-8")
    with pytest.raises(BadDocument, match=r"a.yml, line 9, rates.1: .*a price is below zero"):
        tariff.read(tmp_path)


# A list in which nothing gets cheaper with time.
MINUTES = st.integers(1, 60 * 24 * 6)
MONOTONE = st.sampled_from(
    [
        session(special=[EVENING, WEEKEND], over_time={"prices": flat(130)}),
        session(lasts_minutes=240, over_time={"prices": flat(90)}, minimum_minutes=300),
        a_rate(per="hour", prices=flat(777), special=[EVENING, HOLIDAY], minimum_minutes=90),
        a_rate(per="half_hour", prices=flat(50), special=[WEEKEND]),
        a_rate(per="half_day", prices=flat(500), special=[EVENING]),
        a_rate(per="day", prices=flat(900), special=[WEEKEND], over_time={"prices": flat(70)}),
        a_rate(per="day", prices=flat(900), lasts_minutes=600, over_time={"prices": flat(70)}),
        a_rate(per="event", prices=flat(900), special=[WEEKEND]),
    ]
)


@given(MONOTONE, MINUTES, MINUTES, st.integers(0, 24 * 60))
def test_longer_never_costs_less_within_one_measure(
    rate: dict[str, Any], minutes: int, more: int, begins: int
) -> None:
    shorter = cost(rate, at(begins / 60, minutes / 60))
    assert 0 <= shorter <= cost(rate, at(begins / 60, (minutes + more) / 60))


@given(MONOTONE, MINUTES, st.integers(0, 24 * 60), st.integers(1, 50))
def test_the_amount_is_quantity_times_unit_price_as_an_invoice_prints_it(
    rate: dict[str, Any], minutes: int, begins: int, quantity: int
) -> None:
    rented = at(begins / 60, minutes / 60, quantity=quantity)
    priced = pricing.price([a_tariff(rate, windows=WINDOWS)], OTHER, rented, WEDNESDAY)
    assert priced.amount == priced.unit_price.times(priced.units * priced.quantity)
