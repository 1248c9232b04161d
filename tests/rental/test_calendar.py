"""What a reader of the calendar sees: segments, bars and what is free."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import clock
from config.database import db
from rental import calendar, closures, hours
from rental.availability import Claim, free_segments, free_stock
from rental.calendar import Search
from rental.closures import NewClosure
from rental.errors import BadBooking
from rental.models import ClosureKind, Part, ResourceKind
from rental.period import BadPeriod, Period
from tests import build
from tests.build import TUESDAY
from tests.rental.test_bookings import ask, span


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (0, 1, False),
        (1, 2, False),  # ends as the other begins
        (1, 3, True),
        (2, 4, True),
        (3, 5, True),
        (4, 5, False),  # begins as the other ends
    ],
)
def test_periods_are_half_open(start, end, overlaps):
    assert span(start, end).overlaps(span(2, 4)) is overlaps


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (TUESDAY, TUESDAY),
        (TUESDAY, TUESDAY - timedelta(seconds=1)),
        (TUESDAY.replace(tzinfo=None), TUESDAY),
    ],
)
def test_a_period_has_an_offset_and_a_length(start, end):
    with pytest.raises(BadPeriod):
        Period(start, end)


def day(number: int):
    return TUESDAY + timedelta(days=number)


def test_a_pool_is_as_free_as_its_peak_leaves():
    # 7 in stock: 3 out on days 21-31, 2 out on 10-24, 2 out on 23 to 5 of the next month.
    taken = [
        Claim(day(21), day(32), 3),
        Claim(day(10), day(25), 2),
        Claim(day(23), day(37), 2),
    ]
    assert [(s.starts_at, s.free) for s in free_segments(7, taken, Period(day(1), day(40)))] == [
        (day(1), 7),
        (day(10), 5),
        (day(21), 2),
        (day(23), 0),
        (day(25), 2),
        (day(32), 5),
        (day(37), 7),
    ]
    assert free_stock(7, taken, Period(day(1), day(22))) == 2


CLAIMS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(1, 4)).map(
        lambda t: Claim(day(t[0]), day(t[0] + t[1]), t[2])
    ),
    max_size=12,
)


@given(CLAIMS, st.integers(0, 60), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_free_and_taken_add_up_to_the_stock_at_every_instant(taken, start, length):
    period = Period(day(start), day(start + length))
    segments = free_segments(50, taken, period)
    assert segments[0].starts_at == period.starts_at
    assert segments[-1].ends_at == period.ends_at
    for before, after in pairwise(segments):
        assert before.ends_at == after.starts_at
        assert before.free != after.free
    for segment in segments:
        for instant in (segment.starts_at, segment.ends_at - timedelta(seconds=1)):
            out = sum(c.quantity for c in taken if c.starts_at <= instant < c.ends_at)
            assert segment.free + out == 50


def test_segments_show_turnaround_on_both_sides(house):
    hall = build.a_hall(turnaround_before_minutes=60, turnaround_after_minutes=30)
    ask(build.a_member(), (hall, 1, span(4, 6)))
    seen = calendar.segments([hall], span(0, 10))[hall.id]
    assert [(s.starts_at, s.ends_at, s.free) for s in seen] == [
        (*span(0, 3), 1),
        (*span(3, 6.5), 0),
        (*span(6.5, 10), 1),
    ]


def test_a_whole_is_as_free_as_its_scarcest_part(house):
    cable, kit = build.equipment(stock=7), build.equipment(stock=3)
    db.session.add(Part(whole=kit, part=cable, quantity=3))
    db.session.flush()
    ask(build.a_member(), (cable, 2, span(2, 4)))
    seen = calendar.segments([kit], span(0, 6))[kit.id]
    assert [(s.starts_at, s.free) for s in seen] == [
        (span(0, 1).starts_at, 2),
        (span(2, 3).starts_at, 1),
        (span(4, 5).starts_at, 2),
    ]


def test_free_asks_what_a_booking_would_ask(house):
    site = build.a_site()
    small = build.a_hall(site=site, code="H50", seats=50)
    large = build.a_hall(site=site, code="H100", seats=100, turnaround_after_minutes=60)
    closed = build.a_hall(site=site, code="H200", seats=200)
    cables = build.equipment(site=site, stock=4)
    member = build.a_member()
    ask(member, (large, 1, span(4, 6)), (cables, 2, span(0, 6)))
    closures.close(closed, NewClosure(ClosureKind.MAINTENANCE, span(0, 10), reason="sơn lại"))

    def codes(**over):
        return [r.code for r, _ in calendar.free(Search(**{"period": span(2, 4), **over}))]

    assert codes(kind=ResourceKind.HALL) == ["H50"]  # H100 lacks its hour of turnaround
    assert codes(kind=ResourceKind.HALL, period=span(2, 3)) == ["H50", "H100"]
    assert codes(kind=ResourceKind.HALL, seats_min=51, period=span(2, 3)) == ["H100"]
    assert codes(kind=ResourceKind.EQUIPMENT, quantity=2) == [cables.code]
    assert codes(kind=ResourceKind.EQUIPMENT, quantity=3) == []
    assert small.code in codes(q="h5")


def test_the_calendar_shows_bookings_and_closures_as_bars(house):
    hall = build.a_hall(turnaround_after_minutes=30)
    booking = ask(build.a_member(), (hall, 1, span(1, 2)))
    closures.close(
        hall, NewClosure(ClosureKind.QUARANTINE, clock.now(), reason="lỗi", cause="violation:3")
    )
    bars = calendar.entries([hall], span(0, 8))[hall.id]
    assert [(bar.kind, bar.status, bar.reference or bar.cause) for bar in bars] == [
        ("closure", "quarantine", "violation:3"),
        ("booking", "requested", booking.reference),
    ]
    assert bars[1].takes == span(1, 2.5)


@pytest.mark.parametrize(
    ("starts", "ends", "outside"),
    [
        ("2026-12-01T08:00+07:00", "2026-12-01T18:00+07:00", False),  # the whole Tuesday
        ("2026-12-01T07:59+07:00", "2026-12-01T09:00+07:00", True),  # a minute early
        ("2026-12-01T17:00+07:00", "2026-12-01T18:01+07:00", True),  # a minute late
        ("2026-11-22T09:00+07:00", "2026-11-22T10:00+07:00", True),  # closed on Sunday
        ("2026-12-01T09:00+07:00", "2026-12-02T09:00+07:00", True),  # over night
        ("2026-12-01T01:00+00:00", "2026-12-01T02:00+00:00", False),  # 08:00 on the wall
        ("2026-11-24T09:00+07:00", "2026-11-24T10:00+07:00", True),  # Vietnam Cultural Day
    ],
)
def test_hours_are_read_on_the_sites_wall_clock(starts, ends, outside):
    period = Period(datetime.fromisoformat(starts), datetime.fromisoformat(ends))
    assert hours.is_outside(hours.load()["centre"], period, clock.LOCAL) is outside


def test_a_request_outside_the_hours_is_taken_with_a_note_or_refused_as_the_operator_says(
    house, monkeypatch
):
    site = build.a_site(slug="centre")
    hall, cable = build.a_hall(site=site), build.equipment(site=site)
    night = span(12, 14)  # 21:00 on the wall
    booking = ask(build.a_member(), (hall, 1, night), (cable, 1, night))
    assert hours.lines_outside(booking.lines) == [booking.lines[0]]
    strict = hours.load()["centre"].model_copy(update={"outside": "refuse"})
    monkeypatch.setattr(hours, "load", lambda: {"centre": strict})
    with pytest.raises(BadBooking, match="opening hours"):
        ask(build.a_member(), (hall, 1, night))
    ask(build.a_member(), (hall, 1, span(1, 2)))
