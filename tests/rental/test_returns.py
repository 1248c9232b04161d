"""Back at the counter: from any booking, in any state, once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, calendar, damages, handovers, journal, returns, shelves
from rental.counting import Piece
from rental.errors import BadPiece
from rental.models import Asset, AssetCondition, BookingStatus, Closure, Damage, Movement
from rental.period import Period
from rental.signals import booking_returned, damage_reported
from tests import build
from tests.rental.counter_world import END, START, confirmed, refused, scan, tagged


@pytest.fixture
def desk(house):
    return build.desk()


@pytest.fixture(autouse=True)
def _at_the_start(house):
    with clock.standing_at(START):
        yield


def asset(tag):
    return db.session.scalars(sa.select(Asset).where(Asset.tag == tag)).one()


def out(booking):
    return sum(need.out for need in shelves.needs_of([booking])[booking.id])


def given(desk, *lines, tags=(), **over):
    booking = confirmed(desk, *lines, **over)
    handovers.hand_over_pieces(booking, scan(*tags), by=desk)
    return booking


def free(resource, start=START, end=END):
    return min(s.free for s in calendar.segments([resource], Period(start, end))[resource.id])


def test_the_last_piece_returns_the_booking_and_frees_the_rest_of_its_time(desk):
    heard = []
    booking_returned.connect(heard.append, weak=False)
    cameras = tagged("CAM", 2)
    booking = given(desk, (cameras, 2), tags=["CAM-1", "CAM-2"])
    with clock.standing_at(START + timedelta(hours=1)):
        returns.return_pieces(scan("CAM-1"), by=desk)
        assert booking.status is BookingStatus.HANDED_OVER
        returns.return_pieces(scan("CAM-2"), by=desk)
        assert booking.status is BookingStatus.RETURNED
        assert free(cameras, START + timedelta(hours=1), END) == 2
    assert heard == [booking]


def test_pieces_of_several_bookings_come_back_in_one_session(desk):
    cameras, mics = tagged("CAM", 3), build.equipment(code="MIC", stock=9)
    first = given(desk, (cameras, 1), tags=["CAM-1"])
    second = given(desk, (cameras, 1), tags=["CAM-2"])
    third = confirmed(desk, (mics, 4))
    bookings.hand_over(third, by=desk)
    outcomes = returns.return_pieces(
        [*scan("CAM-2", "CAM-1"), Piece(resource="MIC", quantity=4)], by=desk
    )
    assert refused(outcomes) == []
    assert {b.status for b in (first, second, third)} == {BookingStatus.RETURNED}


def test_while_the_hall_is_in_use_the_booking_stays_open(desk):
    booking = given(desk, (build.a_hall(), 1), (tagged("CAM", 1), 1), tags=["CAM-1"])
    with clock.standing_at(START + timedelta(hours=1)):
        returns.return_pieces(scan("CAM-1"), by=desk)
        assert booking.status is BookingStatus.HANDED_OVER
    with clock.standing_at(END):
        bookings.return_(booking, by=desk)
    assert booking.status is BookingStatus.RETURNED


def test_a_broken_piece_is_exchanged_while_the_event_runs(desk):
    booking = given(desk, (build.a_hall(), 1), (tagged("CAM", 3), 1), tags=["CAM-1"])
    returns.return_pieces(scan("CAM-1", condition=AssetCondition.DAMAGED), by=desk)
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-2"), by=desk)) == []
    assert out(booking) == 1


def test_part_of_a_pool_comes_back_and_the_rest_stays_out(desk):
    booking = confirmed(desk, (build.equipment(code="MIC", stock=7), 5))
    bookings.hand_over(booking, by=desk)
    returns.return_pieces([Piece(resource="MIC", quantity=2)], by=desk)
    assert out(booking) == 3
    assert refused(returns.return_pieces([Piece(resource="MIC", quantity=4)], by=desk)) == [
        "AlreadyBack"
    ]
    returns.return_pieces([Piece(resource="MIC", quantity=3)], by=desk)
    assert booking.status is BookingStatus.RETURNED


def test_a_pool_handed_over_twice_comes_back_at_once(desk):
    booking = confirmed(desk, (build.equipment(code="MIC", stock=7), 5))
    for quantity in (2, 3):
        handovers.hand_over_pieces(booking, [Piece(resource="MIC", quantity=quantity)], by=desk)
    returns.return_pieces([Piece(resource="MIC", quantity=5)], by=desk)
    assert booking.status is BookingStatus.RETURNED


def test_what_was_only_counted_out_is_named_when_it_comes_back(desk):
    booking = confirmed(desk, (tagged("CAM", 3), 2))
    bookings.hand_over(booking, by=desk)
    outcomes = returns.return_pieces(scan("CAM-3", "CAM-1"), by=desk)
    assert refused(outcomes) == []
    assert [one.movement.asset.tag for one in outcomes] == ["CAM-3", "CAM-1"]
    assert booking.status is BookingStatus.RETURNED
    assert refused(returns.return_pieces(scan("CAM-3"), by=desk)) == ["AlreadyBack"]


def test_counted_pieces_of_two_bookings_need_the_booking_named(desk):
    cameras = tagged("CAM", 4)
    first, second = confirmed(desk, (cameras, 1)), confirmed(desk, (cameras, 1))
    for booking in (first, second):
        bookings.hand_over(booking, by=desk)
    assert refused(returns.return_pieces(scan("CAM-1"), by=desk)) == ["WhichBooking"]
    assert refused(returns.return_pieces(scan("CAM-1"), by=desk, booking=second)) == []
    assert [first.status, second.status] == [BookingStatus.HANDED_OVER, BookingStatus.RETURNED]


def test_a_piece_that_is_back_says_so_and_one_that_never_went_too(desk):
    booking = given(desk, (tagged("CAM", 2), 1), tags=["CAM-1"])
    returns.return_pieces(scan("CAM-1"), by=desk)
    back, never = returns.return_pieces(scan("CAM-1", "CAM-2"), by=desk)
    assert booking.reference in back.refusal.message
    assert refused([back, never]) == ["AlreadyBack", "AlreadyBack"]
    assert "nobody handed it over" in never.refusal.message


def test_the_same_tag_twice_in_a_batch_comes_back_once(desk):
    given(desk, (tagged("CAM", 2), 2), tags=["CAM-1", "CAM-2"])
    assert refused(returns.return_pieces(scan("CAM-1", "CAM-1"), by=desk)) == ["AlreadyBack"]


def test_a_worn_piece_is_rented_on(desk):
    given(desk, (tagged("CAM", 1), 1), tags=["CAM-1"])
    returns.return_pieces(scan("CAM-1", condition=AssetCondition.WORN, note="trầy xước"), by=desk)
    assert asset("CAM-1").condition is AssetCondition.WORN
    assert db.session.scalar(sa.select(sa.func.count(Damage.id))) == 0
    again = given(desk, (asset("CAM-1").resource, 1), tags=["CAM-1"], hours=(5, 6))
    assert again.status is BookingStatus.HANDED_OVER
    returns.return_pieces(scan("CAM-1"), by=desk)
    assert asset("CAM-1").condition is AssetCondition.WORN


@pytest.mark.parametrize("condition", [AssetCondition.DAMAGED, AssetCondition.LOST])
def test_what_is_damaged_or_lost_leaves_the_stock_until_it_is_mended(desk, condition):
    heard = []
    damage_reported.connect(heard.append, weak=False)
    cameras = tagged("CAM", 2)
    booking = given(desk, (cameras, 1), tags=["CAM-1"])
    returns.return_pieces(scan("CAM-1", condition=condition, note="vỡ ống kính"), by=desk)
    assert booking.status is BookingStatus.RETURNED  # reported lost counts as done
    (damage,) = db.session.scalars(sa.select(Damage))
    assert heard == [damage]
    assert (damage.kind.value, damage.description) == (condition.value, "vỡ ống kính")
    assert free(cameras, END + timedelta(days=3), END + timedelta(days=4)) == 1
    assert asset("CAM-1").condition is condition
    damages.mend(damage, by=desk)
    damages.mend(damage, by=desk)
    assert free(cameras, END + timedelta(days=3), END + timedelta(days=4)) == 2
    assert asset("CAM-1").condition is AssetCondition.GOOD
    assert [e.verb for e in journal.of(booking)].count("mended") == 1


def test_pieces_of_a_pool_are_lost_by_number(desk):
    mics = build.equipment(code="MIC", stock=7)
    booking = confirmed(desk, (mics, 5))
    bookings.hand_over(booking, by=desk)
    lost = Piece(resource="MIC", quantity=2, condition=AssetCondition.LOST)
    returns.return_pieces([lost, Piece(resource="MIC", quantity=3)], by=desk)
    assert booking.status is BookingStatus.RETURNED
    (closure,) = db.session.scalars(sa.select(Closure))
    assert (closure.quantity, closure.cause[:7]) == (2, "damage:")


def test_what_is_mended_is_whole(desk):
    given(desk, (tagged("CAM", 1), 1), tags=["CAM-1"])
    returns.return_pieces(scan("CAM-1", condition=AssetCondition.DAMAGED), by=desk)
    (damage,) = db.session.scalars(sa.select(Damage))
    with pytest.raises(BadPiece):
        damages.mend(damage, by=desk, condition=AssetCondition.LOST)


def test_three_hundred_assets_come_back_in_one_session(desk):
    assert len(given_300(desk)) == 3
    tags = [f"RX-{n}" for n in range(1, 301)]
    statements = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    outcomes = returns.return_pieces(scan(*tags), by=desk)
    db.session.flush()
    assert refused(outcomes) == []
    # A few statements in all, not a few for each asset.
    assert len(statements) < 60
    assert db.session.scalar(
        sa.select(sa.func.count(Movement.id)).where(Movement.returned_at.is_(None))
    ) == 0  # fmt: skip


def given_300(desk):
    receivers = tagged("RX", 300)
    made = []
    for first in (1, 101, 201):
        tags = [f"RX-{n}" for n in range(first, first + 100)]
        booking = confirmed(desk, (receivers, 100))
        assert refused(handovers.hand_over_pieces(booking, scan(*tags), by=desk)) == []
        made.append(booking)
    return made
