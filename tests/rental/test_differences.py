"""Before and after: which lines stayed, moved, grew or went, as a table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rental import differences, shifts
from rental.asking import WantedLine
from rental.differences import BookingValue, LineValue
from rental.models import EventKind, Organiser
from rental.period import Period
from rental.shifts import PlacedLine
from tests.build import TUESDAY


def at(start: float, end: float) -> Period:
    return Period(TUESDAY + timedelta(hours=start), TUESDAY + timedelta(hours=end))


def lines(*wanted: tuple[str, int, float, float]) -> tuple[LineValue, ...]:
    return tuple(LineValue(code, quantity, at(start, end)) for code, quantity, start, end in wanted)


def event(*wanted: tuple[str, int, float, float]) -> BookingValue:
    return BookingValue(
        "Họp báo", EventKind.CONFERENCE, Organiser.DOMESTIC, 40, None, lines(*wanted)
    )


MORNING, AFTERNOON = ("H100", 1, 0, 3), ("H100", 1, 6, 9)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([MORNING], [MORNING], []),
        ([MORNING], [("H100", 1, 1, 4)], [("moved",)]),
        ([MORNING], [("H100", 1, 0, 4)], [("extended",)]),
        ([MORNING], [("H100", 1, -1, 4)], [("extended",)]),  # at both ends
        ([MORNING], [("H100", 1, 1, 3)], [("shortened",)]),
        ([MORNING], [("H100", 1, 2, 6)], [("retimed",)]),  # longer, and later
        ([MORNING], [("H100", 2, 0, 3)], [("quantity",)]),
        ([MORNING], [("H100", 2, 1, 4)], [("moved", "quantity")]),
        ([MORNING], [MORNING, ("CAM", 2, 0, 3)], [("added",)]),
        ([MORNING, ("CAM", 2, 0, 3)], [MORNING], [("removed",)]),
        ([MORNING], [("H50", 1, 0, 3)], [("removed",), ("added",)]),
        # Of two lines for one hall the one that stays is not touched.
        ([MORNING, AFTERNOON], [AFTERNOON], [("removed",)]),
        ([MORNING, AFTERNOON], [AFTERNOON, MORNING], []),
        ([MORNING, MORNING], [MORNING], [("removed",)]),
        ([MORNING, AFTERNOON], [("H100", 1, 6, 10), MORNING], [("extended",)]),
    ],
)
def test_lines_are_told_apart(before, after, changes):
    difference = differences.between(event(*before), event(*after))
    assert [line.changes for line in difference.lines] == changes
    assert bool(difference) == bool(changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Tọa đàm"),
        ("event_kind", EventKind.SEMINAR),
        ("organiser", Organiser.FOREIGN),
        ("attendees", None),
        ("note", "Cần lối đi cho xe lăn"),
    ],
)
def test_what_the_event_is_has_a_before_and_an_after(field, value):
    before = event(MORNING)
    (found,) = differences.between(before, replace(before, **{field: value})).fields
    assert (found.name, found.before, found.after) == (field, getattr(before, field), value)


def test_the_journals_form_is_read_back():
    difference = differences.between(event(MORNING), event(("H100", 2, 1, 4)))
    (line,) = difference.as_json()["lines"]
    assert differences.read_line(line["before"]) == difference.lines[0].before
    assert differences.read_line(line["after"]) == difference.lines[0].after
    assert differences.read_line(None) is None


some_lines = st.lists(
    st.builds(
        lambda code, quantity, start, hours: (code, quantity, start, start + hours),
        st.sampled_from(["H100", "CAM", "MIC"]),
        st.integers(1, 3),
        st.integers(0, 8),
        st.integers(1, 4),
    ),
    max_size=6,
)


@given(some_lines, some_lines)
def test_nothing_is_lost_between_two_versions(before, after):
    old, new = lines(*before), lines(*after)
    rows = differences.side_by_side(old, new)
    key = repr
    assert sorted((r.before for r in rows if r.before), key=key) == sorted(old, key=key)
    assert sorted((r.after for r in rows if r.after), key=key) == sorted(new, key=key)
    assert not differences.between(event(*before), event(*before))


BERLIN, HCMC = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Ho_Chi_Minh")


def placed(start: str, end: str, zone: ZoneInfo = HCMC) -> PlacedLine:
    period = Period(*(datetime.fromisoformat(t).replace(tzinfo=zone) for t in (start, end)))
    return PlacedLine(WantedLine("H100", 1, period), zone)


def walls(found: list[WantedLine], zone: ZoneInfo) -> list[tuple[str, str]]:
    return [
        tuple(f"{end.astimezone(zone):%d/%m %H:%M}" for end in line.period)  # type: ignore[misc]
        for line in found
    ]


@pytest.mark.parametrize(
    ("day", "times"),
    [
        (date(2030, 4, 2), ("02/04 09:00", "02/04 12:00")),  # over the change to summer time
        (date(2030, 3, 26), ("26/03 09:00", "26/03 12:00")),  # the day it has
        (date(2029, 12, 24), ("24/12 09:00", "24/12 12:00")),
    ],
)
def test_another_day_keeps_the_wall_clock(day, times):
    line = placed("2030-03-26T09:00", "2030-03-26T12:00", BERLIN)
    assert walls(shifts.moved([line], day), BERLIN) == [times]


def test_a_time_that_summer_time_skips_moves_on_by_the_hour():
    line = placed("2030-03-24T01:30", "2030-03-24T02:30", BERLIN)
    assert walls(shifts.moved([line], date(2030, 3, 31)), BERLIN) == [
        ("31/03 01:30", "31/03 03:30")
    ]


def test_lines_keep_their_distance_in_days():
    found = shifts.moved(
        [
            placed("2030-03-05T13:00", "2030-03-06T12:00"),
            placed("2030-03-04T20:00", "2030-03-04T22:00"),  # the set-up on the eve
        ],
        date(2030, 3, 11),
    )
    assert walls(found, HCMC) == [("12/03 13:00", "13/03 12:00"), ("11/03 20:00", "11/03 22:00")]


def test_only_what_ends_with_the_event_is_extended():
    found = shifts.extended(
        [
            placed("2030-03-05T08:00", "2030-03-05T11:00"),
            placed("2030-03-05T08:00", "2030-03-05T09:00"),
        ],
        timedelta(minutes=30),
    )
    assert walls(found, HCMC) == [("05/03 08:00", "05/03 11:30"), ("05/03 08:00", "05/03 09:00")]
    assert found[0].period.starts_at.astimezone(UTC).hour == 1
