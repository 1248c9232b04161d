"""Days, weeks and months of the timeline: where they begin and end, also where clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.pages.timeline_window import View, neighbour, touched, window
from rental.period import Period

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
HELSINKI = ZoneInfo("Europe/Helsinki")
DAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("view", "day", "first", "days", "columns"),
    [
        (View.DAY, date(2026, 11, 26), date(2026, 11, 26), 1, 192),
        (View.WEEK, date(2026, 11, 26), date(2026, 11, 23), 7, 224),  # a Thursday's Monday
        (View.WEEK, date(2026, 11, 22), date(2026, 11, 16), 7, 224),  # Sunday ends its week
        (View.MONTH, date(2026, 11, 26), date(2026, 11, 1), 30, 30),
        (View.MONTH, date(2026, 2, 28), date(2026, 2, 1), 28, 28),
        (View.MONTH, date(2028, 2, 1), date(2028, 2, 1), 29, 29),  # a leap year
        (View.MONTH, date(2026, 12, 31), date(2026, 12, 1), 31, 31),
    ],
)
def test_a_window_stands_around_its_day(
    view: View, day: date, first: date, days: int, columns: int
) -> None:
    shown = window(view, day, SAIGON)
    assert (shown.first, shown.days, shown.columns, shown.view) == (first, days, columns, view)


@pytest.mark.parametrize(
    ("view", "day", "ahead", "then"),
    [
        (View.DAY, date(2026, 12, 31), 1, date(2027, 1, 1)),
        (View.WEEK, date(2026, 11, 26), -1, date(2026, 11, 19)),
        (View.MONTH, date(2026, 1, 31), 1, date(2026, 2, 28)),  # no 31 February
        (View.MONTH, date(2026, 3, 31), -1, date(2026, 2, 28)),
        (View.MONTH, date(2026, 12, 5), 1, date(2027, 1, 5)),
        (View.MONTH, date(2026, 1, 5), -1, date(2025, 12, 5)),
    ],
)
def test_a_step_leads_to_the_neighbour(view: View, day: date, ahead: int, then: date) -> None:
    assert neighbour(view, day, ahead) == then


@given(day=DAYS, view=st.sampled_from(View), zone=st.sampled_from([SAIGON, HELSINKI]))
def test_the_chosen_day_lies_in_its_window_and_the_neighbours_touch(
    day: date, view: View, zone: ZoneInfo
) -> None:
    shown = window(view, day, zone)
    assert shown.first <= day <= shown.last
    later = window(view, neighbour(view, day, 1), zone)
    assert later.first == shown.last + timedelta(days=1)
    assert shown.span(*shown.period) == (0, shown.columns)


def test_a_day_on_which_clocks_change_is_drawn_by_the_wall_clock() -> None:
    # 29 March 2026: 03:00 becomes 04:00 in Helsinki, so 08:00 is 05:00 UTC, the day before 06:00.
    spring = window(View.DAY, date(2026, 3, 29), HELSINKI)
    assert spring.period == Period(utc("2026-03-29T03:00"), utc("2026-03-29T19:00"))
    assert spring.span(utc("2026-03-29T05:00"), utc("2026-03-29T06:00")) == (24, 12)
    week = window(View.WEEK, date(2026, 3, 29), HELSINKI)
    assert week.span(utc("2026-03-28T06:00"), utc("2026-03-28T07:00")) == (5 * 32 + 4, 2)
    assert week.span(utc("2026-03-29T05:00"), utc("2026-03-29T06:00")) == (6 * 32 + 4, 2)


def test_a_month_has_whole_days_also_of_23_and_25_hours() -> None:
    october = window(View.MONTH, date(2026, 10, 10), HELSINKI)
    assert october.period == Period(utc("2026-09-30T21:00"), utc("2026-10-31T22:00"))
    assert october.day(24).duration == timedelta(hours=25)  # the 25th, clocks go back
    assert october.span(*october.day(24)) == (24, 1)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "places"),
    [
        ("2026-11-01T01:00", "2026-11-01T03:00", [0]),
        ("2026-11-01T01:00", "2026-11-01T17:00", [0]),  # ends as the second begins (UTC+7)
        ("2026-11-01T16:00", "2026-11-01T18:00", [0, 1]),  # over midnight
        ("2026-10-30T00:00", "2026-11-02T00:00", [0, 1]),  # began in the month before
        ("2026-11-29T20:00", "2026-12-24T00:00", [29]),
        ("2026-12-01T00:00", "2026-12-02T00:00", []),
    ],
)
def test_the_days_a_booking_touches(starts_at: str, ends_at: str, places: list[int]) -> None:
    november = window(View.MONTH, date(2026, 11, 1), SAIGON)
    assert list(touched(utc(starts_at), utc(ends_at), november)) == places
