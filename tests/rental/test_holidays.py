"""Which days are off, which are worked, and when doors are open."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from config import clock, documents
from rental import holidays, hours
from rental.holidays import Table
from rental.period import Period
from tests import build

OWN = Table.model_validate(
    {
        "added": [
            {
                "valid_from": date(2027, 2, 11),
                "valid_to": date(2027, 2, 12),
                "name": {"vi": "Nghỉ Tết bổ sung", "en": "New Year, added"},
                "source": "announcement",
            }
        ],
        "removed": [
            {
                "valid_from": date(2027, 5, 3),
                "valid_to": date(2027, 5, 3),
                "source": "announcement",
            }
        ],
        "worked": [
            {
                "valid_from": date(2027, 2, 20),
                "valid_to": date(2027, 2, 20),
                "source": "announcement",
            }
        ],
        "special": [
            {
                "site": "centre",
                "valid_from": date(2027, 2, 3),
                "valid_to": date(2027, 2, 3),
                "hours": "08:00-12:00",
                "name": {"vi": "Tất niên", "en": "Year's end"},
                "source": "order",
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 24), "Vietnam Cultural Day"),  # a holiday from 2026 on
        (date(2025, 11, 24), None),  # and none before
        (date(2026, 8, 31), "Day off (substituted from 08/22/2026)"),  # the announced swap
        (date(2026, 4, 27), "Hung Kings' Commemoration Day (observed)"),  # for a Sunday
        (date(2026, 2, 17), "Lunar New Year"),
        (date(2026, 11, 26), None),
        (date(2027, 2, 11), "New Year, added"),  # the operator's table
        (date(2027, 2, 12), "New Year, added"),  # both ends included
        (date(2027, 5, 3), None),  # the library's day, taken back by the table
    ],
)
def test_a_holiday_is_the_laws_or_the_operators(day, name):
    found = holidays.on(day, OWN)
    assert (found.en if found else None) == name


def test_a_holiday_has_a_name_in_both_languages():
    name = holidays.on(date(2026, 11, 24))
    assert name is not None
    assert (name.in_language("vi"), name.in_language("en")) == (
        "Ngày Văn hóa Việt Nam",
        "Vietnam Cultural Day",
    )


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 26), True),  # a Thursday
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 11, 24), False),  # a holiday on a Tuesday
        (date(2026, 8, 31), False),  # a Monday off …
        (date(2026, 8, 22), True),  # … for this Saturday
        (date(2027, 2, 20), True),  # a Saturday worked by the operator's table
        (date(2027, 5, 3), True),  # the substitute that was taken back
        (date(2027, 2, 11), False),
    ],
)
def test_working_days_leave_out_weekends_and_holidays_but_for_swaps(day, works):
    assert holidays.is_working_day(day, OWN) is works


def test_a_holiday_is_a_closed_day_unless_the_site_says_otherwise():
    centre = hours.load()["centre"]
    assert centre.on(date(2026, 11, 24)) is None
    assert centre.on(date(2026, 11, 25)) == (time(8), time(18))
    open_then = centre.model_copy(update={"holidays": "open"})
    assert open_then.on(date(2026, 11, 24)) == (time(8), time(18))


def test_special_hours_count_before_the_week_and_before_holidays(monkeypatch):
    monkeypatch.setattr(holidays, "load", lambda: OWN)
    centre = hours.load()["centre"]
    assert centre.on(date(2027, 2, 3)) == (time(8), time(12))
    assert holidays.special("elsewhere", date(2027, 2, 3)) is None


def test_open_spans_leave_out_nights_sundays_and_holidays(house):
    site = build.a_site(slug="centre")
    # From Saturday noon over a Sunday and the Tuesday that is a holiday.
    period = Period(
        datetime(2026, 11, 21, 12, tzinfo=clock.LOCAL),
        datetime(2026, 11, 25, 9, tzinfo=clock.LOCAL),
    )
    spans = [
        tuple(f"{instant.astimezone(site.tzinfo):%d %H}" for instant in span)
        for span in hours.open_spans(site, period)
    ]
    assert spans == [("21 12", "21 18"), ("23 08", "23 18"), ("25 08", "25 09")]
    assert hours.open_spans(build.a_site(), period) == [period]


def test_the_hour_that_a_clock_change_swallows_opens_no_door():
    zone = ZoneInfo("Europe/Helsinki")
    # 03:00 to 04:00 does not exist on 31 March 2024.
    period = Period(datetime(2024, 3, 30, tzinfo=UTC), datetime(2024, 4, 2, tzinfo=UTC))
    spans = hours.spans(lambda _day: (time(3), time(4)), period, zone)
    assert [span.duration.total_seconds() for span in spans] == [3600, 3600]


def test_a_site_that_refuses_turns_a_holiday_away(house, monkeypatch):
    site = build.a_site(slug="centre")
    hall = build.a_hall(site=site)
    strict = hours.load()["centre"].model_copy(update={"outside": "refuse"})
    monkeypatch.setattr(hours, "load", lambda: {"centre": strict})
    holiday = datetime(2030, 9, 2, 9, tzinfo=clock.LOCAL)
    assert hours.refuses(hall, Period(holiday, holiday.replace(hour=10)))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("country: XX", "no country"),
        ("added:\n  - {valid_from: 2027-02-12, valid_to: 2027-02-11}", "line 2"),
        ("removed:\n  - {valid_from: 2027-02-12, valid_to: 2027-02-12}", "source"),
        ("special:\n  - {hours: 8 to 12}", "special.0.hours"),
        ("holiday: []", "Extra inputs"),
    ],
)
def test_a_wrong_table_names_file_line_and_key(tmp_path, text, wrong):
    path = tmp_path / "holidays.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(documents.BadDocument, match=r"holidays\.yml, line") as told:
        documents.read(path, Table)
    assert wrong in str(told.value)
