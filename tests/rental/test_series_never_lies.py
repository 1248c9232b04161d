"""Whatever is done to a series, in whatever sequence, its dates, rows and stock agree."""

from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.database import db
from config.errors import Refusal
from rental import bookings, repetition, series, series_changes, series_moves
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.models import Booking, EventKind, OnConflict, Series
from rental.period import Period
from rental.series import GONE, DateState, RequestedSeries, Terms
from rental.series_changes import Scope
from tests import build
from tests.build import TUESDAY
from tests.rental.test_never_oversold import (
    assert_nothing_is_oversold,
    assert_occupied_time_is_what_the_bookings_say,
)

RULES = (
    "FREQ=WEEKLY;COUNT=5",
    "FREQ=DAILY;COUNT=6",
    "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6",
    "FREQ=WEEKLY;COUNT=8",
    "FREQ=DAILY;INTERVAL=2;COUNT=7",
)
SCOPES = st.sampled_from(list(Scope))
PLACE, SHIFT, LENGTH = (
    st.integers(0, 20),
    st.sampled_from([-24, -3, 0, 0, 2, 24]),
    st.integers(1, 5),
)
STEP = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(RULES), st.sampled_from(list(OnConflict)), LENGTH),
    st.tuples(st.just("edit"), PLACE, SCOPES, SHIFT, LENGTH),
    st.tuples(st.just("rename"), PLACE, SCOPES),
    st.tuples(st.sampled_from(["cancel", "confirm"]), PLACE, SCOPES),
    st.tuples(st.just("extend"), PLACE, st.sampled_from(RULES)),
    st.tuples(st.just("add back"), PLACE, PLACE),
    st.tuples(st.just("wait"), st.integers(1, 9)),
)


class Room:
    """One hall and one pool, a unit with its series, and the days that pass."""

    def __init__(self) -> None:
        self.hall = build.a_hall(turnaround_after_minutes=30)
        self.pool = build.equipment(stock=3)
        self.member, self.desk = build.a_member(), build.desk()
        self.now = TUESDAY - timedelta(days=3)

    def lines(self, starts_at, length):
        period = Period(starts_at, starts_at + timedelta(hours=length))
        return [WantedLine(self.hall.code, 1, period), WantedLine(self.pool.code, 2, period)]

    def all(self):
        return list(db.session.scalars(sa.select(Booking).order_by(Booking.id)))

    def chosen(self, place):
        found = self.all()
        return found[place % len(found)]

    def do(self, step):
        deed, *rest = step
        if deed == "wait":
            self.now += timedelta(days=rest[0])
        elif deed == "create":
            rule, on_conflict, length = rest
            wanted = RequestedBooking(
                self.member.unit,
                "Giao ban",
                EventKind.CONFERENCE,
                self.lines(TUESDAY + timedelta(days=(self.now - TUESDAY).days + 4), length),
            )
            asked = RequestedSeries(wanted, rule, on_conflict=on_conflict)
            series.request(asked, by=self.member)
        elif self.all():
            getattr(self, f"_{deed.replace(' ', '_')}")(self.chosen(rest[0]), *rest[1:])

    def _edit(self, booking, scope, shift, length):
        wanted = self.lines(booking.starts_at + timedelta(hours=shift), length)
        series_changes.change(booking, Changes(lines=wanted), scope=scope, by=self.desk)

    def _rename(self, booking, scope):
        series_changes.change(booking, Changes(title="Đổi tên"), scope=scope, by=self.desk)

    def _cancel(self, booking, scope):
        series_moves.cancel(booking, scope=scope, by=self.member)

    def _confirm(self, booking, scope):
        series_moves.confirm(booking, scope=scope, by=self.desk)

    def _extend(self, booking, rule):
        series_changes.change_rule(booking.series, rule, by=self.member, terms=Terms())

    def _add_back(self, booking, place):
        gone = [d for d in series.calendar(booking.series) if d.state is not DateState.BOOKED]
        if gone:
            at = gone[place % len(gone)].starts_at
            series_changes.add_date(booking.series, at, by=self.member, terms=Terms())


