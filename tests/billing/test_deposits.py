"""What is asked in advance: by class, kind and total, until when, and what is refused."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import deposits, quotes
from billing.deposits import DepositRule, DepositTerms
from billing.money import Money
from billing.pricing import Rented
from billing.quotes import Quote
from config.clock import LOCAL
from config.documents import BadDocument
from rental.models import ResourceKind, UnitClass
from rental.period import Period

DAY = date(2026, 12, 20)
STARTS = datetime(2026, 12, 20, 8, 0, tzinfo=LOCAL)
ASKED_ON = date(2026, 12, 1)
PARTNER, OTHER = UnitClass.PARTNER, UnitClass.OTHER


def terms(*rules, **over):
    return DepositTerms.model_validate(
        {
            "code": "D",
            "title": {"vi": "Đặt cọc", "en": "Deposit"},
            "decision": "1/2026",
            "source": "test",
            "valid_from": "2026-01-01",
            "rules": rules or ({"percent": 30, "due_days_before": 5},),
            **over,
        }
    )


def a_quote(sessions=1, unit_class=OTHER, code="H100", kind=ResourceKind.HALL):
    """Of H100 by the sample list: 9 000 000 a session for others, tax included."""
    period = Period(STARTS, STARTS + timedelta(hours=4.5 * sessions))
    return quotes.quote(unit_class, [Rented(code, kind, period)])


def test_a_part_of_the_total_is_due_days_before_the_event_and_says_why():
    found = deposits.asked([terms()], a_quote(2), ASKED_ON)
    assert found.amount == Money(5_400_000)
    assert found.due_on == date(2026, 12, 15)
    assert found.explanation == "30\u00a0% của 18.000.000\u00a0đ"
    assert found.explanation_en == "30% of 18\u00a0000\u00a0000\u00a0đ"


def test_who_asks_late_pays_at_once():
    assert deposits.asked([terms()], a_quote(), date(2026, 12, 18)).due_on == date(2026, 12, 18)


@pytest.mark.parametrize(
    ("rule", "fits", "reason"),
    [
        ({"unit_classes": ["other"]}, True, "the unit's class"),
        ({"unit_classes": ["partner"]}, False, "another class"),
        ({"kinds": ["hall"]}, True, "a hall is among the lines"),
        ({"kinds": ["circuit"]}, False, "no circuit is"),
        ({"at_least": 9_000_000}, True, "exactly the amount"),
        ({"at_least": 9_000_001}, False, "a đồng less"),
    ],
)
def test_a_rule_speaks_of_class_kind_and_total(rule, fits, reason):
    found = deposits.asked([terms({"percent": 10, **rule})], a_quote(), ASKED_ON)
    assert (found is not None) is fits, reason


def test_the_first_rule_that_fits_decides_and_zero_asks_nothing():
    rules = ({"unit_classes": ["other"], "percent": 0}, {"percent": 50})
    assert deposits.asked([terms(*rules)], a_quote(), ASKED_ON) is None
    assert deposits.asked([terms(*rules)], a_quote(unit_class=PARTNER), ASKED_ON) is not None


def test_it_is_rounded_up_to_whole_thousands_and_never_more_than_the_total():
    rule = {"percent": Decimal("33.33"), "rounded_to": 1000}
    assert deposits.asked([terms(rule)], a_quote(), ASKED_ON).amount == Money(3_000_000)
    whole = {"percent": 100, "rounded_to": 20_000_000}
    assert deposits.asked([terms(whole)], a_quote(), ASKED_ON).amount == Money(9_000_000)


def test_without_terms_or_lines_nothing_is_asked():
    later = terms(valid_from="2027-01-01")
    assert deposits.asked([later], a_quote(), ASKED_ON) is None
    assert deposits.asked([terms()], Quote((), DAY), ASKED_ON) is None


@given(st.decimals(0, 100, places=2), st.integers(1, 10**6), st.integers(1, 12))
def test_it_is_never_less_than_nothing_nor_more_than_all(percent, rounded_to, sessions):
    quote = a_quote(sessions)
    rule = {"percent": percent, "rounded_to": rounded_to}
    found = deposits.asked([terms(rule)], quote, ASKED_ON)
    assert found is None or Money(0) < found.amount <= quote.total


def test_the_sample_asks_others_for_a_part_and_units_on_political_duty_for_nothing():
    assert deposits.due(a_quote(4), on=ASKED_ON) == Money(10_800_000)
    assert deposits.due(a_quote(4, UnitClass.POLITICAL), on=ASKED_ON) is None
    assert deposits.due(a_quote(1), on=ASKED_ON) is None
    assert all(one.decision and one.source and one.sample for one in deposits.terms())


def test_terms_in_force_together_are_refused():
    with pytest.raises(BadDocument, match="D and D2"):
        deposits.require_no_overlap([terms(), terms(code="D2", valid_from="2026-06-01")])


@pytest.mark.parametrize(
    "wrong", [{"percent": -1}, {"percent": 101}, {"percent": 1, "due_days_before": -1}, {}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        DepositRule.model_validate(wrong)
