"""The programme of an event and its people: written in rows, read by who may see the booking."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.database import db, transaction
from portal.pages.programme_form import TypedPoint, TypedProgramme, told
from rental import bookings, programme
from rental.models import BookingStatus
from tests import build
from tests.portal.conftest import PASSWORD_HASH, signed_in, token_of
from tests.portal.papers_world import World, set_up

POINT = ("day", "starts", "ends", "title", "lead", "resource")
PERSON = ("duty", "name", "phone", "email")


@pytest.fixture
def world(service: Flask) -> World:
    """A request that the unit and the desk may plan."""
    found = set_up()
    with transaction():
        found.member.password_hash = found.desk.password_hash = PASSWORD_HASH
    return found


def place_of(world: World) -> str:
    return f"/bookings/{world.booking.reference}/programme"


def seen(client: FlaskClient, world: World) -> str:
    found = re.search(
        r'name="seen" value="(\w+)"', client.get(place_of(world)).get_data(as_text=True)
    )
    assert found
    return found[1]


def save(
    client: FlaskClient,
    world: World,
    points: list[tuple[str, ...]],
    people: list[tuple[str, ...]] = [],  # noqa: B006  # never changed
    version: str | None = None,
) -> Any:
    form: dict[str, Any] = {
        "csrf_token": token_of(client),
        "seen": version if version is not None else seen(client, world),
    }
    for names, rows, of in ((POINT, points, "point"), (PERSON, people, "person")):
        for i, name in enumerate(names):
            form[f"{of}_{name}"] = [row[i] for row in rows]
    return client.post(place_of(world), data=form)


def point(starts: str, ends: str = "", title: str = "Khai mạc", **over: str) -> tuple[str, ...]:
    given = {"day": "2030-03-05", "lead": "", "resource": "", **over}
    return (given["day"], starts, ends, title, given["lead"], given["resource"])


BLANK = point("", title="")


def test_what_is_written_is_kept_in_the_order_of_time(service: Flask, world: World) -> None:
    unit = signed_in(service, world.member)
    people = [("MC", "Trần Thị Mai", "+84 901 234 567", "mai@unit.example"), ("", "", "", "")]
    answer = save(
        unit,
        world,
        [
            point("10:00", "10:30", "Phát biểu", lead="Bà Hoa", resource="H100"),
            point("09:00"),
            BLANK,
        ],
        people,
    )
    assert answer.status_code == 302
    db.session.expire_all()
    kept = [
        (e.title, e.lead, e.resource and e.resource.code) for e in programme.entries(world.booking)
    ]
    assert kept == [("Khai mạc", None, None), ("Phát biểu", "Bà Hoa", "H100")]
    assert programme.entries(world.booking)[0].starts_at == datetime(2030, 3, 5, 2, tzinfo=UTC)
    page = unit.get(f"/bookings/{world.booking.reference}").get_data(as_text=True)
    assert "10:00–10:30" in page
    assert 'href="tel:+84901234567"' in page
    assert 'href="mailto:mai@unit.example"' in page


def test_rows_that_were_taken_away_are_gone(service: Flask, world: World) -> None:
    desk = signed_in(service, world.desk)
    assert save(desk, world, []).status_code == 302
    db.session.expire_all()
    assert (programme.entries(world.booking), programme.contacts(world.booking)) == ([], [])


WRONG = [
    # (points, people, what is said)
    ([point("", title="Không giờ")], [], "Vui lòng nhập giờ."),
    ([point("09:00", title="")], [], "Vui lòng ghi nội dung của mục này."),
    ([point("9 giờ")], [], "Vui lòng nhập giờ."),
    ([point("06:30", title="Sớm")], [], "nằm ngoài"),  # the booking begins at 07:00
    ([point("13:00", "15:00", "Trễ")], [], "nằm ngoài"),  # and ends at 14:00
    ([point("10:00", "09:00", "Ngược")], [], "Ngược"),
    ([point("09:00", resource="KHONGCO")], [], "KHONGCO"),
    ([], [("", "Mai", "", "")], "Vui lòng ghi nhiệm vụ."),
    ([], [("MC", "", "", "")], "Vui lòng ghi họ tên."),
]  # fmt: skip


@pytest.mark.parametrize(("points", "people", "said"), WRONG)
def test_what_cannot_be_comes_back_as_it_was_typed(
    service: Flask, world: World, points: list[Any], people: list[Any], said: str
) -> None:
    unit = signed_in(service, world.member)
    answer = save(unit, world, [*points, point("11:00", title="Giữ nguyên")], people)
    page = answer.get_data(as_text=True)
    assert answer.status_code in (404, 409, 422)
    assert answer.status_code == 422 or "KHONGCO" in page
    assert said in page
    assert 'value="Giữ nguyên"' in page
    db.session.expire_all()
    assert [e.title for e in programme.entries(world.booking)] == ["Đón khách", "Khai mạc"]


def test_two_who_write_at_once_see_both_versions(service: Flask, world: World) -> None:
    unit, desk = (signed_in(service, who) for who in (world.member, world.desk))
    version = seen(unit, world)
    assert save(desk, world, [point("09:00", title="Bản của bàn điều phối")]).status_code == 302
    answer = save(unit, world, [point("09:30", title="Bản của đơn vị")], version=version)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Bản của bàn điều phối" in page
    assert 'value="Bản của đơn vị"' in page
    newer = re.search(r'name="seen" value="(\w+)"', page)
    assert newer
    again = save(unit, world, [point("09:30", title="Bản của đơn vị")], version=newer[1])
    assert again.status_code == 302
    db.session.expire_all()
    assert [e.title for e in programme.entries(world.booking)] == ["Bản của đơn vị"]


def test_hostile_words_are_shown_as_they_were_typed(service: Flask, world: World) -> None:
    unit = signed_in(service, world.member)
    hostile = "<script>alert(1)</script>"
    person = ("MC", hostile, 'javascript:alert(1)"', "")
    assert save(unit, world, [point("09:00", title=hostile)], [person]).status_code == 302
    page = unit.get(f"/bookings/{world.booking.reference}").get_data(as_text=True)
    assert hostile not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="tel:1"' in page


def test_telephones_are_for_those_who_may_see_the_booking(service: Flask, world: World) -> None:
    with transaction():
        stranger = build.a_member(password_hash=PASSWORD_HASH)
        finance = build.a_member(
            unit=world.desk.unit, role=build.Role.FINANCE, password_hash=PASSWORD_HASH
        )
        bookings.confirm(world.booking, by=world.desk)
        world.booking.is_public = True
    place = f"/bookings/{world.booking.reference}"
    other = signed_in(service, stranger)
    for address in (place, place_of(world), f"{place}/papers/run-sheet.pdf"):
        assert other.get(address).status_code == 404
    public = service.test_client().get("/programme?month=2030-03").get_data(as_text=True)
    for page in (public, other.get("/bookings?when=all").get_data(as_text=True)):
        assert "0901 234 567" not in page
        assert "Lê Văn Cường" not in page
    reader = signed_in(service, finance)
    shown = reader.get(place).get_data(as_text=True)
    assert "0901 234 567" in shown
    # Finance reads it and does not write it.
    assert place_of(world) not in shown
    assert reader.get(place_of(world)).status_code == 403


@pytest.mark.parametrize("status", ["returned", "cancelled", "no_show"])
def test_what_is_over_keeps_the_programme_it_had(service: Flask, world: World, status: str) -> None:
    desk = signed_in(service, world.desk)
    version = seen(desk, world)
    with transaction():
        world.booking.status = BookingStatus(status)
    assert desk.get(place_of(world)).status_code == 409
    assert save(desk, world, [], version=version).status_code == 409
    page = desk.get(f"/bookings/{world.booking.reference}").get_data(as_text=True)
    assert "Đón khách" in page
    assert place_of(world) not in page


NIGHT = [
    # (day, from, until, UTC span) of an event from 20:00 to 02:00
    ("2030-03-05", "23:00", "00:30", ("2030-03-05T16:00", "2030-03-05T17:30")),
    ("2030-03-06", "00:30", "01:00", ("2030-03-05T17:30", "2030-03-05T18:00")),
]


@pytest.mark.parametrize(("day", "starts", "ends", "span"), NIGHT)
def test_a_point_may_go_on_past_midnight(
    service: Flask, day: str, starts: str, ends: str, span: tuple[str, str]
) -> None:
    evening = datetime(2030, 3, 5, 13, tzinfo=UTC)
    booking = build.a_booking(build.a_hall(), starts_at=evening, hours=6)
    form = TypedProgramme(points=[TypedPoint(day, starts, ends, "Tiệc")])
    found = told(form, booking)
    assert found is not None
    entry = found.entries[0]
    assert entry.ends_at is not None
    shown = tuple(end.strftime("%Y-%m-%dT%H:%M") for end in (entry.starts_at, entry.ends_at))
    assert shown == span


def test_a_day_that_is_none_is_told_beside_the_field(service: Flask) -> None:
    evening = datetime(2030, 3, 5, 13, tzinfo=UTC)
    booking = build.a_booking(build.a_hall(), starts_at=evening, hours=6)
    form = TypedProgramme(points=[TypedPoint("mai", "23:00", "", "Tiệc")])
    assert told(form, booking) is None
    assert list(form.points[0].errors) == ["day"]


def test_the_clock_is_that_of_the_place(service: Flask) -> None:
    helsinki = build.a_site(zone="Europe/Helsinki")
    # 10:00 to 14:00 on the Sunday on which Helsinki's clocks go forward at 03:00.
    booking = build.a_booking(
        build.a_hall(site=helsinki), starts_at=datetime(2030, 3, 31, 7, tzinfo=UTC)
    )
    found = told(TypedProgramme(points=[TypedPoint("", "10:00", "", "Khai mạc")]), booking)
    assert found is not None
    assert found.entries[0].starts_at == datetime(2030, 3, 31, 7, tzinfo=UTC)
