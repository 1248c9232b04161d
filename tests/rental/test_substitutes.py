"""Who lacks what a closure took, what stands in, and swapping it under every check."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from config import clock
from config.database import db, transaction
from config.errors import Conflict
from rental import bookings, closures, journal, substitutes
from rental.asking import RequestedBooking, WantedLine
from rental.closures import NewClosure
from rental.errors import BadSubstitute, ChangedMeanwhile, MovedOn
from rental.models import Booking, ClosureKind, EventKind, Member, Part, Resource
from rental.period import Period
from tests import build

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def desk(house):
    return build.desk()


def booked(desk, *lines, unit=None, attendees=None, confirms=True):
    """A booking of (resource, quantity) pairs tomorrow, at ten for four hours."""
    period = Period(build.TUESDAY, build.TUESDAY + 4 * HOUR)
    wanted = RequestedBooking(
        unit or build.a_unit(),
        "Họp báo",
        EventKind.CONFERENCE,
        [WantedLine(resource.code, quantity, period) for resource, quantity in lines],
        attendees=attendees,
    )
    booking = bookings.request(wanted, by=desk)
    if confirms:
        bookings.confirm(booking, by=desk)
    return booking


def quarantined(resource, quantity=None, **over):
    new = NewClosure(ClosureKind.QUARANTINE, clock.now(), "rule N01", "violation:1", quantity)
    return closures.close(resource, new, **over)


def codes(stranded):
    return [[other.code for other in one.others] for one in stranded]


def test_a_hall_with_enough_seats_stands_in_the_nearest_size_of_the_same_site_first(desk):
    site = build.a_site()
    hall = build.a_hall(code="A", seats=100, site=site)
    build.a_hall(code="SMALL", seats=50, site=site)
    build.a_hall(code="LARGE", seats=300, site=site)
    build.a_hall(code="CLOSE", seats=120, site=site)
    build.a_hall(code="AWAY", seats=100)
    booking = booked(desk, (hall, 1))
    assert substitutes.of_booking(booking) == []
    closure = quarantined(hall)
    [one] = substitutes.under([closure])
    assert (one.booking, one.line) == (booking, booking.lines[0])
    assert codes([one]) == [["CLOSE", "LARGE", "AWAY"]]


def test_how_many_come_counts_before_how_many_seats_there_were(desk):
    hall = build.a_hall(seats=300)
    build.a_hall(code="HUNDRED", seats=100)
    booking = booked(desk, (hall, 1), attendees=80)
    quarantined(hall)
    assert codes(substitutes.of_booking(booking)) == [["HUNDRED"]]


@pytest.mark.parametrize(
    ("over", "is_free"),
    [
        ({"category": "video", "stock": 5}, True),
        ({"category": "video", "stock": 1}, False),  # two are needed
        ({"category": "sound", "stock": 5}, False),
        ({"category": "video", "stock": 5, "is_retired": True}, False),
    ],
)
def test_equipment_of_the_same_category_stands_in_where_enough_is_left(desk, over, is_free):
    cameras = build.equipment(stock=2, category="video")
    build.equipment(code="OTHER", **over)
    booking = booked(desk, (cameras, 2))
    quarantined(cameras, 1)
    assert codes(substitutes.of_booking(booking)) == [["OTHER"] if is_free else []]


def test_a_line_as_fast_stands_in(desk):
    line = build.a_circuit(mbps=100)
    build.a_circuit(code="SLOW", mbps=50)
    build.a_circuit(code="FAST", mbps=200)
    booking = booked(desk, (line, 1))
    quarantined(line)
    assert codes(substitutes.of_booking(booking)) == [["FAST"]]


def test_what_is_booked_kept_for_others_or_closed_itself_does_not_stand_in(desk):
    hall = build.a_hall()
    taken, kept, shut = (build.a_hall(code=code) for code in ("TAKEN", "KEPT", "SHUT"))
    booking = booked(desk, (hall, 1))
    booked(desk, (taken, 1))
    span = Period(build.TUESDAY, build.TUESDAY + HOUR)
    closures.reserve(kept, span, "Quốc khánh", [build.a_unit()], by=desk)
    closures.close(shut, NewClosure(ClosureKind.MAINTENANCE, span, "sơn lại"))
    quarantined(hall)
    assert codes(substitutes.of_booking(booking)) == [[]]


def test_of_a_pool_only_who_comes_too_late_lacks_something(desk):
    pool = build.equipment(stock=5, category="video")
    fits = booked(desk, (pool, 2))
    also = booked(desk, (pool, 2))
    closure = quarantined(pool, 1)
    assert substitutes.under([closure]) == []
    booked(desk, (build.equipment(stock=9, category="video"), 1))
    other = quarantined_more(pool)
    assert {one.booking for one in substitutes.under([other])} == {fits, also}


def quarantined_more(pool):
    new = NewClosure(ClosureKind.MAINTENANCE, clock.now(), "sửa", None, 2)
    return closures.close(pool, new)


def test_what_has_begun_lacks_nothing(desk):
    hall = build.a_hall()
    booking = booked(desk, (hall, 1))
    closure = quarantined(hall)
    with clock.standing_at(build.TUESDAY + HOUR):
        assert substitutes.under([closure]) == []
        assert substitutes.of_booking(booking) == []


def test_a_booking_of_the_whole_lacks_its_part(desk):
    whole, half = build.a_hall(seats=200), build.a_hall(seats=100)
    db.session.add(Part(whole=whole, part=half, quantity=1))
    build.a_hall(code="BIG", seats=250)
    booking = booked(desk, (whole, 1))
    [one] = substitutes.under([quarantined(half)])
    assert (one.booking, codes([one])) == (booking, [["BIG"]])


def test_a_swap_is_a_change_under_all_checks_and_stands_in_the_journal(desk):
    hall, other = build.a_hall(), build.a_hall(code="INSTEAD")
    gear = build.equipment()
    booking = booked(desk, (hall, 1), (gear, 2))
    kept = booking.lines[1].id
    quarantined(hall)
    line = booking.lines[0]
    substitutes.swap(booking, {line.id: other}, by=desk, seen=booking.revision)
    assert [each.resource.code for each in booking.lines] == ["INSTEAD", gear.code]
    assert booking.lines[1].id == kept
    assert booking.revision == 2
    assert journal.of(booking)[-1].verb == "changed"
    assert substitutes.of_booking(booking) == []
    with pytest.raises(BadSubstitute):
        substitutes.swap(booking, {line.id: other}, by=desk)  # pressed twice


def test_two_lines_are_swapped_together(desk):
    one, two = build.a_hall(), build.a_circuit()
    free_hall, free_line = build.a_hall(), build.a_circuit()
    booking = booked(desk, (one, 1), (two, 1))
    quarantined(one)
    quarantined(two)
    chosen = {booking.lines[0].id: free_hall, booking.lines[1].id: free_line}
    substitutes.swap(booking, chosen, by=desk)
    assert [each.resource for each in booking.lines] == [free_hall, free_line]


def test_a_swap_of_what_was_seen_before_a_colleague_changed_it_is_refused(desk):
    hall, other = build.a_hall(), build.a_hall()
    booking = booked(desk, (hall, 1))
    quarantined(hall)
    bookings.change(booking, bookings.Changes(title="Khai mạc"), by=desk)
    with pytest.raises(ChangedMeanwhile):
        substitutes.swap(booking, {booking.lines[0].id: other}, by=desk, seen=1)


def test_what_is_no_equal_or_of_another_booking_is_refused(desk):
    hall = build.a_hall(seats=100)
    small, fine = build.a_hall(seats=10), build.a_hall(seats=100)
    booking, strange = booked(desk, (hall, 1)), booked(desk, (build.equipment(), 1))
    quarantined(hall)
    for chosen in (
        {booking.lines[0].id: small},
        {strange.lines[0].id: fine},
        {999_999: fine},
        {},
    ):
        with pytest.raises(BadSubstitute):
            substitutes.swap(booking, chosen, by=desk)


def test_what_was_handed_over_is_not_swapped_here(desk):
    hall, other = build.a_hall(), build.a_hall()
    booking = booked(desk, (hall, 1))
    bookings.hand_over(booking, by=desk)
    quarantined(hall)
    with pytest.raises(MovedOn):
        substitutes.swap(booking, {booking.lines[0].id: other}, by=desk)


def swapped_at_once(house, pairs, other, desk):
    """How two colleagues fare who swap at the same moment: the names of their refusals, if any."""
    wanted = [(booking.id, booking.lines[0].id, booking.revision) for booking in pairs]
    other_id, desk_id = other.id, desk.id
    db.session.commit()

    def swap(one):
        booking_id, line_id, seen = one
        try:
            with house.app_context(), transaction():
                booking = db.session.get_one(Booking, booking_id)
                chosen = {line_id: db.session.get_one(Resource, other_id)}
                by = db.session.get_one(Member, desk_id)
                substitutes.swap(booking, chosen, by=by, seen=seen)
        except Conflict as refusal:
            return type(refusal).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(swap, wanted), key=lambda word: word != "done")


def test_two_who_swap_the_same_line_at_once_do_it_once(house, desk):
    hall, other = build.a_hall(), build.a_hall()
    booking = booked(desk, (hall, 1))
    quarantined(hall)
    first, second = swapped_at_once(house, [booking, booking], other, desk)
    assert first == "done"
    assert second in ("ChangedMeanwhile", "BadSubstitute")


def test_the_last_free_hall_stands_in_for_one_of_two(house, desk):
    one, two, other = build.a_hall(), build.a_hall(), build.a_hall()
    pairs = [booked(desk, (one, 1)), booked(desk, (two, 1))]
    quarantined(one)
    quarantined(two)
    first, second = swapped_at_once(house, pairs, other, desk)
    assert first == "done"
    assert second in ("ResourceUnavailable", "BadSubstitute")
