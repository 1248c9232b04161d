"""The calendar over HTTP: who sees what, what the filters leave, and moving with what was seen."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config import clock
from config.database import db, transaction
from rental import bookings, closures, moves, series
from rental.asking import RequestedBooking, WantedLine
from rental.closures import NewClosure
from rental.models import (
    Booking,
    BookingStatus,
    ClosureKind,
    EventKind,
    Hold,
    HoldLine,
    Member,
    Role,
)
from rental.period import Period
from rental.series import RequestedSeries
from tests import build
from tests.portal.conftest import signed_in, token_of

DAY = "2030-03-05"


def at(hour: float) -> datetime:
    """An hour of the day on the wall clock of the Centre, in UTC."""
    return datetime(2030, 3, 4, 17, tzinfo=UTC) + timedelta(hours=hour)


def span(first: float, last: float) -> Period:
    return Period(at(first), at(last))


class Town:
    """Two halls, a kit of three microphones, two units and the desk."""

    def __init__(self, service: Flask, person: Callable[..., Member]) -> None:
        self.service = service
        with transaction():
            site = build.a_site(slug="centre")
            build.a_hall(site=site, code="H50", seats=50, turnaround_after_minutes=30)
            build.a_hall(site=site, code="H100", category="lớn")
            build.a_hall(site=site, code="BIG", stock=0)
            build.equipment(site=site, code="MIC", stock=3)
        self.member = person(email="a@example.com")
        self.stranger = person(email="b@example.com")
        with transaction():
            centre = build.a_unit(is_centre=True)
        self.desk = person(role=Role.DESK, unit=db.session.merge(centre))

    def book(self, first: float, last: float, **over: object) -> Booking:
        by = over.get("by", self.member)
        codes = over.get("codes", ("H50",))
        assert isinstance(by, Member)
        assert isinstance(codes, tuple)
        lines = [WantedLine(code, 1, span(first, last)) for code in codes]
        title = str(over.get("title", "Ra mắt sách"))
        with transaction():
            wanted = RequestedBooking(by.unit, title, EventKind.CONFERENCE, lines)
            return bookings.request(wanted, by=by)

    def page(self, who: Member, query: str = "") -> str:
        """The calendar of the day as this member sees it."""
        answer = signed_in(self.service, who).get(f"/calendar?day={DAY}{query}")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)


@pytest.fixture
def town(service: Flask, person: Callable[..., Member]) -> Town:
    return Town(service, person)


def codes(page: str) -> list[str]:
    return re.findall(r'data-code="([^"]+)"', page)


@pytest.mark.parametrize(
    "view", ["", "&view=week", "&view=month", "&as=list", "&view=week&as=list"]
)
def test_a_stranger_reads_no_title_and_no_reference_in_any_view(town: Town, view: str) -> None:
    reference = town.book(8, 10).reference
    with transaction():
        hold = Hold(
            reference="HO-SECRET", unit_id=town.member.unit_id, member_id=town.member.id,
            title="Ý định kín", event_kind=EventKind.CONFERENCE, starts_at=at(14), ends_at=at(16),
            expires_at=at(8),
        )  # fmt: skip
        hall = db.session.scalar(sa.text("SELECT id FROM resource WHERE code = 'H50'"))
        hold.lines = [HoldLine(resource_id=hall, starts_at=at(14), ends_at=at(16))]
        db.session.add(hold)
    theirs = town.page(town.stranger, view)
    for secret in (reference, "Ra mắt sách", "Ý định kín", "HO-SECRET"):
        assert secret not in theirs
    own = town.page(town.member, view)
    assert ("Ra mắt sách" in own) == ("month" not in view)
    if "month" not in view:
        assert "Giữ chỗ 1" in re.sub(r"\s+", " ", theirs)


def test_rows_stand_in_natural_order_under_their_groups(town: Town) -> None:
    assert codes(town.page(town.member)) == ["BIG", "H50", "H100", "MIC"]
    assert codes(town.page(town.member, "&group=category")) == ["H100", "BIG", "H50", "MIC"]
    assert codes(town.page(town.member, "&folded=hall")) == ["MIC"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("&kind=equipment", ["MIC"]),
        ("&seats_min=80", ["BIG", "H100"]),
        ("&category=lớn", ["H100"]),
        ("&site=nowhere", []),
        ("&q=h1", ["H100"]),
        ("&q=%25", []),  # a sign of LIKE is no joker
        ("&mine=1", ["H50", "MIC"]),
        ("&free=1", ["H100", "MIC"]),  # of a pool one piece is enough; of nothing there is none
        ("&free=1&kind=hall&view=week", ["H100"]),
    ],
)
def test_filters_leave_what_they_say(town: Town, query: str, left: list[str]) -> None:
    town.book(8, 10, codes=("H50", "MIC"))
    town.book(12, 13, codes=("MIC",), by=town.stranger)
    assert codes(town.page(town.member, query)) == left


@pytest.mark.parametrize("query", ["view=year", "day=31.12.2030", "seats_min=x", "group=colour"])
def test_an_address_that_says_nothing_is_refused(town: Town, query: str) -> None:
    assert signed_in(town.service, town.member).get(f"/calendar?{query}").status_code == 422


def test_a_closure_and_a_hostile_reason_are_drawn_as_words(town: Town) -> None:
    with transaction():
        hall = bookings.catalogue.get("H100")
        reason = '<script>alert("x")</script>'
        closures.close(hall, NewClosure(ClosureKind.MAINTENANCE, span(8, 12), reason))
    town.book(14, 15, title='"><img src=x onerror=alert(1)>')
    for view in ("", "&view=week", "&view=month", "&as=list"):
        page = town.page(town.member, view)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_no_show_is_read_in_every_view(town: Town) -> None:
    booking = town.book(9, 12)
    with transaction():
        bookings.confirm(booking, by=town.desk)
        # The part of its time that had passed stays on the calendar.
        with clock.standing_at(at(10.5)):
            bookings.no_show(booking, by=town.desk)
    for who in (town.desk, town.member):
        for view in ("", "&view=week", "&view=month", "&view=month&as=list"):
            assert town.page(who, view)
        for view in ("&as=list", "&view=week&as=list"):
            assert "Ra mắt sách" in town.page(who, view)
        assert "Không đến" in town.page(who, "&as=list")


def test_further_rows_carry_on_where_the_page_ends(town: Town) -> None:
    with transaction():
        site = db.session.merge(bookings.catalogue.get("H50").site)
        for number in range(120):
            build.a_hall(site=site, code=f"Z{number}")
    client = signed_in(town.service, town.member)
    page = client.get(f"/calendar?day={DAY}").get_data(as_text=True)
    found = codes(page)
    for begins in re.findall(r'data-from="(\d+)"', page):
        rows = client.get(f"/calendar/rows?day={DAY}&from={begins}").get_data(as_text=True)
        assert "<html" not in rows
        found += codes(rows)
    assert len(found) == len(set(found)) == 124
    assert found[2:] == ["H100", *(f"Z{number}" for number in range(120)), "MIC"]
    beyond = client.get(f"/calendar/rows?day={DAY}&from=99999")
    assert (beyond.status_code, beyond.get_data(as_text=True)) == (200, "")
    one = client.get(f"/calendar/rows?day={DAY}&code=Z7").get_data(as_text=True)
    assert codes(one) == ["Z7"]


def moving(booking: Booking, first: float, last: float, **over: object) -> dict[str, object]:
    """What the dialog sends."""
    local = (f"{at(hour) + timedelta(hours=7):%Y-%m-%dT%H:%M}" for hour in (first, last))
    return {
        "reference": booking.reference,
        "line": booking.lines[0].id,
        "revision": booking.revision,
        "resource": "H50",
        **dict(zip(("starts_at", "ends_at"), local, strict=True)),
        **over,
    }


def post(client: FlaskClient, path: str, form: dict[str, object]) -> tuple[int, str]:
    answer = client.post(path, data=form, headers={"X-CSRFToken": token_of(client)})
    return answer.status_code, answer.get_data(as_text=True)


def stand(reference: str) -> list[tuple[str, Period]]:
    """The lines of a booking in the database."""
    db.session.rollback()
    db.session.expire_all()
    return [
        (line.resource.code, Period(line.starts_at, line.ends_at))
        for line in bookings.get(reference).lines
    ]


def test_a_preview_writes_nothing_and_the_move_does(town: Town) -> None:
    booking = town.book(8, 10, codes=("H50", "MIC"))
    client = signed_in(town.service, town.member)
    status, words = post(client, "/calendar/moves/preview", moving(booking, 13, 15))
    assert status == 200
    assert "13:00–15:00" in words
    assert stand(booking.reference) == [("H50", span(8, 10)), ("MIC", span(8, 10))]
    form = moving(booking, 13, 15)
    status, words = post(client, "/calendar/moves", form)
    assert (status, '"codes"' in words) == (200, True)
    assert stand(booking.reference) == [("H50", span(13, 15)), ("MIC", span(13, 15))]
    # Sent twice: the second was looked at before the first was done.
    status, words = post(client, "/calendar/moves", form)
    assert status == 409
    assert "data-move-form" in words


def test_one_line_moves_alone_where_one_says_so(town: Town) -> None:
    booking = town.book(8, 10, codes=("H50", "MIC"))
    client = signed_in(town.service, town.member)
    form = moving(booking, 8, 10, resource="H100", scope="line", starts_at=f"{DAY}T07:00")
    assert post(client, "/calendar/moves", form)[0] == 200
    assert sorted(stand(booking.reference)) == [("H100", span(7, 10)), ("MIC", span(8, 10))]


def test_a_taken_time_is_refused_and_named_without_the_strangers_title(town: Town) -> None:
    ours = town.book(8, 10)
    town.book(13, 15, by=town.stranger, title="Chuyện của họ")
    client = signed_in(town.service, town.member)
    for path in ("/calendar/moves/preview", "/calendar/moves"):
        status, words = post(client, path, moving(ours, 12, 14))
        assert status == (200 if "preview" in path else 409)
        assert "data-conflicts" in words
        assert "Chuyện của họ" not in words
    assert stand(ours.reference) == [("H50", span(8, 10))]
    desk = signed_in(town.service, town.desk)
    assert "Chuyện của họ" in post(desk, "/calendar/moves/preview", moving(ours, 12, 14))[1]


def test_its_own_time_does_not_stand_in_its_way(town: Town) -> None:
    booking = town.book(8, 10)
    client = signed_in(town.service, town.member)
    assert (
        "data-conflicts"
        not in post(client, "/calendar/moves/preview", moving(booking, 8.25, 10.25))[1]
    )
    assert post(client, "/calendar/moves", moving(booking, 8.25, 10.25))[0] == 200


@pytest.mark.parametrize("path", ["/calendar/moves", "/calendar/moves/preview"])
def test_a_strangers_booking_does_not_exist(town: Town, path: str) -> None:
    booking = town.book(8, 10)
    client = signed_in(town.service, town.stranger)
    assert post(client, path, moving(booking, 13, 15))[0] == 404
    assert stand(booking.reference) == [("H50", span(8, 10))]


def test_what_is_confirmed_only_the_desk_moves(town: Town) -> None:
    booking = town.book(8, 10)
    with transaction():
        moves.make(db.session.merge(booking), BookingStatus.CONFIRMED, by=None)
    form = moving(bookings.get(booking.reference), 13, 15)
    status, words = post(signed_in(town.service, town.member), "/calendar/moves", form)
    assert status == 422
    assert "data-move-form" in words
    assert post(signed_in(town.service, town.desk), "/calendar/moves", form)[0] == 200


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"line": 2_000_000_000}, 409),  # it has no such line any more
        ({"line": "x"}, 422),
        ({"revision": ""}, 409),  # who saw nothing may not move
        ({"starts_at": ""}, 422),
        ({"starts_at": "later"}, 422),
        ({"ends_at": f"{DAY}T07:00"}, 422),  # ends before it begins
        ({"resource": "NOWHERE"}, 404),
        ({"reference": "BK-NONE-NONE"}, 404),
    ],
)
def test_what_cannot_be_read_moves_nothing(
    town: Town, over: dict[str, object], status: int
) -> None:
    booking = town.book(8, 10)
    form = moving(booking, 13, 15, **over)
    client = signed_in(town.service, town.member)
    assert post(client, "/calendar/moves", form)[0] == status
    assert stand(booking.reference) == [("H50", span(8, 10))]


@pytest.mark.slow
def test_of_many_who_move_the_same_bar_one_wins(town: Town) -> None:
    booking = town.book(8, 10)
    clients = [signed_in(town.service, town.member) for _ in range(6)]
    forms = [moving(booking, 12 + n, 13 + n) for n in range(6)]
    barrier = Barrier(6)

    def one(number: int) -> int:
        barrier.wait()
        return post(clients[number], "/calendar/moves", forms[number])[0]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(6)))
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    winner = answers.index(200)
    assert stand(booking.reference) == [("H50", span(12 + winner, 13 + winner))]


def weekly(town: Town, dates: int) -> list[Booking]:
    """A series on H50, Tuesdays from 08:00 to 10:00; its bookings by date."""
    lines = [WantedLine("H50", 1, span(8, 10))]
    wanted = RequestedBooking(town.member.unit, "Giao ban", EventKind.CONFERENCE, lines)
    with transaction():
        rule = f"FREQ=WEEKLY;COUNT={dates}"
        made = series.request(RequestedSeries(wanted, rule), by=town.member)
        return series.live(made.series)


@pytest.mark.parametrize(
    ("reach", "moved"),
    [
        ("this", [1]),
        ("following", [1, 2, 3]),
        ("all", [0, 1, 2, 3]),
    ],
)
def test_a_bar_of_a_series_takes_along_as_many_dates_as_one_says(
    town: Town, reach: str, moved: list[int]
) -> None:
    dates = weekly(town, 4)
    client = signed_in(town.service, town.member)
    week = timedelta(weeks=1)
    form = moving(dates[1], 24 * 7 + 13, 24 * 7 + 15, reach=reach)
    status, dialog = post(client, "/calendar/moves/preview", form)
    assert (status, "Chỉ ngày này" in dialog) == (200, True)
    assert post(client, "/calendar/moves", form)[0] == 200
    for number, booking in enumerate(dates):
        first, last = (13, 15) if number in moved else (8, 10)
        shifted = Period(at(first) + number * week, at(last) + number * week)
        assert stand(booking.reference) == [("H50", shifted)], f"date {number}"


def test_one_taken_date_keeps_the_whole_series_where_it_is(town: Town) -> None:
    dates = weekly(town, 3)
    town.book(24 * 14 + 13, 24 * 14 + 14, by=town.stranger, title="Chuyện của họ")
    client = signed_in(town.service, town.member)
    status, words = post(client, "/calendar/moves", moving(dates[0], 13, 15, reach="following"))
    assert status == 409
    assert "19/03/2030" in words, "the date that stands in the way is named"
    assert "Chuyện của họ" not in words
    assert [stand(one.reference)[0][1].starts_at for one in dates] == [
        at(8) + timedelta(weeks=number) for number in range(3)
    ]
    # Without the others nothing stands in its way.
    alone = moving(bookings.get(dates[0].reference), 13, 15, reach="this")
    assert post(client, "/calendar/moves", alone)[0] == 200


def test_a_reach_that_is_none_is_refused(town: Town) -> None:
    booking = weekly(town, 2)[0]
    client = signed_in(town.service, town.member)
    form = moving(booking, 13, 15, reach="everything")
    assert post(client, "/calendar/moves", form)[0] == 422
    assert stand(booking.reference) == [("H50", span(8, 10))]