def picture_of(booking):
    lines = [(x.resource_id, x.quantity, x.starts_at, x.ends_at) for x in booking.lines]
    return booking.status, booking.title, booking.starts_at, booking.ends_at, sorted(lines)


def begun(room):
    return {b.id: picture_of(b) for b in room.all() if b.starts_at <= room.now}


def removed():
    return {
        (held.id, at)
        for held in db.session.scalars(sa.select(Series))
        for at in series.read(held.removed)
    }


def assert_a_date_has_one_booking():
    for held in db.session.scalars(sa.select(Series)):
        standing = [b.series_at for b in series.live(held)]
        assert len(standing) == len(set(standing))
        out = series.read(held.removed)
        assert not out & set(standing)
        # What stands was given by the rule of its series, or by one that it had before.
        states = {d.starts_at: d.state for d in series.calendar(held) if d.booking is None}
        assert out <= states.keys() | {b.series_at for b in series.bookings_of(held)}


@pytest.mark.slow
@given(st.lists(STEP, max_size=14))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_sequence_of_edits_makes_a_series_lie(house, steps):
    room = Room()
    for step in [("create", RULES[0], OnConflict.SKIP, 2), *steps]:
        with time_machine.travel(room.now, tick=False):
            past, out = begun(room), removed()
            with suppress(Refusal), db.session.begin_nested():
                room.do(step)
            db.session.expire_all()
            if Scope.THIS not in step:
                # One date by itself is the normal service's: the staff may correct what has begun.
                assert {key: begun(room).get(key) for key in past} == past
            if step[0] not in ("add back", "edit"):
                assert out <= removed()
            assert_a_date_has_one_booking()
            assert_nothing_is_oversold()
    assert_occupied_time_is_what_the_bookings_say()
    db.session.rollback()


@given(
    st.sampled_from(RULES),
    st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["later", "longer", "renamed", "extended"]), min_size=1, max_size=4),
)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_removed_date_never_comes_back_by_itself(house, rule, places, edits):
    """Removed dates follow the series when it moves, and no edit and no extension fills them."""
    room = Room()
    wanted = RequestedBooking(
        room.member.unit, "Giao ban", EventKind.CONFERENCE, room.lines(TUESDAY, 2)
    )
    made = series.request(RequestedSeries(wanted, rule), by=room.member)
    rows = made.bookings
    for place in places[: len(rows) - 1]:
        if rows[place % len(rows)].status not in GONE:
            series_moves.cancel(rows[place % len(rows)], scope=Scope.THIS, by=room.member)
    count = len(rows)
    out, shift = series.read(made.series.removed), timedelta()
    for edit in edits:
        standing = series.live(made.series)
        if edit == "extended":
            count += 2
            longer = repetition.parts_of(made.series.rrule) | {"COUNT": str(count)}
            series_changes.change_rule(
                made.series, repetition.written(longer), by=room.member, terms=Terms()
            )
            continue
        first = standing[0]
        later = timedelta(minutes=30) if edit == "later" else timedelta()
        changes = Changes(title="Tên khác")
        if edit != "renamed":
            hours = 3 if edit == "longer" else 2
            changes = Changes(lines=room.lines(first.starts_at + later, hours))
        series_changes.change(first, changes, scope=Scope.ALL, by=room.member)
        shift += later
    held = db.session.get_one(Series, made.series.id)
    expected = {at + shift for at in out}
    assert series.read(held.removed) == expected
    assert not expected & {b.series_at for b in series.live(held)}
    assert len(series.live(held)) + len(expected) == count
    db.session.rollback()


def test_a_unit_that_cancels_one_date_by_the_normal_service_keeps_it_out(house):
    room = Room()
    room.do(("create", RULES[0], OnConflict.REFUSE, 2))
    one = room.all()[1]
    bookings.cancel(one, by=room.member)
    series_changes.change_rule(one.series, "FREQ=WEEKLY;COUNT=7", by=room.member, terms=Terms())
    assert one.series_at not in {b.series_at for b in series.live(one.series)}
