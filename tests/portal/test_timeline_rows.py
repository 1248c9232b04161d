"""The timeline's arithmetic: instants to columns, bars to lanes, and what a stranger may read."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from portal.pages.timeline_rows import Viewer, Window, closed_hours, row
from rental.availability import Segment
from rental.calendar import Entry, EntryKind
from rental.hours import OpeningHours
from rental.models import Resource, ResourceKind
from rental.period import Period

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TUESDAY = date(2030, 3, 5)
DAY = Window(TUESDAY, 1, SAIGON)
WEEK = Window(date(2030, 3, 4), 7, SAIGON)
MINE, THEIRS = 1, 2


def at(clock: str, day: int = 5) -> datetime:
    return datetime.combine(date(2030, 3, day), time.fromisoformat(clock), SAIGON).astimezone(UTC)


def a_resource(stock: int = 1) -> Resource:
    return Resource(
        id=1, code="H1", name="Hội trường", kind=ResourceKind.HALL, stock=stock,
        turnaround_before_minutes=0, turnaround_after_minutes=0,
    )  # fmt: skip


def an_entry(first: str, last: str, unit_id: int = MINE, gap: str | None = None) -> Entry:
    takes = Period(at(first), at(gap or last))
    return Entry(
        EntryKind.BOOKING, 1, at(first), at(last), takes, 1, "Họp báo", "confirmed", "BK-1", unit_id
    )


@pytest.mark.parametrize(
    ("first", "last", "place"),
    [
        ("06:00", "22:00", (0, 192)),  # the whole day that is drawn
        ("08:00", "11:30", (24, 42)),  # twelve columns an hour
        ("08:02", "08:03", (24, 1)),  # never invisible: rounded outwards
        ("05:00", "07:00", (0, 12)),  # cut where the drawing begins
        ("22:30", "23:30", None),  # wholly in the night
        ("04:00", "06:00", None),  # ends as the drawing begins
    ],
)
def test_a_span_of_a_day_becomes_columns(
    first: str, last: str, place: tuple[int, int] | None
) -> None:
    assert DAY.span(at(first), at(last)) == place


def test_a_week_cuts_the_nights_out() -> None:
    assert WEEK.span(at("08:00", 5), at("10:00", 5)) == (32 + 4, 4)
    # From Tuesday 20:00 to Wednesday 08:00: four columns of evening, four of morning.
    assert WEEK.span(at("20:00", 5), at("08:00", 6)) == (32 + 28, 8)


def test_turnaround_is_drawn_beside_the_rented_time() -> None:
    bars = row(
        a_resource(), [an_entry("08:00", "10:00", gap="10:30")], (), DAY, Viewer(MINE, False)
    ).bars
    assert [(bar.look, bar.column, bar.columns) for bar in bars] == [
        ("turnaround", 48, 6),
        ("confirmed", 24, 24),
    ]


def test_another_units_booking_is_merely_taken_but_staff_read_it() -> None:
    entry = an_entry("08:00", "10:00", unit_id=THEIRS)
    stranger = row(a_resource(), [entry], (), DAY, Viewer(MINE, False)).bars[0]
    staff = row(a_resource(), [entry], (), DAY, Viewer(MINE, True)).bars[0]
    assert (stranger.look, stranger.known) == ("taken", False)
    assert (staff.look, staff.known) == ("confirmed", True)


def test_a_whole_whose_part_is_taken_shows_it() -> None:
    free = [Segment(at("06:00"), at("08:00"), 1), Segment(at("08:00"), at("10:00"), 0)]
    bars = row(a_resource(), [], free, DAY, Viewer(MINE, False)).bars
    assert [(bar.look, bar.column, bar.columns) for bar in bars] == [("parts", 24, 24)]


def test_bars_of_a_pool_lie_beside_each_other_and_share_lanes_when_they_can() -> None:
    entries = [
        an_entry("08:00", "10:00"),
        an_entry("09:00", "12:00"),  # overlaps the first: a second lane
        an_entry("10:00", "11:00"),  # the first lane is free again
    ]
    drawn = row(a_resource(stock=5), entries, (), DAY, Viewer(MINE, False))
    assert [bar.lane for bar in drawn.bars] == [0, 1, 0]
    assert drawn.lanes == 2


def test_closed_hours_are_shaded_and_a_closed_day_wholly() -> None:
    open_day, closed = "08:00-18:00", "closed"
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    hours = OpeningHours(
        site="centre", weekdays={**dict.fromkeys(days, open_day), "sunday": closed}
    )
    assert closed_hours(hours, DAY) == [(0, 24), (144, 48)]
    assert closed_hours(hours, WEEK)[-1] == (6 * 32, 32)
