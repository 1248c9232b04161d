"""At the counter: what goes, what may not, and what stands in for it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, calendar, closures, handovers, journal, returns, shelves
from rental.closures import NewClosure
from rental.counting import Piece
from rental.errors import BadPiece, MovedOn, NotHere, ResourceClosed
from rental.models import (
    Asset,
    AssetCondition,
    BookingStatus,
    ClosureKind,
    Movement,
    Part,
    ServiceRecord,
)
from rental.period import Period
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


def test_the_first_piece_hands_the_booking_over_and_later_ones_add_to_it(desk):
    booking = confirmed(desk, (tagged("CAM", 3), 2))
    handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)
    assert booking.status is BookingStatus.HANDED_OVER
    assert out(booking) == 1
    handovers.hand_over_pieces(booking, scan("cam-3"), by=desk)
    assert out(booking) == 2
    verbs = [entry.verb for entry in journal.of(booking)]
    assert verbs.count("handed_over") == 1
    assert verbs.count("pieces_handed_over") == 2


def test_nothing_goes_beyond_what_is_booked_and_the_others_still_go(desk):
    booking = confirmed(desk, (tagged("CAM", 3), 2))
    outcomes = handovers.hand_over_pieces(booking, scan("CAM-1", "CAM-2", "CAM-3"), by=desk)
    assert refused(outcomes) == ["NotBooked"]
    assert outcomes[2].refusal is not None
    assert out(booking) == 2


def test_what_belongs_to_nothing_booked_stays(desk):
    booking = confirmed(desk, (tagged("CAM", 1), 1))
    tagged("TRIPOD", 1)
    outcomes = handovers.hand_over_pieces(booking, scan("TRIPOD-1", "???"), by=desk)
    assert refused(outcomes) == ["NotBooked", "UnknownPiece"]
    assert booking.status is BookingStatus.CONFIRMED


def test_an_asset_that_is_out_says_where_it_is(desk):
    cameras = tagged("CAM", 2)
    first, second = confirmed(desk, (cameras, 1)), confirmed(desk, (cameras, 1))
    handovers.hand_over_pieces(first, scan("CAM-1"), by=desk)
    (told,) = handovers.hand_over_pieces(second, scan("CAM-1"), by=desk)
    assert first.reference in told.refusal.message
    assert refused([told]) == ["AlreadyOut"]


def test_the_same_tag_twice_in_one_batch_goes_once(desk):
    booking = confirmed(desk, (tagged("CAM", 2), 2))
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-1", "CAM-1"), by=desk)) == [
        "AlreadyOut"
    ]
    assert out(booking) == 1


@pytest.mark.parametrize("condition", [AssetCondition.DAMAGED, AssetCondition.LOST])
def test_a_damaged_or_lost_asset_stays(desk, condition):
    booking = confirmed(desk, (tagged("CAM", 2), 1))
    asset("CAM-1").condition = condition
    db.session.flush()
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)) == ["NotFit"]


def test_an_asset_in_service_or_barred_by_a_floor_above_stays(desk):
    cameras = tagged("CAM", 3)
    booking = confirmed(desk, (cameras, 2))
    db.session.add(ServiceRecord(resource=cameras, asset=asset("CAM-1"), kind="repair"))
    db.session.flush()
    outcomes = handovers.hand_over_pieces(
        booking, scan("CAM-1", "CAM-2"), by=desk, barred={asset("CAM-2").id: "quarantine"}
    )
    assert refused(outcomes) == ["NotFit", "NotFit"]


def test_a_closed_resource_is_not_handed_over(desk):
    cameras = tagged("CAM", 3)
    booking = confirmed(desk, (cameras, 2))
    closures.close(cameras, NewClosure(ClosureKind.MAINTENANCE, START, "Kiểm tra"))
    with pytest.raises(ResourceClosed):
        handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)


def test_pieces_of_a_pool_are_counted(desk):
    booking = confirmed(desk, (build.equipment(code="MIC", stock=7), 4))
    handovers.hand_over_pieces(booking, [Piece(resource="MIC", quantity=3)], by=desk)
    assert out(booking) == 3
    assert refused(
        handovers.hand_over_pieces(booking, [Piece(resource="MIC", quantity=2)], by=desk)
    ) == ["NotBooked"]


def test_what_the_last_renter_still_has_is_not_here(desk):
    mics = build.equipment(code="MIC", stock=5)
    late = confirmed(desk, (mics, 4), hours=(-4, -2))
    bookings.hand_over(late, by=desk)
    booking = confirmed(desk, (mics, 2))
    with pytest.raises(NotHere):
        bookings.hand_over(booking, by=desk)
    outcomes = handovers.hand_over_pieces(booking, [Piece(resource="MIC", quantity=1)], by=desk)
    assert refused(outcomes) == []


def test_everything_at_once_counts_pools_gear_and_kits_and_leaves_the_hall(desk):
    kit, cable = build.equipment(code="KIT", stock=2), build.equipment(code="CABLE", stock=9)
    db.session.add(Part(whole=kit, part=cable, quantity=3))
    db.session.flush()
    booking = confirmed(desk, (build.a_hall(), 1), (kit, 2), (tagged("CAM", 2), 1))
    bookings.hand_over(booking, by=desk)
    went = db.session.execute(sa.select(Movement.resource_id, Movement.quantity)).all()
    assert sorted(quantity for _, quantity in went) == [1, 2, 6]
    bookings.return_(booking, by=desk, condition="tốt")
    assert booking.status is BookingStatus.RETURNED
    assert out(booking) == 0
    with pytest.raises(MovedOn):
        bookings.return_(booking, by=desk)


def test_a_pool_booked_for_two_days_is_handed_over_once(desk):
    mics = build.equipment(code="MIC", stock=5)
    booking = confirmed(desk, (mics, 4))
    line = booking.lines[0]
    later = type(line)(
        resource=mics,
        quantity=4,
        starts_at=END + timedelta(days=1),
        ends_at=END + timedelta(days=2),
    )
    booking.lines.append(later)
    db.session.flush()
    bookings.hand_over(booking, by=desk)
    assert out(booking) == 5


def test_a_booking_that_nobody_confirmed_is_not_handed_over(desk):
    booking = confirmed(desk, (tagged("CAM", 1), 1))
    bookings.cancel(booking, by=desk)
    with pytest.raises(MovedOn):
        handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)


def free(resource, start=START, end=END):
    return min(s.free for s in calendar.segments([resource], Period(start, end))[resource.id])


def test_an_equal_model_stands_in_with_a_reason_and_the_stock_follows(desk):
    booked = tagged("CAM", 2, category="camera")
    other = tagged("XCAM", 2, category="camera")
    booking = confirmed(desk, (booked, 2))
    assert refused(handovers.hand_over_pieces(booking, scan("XCAM-1"), by=desk)) == ["WhyAnother"]
    assert (free(booked), free(other)) == (0, 2)
    outcomes = handovers.hand_over_pieces(booking, scan("XCAM-1", note="ống kính hỏng"), by=desk)
    assert refused(outcomes) == []
    assert (free(booked), free(other)) == (1, 1)
    assert outcomes[0].movement.instead_of_id == booked.id
    told = next(entry for entry in journal.of(booking) if entry.verb == "substituted")
    assert "ống kính hỏng" in told.details["reason"]
    returns.return_pieces(scan("XCAM-1"), by=desk)
    assert out(booking) == 0


def test_a_stand_in_that_others_booked_is_refused(desk):
    booked, other = tagged("CAM", 1, category="camera"), tagged("XCAM", 1, category="camera")
    confirmed(desk, (other, 1), hours=(2, 6))
    booking = confirmed(desk, (booked, 1))
    outcomes = handovers.hand_over_pieces(booking, scan("XCAM-1", note="hỏng"), by=desk)
    assert refused(outcomes) == ["ResourceUnavailable"]
    assert (free(booked, START, END), out(booking)) == (0, 0)


def test_a_stand_in_of_another_category_is_not_booked(desk):
    booking = confirmed(desk, (tagged("CAM", 1, category="camera"), 1))
    tagged("MIX", 1, category="sound")
    outcomes = handovers.hand_over_pieces(booking, scan("MIX-1", note="hỏng"), by=desk)
    assert refused(outcomes) == ["NotBooked"]


def test_a_stand_in_helps_where_the_booked_model_is_broken(desk):
    booked, other = tagged("CAM", 1, category="camera"), tagged("XCAM", 1, category="camera")
    booking = confirmed(desk, (booked, 1))
    closures.close(booked, NewClosure(ClosureKind.MAINTENANCE, START, "Hỏng", quantity=1))
    assert refused(handovers.hand_over_pieces(booking, scan("CAM-1"), by=desk)) == ["NotHere"]
    outcomes = handovers.hand_over_pieces(booking, scan("XCAM-1", note="CAM hỏng"), by=desk)
    assert refused(outcomes) == []
    assert free(other) == 0


@pytest.mark.parametrize(
    "piece",
    [
        Piece(),
        Piece(tag="A", resource="B"),
        Piece(tag="A", quantity=2),
        Piece(resource="B", quantity=0),
    ],
)
def test_what_is_no_piece_is_refused(desk, piece):
    booking = confirmed(desk, (tagged("CAM", 1), 1))
    with pytest.raises(BadPiece):
        handovers.hand_over_pieces(booking, [piece], by=desk)
