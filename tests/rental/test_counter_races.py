"""Two clerks at once, and any order of deeds: every piece that is out has one movement."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import clock
from config.database import db, transaction
from config.errors import Refusal
from rental import bookings, handovers, overdue, returns, units
from rental.counting import Piece
from rental.models import AssetCondition, Booking, BookingStatus, Closure, Movement, Resource
from tests import build
from tests.conftest import wipe
from tests.rental.counter_world import END, START, confirmed, refused, scan, tagged

pytestmark = pytest.mark.slow


def together(app, deeds):
    """Run the deeds at the same moment, each in a transaction; what each said."""
    barrier = Barrier(len(deeds))

    def one(deed):
        with app.app_context(), clock.standing_at(START):
            barrier.wait()
            with transaction():
                return refused(deed())

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(one, deeds))


def test_two_clerks_take_the_same_three_hundred_back_and_one_is_told(house):
    with transaction():
        desk = build.desk()
        booking = confirmed(desk, (tagged("CAM", 300), 300))
        tags = [f"CAM-{n}" for n in range(1, 301)]
        with clock.standing_at(START):
            handovers.hand_over_pieces(booking, scan(*tags), by=desk)
        email, number = desk.email, booking.id

    def take_back(order):
        return lambda: returns.return_pieces(scan(*order), by=units.member_by_email(email))

    answers = together(house, [take_back(tags), take_back(tags[::-1])])
    assert sorted(len(answer) for answer in answers) == [0, 300]
    assert {word for answer in answers for word in answer} == {"AlreadyBack"}
    db.session.rollback()
    assert db.session.get_one(Booking, number).status is BookingStatus.RETURNED
    assert db.session.scalar(sa.select(sa.func.count(Movement.id))) == 300


def test_two_clerks_hand_one_asset_to_two_bookings_and_one_is_told_where_it_is(house):
    with transaction():
        desk, cameras = build.desk(), tagged("CAM", 4)
        references = [confirmed(desk, (cameras, 2)).reference for _ in range(2)]
        email = desk.email

    def give(reference):
        return lambda: handovers.hand_over_pieces(
            bookings.get(reference), scan("CAM-1", "CAM-2"), by=units.member_by_email(email)
        )

    answers = together(house, [give(reference) for reference in references])
    assert sorted(answers) == [[], ["AlreadyOut", "AlreadyOut"]]


def test_a_sweep_and_a_return_meet_without_a_deadlock(house):
    with transaction():
        desk, cameras = build.desk(), tagged("CAM", 30)
        tags = [f"CAM-{n}" for n in range(1, 31)]
        for first in range(0, 30, 10):
            booking = confirmed(desk, (cameras, 10))
            with clock.standing_at(START):
                handovers.hand_over_pieces(booking, scan(*tags[first : first + 10]), by=desk)
        email = desk.email

    def late(deed):
        def at_the_end():
            with clock.standing_at(END + timedelta(hours=1)):
                return deed()

        return at_the_end

    sweeps = [late(lambda: overdue.sweep() and []) for _ in range(3)]
    back = late(lambda: returns.return_pieces(scan(*tags), by=units.member_by_email(email)))
    assert together(house, [*sweeps, back]) == [[], [], [], []]
    db.session.rollback()
    with transaction(), clock.standing_at(END + timedelta(hours=2)):
        overdue.sweep()
    assert db.session.scalars(sa.select(Closure).where(Closure.reopened_at.is_(None))).all() == []


DEEDS = st.one_of(
    st.tuples(st.just("give"), st.integers(0, 2), st.integers(1, 3)),
    st.tuples(st.just("count"), st.integers(0, 2), st.integers(1, 3)),
    st.tuples(st.just("take"), st.integers(1, 3), st.sampled_from(list(AssetCondition))),
    st.tuples(st.just("all out"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("all back"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("sweep"), st.just(0), st.just(0)),
)


@pytest.fixture
def fresh(house, database_url) -> Iterator[None]:
    """A wiped database for each example comes from the test itself."""
    yield
    wipe(database_url)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(DEEDS, min_size=2, max_size=14))
def test_whatever_is_done_never_more_is_out_than_there_is(house, deeds):
    desk, cameras = build.desk(), tagged(f"CAM{db.session.scalar(sa.func.random())}"[:20], 3)
    made = [confirmed(desk, (cameras, quantity)) for quantity in (1, 2)]
    made.append(confirmed(desk, (cameras, 3), hours=(5, 8)))
    tags = [asset.tag for asset in cameras.assets]
    try:
        for minute, deed in enumerate(deeds):
            with clock.standing_at(START + timedelta(minutes=40 * minute)):
                _do(desk, made, (cameras, tags), deed)
            _true(cameras)
    finally:
        db.session.rollback()


def _do(desk, made, gear, deed):
    (verb, where, what), (cameras, tags) = deed, gear
    with db.session.begin_nested():
        try:
            if verb == "give":
                handovers.hand_over_pieces(made[where], scan(tags[what - 1]), by=desk)
            elif verb == "count":
                piece = Piece(resource=cameras.code, quantity=what)
                handovers.hand_over_pieces(made[where], [piece], by=desk)
            elif verb == "take":
                returns.return_pieces(scan(tags[where - 1], condition=what), by=desk)
            elif verb == "all out":
                bookings.hand_over(made[where], by=desk)
            elif verb == "all back":
                bookings.return_(made[where], by=desk)
            else:
                overdue.sweep()
        except Refusal:
            pass


def _true(cameras: Resource) -> None:
    """Out ≤ stock; a named asset is out once; what is out belongs to a booking handed over."""
    db.session.flush()
    out = db.session.execute(
        sa.select(Movement.asset_id, Movement.quantity, Booking.status)
        .join(Movement.line)
        .join(Booking)
        .where(Movement.returned_at.is_(None), Movement.resource_id == cameras.id)
    ).all()
    assert sum(quantity for _, quantity, _ in out) <= cameras.stock
    named = [asset_id for asset_id, _, _ in out if asset_id is not None]
    assert len(named) == len(set(named))
    assert {status for _, _, status in out} <= {BookingStatus.HANDED_OVER}
