"""Clearances: which law asks what by when, and what stops a confirmation."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from config import clock
from config.database import db
from rental import attachments, bookings, clearance_needs, clearance_rules, clearances
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.attachments import Upload
from rental.clearance_rules import ClearanceRule, Event, Lead
from rental.clearances import Answer
from rental.errors import (
    BadClearance,
    ClearanceLate,
    ClearanceMissing,
    ClearanceRefused,
    ClearanceUnanswered,
    MovedOn,
    UnknownClearance,
)
from rental.models import (
    Attachment,
    BookingStatus,
    Clearance,
    ClearanceStatus,
    EventKind,
    JournalEntry,
    Organiser,
)
from rental.period import Period
from tests import build, files

PRESS, SEMINAR = EventKind.PRESS_CONFERENCE, EventKind.SEMINAR
DOMESTIC, FOREIGN = Organiser.DOMESTIC, Organiser.FOREIGN
HCMC = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("kind", "organiser", "day", "codes"),
    [
        (PRESS, DOMESTIC, date(2026, 6, 30), ["press-conference-2016"]),  # the last day of the old
        (PRESS, DOMESTIC, date(2026, 7, 1), ["press-conference-2026"]),  # the first of the new
        (PRESS, FOREIGN, date(2026, 6, 30), ["press-conference-foreign-2016"]),
        (PRESS, FOREIGN, date(2026, 7, 1), ["press-conference-foreign-2026"]),
        (PRESS, DOMESTIC, date(2016, 12, 31), []),  # before any rule we know
        (SEMINAR, DOMESTIC, date(2026, 7, 1), []),  # no notice for other events
        (SEMINAR, FOREIGN, date(2026, 7, 1), []),
    ],
)
def test_the_law_of_the_day_says_what_is_due(kind, organiser, day, codes):
    rules = clearance_rules.load()
    assert [r.code for r in clearance_rules.due(rules, Event(kind, organiser, day))] == codes


def at(text, zone=HCMC):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("code", "starts_at", "deadline"),
    [
        ("press-conference-2016", "2026-06-30T09:00", "2026-06-29T09:00"),
        ("press-conference-2026", "2026-07-01T09:00", "2026-06-30T09:00"),
        ("press-conference-2026", "2026-12-07T00:15", "2026-12-06T00:15"),  # a Sunday counts
        ("press-conference-foreign-2026", "2026-07-01T09:00", "2026-06-30T09:00"),
        # Two working days: Tuesday 30 June back over Monday 29 to Friday 26.
        ("press-conference-foreign-2016", "2026-06-30T09:00", "2026-06-26T09:00"),
        ("press-conference-foreign-2016", "2026-06-11T14:30", "2026-06-09T14:30"),  # a Thursday
        ("press-conference-foreign-2016", "2026-06-28T09:00", "2026-06-25T09:00"),  # a Sunday
        # Lunar New Year 2026: 16 to 20 February are off, the 14th and 15th a weekend.
        ("press-conference-foreign-2016", "2026-02-23T09:00", "2026-02-12T09:00"),
        ("press-conference-foreign-2016", "2026-02-24T09:00", "2026-02-13T09:00"),
        # 30 April and 1 May are off, 2 and 3 May a weekend.
        ("press-conference-foreign-2016", "2026-05-05T09:00", "2026-04-29T09:00"),
    ],
)
def test_the_deadline_by_hours_and_by_working_days(code, starts_at, deadline):
    rule = clearance_rules.find(code)
    found = clearance_rules.deadline(rule, at(starts_at).astimezone(UTC), HCMC)
    assert found == at(deadline)
    assert found.tzinfo is UTC


def test_hours_are_hours_also_when_the_clocks_change():
    rule = clearance_rules.find("press-conference-2026")
    berlin = ZoneInfo("Europe/Berlin")
    starts_at = at("2027-03-28T10:00", berlin).astimezone(UTC)
    assert starts_at - clearance_rules.deadline(rule, starts_at, berlin) == timedelta(hours=24)


def test_working_days_keep_the_wall_clock_when_the_clocks_change():
    rule = clearance_rules.find("press-conference-foreign-2016")
    berlin = ZoneInfo("Europe/Berlin")
    starts_at = at("2027-03-29T10:00", berlin).astimezone(UTC)
    found = clearance_rules.deadline(rule, starts_at, berlin).astimezone(berlin)
    assert (found.hour, found.date()) == (10, date(2027, 3, 25))


@pytest.mark.parametrize("lead", [{}, {"hours": 24, "working_days": 2}, {"hours": 0}])
def test_a_lead_is_hours_or_working_days(lead):
    with pytest.raises(ValidationError):
        Lead(**lead)


@pytest.fixture
def scene(house):
    """A hall at the Centre, a unit's member, the desk, and a press conference in ten days."""
    hall = build.a_hall(code="H1", site=build.a_site(zone="Asia/Ho_Chi_Minh"))
    return Scene(build.a_member(), build.desk(), hall)


