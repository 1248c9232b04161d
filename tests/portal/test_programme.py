"""The public programme over HTTP: for everybody, cacheable, and silent about all else."""

import html
import re
from typing import Any

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import clock
from config.database import db, transaction
from portal.models import Notice
from rental import bookings, publishing
from rental.models import Booking, Role
from tests.portal.conftest import token_of
from tests.portal.two_units import PERSON, REASON, TITLE, UNIT, Scene, set_up

PLACES = ("/programme", "/programme.ics", "/programme.json")
NOTE = "Vào cửa tự do <script>alert(1)</script>"


@pytest.fixture
def scene(service: Flask) -> Scene:
    scene = Scene(service)
    with transaction():
        set_up(scene)
    return scene


def booking_of(scene: Scene) -> Booking:
    return bookings.get(scene.ids["reference"])


def publish(scene: Scene, *, named: bool = False, note: str = NOTE) -> None:
    with transaction():
        booking = booking_of(scene)
        by = db.session.merge(scene.ids["desk"])
        publishing.publish(booking, by=by, note=note, is_unit_named=named)


def read(client: FlaskClient, scene: Scene, place: str) -> str:
    month = scene.ids["period"].starts_at.astimezone(clock.LOCAL).strftime("%Y-%m")
    answer = client.get(f"{place}?month={month}" if place == "/programme" else place)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    return text.replace("\r\n ", "") if place.endswith("ics") else html.unescape(text)


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_an_event_that_is_not_public(scene: Scene, visitor: FlaskClient, place: str):
    text = read(visitor, scene, place)
    with transaction():
        publishing.ask(
            booking_of(scene), by=db.session.merge(scene.ids["owner"]), is_unit_named=True
        )
    text += read(visitor, scene, place)
    for secret in (TITLE, REASON, UNIT, PERSON, scene.ids["reference"]):
        assert secret not in text


@pytest.mark.parametrize("place", PLACES)
def test_of_a_public_event_only_what_is_public(scene: Scene, visitor: FlaskClient, place: str):
    publish(scene)
    text = read(visitor, scene, place)
    assert TITLE in text
    assert "Vào cửa tự do" in text
    secrets = (REASON, UNIT, PERSON, "kin@example.com", scene.ids["reference"], scene.ids["number"])
    assert [secret for secret in secrets if secret in text] == []
    assert "CAM" not in text
    publish(scene, named=True)
    assert UNIT in read(visitor, scene, place)


def test_markup_in_a_note_is_text(scene: Scene, visitor: FlaskClient):
    publish(scene)
    month = scene.ids["period"].starts_at.astimezone(clock.LOCAL).strftime("%Y-%m")
    assert "<script>alert" not in visitor.get(f"/programme?month={month}").get_data(as_text=True)


@pytest.mark.parametrize("place", PLACES)
def test_a_cache_may_keep_it_and_it_is_the_same_for_all(
    scene: Scene, visitor: FlaskClient, place: str
):
    publish(scene)
    signed = scene.browser(Role.DESK.value)
    signed.set_cookie("lang", "en")
    answers = [client.get(place) for client in (visitor, signed)]
    assert answers[0].data == answers[1].data
    for answer in answers:
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in answer.headers
        assert "csrf" not in answer.get_data(as_text=True)
    again = visitor.get(place, headers={"If-None-Match": answers[0].headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("place", PLACES)
def test_both_languages_by_the_address_alone(scene: Scene, visitor: FlaskClient, place: str):
    publish(scene)
    english = visitor.get(f"{place}?lang=en")
    assert "Set-Cookie" not in english.headers
    assert english.data != visitor.get(place).data
    assert visitor.get(f"{place}?lang=xx").data == visitor.get(place).data


@pytest.mark.parametrize("month", ["x", "2026-13", "1900-01", "2999-01", "2026-1-1", "٢٠٢٦-٠١"])
def test_a_month_that_is_none_is_refused(scene: Scene, visitor: FlaskClient, month: str):
    answer = visitor.get("/programme", query_string={"month": month})
    assert answer.status_code == 422
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_calendar_keeps_its_uid_and_raises_its_sequence(scene: Scene, visitor: FlaskClient):
    def event() -> Any:
        return icalendar.Calendar.from_ical(visitor.get("/programme.ics").data).walk("VEVENT")[0]

    publish(scene)
    before = event()
    publish(scene, note="Đổi giờ đón khách")
    after = event()
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert str(after["DESCRIPTION"]) == "Đổi giờ đón khách"


def test_other_sites_may_read_the_data_and_not_the_page(scene: Scene, visitor: FlaskClient):
    given = {p: visitor.get(p).headers.get("Access-Control-Allow-Origin") for p in PLACES}
    assert given == {"/programme": None, "/programme.ics": "*", "/programme.json": "*"}


def send(scene: Scene, who: str, deed: str, **form: str) -> int:
    client = scene.browser(who)
    place = f"/bookings/{scene.ids['reference']}/sharing/{deed}"
    return client.post(place, data={**form, "csrf_token": token_of(client)}).status_code


def test_the_unit_asks_the_desk_publishes_the_unit_withdraws(scene: Scene, visitor: FlaskClient):
    assert send(scene, "owner", "ask", name_unit="1") == 302
    told = db.session.query(Notice).filter(Notice.subject.contains("chương trình")).all()
    assert [notice.member_id for notice in told] == [scene.members["desk"]]
    assert send(scene, "desk", "publish", note="Mời báo chí", name_unit="1") == 302
    assert UNIT in read(visitor, scene, "/programme")
    page = scene.browser("owner").get(f"/bookings/{scene.ids['reference']}").get_data(as_text=True)
    assert "Mời báo chí" in page
    assert send(scene, "owner", "withdraw") == 302
    assert TITLE not in read(visitor, scene, "/programme")


@pytest.mark.parametrize(
    ("who", "deed", "status"),
    [
        ("member", "ask", 404),  # a stranger
        ("member", "withdraw", 404),
        ("owner", "publish", 403),  # the desk decides
        ("finance", "publish", 403),
        ("desk", "publish", 302),
        ("desk", "ask", 302),  # on behalf of the unit
    ],
)
def test_who_may_what(scene: Scene, who: str, deed: str, status: int):
    assert send(scene, who, deed) == status


def test_a_unit_asks_in_the_booking_form(scene: Scene):
    client = scene.browser("owner")
    period = scene.ids["period"]
    form = {
        "title": "Tọa đàm", "event_kind": "seminar", "resource": "CAM", "quantity": "1",
        "starts_at": period.starts_at.isoformat(), "ends_at": period.ends_at.isoformat(),
        "publish": "1", "csrf_token": token_of(client),
    }  # fmt: skip
    answer = client.post("/bookings", data=form)
    reference = re.search(r"BK-\w{4}-\w{4}", answer.headers["Location"])
    assert reference
    booking = bookings.get(reference[0])
    assert booking.publishing_asked_at is not None
    assert not booking.is_unit_named
