"""Repetitions as people say them, and the rules they are."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from rental import repeats, repetition
from rental.recurrence import BadRecurrence
from rental.repeats import LAST, Every, Repeat

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TUESDAY = datetime(2030, 3, 5, 9, tzinfo=SAIGON)

BOTH_WAYS = [
    (Repeat(Every.DAY, count=5), "FREQ=DAILY;COUNT=5"),
    (Repeat(Every.DAY, 3, count=5), "FREQ=DAILY;INTERVAL=3;COUNT=5"),
    (Repeat(Every.WEEK, weekdays=(0, 1), count=4), "FREQ=WEEKLY;BYDAY=MO,TU;COUNT=4"),
    (
        Repeat(Every.WEEK, 2, weekdays=(1,), until=date(2030, 12, 31)),
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20301231",
    ),
    (Repeat(Every.MONTH, month_day=31, count=6), "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=6"),
    (Repeat(Every.MONTH, weekdays=(0,), nth=5, count=3), "FREQ=MONTHLY;BYDAY=5MO;COUNT=3"),
    (Repeat(Every.MONTH, weekdays=(0,), nth=LAST, count=3), "FREQ=MONTHLY;BYDAY=-1MO;COUNT=3"),
]


@pytest.mark.parametrize(("repeat", "rrule"), BOTH_WAYS)
def test_a_repetition_is_a_rule_and_read_back(repeat, rrule):
    assert repeat.rrule() == rrule
    assert repeats.of_rule(rrule, TUESDAY, SAIGON) == repeat
    # Also as it is kept: its end is an instant then.
    kept = repetition.normal(rrule, SAIGON)
    assert repeats.of_rule(kept, TUESDAY, SAIGON) == repeat


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=YEARLY;COUNT=2",  # longer than anybody repeats here
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=2",  # the first of several
        "FREQ=MONTHLY;BYDAY=MO;COUNT=2",  # every Monday of the month
        "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",  # counted from the end
        "FREQ=WEEKLY;BYMONTH=3;COUNT=2",  # in some months only
        "FREQ=DAILY;BYDAY=MO;COUNT=2",
    ],
)
def test_a_rule_that_says_more_has_no_plain_words(rrule):
    assert repeats.of_rule(rrule, TUESDAY, SAIGON) is None


def test_what_is_no_rule_is_refused():
    with pytest.raises(BadRecurrence):
        repeats.of_rule("nonsense", TUESDAY, SAIGON)


def test_a_rule_without_a_day_means_that_of_the_first_date():
    weekly = repeats.of_rule("FREQ=WEEKLY;COUNT=2", TUESDAY, SAIGON)
    assert weekly is not None
    assert weekly.weekdays == (1,)
    monthly = repeats.of_rule("FREQ=MONTHLY;COUNT=2", TUESDAY, SAIGON)
    assert monthly is not None
    assert monthly.month_day == 5


@pytest.mark.parametrize(("day", "place"), [(1, 1), (7, 1), (8, 2), (28, 4), (29, 5), (31, 5)])
def test_a_day_knows_which_of_its_weekday_it_is(day, place):
    assert repeats.place_in_month(date(2030, 1, day)) == place


def test_another_end_takes_the_place_of_the_old_one():
    assert repeats.with_end("FREQ=DAILY;COUNT=3", until=date(2030, 4, 1)) == (
        "FREQ=DAILY;UNTIL=20300401"
    )
    assert repeats.with_end("FREQ=DAILY;UNTIL=20300401T165959Z", count=9) == "FREQ=DAILY;COUNT=9"