class Scene:
    def __init__(self, member, desk, hall):
        self.member, self.desk, self.hall = member, desk, hall
        self.starts_at = (clock.now() + timedelta(days=10)).replace(hour=2, minute=0, second=0)

    def booking(self, kind=PRESS, organiser=DOMESTIC):
        period = Period(self.starts_at, self.starts_at + timedelta(hours=3))
        lines = [WantedLine("H1", 1, period)]
        wanted = RequestedBooking(self.member.unit, "Họp báo", kind, lines, organiser)
        return bookings.request(wanted, by=self.member)

    def paper(self, booking, words="thông báo"):
        return attachments.add(booking, Upload("a.pdf", files.pdf(words)), by=self.member)

    def lodged(self, booking, lodged_at=None):
        (clearance,) = clearances.of(booking)
        clearances.lodge(
            clearance,
            self.paper(booking),
            lodged_at=lodged_at or clock.now(),
            by=self.member,
        )
        return clearance


def verbs(booking):
    found = db.session.query(JournalEntry).filter_by(subject="booking", subject_id=booking.id)
    return [entry.verb for entry in found.order_by(JournalEntry.id)]


def test_a_request_notes_what_the_event_needs(scene):
    booking = scene.booking()
    (clearance,) = clearances.of(booking)
    assert clearance.rule == "press-conference-2026"
    assert clearance.status is ClearanceStatus.NEEDED
    assert clearance.deadline == scene.starts_at - timedelta(hours=24)
    assert clearances.of(scene_at(scene, 20).booking(SEMINAR)) == []


def scene_at(scene, days):
    other = Scene(scene.member, scene.desk, scene.hall)
    other.starts_at = scene.starts_at + timedelta(days=days)
    return other


def test_without_its_notice_it_is_not_confirmed_and_the_refusal_says_where_and_when(scene):
    booking = scene.booking()
    with pytest.raises(ClearanceMissing) as refused:
        bookings.confirm(booking, by=scene.desk)
    deadline = (scene.starts_at - timedelta(hours=24)).astimezone(HCMC)
    assert f"{deadline:%H:%M %d/%m/%Y}" in refused.value.message
    assert "People's Committee of Ho Chi Minh City" in refused.value.message
    assert "upload it" in refused.value.message


def test_with_its_notice_lodged_in_time_it_is_confirmed(scene):
    booking = scene.booking()
    scene.lodged(booking)
    bookings.confirm(booking, by=scene.desk)
    assert booking.status is BookingStatus.CONFIRMED
    assert verbs(booking)[-3:] == ["file_added", "clearance_lodged", "confirmed"]


def test_a_notice_lodged_at_the_very_deadline_is_in_time_and_one_after_it_is_not(scene):
    booking = scene.booking()
    deadline = scene.starts_at - timedelta(hours=24)
    with clock.standing_at(deadline + timedelta(hours=1)):
        clearance = scene.lodged(booking, deadline)
        assert clearance_needs.lacks(booking, clearance) is None
        scene.lodged(booking, deadline + timedelta(seconds=1))
        with pytest.raises(ClearanceLate):
            bookings.confirm(booking, by=scene.desk)


