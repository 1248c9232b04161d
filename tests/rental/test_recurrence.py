"""Series keep their wall-clock time and mean what RFC 5545 says."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from rental.recurrence import BadRecurrence, dates

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
HELSINKI = ZoneInfo("Europe/Helsinki")


def local(text: str, zone: ZoneInfo = SAIGON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("rule", "first", "until", "expected"),
    [
        # Monday and Tuesday, every week: seven days and a fortnight.
        ("FREQ=WEEKLY;BYDAY=MO,TU", "2023-10-02", "2023-10-09", ["10-02", "10-03", "10-09"]),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU",
            "2023-10-02",
            "2023-10-16",
            ["10-02", "10-03", "10-09", "10-10", "10-16"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU",
            "2023-10-02",
            "2023-10-21",
            ["10-02", "10-03", "10-16", "10-17"],
        ),
        # The last Monday, and the fifth, which most months lack.
        (
            "FREQ=MONTHLY;BYDAY=-1MO",
            "2014-09-29",
            "2014-12-31",
            ["09-29", "10-27", "11-24", "12-29"],
        ),
        ("FREQ=MONTHLY;BYDAY=5MO", "2014-09-29", "2014-12-31", ["09-29", "12-29"]),
        # Months without a 31st are skipped.
        (
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "2018-01-31",
            "2018-12-31",
            ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"],
        ),
    ],
)
def test_rules_match_these_dates(rule, first, until, expected):
    found = dates(rule, local(f"{first}T09:00"), SAIGON, local(f"{until}T23:59"))
    assert [f"{moment:%m-%d}" for moment in found] == expected


def test_a_series_keeps_its_wall_clock_time_when_summer_begins():
    found = dates(
        "FREQ=WEEKLY;COUNT=2",
        local("2024-03-25T10:00", HELSINKI),
        HELSINKI,
        local("2024-05-01T00:00", HELSINKI),
    )
    assert [moment.isoformat() for moment in found] == [
        "2024-03-25T10:00:00+02:00",
        "2024-04-01T10:00:00+03:00",
    ]


def test_until_in_utc_is_read_on_the_wall_clock():
    rule = "FREQ=DAILY;UNTIL=20261103T020000Z"
    found = dates(rule, local("2026-11-01T09:00"), SAIGON, local("2026-12-01T00:00"))
    assert [moment.day for moment in found] == [1, 2, 3]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "weekly",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;UNTIL=sometime",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",  # matches no date
        "FREQ=SECONDLY",  # more dates than anyone books
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",  # would be searched for minutes
        "FREQ=DAILY;COUNT=2;",  # a part without a name
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(rule):
    with pytest.raises(BadRecurrence):
        dates(rule, local("2026-11-01T09:00"), SAIGON, local("2027-11-01T00:00"))


def test_a_zone_may_be_named():
    found = dates(
        "FREQ=DAILY;COUNT=1", local("2026-11-01T09:00"), "Asia/Ho_Chi_Minh", local("2026-12-01")
    )
    assert found == [local("2026-11-01T09:00")]
