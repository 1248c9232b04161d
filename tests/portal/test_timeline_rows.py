"""The timeline's arithmetic: instants to columns, bars to lanes, and what a stranger may read."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.pages.timeline_rows import Viewer, row
from portal.pages.timeline_window import Window, closed_hours
from rental.availability import Segment
from rental.board import Booked, Closed, Held, Listed, Lying
from rental.hours import OpeningHours
from rental.models import ResourceKind

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TUESDAY = date(2030, 3, 5)
DAY = Window(TUESDAY, 1, SAIGON)
WEEK = Window(date(2030, 3, 4), 7, SAIGON)
MINE, THEIRS = 1, 2
MEMBER = Viewer(MINE, sees_all=False, changes_own=True)
DESK = Viewer(MINE, sees_all=True, changes_own=True, changes_all=True)


def at(clock: str, day: int = 5) -> datetime:
    return datetime.combine(date(2030, 3, day), time.fromisoformat(clock), SAIGON).astimezone(UTC)


def a_resource(stock: int = 1) -> Listed:
    return Listed(
        1, "H1", "Hội trường", None, ResourceKind.HALL, None, stock, 100, None, "hcmc", "TP"
    )


def booked(first: str, last: str, unit_id: int = MINE, **over: Any) -> Booked:
    own = Booked(
        1, at(first), at(last), 1, "Họp báo", "confirmed", "BK-1", unit_id, 3, False, 7, True
    )
    return own._replace(**over)


def held(first: str, last: str, rank: int = 1, unit_id: int = MINE) -> Held:
    return Held(1, at(first), at(last), 1, "Hội thảo", "HO-1", unit_id, rank)


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
        a_resource(), Lying([booked("08:00", "10:00", before=15, after=30)]), DAY, MEMBER
    ).bars
    assert [(bar.look, bar.column, bar.columns) for bar in bars] == [
        ("turnaround", 21, 3),
        ("turnaround", 48, 6),
        ("confirmed", 24, 24),
    ]


def test_another_units_booking_is_merely_taken_but_staff_read_it() -> None:
    lies = Lying([booked("08:00", "10:00", unit_id=THEIRS)])
    stranger = row(a_resource(), lies, DAY, MEMBER).bars[0]
    staff = row(a_resource(), lies, DAY, DESK).bars[0]
    assert (stranger.look, stranger.known) == ("taken", False)
    assert (staff.look, staff.known) == ("confirmed", True)


def test_a_whole_whose_part_is_taken_shows_it() -> None:
    free = [Segment(at("06:00"), at("08:00"), 1), Segment(at("08:00"), at("10:00"), 0)]
    bars = row(a_resource(), Lying(free=free), DAY, MEMBER).bars
    assert [(bar.look, bar.column, bar.columns) for bar in bars] == [("parts", 24, 24)]


def test_bars_of_a_pool_lie_beside_each_other_and_share_lanes_when_they_can() -> None:
    lies = Lying(
        [
            booked("08:00", "10:00"),
            booked("09:00", "12:00"),  # overlaps the first: a second lane
            booked("10:00", "11:00"),  # the first lane is free again
        ]
    )
    drawn = row(a_resource(stock=5), lies, DAY, MEMBER)
    assert [bar.lane for bar in drawn.bars] == [0, 1, 0]
    assert drawn.lanes == 2


def test_a_pool_tells_how_many_bars_found_no_lane() -> None:
    lies = Lying([booked("08:00", "10:00") for _ in range(9)])
    drawn = row(a_resource(stock=20), lies, DAY, MEMBER)
    assert (len(drawn.bars), drawn.hidden) == (6, 3)


def test_a_hold_alone_is_a_bar_and_over_others_a_ribbon() -> None:
    alone = row(a_resource(), Lying(held=[held("08:00", "10:00")]), DAY, MEMBER).bars
    assert [(bar.look, bar.slim, bar.busy) for bar in alone] == [("held", False, False)]
    lies = Lying(
        [booked("09:00", "11:00")], held=[held("08:00", "10:00"), held("09:00", "10:00", 2)]
    )
    both = [bar for bar in row(a_resource(), lies, DAY, MEMBER).bars if bar.look == "held"]
    assert [(bar.slim, bar.lane) for bar in both] == [(True, 0), (True, 1)]


def test_a_reserved_date_is_busy_for_all_but_the_excepted() -> None:
    shut = Closed(1, at("08:00"), at("10:00"), None, "Kỷ niệm", "reserved", None, excepted=False)
    for closure, busy in ((shut, True), (shut._replace(excepted=True), False)):
        bar = row(a_resource(), Lying(closed=[closure]), DAY, MEMBER).bars[0]
        assert (bar.look, bar.busy) == ("reserved", busy)


@pytest.mark.parametrize(
    ("viewer", "over", "moves"),
    [
        (MEMBER, {"status": "requested"}, True),
        (MEMBER, {"status": "confirmed"}, False),  # what is confirmed the desk moves
        (MEMBER, {"status": "requested", "unit_id": THEIRS}, False),
        (DESK, {"status": "confirmed", "unit_id": THEIRS}, True),
        (DESK, {"status": "handed_over"}, False),  # it is out already
        (DESK, {"status": "confirmed", "own": False}, False),  # the trace of a whole on its part
        (Viewer(MINE, sees_all=True), {"status": "requested"}, False),  # finance looks only
    ],
)
def test_who_moves_which_bar(viewer: Viewer, over: dict[str, Any], moves: bool) -> None:  # noqa: FBT001
    assert viewer.moves(booked("08:00", "10:00")._replace(**over)) is moves


def test_closed_hours_are_shaded_and_a_closed_day_wholly() -> None:
    open_day, closed = "08:00-18:00", "closed"
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    hours = OpeningHours(
        site="centre", weekdays={**dict.fromkeys(days, open_day), "sunday": closed}
    )
    assert closed_hours(hours, DAY) == [(0, 24), (144, 48)]
    assert closed_hours(hours, WEEK)[-1] == (6 * 32, 32)