def test_the_desk_lets_a_late_one_pass_only_with_a_reason(scene):
    booking = scene.booking()
    with clock.standing_at(scene.starts_at - timedelta(hours=20)):
        clearance = scene.lodged(booking)
        with pytest.raises(BadClearance):
            clearances.accept(clearance, Answer("  "), by=scene.desk)
        clearances.accept(clearance, Answer("Sở đồng ý qua điện thoại"), by=scene.desk)
        bookings.confirm(booking, by=scene.desk)
    assert booking.status is BookingStatus.CONFIRMED


def test_what_the_authority_refused_is_not_confirmed(scene):
    booking = scene.booking()
    clearance = scene.lodged(booking)
    with pytest.raises(BadClearance):
        clearances.refuse(clearance, Answer(""), by=scene.desk)
    clearances.refuse(clearance, Answer("Nội dung chưa rõ"), by=scene.desk)
    with pytest.raises(ClearanceRefused, match="Nội dung chưa rõ"):
        bookings.confirm(booking, by=scene.desk)
    with pytest.raises(MovedOn):  # and the unit cannot lodge over it
        scene.lodged(booking)


def test_an_exempt_organiser_is_recorded_with_the_reason(scene):
    booking = scene.booking()
    (clearance,) = clearances.of(booking)
    with pytest.raises(BadClearance):
        clearances.exempt(clearance, " ", by=scene.member)
    clearances.exempt(clearance, "Người phát ngôn của Ủy ban", by=scene.member)
    assert (clearance.member_id, clearance.reason) == (
        scene.member.id,
        "Người phát ngôn của Ủy ban",
    )
    bookings.confirm(booking, by=scene.desk)


def test_the_rule_for_foreign_organisers_exempts_nobody(scene):
    booking = scene.booking(organiser=FOREIGN)
    (clearance,) = clearances.of(booking)
    with pytest.raises(BadClearance):
        clearances.exempt(clearance, "Người phát ngôn", by=scene.member)


def test_the_desk_demands_the_notice_after_all(scene):
    booking = scene.booking()
    (clearance,) = clearances.of(booking)
    clearances.exempt(clearance, "Người phát ngôn", by=scene.member)
    clearances.demand(clearance, "Người chủ trì không phải người phát ngôn", by=scene.desk)
    with pytest.raises(ClearanceMissing):
        bookings.confirm(booking, by=scene.desk)


def test_where_silence_is_no_yes_the_answer_is_awaited(scene, monkeypatch):
    strict = clearance_rules.find("press-conference-2026").model_copy(
        update={"silence_proceeds": False}
    )
    monkeypatch.setattr(clearance_rules, "load", lambda: (strict,))
    booking = scene.booking()
    clearance = scene.lodged(booking)
    with pytest.raises(ClearanceUnanswered):
        bookings.confirm(booking, by=scene.desk)
    clearances.accept(clearance, Answer(paper=scene.paper(booking, "đồng ý")), by=scene.desk)
    bookings.confirm(booking, by=scene.desk)


def test_a_moved_event_needs_its_notice_anew(scene):
    booking = scene.booking()
    clearance = scene.lodged(booking)
    period = Period(
        scene.starts_at + timedelta(days=1), scene.starts_at + timedelta(days=1, hours=3)
    )
    bookings.change(booking, Changes(lines=[WantedLine("H1", 1, period)]), by=scene.member)
    (renewed,) = clearances.of(booking)
    assert renewed.id == clearance.id
    assert renewed.deadline == scene.starts_at
    assert (renewed.status, renewed.lodged_at) == (ClearanceStatus.NEEDED, None)
    assert clearances.papers([renewed])[renewed.id]  # the old paper is still to be seen
    scene.lodged(booking)
    bookings.confirm(booking, by=scene.desk)


