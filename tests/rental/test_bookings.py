"""What a unit asks for, what the desk answers, and what stays free."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from config.errors import Conflict, Invalid, NotAllowed
from rental import bookings, closures, interruptions, journal, occupancies
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.closures import NewClosure
from rental.errors import MovedOn, ResourceClosed, ResourceUnavailable, UnknownResource
from rental.models import BookingStatus, ClosureKind, EventKind, Occupancy, Part
from rental.period import Period
from rental.signals import booking_confirmed, rental_interrupted
from tests import build
from tests.build import TUESDAY


def span(start: float, end: float) -> Period:
    return Period(TUESDAY + timedelta(hours=start), TUESDAY + timedelta(hours=end))


def ask(member, *lines, **over):
    return bookings.request(
        RequestedBooking(
            **{
                "unit": member.unit,
                "title": "Họp báo thường kỳ",
                "event_kind": EventKind.CONFERENCE,
                "lines": [WantedLine(r.code, q, p) for r, q, p in lines],
                **over,
            }
        ),
        by=member,
    )


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        (0, 1, True),  # an hour of gap before
        (0, 1.25, False),  # the gap is shorter than the larger turnaround
        (4, 5, True),  # the gap reaches the larger turnaround, not the sum of both
        (3.75, 5, False),  # the turnaround is still running
    ],
)
def test_the_gap_between_bookings_reaches_the_larger_turnaround(house, start, end, accepted):
    hall = build.a_hall(turnaround_before_minutes=30, turnaround_after_minutes=60)
    member = build.a_member()
    ask(member, (hall, 1, span(2, 3)))
    if accepted:
        ask(member, (hall, 1, span(start, end)))
    else:
        with pytest.raises(ResourceUnavailable):
            ask(member, (hall, 1, span(start, end)))


def test_a_whole_and_its_parts_exclude_each_other_and_siblings_do_not(house):
    left, right = build.a_hall(code="LEFT"), build.a_hall(code="RIGHT")
    corner = build.a_hall(code="CORNER")
    both = build.a_hall(code="BOTH")
    db.session.add_all(
        [
            Part(whole=both, part=left, quantity=1),
            Part(whole=both, part=right, quantity=1),
            Part(whole=left, part=corner, quantity=1),
        ]
    )
    db.session.flush()
    member = build.a_member()
    ask(member, (corner, 1, span(0, 2)))
    ask(member, (right, 1, span(0, 2)))
    for taken in (both, left, corner, right):
        with pytest.raises(ResourceUnavailable):
            ask(member, (taken, 1, span(1, 3)))
    ask(member, (both, 1, span(2, 4)))
    with pytest.raises(ResourceUnavailable):
        ask(member, (corner, 1, span(3, 4)))


def test_two_kits_of_three_cables_need_six_cables(house):
    cable, kit = build.equipment(stock=5), build.equipment(stock=2)
    db.session.add(Part(whole=kit, part=cable, quantity=3))
    db.session.flush()
    member = build.a_member()
    with pytest.raises(ResourceUnavailable) as refusal:
        ask(member, (kit, 2, span(0, 2)))
    assert refusal.value.details["conflicts"] == [
        {
            "resource": cable.code,
            "starts_at": span(0, 2).starts_at.isoformat(),
            "ends_at": span(0, 2).ends_at.isoformat(),
            "free": 5,
            "wanted": 6,
        }
    ]
    ask(member, (kit, 1, span(0, 2)), (cable, 2, span(0, 2)))


def test_every_conflict_of_a_booking_is_named_at_once_and_nothing_is_kept(house):
    hall, cable = build.a_hall(), build.equipment(stock=2)
    member = build.a_member()
    ask(member, (hall, 1, span(0, 4)), (cable, 1, span(0, 4)))
    with pytest.raises(ResourceUnavailable) as refusal:
        ask(member, (hall, 1, span(1, 2)), (cable, 2, span(1, 2)))
    assert [c["resource"] for c in refusal.value.details["conflicts"]] == [hall.code, cable.code]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Occupancy)) == 2


@pytest.mark.parametrize(
    ("over", "wrong"),
    [
        ({"title": "  "}, Invalid),
        ({"title": "x" * 201}, Invalid),
        ({"title": "two\nlines"}, Invalid),
        ({"title": "\u200b\u2060"}, Invalid),  # nothing anybody sees
        ({"title": "H\u1ecdp \u202egnoht"}, Invalid),  # reads otherwise than it was typed
        ({"attendees": 0}, Invalid),
        ({"attendees": -5}, Invalid),
        ({"lines": []}, Invalid),
        ({"lines": [WantedLine("R-NONE", 1, span(0, 1))]}, UnknownResource),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(house, over, wrong):
    with pytest.raises(wrong):
        ask(build.a_member(), (build.a_hall(), 1, span(0, 1)), **over)


@pytest.mark.parametrize(
    ("quantity", "period"),
    [
        (0, span(0, 1)),
        (-1, span(0, 1)),
        (1, span(0, 24 * 3650)),  # ten years
        (1, span(-24 * 3650, -24 * 3649)),  # long gone
    ],
)
def test_a_line_that_makes_no_sense_is_refused(house, quantity, period):
    with pytest.raises(Invalid):
        ask(build.a_member(), (build.equipment(), quantity, period))


def test_titles_are_kept_in_one_unicode_form(house):
    booking = ask(build.a_member(), (build.a_hall(), 1, span(0, 1)), title="Họp báo")
    assert booking.title == "Họp báo"


def test_a_booking_walks_from_request_to_return_and_the_journal_says_so(house):
    hall, member, desk = build.a_hall(), build.a_member(), build.desk()
    heard = []

    def hear(booking):
        heard.append(booking)

    booking_confirmed.connect(hear)
    booking = ask(member, (hall, 1, span(0, 4)))
    assert booking.status is BookingStatus.REQUESTED
    bookings.confirm(booking, by=desk)
    bookings.hand_over(booking, by=desk)
    bookings.return_(booking, by=desk, condition="tốt")
    assert booking.status is BookingStatus.RETURNED
    assert heard == [booking]
    assert [entry.verb for entry in journal.of(booking)] == [
        "requested",
        "confirmed",
        "handed_over",
        "returned",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("confirm", "confirm"),
        ("cancel", "confirm"),
        ("decline", "cancel"),
        ("expire", "confirm"),
    ],
)
def test_a_move_is_made_once_and_only_from_where_it_leads(house, first, second):
    member, desk = build.a_member(), build.desk()
    booking = ask(member, (build.a_hall(), 1, span(0, 4)))
    moves = {
        "confirm": lambda: bookings.confirm(booking, by=desk),
        "cancel": lambda: bookings.cancel(booking, by=member),
        "decline": lambda: bookings.decline(booking, by=desk, reason="kín lịch"),
        "expire": lambda: expire(booking),
    }

    def expire(booking):
        booking.expires_at = clock.now()
        db.session.flush()
        assert bookings.expire_overdue() == [booking]

    moves[first]()
    with pytest.raises(MovedOn):
        moves[second]()


@pytest.mark.parametrize("way_out", ["decline", "cancel"])
def test_what_is_declined_or_cancelled_is_free_again(house, way_out):
    hall, member, desk = build.a_hall(), build.a_member(), build.desk()
    booking = ask(member, (hall, 1, span(0, 4)))
    if way_out == "decline":
        bookings.decline(booking, by=desk, reason="kín lịch")
    else:
        bookings.cancel(booking, by=member)
    ask(member, (hall, 1, span(0, 4)))


def test_extending_a_booking_is_checked_like_a_new_one_and_its_own_time_is_no_conflict(house):
    hall, member = build.a_hall(), build.a_member()
    booking = ask(member, (hall, 1, span(0, 2)))
    ask(member, (hall, 1, span(4, 6)))
    bookings.change(booking, Changes(lines=[WantedLine(hall.code, 1, span(1, 4))]), by=member)
    assert (booking.starts_at, booking.ends_at) == tuple(span(1, 4))
    with pytest.raises(Conflict):
        bookings.change(booking, Changes(lines=[WantedLine(hall.code, 1, span(1, 5))]), by=member)


def test_a_confirmed_booking_is_changed_by_the_staff_only(house):
    hall, member, desk = build.a_hall(), build.a_member(), build.desk()
    booking = ask(member, (hall, 1, span(0, 2)))
    bookings.confirm(booking, by=desk)
    with pytest.raises(NotAllowed):
        bookings.change(booking, Changes(title="Khác"), by=member)
    bookings.change(booking, Changes(title="Khác"), by=desk)
    assert booking.title == "Khác"


def test_a_quarantined_encoder_cannot_be_booked_confirmed_or_handed_over_until_reopened(house):
    encoder, member, desk = build.equipment(stock=1), build.a_member(), build.desk()
    soon = Period(clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2))
    promised = ask(member, (encoder, 1, soon))
    bookings.confirm(promised, by=desk)
    later = ask(member, (encoder, 1, span(0, 2)))
    closure = closures.close(
        encoder,
        NewClosure(ClosureKind.QUARANTINE, clock.now(), reason="telnet mở", cause="violation:1"),
    )
    assert closures.affected(closure) == [promised, later]
    with pytest.raises(ResourceUnavailable):
        ask(member, (encoder, 1, span(5, 6)))
    with pytest.raises(ResourceClosed, match="telnet mở"):
        bookings.confirm(later, by=desk)
    with pytest.raises(ResourceClosed, match="telnet mở"):
        bookings.hand_over(promised, by=desk)
    closures.reopen(closure)
    ask(member, (encoder, 1, span(5, 6)))
    bookings.hand_over(promised, by=desk)


def test_the_same_cause_closes_once(house):
    hall = build.a_hall()
    first = closures.close(
        hall, NewClosure(ClosureKind.QUARANTINE, clock.now(), reason="x", cause="violation:9")
    )
    again = closures.close(
        hall, NewClosure(ClosureKind.QUARANTINE, clock.now(), reason="x", cause="violation:9")
    )
    assert first is again


def test_an_interruption_tells_each_renter_what_it_lost(house):
    line_100 = build.a_circuit()
    kit = build.equipment(stock=1)
    db.session.add(Part(whole=kit, part=line_100, quantity=1))
    db.session.flush()
    member, desk = build.a_member(), build.desk()
    early = ask(member, (line_100, 1, span(0, 2)))
    in_kit = ask(member, (kit, 1, span(3, 5)))
    unconfirmed = ask(member, (line_100, 1, span(5, 6)))
    for booking in (early, in_kit):
        bookings.confirm(booking, by=desk)
    heard = []

    def hear(booking, line, period, **_):
        heard.append((booking, line.resource, period))

    rental_interrupted.connect(hear)
    interruptions.begin(line_100, cause="outage:1", at=span(1, 2).starts_at)
    interruptions.begin(line_100, cause="outage:1", at=span(1, 2).starts_at)
    interruptions.end(line_100, cause="outage:1", at=span(1, 5.5).ends_at)
    interruptions.end(line_100, cause="outage:1", at=span(1, 6).ends_at)
    assert heard == [(early, line_100, span(1, 2)), (in_kit, kit, span(3, 5))]
    assert unconfirmed not in [booking for booking, _, _ in heard]


def test_taken_claims_count_closures_and_leave_out_ones_own_booking(house):
    cables, member = build.equipment(stock=7), build.a_member()
    mine = ask(member, (cables, 2, span(0, 2)))
    closures.close(
        cables, NewClosure(ClosureKind.MAINTENANCE, span(1, 3), reason="thay đầu nối", quantity=3)
    )
    everything = occupancies.taken({cables.id: 7}, span(0, 4))[cables.id]
    assert sorted(claim.quantity for claim in everything) == [2, 3]
    others = occupancies.taken({cables.id: 7}, span(0, 4), apart_from=mine.id)[cables.id]
    assert [claim.quantity for claim in others] == [3]
