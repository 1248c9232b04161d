"""Changing what is booked: every kind of change, its conflicts, its trace, and two at once."""

from datetime import timedelta

import pytest

from config.database import db, transaction
from rental import bookings, journal, units
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.errors import ChangedMeanwhile, MovedOn, NotYourMove, ResourceUnavailable
from rental.models import EventKind, Organiser
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.rental.test_races import deadlocks, race


def span(start: float, end: float) -> Period:
    return Period(TUESDAY + timedelta(hours=start), TUESDAY + timedelta(hours=end))


def asked(member, *lines, **over):
    wanted = RequestedBooking(
        **{
            "unit": member.unit,
            "title": "Họp báo",
            "event_kind": EventKind.CONFERENCE,
            "lines": [WantedLine(*line) for line in lines],
            **over,
        }
    )
    return bookings.request(wanted, by=member)


@pytest.fixture
def member(house):
    build.a_hall(code="H100", turnaround_after_minutes=30)
    build.equipment(code="CAM", stock=4)
    return build.a_member()


@pytest.fixture
def ours(member):
    return asked(member, ("H100", 1, span(0, 3)), ("CAM", 2, span(0, 3)))


@pytest.mark.parametrize(
    ("lines", "free"),
    [
        ([("H100", 1, span(0, 3.5)), ("CAM", 2, span(0, 3))], True),  # the gap is just left
        ([("H100", 1, span(0, 3.75)), ("CAM", 2, span(0, 3))], False),  # extended into it
        ([("H100", 1, span(5, 8)), ("CAM", 2, span(0, 3))], False),  # moved onto the neighbour
        ([("H100", 1, span(-3, 0)), ("CAM", 2, span(0, 3))], True),  # moved before it
        ([("H100", 1, span(1, 2)), ("CAM", 2, span(0, 3))], True),  # shortened
        ([("H100", 1, span(0, 3)), ("CAM", 4, span(0, 3))], True),  # all there are
        ([("H100", 1, span(0, 3)), ("CAM", 4, span(3, 5))], False),  # one is out then
        ([("H100", 1, span(0, 3)), ("CAM", 5, span(0, 3))], False),  # more than there are
        ([("H100", 1, span(0, 3)), ("H100", 1, span(1, 2)), ("CAM", 2, span(0, 3))], False),
        ([("CAM", 2, span(0, 3))], True),  # one line fewer
    ],
)
def test_a_change_is_held_against_what_others_have(member, ours, lines, free):
    neighbour = build.a_member()
    asked(neighbour, ("H100", 1, span(4, 6)), ("CAM", 1, span(4, 6)))
    changes = Changes(lines=[WantedLine(*line) for line in lines])
    if not free:
        before = [(line.resource.code, line.quantity, line.ends_at) for line in ours.lines]
        with pytest.raises(ResourceUnavailable):
            bookings.change(ours, changes, by=member)
        db.session.refresh(ours)
        assert before == [(line.resource.code, line.quantity, line.ends_at) for line in ours.lines]
        return
    bookings.change(ours, changes, by=member)
    assert [(line.resource.code, line.quantity) for line in ours.lines] == [
        (code, quantity) for code, quantity, _period in lines
    ]


def test_the_journal_keeps_before_and_after(member, ours):
    changes = Changes(
        title="Tọa đàm",
        event_kind=EventKind.SEMINAR,
        organiser=Organiser.FOREIGN,
        attendees=30,
        note="Cần phiên dịch",
        lines=[WantedLine("H100", 1, span(0, 4)), WantedLine("CAM", 3, span(0, 3))],
    )
    bookings.change(ours, changes, by=member)
    details = journal.of(ours)[-1].details
    assert {field["name"]: (field["before"], field["after"]) for field in details["fields"]} == {
        "title": ("Họp báo", "Tọa đàm"),
        "event_kind": ("conference", "seminar"),
        "organiser": ("domestic", "foreign"),
        "attendees": (None, 30),
        "note": (None, "Cần phiên dịch"),
    }
    assert [line["changes"] for line in details["lines"]] == [["extended"], ["quantity"]]
    assert ours.revision == 1


@pytest.mark.parametrize(
    "changes",
    [Changes(), Changes(title="Họp báo"), Changes(lines=[])],
    ids=["nothing", "the title it has", "the lines it has"],
)
def test_a_change_that_changes_nothing_leaves_no_trace(member, ours, changes):
    if changes.lines is not None:
        lines = [WantedLine("H100", 1, span(0, 3)), WantedLine("CAM", 2, span(0, 3))]
        changes = Changes(lines=lines)
    bookings.change(ours, changes, by=member)
    assert ours.revision == 0
    assert [entry.verb for entry in journal.of(ours)] == ["requested"]


def test_attendees_and_note_can_be_taken_away(member, ours):
    bookings.change(ours, Changes(attendees=20, note="x"), by=member)
    bookings.change(ours, Changes(forgets_attendees=True, note=" "), by=member)
    assert (ours.attendees, ours.note) == (None, None)


def test_a_line_that_stays_keeps_its_row_when_its_twin_goes(member):
    booking = asked(member, ("H100", 1, span(0, 2)), ("H100", 1, span(6, 8)))
    afternoon = booking.lines[1].id
    bookings.change(booking, Changes(lines=[WantedLine("H100", 1, span(6, 8))]), by=member)
    assert [line.id for line in booking.lines] == [afternoon]


def test_what_changed_since_it_was_looked_at_is_not_overwritten(member, ours):
    seen = ours.revision
    bookings.change(ours, Changes(title="Của đồng nghiệp", seen=seen), by=build.desk())
    with pytest.raises(ChangedMeanwhile):
        bookings.change(ours, Changes(title="Của tôi", seen=seen), by=member)
    assert ours.title == "Của đồng nghiệp"
    bookings.change(ours, Changes(title="Của tôi", seen=ours.revision), by=member)


def test_a_confirmation_counts_as_a_change_too(member, ours):
    desk, seen = build.desk(), ours.revision
    bookings.confirm(ours, by=desk)
    with pytest.raises(NotYourMove):
        bookings.change(ours, Changes(title="Khác", seen=seen), by=member)
    with pytest.raises(ChangedMeanwhile):
        bookings.change(ours, Changes(title="Khác", seen=seen), by=desk)


def test_what_is_over_is_not_changed(member, ours):
    bookings.cancel(ours, by=member)
    with pytest.raises(MovedOn):
        bookings.change(ours, Changes(title="Khác"), by=build.desk())


@pytest.mark.slow
def test_of_many_who_edit_one_version_one_wins(house):
    with transaction():
        build.a_hall(code="H100")
        member = build.a_member()
        booking = asked(member, ("H100", 1, span(0, 3)))
        reference, email = booking.reference, member.email
    before = deadlocks()

    def deed(number):
        changes = Changes(
            title=f"Phiên bản {number}",
            lines=[WantedLine("H100", 1, span(0, 3 + number / 4))],
            seen=0,
        )
        bookings.change(bookings.get(reference), changes, by=units.member_by_email(email))

    said = race(house, deed, clients=12, refusals=(ChangedMeanwhile,))
    assert sorted(said) == ["ChangedMeanwhile"] * 11 + ["done"]
    db.session.rollback()
    booking = bookings.get(reference)
    assert booking.revision == 1
    assert deadlocks() == before