def test_a_new_title_leaves_the_notice_alone_and_an_exemption_survives_a_move(scene):
    booking = scene.booking()
    clearance = scene.lodged(booking)
    bookings.change(booking, Changes(title="Họp báo khác"), by=scene.member)
    assert clearance.status is ClearanceStatus.LODGED
    other = scene_at(scene, 2).booking()
    (exempted,) = clearances.of(other)
    clearances.exempt(exempted, "Người phát ngôn", by=scene.member)
    period = Period(scene.starts_at + timedelta(days=5), scene.starts_at + timedelta(days=6))
    bookings.change(other, Changes(lines=[WantedLine("H1", 1, period)]), by=scene.member)
    assert exempted.status is ClearanceStatus.EXEMPT


def test_another_organiser_or_kind_needs_another_clearance_or_none(scene):
    booking = scene.booking()
    scene.lodged(booking)
    bookings.change(booking, Changes(organiser=FOREIGN), by=scene.member)
    assert [c.rule for c in clearances.of(booking)] == ["press-conference-foreign-2026"]
    assert db.session.query(Attachment).count() == 1  # the paper stays with the booking
    bookings.change(booking, Changes(event_kind=SEMINAR), by=scene.member)
    assert db.session.query(Clearance).count() == 0
    bookings.confirm(booking, by=scene.desk)


def test_a_booking_from_before_clearances_is_asked_at_its_confirmation(scene):
    booking = scene.booking()
    db.session.query(Clearance).delete()
    with pytest.raises(ClearanceMissing):
        bookings.confirm(booking, by=scene.desk)


def test_a_notice_is_lodged_now_or_before_and_by_a_file_of_the_same_booking(scene):
    booking, other = scene.booking(), scene_at(scene, 3).booking()
    (clearance,) = clearances.of(booking)
    with pytest.raises(BadClearance):
        scene.lodged(booking, clock.now() + timedelta(hours=1))
    with pytest.raises(BadClearance):
        clearances.lodge(clearance, scene.paper(other), lodged_at=clock.now(), by=scene.member)
    with pytest.raises(UnknownClearance):
        clearances.get(other, clearance.id)


def test_nothing_is_lodged_for_what_is_cancelled(scene):
    booking = scene.booking()
    bookings.cancel(booking, by=scene.member)
    with pytest.raises(MovedOn):
        clearances.exempt(clearances.of(booking)[0], "Người phát ngôn", by=scene.member)


def test_the_list_has_the_soonest_deadline_first_and_only_what_is_open(scene):
    late, soon, done = (scene_at(scene, days).booking() for days in (4, 1, 2))
    scene.lodged(late)
    (answered,) = clearances.of(done)
    clearances.accept(answered, Answer("Đồng ý"), by=scene.desk)
    gone = scene_at(scene, 3).booking()
    bookings.decline(gone, by=scene.desk)
    assert [c.booking_id for c in clearances.open_ones()] == [soon.id, late.id]


def test_a_unit_is_reminded_once_of_each_deadline(scene):
    booking = scene.booking()
    (clearance,) = clearances.of(booking)
    two_days = timedelta(hours=48)
    assert clearances.to_remind(two_days) == []
    with clock.standing_at(clearance.deadline - timedelta(hours=47)):
        assert clearances.to_remind(two_days) == [clearance]
        clearances.note_reminded(clearance)
        db.session.flush()
        assert clearances.to_remind(two_days) == []
    with clock.standing_at(clearance.deadline - timedelta(hours=1)):
        assert clearances.to_remind(two_days) == []


def test_a_rule_says_what_it_must():
    rule = clearance_rules.find("press-conference-2026").model_dump()
    with pytest.raises(ValidationError):
        ClearanceRule(**rule | {"authorities": []})
    with pytest.raises(ValidationError):
        ClearanceRule(**rule | {"unknown": 1})
