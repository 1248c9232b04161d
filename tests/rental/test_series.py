"""A series: many dates by one rule, each a booking of its own."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine

from config import clock
from config.database import db
from rental import closures, series
from rental.asking import WantedLine
from rental.closures import NewClosure
from rental.errors import BadBooking, ResourceUnavailable
from rental.models import (
    ClosureKind,
    Occupancy,
    OnConflict,
    Series,
)
from rental.period import Period
from rental.recurrence import BadRecurrence
from rental.series import DateState
from rental.signals import booking_requested, is_together, series_requested
from tests import build
from tests.build import TUESDAY
from tests.rental.series_steps import WEEK, ask, lines, starts, take, weeks


@pytest.mark.parametrize(
    ("rrule", "first", "expected"),
    [
        # Monday and Tuesday for a week and for a fortnight; every second week for nineteen days.
        ("FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20301014", "2030-10-07", ["10-07", "10-08", "10-14"]),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20301021",
            "2030-10-07",
            ["10-07", "10-08", "10-14", "10-15", "10-21"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20301026",
            "2030-10-07",
            ["10-07", "10-08", "10-21", "10-22"],
        ),
        # The last Monday; the fifth, which most months lack.
        ("FREQ=MONTHLY;BYDAY=-1MO;COUNT=3", "2030-09-30", ["09-30", "10-28", "11-25"]),
        ("FREQ=MONTHLY;BYDAY=5MO;UNTIL=20301231", "2030-09-30", ["09-30", "12-30"]),
        # Months without a 31st are skipped.
        (
            "FREQ=MONTHLY;UNTIL=20310831",
            "2031-01-31",
            ["01-31", "03-31", "05-31", "07-31", "08-31"],
        ),
        # The day of UNTIL counts, however early UNTIL itself is written.
        ("RRULE:freq=daily;until=20301009", "2030-10-07", ["10-07", "10-08", "10-09"]),
        # The first line anchors the rule and is no date of its own where the rule does not match.
        ("FREQ=WEEKLY;BYDAY=WE;COUNT=2", "2030-10-07", ["10-09", "10-16"]),
    ],
)
def test_a_series_has_these_dates(house, rrule, first, expected):
    starts_at = datetime.fromisoformat(f"{first}T09:00+07:00")
    made = ask(build.a_member(), lines(build.a_hall(), starts_at=starts_at), rrule)
    zone = clock.LOCAL
    assert [f"{b.starts_at.astimezone(zone):%m-%d}" for b in made.bookings] == expected
    assert {f"{b.starts_at.astimezone(zone):%H:%M}" for b in made.bookings} == {"09:00"}
    assert [b.series_at for b in made.bookings] == [b.starts_at for b in made.bookings]


@pytest.mark.parametrize(
    ("rrule", "word"),
    [
        ("FREQ=WEEKLY", "must end"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20310101T000000Z", "must end"),
        ("FREQ=DAILY;COUNT=367", "366"),
        ("FREQ=DAILY;UNTIL=20311231", "366"),
        ("FREQ=MONTHLY;COUNT=30", "two years"),
        ("FREQ=YEARLY;INTERVAL=20;COUNT=2", "two years"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "no date"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "no date"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=9;COUNT=2", "no date"),
        ("FREQ=WEEKLY;UNTIL=20200101", "no date"),
        ("FREQ=WEEKLY;UNTIL=soon", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=9,10;COUNT=3", "BYHOUR"),
        ("FREQ=HOURLY;COUNT=3", "FREQ"),
        ("FREQ=WEEKLY;COUNT=-1", "366"),
        ("weekly", "no part"),
        ("FREQ=WEEKLY;COUNT=3\nEXDATE:20300305", "no part"),
        ("", "no part"),
    ],
)
def test_a_rule_that_no_series_can_have_is_refused(house, rrule, word):
    member, hall = build.a_member(), build.a_hall()
    with pytest.raises(BadRecurrence, match=word):
        ask(member, lines(hall), rrule)


def test_every_line_keeps_its_distance_on_the_wall_clock_across_summer_time(house):
    helsinki = ZoneInfo("Europe/Helsinki")
    site = build.a_site(zone="Europe/Helsinki")
    hall, gear = build.a_hall(site=site), build.equipment(site=site)
    first = datetime(2030, 3, 25, 10, tzinfo=helsinki)  # The clocks change on 31 March.
    wanted = [
        WantedLine(hall.code, 1, Period(first, first + timedelta(hours=2))),
        # Fetched at noon the day before, brought back at six that evening.
        WantedLine(gear.code, 2, Period(first - timedelta(hours=22), first + timedelta(hours=8))),
    ]
    made = ask(build.a_member(), wanted, "FREQ=WEEKLY;COUNT=2")
    told = [
        [
            f"{end.astimezone(helsinki):%d %H:%M %z}"
            for line in b.lines
            for end in (line.starts_at, line.ends_at)
        ]
        for b in made.bookings
    ]
    assert told == [
        ["25 10:00 +0200", "25 12:00 +0200", "24 12:00 +0200", "25 18:00 +0200"],
        ["01 10:00 +0300", "01 12:00 +0300", "31 12:00 +0300", "01 18:00 +0300"],
    ]


def test_an_hour_that_summer_time_skips_keeps_the_length(house):
    zone = ZoneInfo("Europe/Helsinki")
    hall = build.a_hall(site=build.a_site(zone=zone.key))
    first = datetime(2030, 3, 30, 3, 15, tzinfo=zone)
    made = ask(build.a_member(), lines(hall, starts_at=first, hours=0.5), "FREQ=DAILY;COUNT=3")
    told = [
        (f"{b.starts_at.astimezone(zone):%d %H:%M}", b.ends_at - b.starts_at) for b in made.bookings
    ]
    half = timedelta(minutes=30)
    assert told == [("30 03:15", half), ("31 04:15", half), ("01 03:15", half)]


def test_dates_are_left_out_by_day_and_by_instant(house):
    out = [date(2030, 3, 12), TUESDAY + 3 * WEEK]
    made = ask(build.a_member(), lines(build.a_hall()), exdates=out)
    assert [b.starts_at for b in made.bookings] == weeks(0, 2, 4, 5)
    states = [one.state for one in series.calendar(made.series)]
    assert states.count(DateState.REMOVED) == 2
    with pytest.raises(BadRecurrence, match="No date is left"):
        ask(build.a_member(), lines(build.a_hall()), "FREQ=WEEKLY;COUNT=1", exdates=[TUESDAY])


def a_year_with_eight_taken(on_conflict):
    hall, member = build.a_hall(turnaround_after_minutes=30), build.a_member()
    taken = [3, 4, 11, 20, 21, 30, 44, 51]
    for number in taken[:-1]:
        take(hall, TUESDAY + number * WEEK + timedelta(hours=1))
    closed = TUESDAY + taken[-1] * WEEK
    closures.close(
        hall, NewClosure(ClosureKind.MAINTENANCE, Period(closed, closed + WEEK / 7), "Sơn lại")
    )
    return taken, lambda: ask(member, lines(hall), "FREQ=WEEKLY;COUNT=52", on_conflict=on_conflict)


def test_refuse_names_every_date_that_is_taken_and_writes_nothing(house):
    taken, deed = a_year_with_eight_taken(OnConflict.REFUSE)
    with pytest.raises(ResourceUnavailable) as refused, db.session.begin_nested():
        deed()
    told = [c["starts_at"] for c in refused.value.details["conflicts"]]
    assert told == [at.isoformat() for at in weeks(*taken)]
    assert db.session.scalar(sa.select(sa.func.count(Series.id))) == 0
    assert db.session.scalar(sa.select(sa.func.count(Occupancy.id))) == 7


def test_skip_books_the_rest_and_remembers_what_was_taken(house):
    taken, deed = a_year_with_eight_taken(OnConflict.SKIP)
    made = deed()
    assert len(made.bookings) == 44
    assert [one.starts_at for one in made.skipped] == weeks(*taken)
    assert all(one.conflicts[0]["free"] == 0 for one in made.skipped)
    assert series.read(made.series.skipped) == set(weeks(*taken))
    assert starts(made.series) == weeks(*(n for n in range(52) if n not in taken))


def test_a_series_that_is_taken_throughout_is_refused_also_with_skip(house):
    hall = build.a_hall()
    for at in weeks(0, 1):
        take(hall, at)
    with pytest.raises(ResourceUnavailable) as refused:
        ask(build.a_member(), lines(hall), "FREQ=WEEKLY;COUNT=2", on_conflict=OnConflict.SKIP)
    assert len(refused.value.details["conflicts"]) == 2


def test_dates_that_overlap_each_other_share_the_stock(house):
    one, two = build.equipment(stock=1), build.equipment(stock=2)
    with pytest.raises(ResourceUnavailable):
        ask(build.a_member(), lines(one, hours=30), "FREQ=DAILY;COUNT=3")
    assert len(ask(build.a_member(), lines(two, hours=30), "FREQ=DAILY;COUNT=3").bookings) == 3
    # Every second date fits beside the ones that were taken before it.
    third = build.equipment(stock=1)
    made = ask(
        build.a_member(), lines(third, hours=30), "FREQ=DAILY;COUNT=5", on_conflict=OnConflict.SKIP
    )
    assert [b.starts_at for b in made.bookings] == [TUESDAY + timedelta(days=n) for n in (0, 2, 4)]


def test_one_series_is_one_deed_for_those_who_tell_people(house):
    heard = []

    def on_booking(booking, **_facts):
        heard.append(is_together())

    def on_series(held, bookings, skipped):
        heard.append((len(bookings), is_together()))

    with booking_requested.connected_to(on_booking), series_requested.connected_to(on_series):
        ask(build.a_member(), lines(build.a_hall()), "FREQ=WEEKLY;COUNT=3")
        take(build.a_hall(), TUESDAY)
    assert heard == [True, True, True, (3, False), False]


def test_nobody_but_the_staff_asks_for_dates_that_have_begun(house):
    with time_machine.travel(TUESDAY + 2 * WEEK):
        with pytest.raises(BadBooking, match="begun"):
            ask(build.a_member(), lines(build.a_hall()))
        assert len(ask(build.desk(), lines(build.a_hall())).bookings) == 6
