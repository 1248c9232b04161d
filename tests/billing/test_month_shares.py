"""A promised price is shared to calendar months, to the đồng."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import month_shares
from billing.money import Money, total
from billing.rates import Measure
from rental.period import Period

HOME = ZoneInfo("Asia/Ho_Chi_Minh")


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HOME).astimezone(UTC)


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        # From the middle of a month to the middle of another: first and last in proportion.
        ("2030-01-15T00:00", "2030-03-11T00:00", [17, 28, 10]),
        # A day that runs over the end of a month belongs to the month in which it begins.
        ("2030-01-30T12:00", "2030-02-02T12:00", [2, 1]),
        # What ends at midnight has nothing of the next month.
        ("2030-01-01T00:00", "2030-03-01T00:00", [31, 28]),
        # A day begun counts whole.
        ("2030-01-31T00:00", "2030-02-01T06:00", [1, 1]),
    ],
)
def test_days_count_in_the_month_in_which_they_begin(
    starts: str, ends: str, days: list[int]
) -> None:
    rented = Period(_local(starts), _local(ends))
    price = Money(100_000 * sum(days))
    found = month_shares.shares(rented, HOME, Measure.MBPS_DAY, price)
    assert [one.units for one in found] == days
    assert [one.amount.minor for one in found] == [100_000 * count for count in days]


def test_hours_are_shared_as_long_as_they_last() -> None:
    rented = Period(_local("2030-01-31T22:30"), _local("2030-02-01T01:30"))
    found = month_shares.shares(rented, HOME, Measure.HOUR, Money(300_000))
    assert [one.units for one in found] == [Fraction(3, 2), Fraction(3, 2)]


def test_months_are_those_of_the_site() -> None:
    rented = Period(datetime(2030, 1, 31, 16, tzinfo=UTC), datetime(2030, 2, 1, 16, tzinfo=UTC))
    firsts = [first for first, _period in month_shares.months(rented, HOME)]
    assert firsts == [date(2030, 1, 1), date(2030, 2, 1)]
    assert [first for first, _ in month_shares.months(rented, ZoneInfo("America/Los_Angeles"))] == [
        date(2030, 1, 1),
        date(2030, 2, 1),
    ]


@given(
    st.datetimes(datetime(2029, 1, 1), datetime(2031, 1, 1)),  # noqa: DTZ001  # made aware below
    st.integers(1, 60 * 24 * 500),
    st.integers(0, 10**10),
    st.sampled_from(list(Measure)),
    st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York"]),
)
def test_shares_add_up_and_leave_no_gap(
    starts: datetime, minutes: int, price: int, measure: Measure, zone: str
) -> None:
    starts_at = starts.replace(tzinfo=UTC)
    rented = Period(starts_at, starts_at + timedelta(minutes=minutes))
    found = month_shares.shares(rented, ZoneInfo(zone), measure, Money(price))
    assert total(one.amount for one in found) == Money(price)
    assert all(one.amount.minor >= 0 and one.units >= 0 for one in found)
    assert sum(one.units for one in found) == found[0].of
    ends = [rented.starts_at, *(one.period.ends_at for one in found)]
    assert [one.period.starts_at for one in found] == ends[:-1]
    assert ends[-1] == rented.ends_at
    over = month_shares.is_over_months(rented, ZoneInfo(zone))
    assert over is (len(found) > 1)
