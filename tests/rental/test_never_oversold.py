"""Whatever is asked, changed and cancelled, in whatever order: nothing is ever sold twice."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.database import db
from config.errors import Refusal
from rental import bookings, catalogue
from rental.asking import Changes, WantedLine
from rental.models import HOLDING, Booking, Line, Occupancy, Part
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.rental.test_bookings import ask

STEP = st.one_of(
    st.tuples(
        st.just("request"),
        st.integers(0, 3),
        st.integers(1, 3),
        st.integers(0, 12),
        st.integers(1, 6),
    ),
    st.tuples(
        st.just("change"),
        st.integers(0, 9),
        st.integers(1, 3),
        st.integers(0, 12),
        st.integers(1, 6),
    ),
    st.tuples(st.sampled_from(["confirm", "cancel", "decline"]), st.integers(0, 9)),
)


def hours(start: int, length: int) -> Period:
    return Period(TUESDAY + timedelta(hours=start), TUESDAY + timedelta(hours=start + length))


class Desk:
    """A hall, a pool, and a kit of both, with everything that was ever asked for."""

    def __init__(self) -> None:
        self.hall = build.a_hall(turnaround_after_minutes=60)
        self.pool = build.equipment(stock=4)
        self.kit = build.equipment(stock=2)
        self.pair = build.a_hall()
        db.session.add_all(
            [
                Part(whole=self.kit, part=self.pool, quantity=2),
                Part(whole=self.pair, part=self.hall, quantity=1),
            ]
        )
        db.session.flush()
        self.resources = [self.hall, self.pool, self.kit, self.pair]
        self.member, self.staff = build.a_member(), build.desk()
        self.asked: list[Booking] = []

    def do(self, step: tuple) -> None:
        deed, which, *rest = step
        if deed == "request":
            quantity, start, length = rest
            self.asked.append(
                ask(self.member, (self.resources[which], quantity, hours(start, length)))
            )
            return
        if not self.asked:
            return
        booking = self.asked[which % len(self.asked)]
        if deed == "change":
            quantity, start, length = rest
            code = booking.lines[0].resource.code
            lines = [WantedLine(code, quantity, hours(start, length))]
            bookings.change(booking, Changes(lines=lines), by=self.staff)
        elif deed == "decline":
            bookings.decline(booking, by=self.staff, reason="kín lịch")
        else:
            getattr(bookings, deed)(booking, by=self.staff)


def assert_nothing_is_oversold() -> None:
    rows = db.session.execute(
        sa.select(Occupancy.resource_id, Occupancy.during, Occupancy.quantity)
    ).all()
    for resource_id in {row.resource_id for row in rows}:
        mine = [row for row in rows if row.resource_id == resource_id]
        stock = db.session.get_one(build.Resource, resource_id).stock
        for instant in {row.during.lower for row in mine}:
            out = sum(r.quantity for r in mine if r.during.lower <= instant < r.during.upper)
            assert out <= stock


def assert_occupied_time_is_what_the_bookings_say() -> None:
    expected = set()
    parts = catalogue.parts_of(r.id for r in db.session.scalars(sa.select(build.Resource)))
    for line in db.session.scalars(
        sa.select(Line).join(Booking).where(Booking.status.in_(HOLDING))
    ):
        for resource_id, quantity in catalogue.unfolded(
            line.resource_id, line.quantity, parts
        ).items():
            part = db.session.get_one(build.Resource, resource_id)
            gap = max(part.turnaround_minutes, line.resource.turnaround_minutes)
            until = line.ends_at + timedelta(minutes=gap)
            expected.add((line.id, resource_id, quantity, line.starts_at, until))
    found = {
        (o.line_id, o.resource_id, o.quantity, o.during.lower, o.during.upper)
        for o in db.session.scalars(sa.select(Occupancy))
    }
    assert found == expected


@pytest.mark.slow
@given(st.lists(STEP, max_size=25))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_sequence_of_deeds_oversells_and_the_rows_say_what_the_bookings_say(house, steps):
    desk = Desk()
    for step in steps:
        try:
            with db.session.begin_nested():
                desk.do(step)
        except Refusal:
            pass  # A refusal is an answer; what counts is what stands in the tables after it.
        assert_nothing_is_oversold()
    assert_occupied_time_is_what_the_bookings_say()
    db.session.rollback()
