"""A unit asks the desk to change what it has confirmed; the desk answers, or changes it."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from config import clock
from config.database import db, transaction
from portal.models import Notice
from rental import bookings, change_wishes
from rental.asking import Changes
from rental.errors import BadBooking, MovedOn
from rental.models import BookingStatus
from tests import build
from tests.portal.conftest import PASSWORD_HASH, signed_in, token_of
from tests.portal.papers_world import START, World, set_up

WISH = "Xin kéo dài thêm một giờ và thêm hai micro."


@pytest.fixture
def world(service: Flask) -> World:
    """A confirmed booking."""
    found = set_up()
    with transaction():
        found.member.password_hash = found.desk.password_hash = PASSWORD_HASH
        bookings.confirm(found.booking, by=found.desk)
        db.session.execute(sa.delete(Notice))
    return found


def send(client: FlaskClient, world: World, place: str = "wish", words: str = WISH) -> Any:
    form = {"csrf_token": token_of(client), "words": words}
    return client.post(f"/bookings/{world.booking.reference}/{place}", data=form)


def subjects(world: World) -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(Notice.recipient, Notice.subject).order_by(Notice.id))
    return [tuple(row) for row in rows]


def test_a_wish_reaches_the_desk_and_its_answer_the_unit(service: Flask, world: World) -> None:
    unit, desk = (signed_in(service, who) for who in (world.member, world.desk))
    place = f"/bookings/{world.booking.reference}"
    assert "Đề nghị điều phối thay đổi" in unit.get(place).get_data(as_text=True)
    assert send(unit, world).status_code == 302
    assert WISH in desk.get("/desk").get_data(as_text=True)
    shown = desk.get(place).get_data(as_text=True)
    assert WISH in shown
    assert "Trả lời đề nghị" in shown
    assert send(desk, world, "wish/answer", "Đã kéo dài đến 14:00.").status_code == 302
    assert WISH not in desk.get("/desk").get_data(as_text=True)
    assert "Đã kéo dài đến 14:00." in unit.get(place).get_data(as_text=True)
    reference = world.booking.reference
    assert subjects(world) == [
        (world.desk.email, f"{reference}: đề nghị thay đổi lượt đặt"),
        (world.member.email, f"{reference}: trả lời đề nghị thay đổi"),
    ]


def test_a_change_by_the_desk_settles_the_wish(service: Flask, world: World) -> None:
    with transaction():
        change_wishes.ask(world.booking, WISH, by=world.member)
        assert [wish.words for wish in change_wishes.waiting()] == [WISH]
        bookings.change(world.booking, Changes(title="Họp báo dời giờ"), by=world.desk)
    assert change_wishes.waiting() == []


def test_a_newer_wish_stands_in_place_of_the_one_before(service: Flask, world: World) -> None:
    with transaction():
        for words in (WISH, "Thôi, chỉ thêm micro."):
            change_wishes.ask(world.booking, words, by=world.member)
    assert [wish.words for wish in change_wishes.waiting()] == ["Thôi, chỉ thêm micro."]


def test_a_wish_is_answered_once(service: Flask, world: World) -> None:
    with transaction():
        change_wishes.ask(world.booking, WISH, by=world.member)
        change_wishes.answer(world.booking, "Được.", by=world.desk)
    with pytest.raises(MovedOn):
        change_wishes.answer(world.booking, "Không được.", by=world.desk)


def test_a_wish_for_what_is_over_waits_no_longer(service: Flask, world: World) -> None:
    with transaction():
        change_wishes.ask(world.booking, WISH, by=world.member)
    with clock.standing_at(START + build.timedelta(days=1)):
        assert change_wishes.waiting() == []


@pytest.mark.parametrize("status", ["requested", "returned", "cancelled", "no_show"])
def test_only_what_the_desk_has_confirmed_is_wished_otherwise(
    service: Flask, world: World, status: str
) -> None:
    with transaction():
        world.booking.status = BookingStatus(status)
    unit = signed_in(service, world.member)
    assert send(unit, world).status_code == 409
    page = unit.get(f"/bookings/{world.booking.reference}").get_data(as_text=True)
    assert "Đề nghị điều phối thay đổi" not in page


def test_a_wish_says_something(service: Flask, world: World) -> None:
    with pytest.raises(BadBooking):
        change_wishes.ask(world.booking, " \n ", by=world.member)
    db.session.rollback()
    assert send(signed_in(service, world.member), world, words="  ").status_code == 422


def test_strangers_neither_wish_nor_answer(service: Flask, world: World) -> None:
    with transaction():
        stranger = build.a_member(password_hash=PASSWORD_HASH)
    other, unit = signed_in(service, stranger), signed_in(service, world.member)
    assert send(other, world).status_code == 404
    assert send(unit, world, "wish/answer").status_code == 403
    assert change_wishes.waiting() == []
