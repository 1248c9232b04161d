"""What an agreement does to prices: the class, the discount, the days, and how it is told."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from billing import agreed, charges, pricing, quotes
from billing.agreed import AgreedRate
from billing.money import Money
from config.database import db
from rental import agreements, bookings
from rental.agreements import Terms
from rental.asking import Changes
from rental.models import AgreementKind, UnitClass
from tests import build
from tests.billing.steps import STARTS, asked
from tests.billing.test_pricing import a_tariff, rented

DAY = date(2026, 12, 2)
PARTNER, OTHER = UnitClass.PARTNER, UnitClass.OTHER
# The sample list of halls: a session for partners, and for others.
PARTNER_SESSION, OTHER_SESSION = 7_000_000, 9_000_000


def a_rate(percent="0", rate_class=None, number="12/2026", **days):
    return AgreedRate(
        number,
        days.get("first", date(2026, 1, 1)),
        days.get("last"),
        rate_class,
        Decimal(percent),
    )


def signed(booking_or_unit, *, by, percent="0", rate_class=PARTNER, **days):
    terms = Terms(
        number=days.pop("number", "12/2026"),
        title="Thỏa thuận phối hợp",
        kind=AgreementKind.FRAMEWORK,
        valid_from=days.pop("first", date(2030, 1, 1)),
        valid_to=days.pop("last", None),
        rate_class=rate_class,
        discount_percent=Decimal(percent),
    )
    return agreements.add(booking_or_unit, terms, by=by)


@pytest.mark.parametrize(
    ("percent", "price", "left"),
    [
        ("0", 7_000_000, 7_000_000),
        ("10", 7_000_000, 6_300_000),
        ("12.5", 1_001, 876),  # 875.875
        ("50", 1, 1),  # half a đồng is rounded up
        ("33.33", 100, 67),  # 66.67
        ("100", 7_000_000, 0),
    ],
)
def test_the_discount_is_taken_off_and_rounded_half_up(percent, price, left):
    assert a_rate(percent).taken_off(Money(price)) == Money(left)


PERCENTS = st.decimals(0, 100, places=2)


@given(st.integers(0, 10**12), PERCENTS)
def test_the_discount_never_makes_it_dearer_or_less_than_nothing(price, percent):
    left = a_rate(percent).taken_off(Money(price)).minor
    assert 0 <= left <= price
    # Never more than half a đồng beside the exact amount.
    assert abs(200 * (left * 10_000) - 2 * price * (10_000 - int(percent * 100)) * 100) <= 10**6


@given(st.integers(0, 10**12), PERCENTS, PERCENTS)
def test_the_larger_discount_never_costs_more(price, one, other):
    low, high = sorted((one, other))
    assert a_rate(high).taken_off(Money(price)).minor <= a_rate(low).taken_off(Money(price)).minor


def test_the_class_agreed_on_replaces_the_units_own_and_the_explanation_says_so():
    priced = pricing.price([a_tariff()], OTHER, rented(2), DAY, a_rate("10", PARTNER))
    assert priced.unit_price == Money(18)
    assert priced.amount == Money(36)
    assert priced.explanation.endswith("giá đơn vị phối hợp theo thỏa thuận 12/2026, giảm 10 %")
    assert priced.explanation_en.endswith("partner rate by agreement 12/2026, 10 % off")


def test_a_discount_alone_leaves_the_class_and_a_class_alone_the_price():
    off = pricing.price([a_tariff()], OTHER, rented(1), DAY, a_rate("2.5"))
    assert off.explanation.endswith("giá phổ thông theo thỏa thuận 12/2026, giảm 2,5 %")
    as_partner = pricing.price([a_tariff()], OTHER, rented(1), DAY, a_rate(rate_class=PARTNER))
    assert as_partner.amount == Money(20)
    assert as_partner.explanation.endswith("giá đơn vị phối hợp theo thỏa thuận 12/2026")


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),  # the first day counts
        (date(2026, 6, 30), True),  # and the last
        (date(2026, 7, 1), False),
    ],
)
def test_it_counts_on_its_days_only(day, holds):
    rate = a_rate("10", first=date(2026, 1, 1), last=date(2026, 6, 30))
    assert (agreed.on([rate], day) is rate) is holds


def test_quote_charge_and_change_use_the_agreement(desk):
    build.a_hall(code="H100", name="Hội trường lớn")
    booking = asked("H100")
    assert quotes.for_booking(booking).total == Money(OTHER_SESSION)
    signed(booking.unit, by=desk, percent="10")
    agreed_price = Money(PARTNER_SESSION * 9 // 10)
    assert quotes.for_booking(booking).total == agreed_price
    bookings.confirm(booking, by=desk)
    (charge,) = charges.live(booking)
    assert charge.amount == agreed_price
    assert "theo thỏa thuận 12/2026, giảm 10 %" in charge.explanation
    bookings.change(booking, Changes(title="Tên khác"), by=desk)
    assert [one.id for one in charges.live(booking)] == [charge.id]


def test_a_line_is_priced_by_the_agreement_of_its_first_local_day(desk):
    build.a_hall(code="H100", name="Hội trường lớn")
    booking = asked("H100")  # Tuesday 5 March 2030, 09:00 in Ho Chi Minh City
    ended = signed(booking.unit, by=desk, last=date(2030, 3, 4))
    assert quotes.for_booking(booking).total == Money(OTHER_SESSION)
    agreements.end(ended, date(2030, 3, 3), by=desk)
    signed(booking.unit, by=desk, number="13/2030", first=date(2030, 3, 5))
    assert quotes.for_booking(booking).total == Money(PARTNER_SESSION)


def test_midnight_in_ho_chi_minh_city_divides_the_days(desk):
    hall = build.a_hall(code="H100", name="Hội trường lớn")
    unit = build.a_unit(unit_class=OTHER)
    signed(unit, by=desk, first=date(2030, 3, 6))
    # 17:00 UTC is the next day there.
    midnight = STARTS.replace(hour=17)
    for starts_at, total in (
        (midnight - timedelta(minutes=15), OTHER_SESSION),
        (midnight, PARTNER_SESSION),
    ):
        period = quotes.Period(starts_at, starts_at + timedelta(hours=2))
        quote = quotes.for_unit(unit, [quotes.rented(hall, period)])
        assert quote.total == Money(total)


def test_another_units_agreement_changes_nothing(desk):
    build.a_hall(code="H100", name="Hội trường lớn")
    booking = asked("H100")
    signed(build.a_unit(), by=desk, percent="50")
    assert quotes.for_booking(booking).total == Money(OTHER_SESSION)


def test_a_price_asks_the_database_as_often_for_two_lines_as_for_one(desk):
    build.a_hall(code="H100", name="Hội trường lớn")
    build.equipment(code="CAM", name="Máy quay", tariff="camera")
    one, two = asked("H100"), asked("CAM", "CAM")
    statements = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    counts = []
    for booking in (one, two):
        signed(booking.unit, by=desk, number=booking.reference)
        quotes.for_booking(booking)
        statements.clear()
        quotes.for_booking(booking)
        counts.append(len(statements))
    # What was promised, what is taken off, and what is agreed.
    assert counts == [3, 3]
