"""Private calendars: what programs read, who may, and what a stranger never learns."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import icalendar
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config import clock, logs
from config.database import db, transaction
from portal import feeds
from portal.feeds import NoSuchFeed, TooManyFeeds
from portal.models import Feed, FeedScope
from rental import bookings
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Member, Resource
from rental.period import Period
from tests.build import a_hall, a_member, a_site, a_unit, desk, equipment
from tests.portal.conftest import signed_in, token_of

NAME = "Đơn vị A · Trung tâm Báo chí"
LONG = "Họp báo công bố chương trình chuyển đổi số: thương mại, dịch vụ; “đường sắt đô thị” 🚆 "


class Town:
    """Two units, a hall, gear, and whoever asks."""

    def __init__(self) -> None:
        site = a_site(name="Trung tâm Báo chí")
        self.hall: Resource = a_hall(site=site, code="H100", name="Hội trường 100")
        self.gear: Resource = equipment(site=site, code="CAM", name="Máy quay", stock=4)
        self.ours: Member = a_member(unit=a_unit(name="Đơn vị A"))
        self.theirs: Member = a_member(unit=a_unit(name="Đơn vị B"))
        self.desk: Member = desk()
        self.starts_at = (clock.now() + timedelta(days=3)).replace(
            hour=2, minute=0, second=0, microsecond=0
        )

    def booked(self, title: str = "Họp báo", *, by: Member | None = None) -> Booking:
        """A request for hall and gear; the gear an hour earlier."""
        member = by or self.ours
        lines = [
            WantedLine("H100", 1, self.period(0, 3)),
            WantedLine("CAM", 2, self.period(-1, 3)),
        ]
        wanted = RequestedBooking(member.unit, title, EventKind.CONFERENCE, lines)
        return bookings.request(wanted, by=member)

    def period(self, first: int, last: int) -> Period:
        return Period(
            self.starts_at + timedelta(hours=first), self.starts_at + timedelta(hours=last)
        )


@pytest.fixture
def town(service: Flask) -> Town:
    with transaction():
        return Town()


def address(member: Member, scope: FeedScope = FeedScope.UNIT, of: Resource | None = None) -> str:
    with transaction():
        _feed, plain = feeds.make(db.session.merge(member), scope, of and db.session.merge(of))
    return f"/calendar/{plain}.ics"


def events(client: FlaskClient, place: str) -> list[Any]:
    answer = client.get(place)
    assert answer.status_code == 200
    return list(icalendar.Calendar.from_ical(answer.data).walk("VEVENT"))


def _lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n")


def _has(text: bytes) -> Callable[[bytes, Any], bool]:
    return lambda raw, _calendar: text in raw


def _lacks(*texts: bytes) -> Callable[[bytes, Any], bool]:
    return lambda raw, _calendar: not any(text in raw for text in texts)


def _first(name: str, expected: str) -> Callable[[bytes, Any], bool]:
    return lambda _raw, calendar: expected in str(calendar.walk("VEVENT")[0][name])


def _of_calendar(name: str, expected: str) -> Callable[[bytes, Any], bool]:
    return lambda _raw, calendar: str(calendar[name]) == expected


def _crlf(raw: bytes, _calendar: Any) -> bool:
    return raw.count(b"\n") == raw.count(b"\r\n")


def _folded(raw: bytes, _calendar: Any) -> bool:
    # decode() raises where a letter was cut in two.
    return all(len(line) <= 75 and line.decode() is not None for line in _lines(raw))


def _whole(_raw: bytes, calendar: Any) -> bool:
    needed = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "LAST-MODIFIED"}
    return all(needed <= set(event) for event in calendar.walk("VEVENT"))


def _in_utc(raw: bytes, _calendar: Any) -> bool:
    return len(re.findall(rb"DTSTART:\d{8}T\d{6}Z|DTEND:\d{8}T\d{6}Z", raw)) == 2


# What a program needs, and which one stumbles without it.
DEMANDS: list[tuple[str, Callable[[bytes, Any], bool]]] = [
    ("every line ends with CRLF (Outlook refuses others)", _crlf),
    ("lines fold at 75 octets, never inside a letter (Apple shows rubbish)", _folded),
    ("it has a name (Apple, Google)", _of_calendar("X-WR-CALNAME", NAME)),
    ("it has a name (RFC 7986, Outlook)", _of_calendar("NAME", NAME)),
    ("it names its zone (Google)", _of_calendar("X-WR-TIMEZONE", "Asia/Ho_Chi_Minh")),
    ("it says how often to ask (Apple)", _has(b"REFRESH-INTERVAL;VALUE=DURATION:PT15M")),
    ("it says how often to ask (Outlook)", _has(b"X-PUBLISHED-TTL:PT15M")),
    ("each event says what RFC 5545 asks", _whole),
    ("times are UTC (all three)", _in_utc),
    ("no TZID whose VTIMEZONE could be missed (Outlook)", _lacks(b"TZID")),
    ("a request is tentative (Apple, Google)", _first("STATUS", "TENTATIVE")),
    ("a request is tentative (Outlook)", _has(b"X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE")),
    ("the event links to the booking", _first("URL", "/bookings/BK-")),
    ("a list, no invitation: nobody is asked to accept", _lacks(b"METHOD", b"ATTENDEE")),
    ("one event for one booking, no rule to unfold", _lacks(b"RRULE")),
]


@pytest.mark.parametrize(("reason", "holds"), DEMANDS, ids=[reason for reason, _ in DEMANDS])
def test_programs_get_what_they_need(
    town: Town, visitor: FlaskClient, reason: str, holds: Callable[[bytes, Any], bool]
) -> None:
    with transaction():
        town.booked((LONG * 3)[:200])
    answer = visitor.get(address(town.ours))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert holds(answer.data, icalendar.Calendar.from_ical(answer.data)), reason


def test_a_booking_is_one_event_over_all_its_lines(town: Town, visitor: FlaskClient) -> None:
    with transaction():
        booking = town.booked()
        reference, starts_at = booking.reference, booking.starts_at
    [event] = events(visitor, address(town.ours))
    assert event["UID"] == f"{reference}@127.0.0.1"
    assert event["DTSTART"].dt == starts_at == town.starts_at - timedelta(hours=1)
    assert str(event["LOCATION"]) == "Hội trường 100, Trung tâm Báo chí"
    told = str(event["DESCRIPTION"])
    # The hall begins an hour after the gear: its times are told, those of the event are not.
    assert "- Hội trường 100: " in told
    assert told.endswith("- Máy quay × 2")
    assert event["CATEGORIES"].to_ical().decode() == "Hội nghị"


def test_a_change_raises_the_sequence_and_keeps_the_uid(town: Town, visitor: FlaskClient) -> None:
    with transaction():
        booking = town.booked()
    place = address(town.ours)
    [before] = events(visitor, place)
    with clock.standing_at(clock.now() + timedelta(minutes=1)), transaction():
        booking = db.session.merge(booking)
        lines = [WantedLine("H100", 1, town.period(24, 26))]
        bookings.change(booking, Changes(title="Dời ngày", lines=lines), by=town.desk)
        bookings.confirm(booking, by=town.desk)
    [after] = events(visitor, place)
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    assert (str(after["SUMMARY"]), after["STATUS"]) == ("Dời ngày", "CONFIRMED")


def test_a_cancelled_event_stays_to_be_seen_and_takes_no_time(
    town: Town, visitor: FlaskClient
) -> None:
    with transaction():
        bookings.cancel(town.booked("Ra mắt"), by=town.ours)
    [event] = events(visitor, address(town.ours))
    assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")
    assert str(event["SUMMARY"]) == "Đã hủy: Ra mắt"


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (-62, 0),  # past the sixty days that a cancelled event is kept
        (-58, 1),
        (365, 1),
        (368, 0),  # beyond the year ahead
    ],
)
def test_the_window_is_bounded(town: Town, visitor: FlaskClient, days: int, shown: int) -> None:
    with transaction():
        booking = town.booked()
        booking.starts_at += timedelta(days=days - 3)
        booking.ends_at += timedelta(days=days - 3)
    assert len(events(visitor, address(town.ours))) == shown


def test_a_resources_calendar_names_our_events_and_hides_theirs(
    town: Town, visitor: FlaskClient
) -> None:
    with transaction():
        theirs = town.booked("Ra mắt sách mật", by=town.theirs)
        secret = theirs.reference
    place = address(town.ours, FeedScope.RESOURCE, town.hall)
    raw = visitor.get(place).get_data(as_text=True)
    [event] = events(visitor, place)
    assert str(event["SUMMARY"]) == "Đã có người đặt"
    assert not any(word in raw for word in ("mật", secret, "Đơn vị B", "/bookings/"))
    assert set(event) & {"DESCRIPTION", "URL", "LOCATION", "CATEGORIES"} == set()
    uid = event["UID"]
    # The desk reads it by name; the renter sees the stranger's event go when it is called off.
    [open_] = events(visitor, address(town.desk, FeedScope.RESOURCE, town.hall))
    assert str(open_["SUMMARY"]) == "Ra mắt sách mật"
    with transaction():
        bookings.confirm(db.session.merge(theirs), by=town.desk)
    assert events(visitor, place)[0]["UID"] == uid
    with transaction():
        bookings.cancel(db.session.merge(theirs), by=town.theirs)
    assert events(visitor, place) == []


def test_each_scope_shows_its_own(town: Town, visitor: FlaskClient) -> None:
    with transaction():
        colleague = a_member(unit=town.ours.unit)
        town.booked("Của tôi")
        second = RequestedBooking(
            colleague.unit, "Đồng nghiệp", EventKind.SEMINAR,
            [WantedLine("CAM", 1, town.period(5, 6))],
        )  # fmt: skip
        bookings.request(second, by=colleague)
        third = RequestedBooking(
            town.theirs.unit, "Đơn vị khác", EventKind.SEMINAR,
            [WantedLine("CAM", 1, town.period(7, 8))],
        )  # fmt: skip
        bookings.request(third, by=town.theirs)

    def titles(member: Member, scope: FeedScope) -> list[str]:
        return [str(event["SUMMARY"]) for event in events(visitor, address(member, scope))]

    assert titles(town.ours, FeedScope.MEMBER) == ["Của tôi"]
    assert titles(town.ours, FeedScope.UNIT) == ["Của tôi", "Đồng nghiệp"]
    assert titles(town.desk, FeedScope.UNIT) == ["Của tôi", "Đồng nghiệp", "Đơn vị khác"]
    assert titles(town.desk, FeedScope.MEMBER) == []


def test_an_unchanged_calendar_is_not_sent_again(town: Town, visitor: FlaskClient) -> None:
    with transaction():
        booking = town.booked()
    place = address(town.ours)
    first = visitor.get(place)
    same = {"If-None-Match": first.headers["ETag"]}
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert first.headers["Cache-Control"] == "private, no-cache"
    for asked in (same, since, same | since):
        answer = visitor.get(place, headers=asked)
        assert (answer.status_code, answer.data) == (304, b"")
    with transaction():
        bookings.confirm(db.session.merge(booking), by=town.desk)
    assert visitor.get(place, headers=same).status_code == 200


def test_wrong_revoked_and_left_answer_alike(town: Town, visitor: FlaskClient) -> None:
    gone, left = address(town.ours), address(town.theirs)
    with transaction():
        member = db.session.merge(town.ours)
        feeds.revoke(member, feeds.of(member)[0].id)
        db.session.merge(town.theirs).is_active = False
    wrong = f"/calendar/mc_feed_{'x' * 43}.ics"
    answers = [visitor.get(place) for place in (gone, left, wrong)]
    assert {answer.status_code for answer in answers} == {404}
    plain = {
        re.sub(r"[0-9a-f]{32}|mc_feed_[\w-]{43}", "", a.get_data(as_text=True)) for a in answers
    }
    texts = {re.sub(r'"[\w-]+\.[\w-]+\.[\w-]+"|lang=\w\w', "", text) for text in plain}
    assert len(texts) == 1


def test_the_token_is_kept_as_a_digest_and_shown_once(town: Town, service: Flask) -> None:
    with transaction():
        member = db.session.merge(town.ours)
        member.password_hash = None
        plain = feeds.make(member, FeedScope.UNIT)[1]
    kept = db.session.execute(sa.text("SELECT feed::text FROM feed")).scalars().all()
    assert plain not in "".join(kept)


def test_the_token_stays_out_of_the_logs(
    town: Town, visitor: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    place = address(town.ours)
    token = place.split("/")[2].removesuffix(".ics")
    visitor.get(place)
    # Mistyped, no rule matches: the last step of every log hides what looks like a token.
    visitor.get(place.removesuffix(".ics"))
    told = [logs.without_secrets(record.msg) for record in caplog.records]
    assert [each["path"] for each in told] == ["/calendar/<token>.ics", "/calendar/mc_***"]
    assert token not in str(told)


def test_reading_is_noted_once_an_hour(town: Town, visitor: FlaskClient) -> None:
    place = address(town.ours)
    visitor.get(place)
    first = db.session.scalar(sa.select(Feed.last_read_at))
    visitor.get(place)
    db.session.rollback()
    assert first is not None
    assert db.session.scalar(sa.select(Feed.last_read_at)) == first


def test_a_member_makes_sees_and_revokes_only_its_own(
    town: Town, person: Callable[..., Member], service: Flask
) -> None:
    mine, other = person(), person()
    browser = signed_in(service, mine)
    word = {"csrf_token": token_of(browser)}
    made = browser.post("/feeds", data={**word, "scope": "resource", "resource": "H100"})
    shown = re.search(r"/calendar/(mc_feed_[\w-]{43})\.ics", made.get_data(as_text=True))
    assert shown
    assert shown[1] not in browser.get("/feeds").get_data(as_text=True)
    feed_id = db.session.scalar(sa.select(Feed.id))
    stranger = signed_in(service, other)
    refused = stranger.post(f"/feeds/{feed_id}/revoke", data={"csrf_token": token_of(stranger)})
    assert refused.status_code == 404
    assert browser.post(f"/feeds/{feed_id}/revoke", data=word).status_code == 302
    assert service.test_client().get(shown[0]).status_code == 404


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),  # nothing chosen
        ({"scope": "planet"}, 422),
        ({"scope": "resource"}, 422),  # of which resource?
        ({"scope": "resource", "resource": "NOPE"}, 404),
    ],
)
def test_a_wish_that_says_nothing_is_refused(
    town: Town, person: Callable[..., Member], service: Flask, form: dict[str, str], status: int
) -> None:
    browser = signed_in(service, person())
    answer = browser.post("/feeds", data={**form, "csrf_token": token_of(browser)})
    assert answer.status_code == status


def test_there_is_an_end_to_addresses(town: Town) -> None:
    with transaction():
        for _turn in range(feeds.MOST):
            feeds.make(town.ours, FeedScope.UNIT)
    with pytest.raises(TooManyFeeds):
        feeds.make(town.ours, FeedScope.UNIT)
    with pytest.raises(NoSuchFeed):
        feeds.revoke(town.ours, 1)
