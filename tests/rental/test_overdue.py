"""Gear that should be back and is not counts as out, and somebody is told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, calendar, closures, handovers, overdue, returns
from rental.counting import Piece
from rental.models import BookingStatus, Closure, ClosureKind
from rental.period import Period
from rental.signals import booking_overdue
from tests import build
from tests.rental.counter_world import END, START, confirmed, scan, tagged

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(house):
    return build.desk()


def given(desk, *lines, tags=None, **over):
    with clock.standing_at(START):
        booking = confirmed(desk, *lines, **over)
        if tags:
            handovers.hand_over_pieces(booking, scan(*tags), by=desk)
        else:
            bookings.hand_over(booking, by=desk)
    return booking


def free(resource, start, end):
    return min(s.free for s in calendar.segments([resource], Period(start, end))[resource.id])


def swept(at):
    with clock.standing_at(at):
        return overdue.sweep()


def the_closure():
    return db.session.scalars(sa.select(Closure).execution_options(populate_existing=True)).one()


def test_what_is_not_back_counts_as_out_for_a_day_ahead(desk):
    mics = build.equipment(code="MIC", stock=5, turnaround_after_minutes=30)
    booking = given(desk, (mics, 3))
    assert swept(END - HOUR) == []
    assert swept(END + HOUR) == [booking]
    closure = the_closure()
    assert (closure.kind, closure.quantity) == (ClosureKind.OVERDUE, 3)
    # From the end of the occupancy, so that nothing is taken twice.
    assert closure.during.lower == END + timedelta(minutes=30)
    assert closure.during.upper == END + 25 * HOUR
    assert free(mics, END + 2 * HOUR, END + 24 * HOUR) == 2
    assert free(mics, END + 25 * HOUR, END + 26 * HOUR) == 5


def test_it_is_pushed_on_while_it_lasts(desk):
    given(desk, (build.equipment(code="MIC", stock=5), 3))
    swept(END + HOUR)
    swept(END + 10 * HOUR)
    assert the_closure().during.upper == END + 34 * HOUR


def test_part_that_comes_back_is_free_and_the_last_piece_ends_it(desk):
    mics = build.equipment(code="MIC", stock=5)
    booking = given(desk, (mics, 3))
    swept(END + HOUR)
    with clock.standing_at(END + 2 * HOUR):
        returns.return_pieces([Piece(resource="MIC", quantity=2)], by=desk)
        assert the_closure().quantity == 1
        assert free(mics, END + 3 * HOUR, END + 4 * HOUR) == 4
    with clock.standing_at(END + 3 * HOUR):
        returns.return_pieces([Piece(resource="MIC", quantity=1)], by=desk)
    assert booking.status is BookingStatus.RETURNED
    assert the_closure().reopened_at == END + 3 * HOUR
    assert free(mics, END + 3 * HOUR, END + 9 * HOUR) == 5
    assert swept(END + 4 * HOUR) == []


def test_everything_at_once_ends_it_too(desk):
    mics = build.equipment(code="MIC", stock=5)
    booking = given(desk, (mics, 3))
    swept(END + HOUR)
    with clock.standing_at(END + 2 * HOUR):
        bookings.return_(booking, by=desk)
    assert the_closure().reopened_at is not None
    assert free(mics, END + 2 * HOUR, END + 9 * HOUR) == 5


def test_it_is_told_once_a_day(desk):
    heard = []
    booking_overdue.connect(lambda booking: heard.append(clock.now()), weak=False)
    given(desk, (build.equipment(code="MIC", stock=5), 3))
    for minutes in (1, 2, 60, 24 * 60, 24 * 60 + 2, 49 * 60):
        swept(END + timedelta(minutes=minutes))
    assert heard == [END + timedelta(minutes=m) for m in (1, 24 * 60 + 2, 49 * 60)]


def test_only_the_pieces_that_are_late_count(desk):
    cameras, hall = tagged("CAM", 3), build.a_hall()
    given(desk, (hall, 1), (cameras, 2), tags=["CAM-1"])
    swept(END + HOUR)
    assert the_closure().quantity == 1
    assert the_closure().resource_id == cameras.id


def test_a_hall_is_never_overdue(desk):
    given(desk, (build.a_hall(), 1))
    assert swept(END + HOUR) == []
    assert db.session.scalar(sa.select(sa.func.count(Closure.id))) == 0


def test_the_next_renters_are_among_the_affected_and_only_the_endangered_are_listed(desk):
    mics = build.equipment(code="MIC", stock=5)
    with clock.standing_at(START):
        soon = confirmed(desk, (mics, 3), hours=(6, 8))
        enough = confirmed(desk, (mics, 1), hours=(10, 12))
    given(desk, (mics, 3))
    swept(END + HOUR)
    with clock.standing_at(END + HOUR):
        assert {b.id for b in closures.affected(the_closure())} >= {soon.id, enough.id}
        (late,) = overdue.late_pieces()
        assert (late.quantity, late.since) == (3, END)
        assert overdue.endangered(late) == [soon]


def test_a_lost_piece_is_not_overdue_any_more(desk):
    given(desk, (tagged("CAM", 2), 1), tags=["CAM-1"])
    swept(END + HOUR)
    with clock.standing_at(END + 2 * HOUR):
        returns.return_pieces(scan("CAM-1", condition="lost"), by=desk)
        assert overdue.late_pieces() == []
    kinds = {c.kind: c.reopened_at for c in db.session.scalars(sa.select(Closure))}
    assert kinds[ClosureKind.OVERDUE] is not None
    assert kinds[ClosureKind.MAINTENANCE] is None
