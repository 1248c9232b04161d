"""Wi-Fi for guests as people and a RADIUS server meet it."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from config import clock
from config.database import db, transaction
from monitoring import guests
from monitoring.models import GuestAccess
from portal import keys, rounds, throttle
from portal.models import Notice
from rental.models import Booking, BookingStatus, Member, Role
from tests import build
from tests.portal.conftest import signed_in, token_of

Person = Callable[..., Member]
Bearer = Callable[[Member], dict[str, str]]
STARTS = datetime(2030, 3, 5, 9, tzinfo=clock.LOCAL)


@pytest.fixture
def owner(service: Flask, person: Person) -> Member:
    return person(role=Role.HEAD)


@pytest.fixture
def booking(service: Flask, owner: Member) -> Iterator[Booking]:
    """The hall of the shipped network, an hour before it begins; the round came by."""
    with transaction():
        made = build.a_booking(
            build.a_hall(code="H100"),
            starts_at=STARTS,
            hours=3,
            status=BookingStatus.CONFIRMED,
            member=owner,
            title="Họp báo <kín>",
        )
    with time_machine.travel(STARTS - timedelta(hours=1), tick=False):
        rounds.guests.settle_guests()
        yield made


def the_access() -> GuestAccess:
    db.session.rollback()
    return db.session.scalars(sa.select(GuestAccess)).one()


def secret(service: Flask) -> str:
    return guests.passphrase_of(the_access(), keys.keyring(service.extensions["settings"]))


def posted(client: Any, where: str) -> Any:
    return client.post(where, data={"csrf_token": token_of(client)})


def test_the_unit_reads_name_passphrase_and_code(
    service: Flask, booking: Booking, owner: Member
) -> None:
    client = signed_in(service, owner)
    assert "MediaCenter Press" in client.get(f"/bookings/{booking.reference}").text
    assert secret(service) not in client.get(f"/bookings/{booking.reference}").text
    page = client.get(f"/bookings/{booking.reference}/guests")
    assert secret(service) in page.text
    assert the_access().username in page.text
    assert "<svg" in page.text
    assert "Họp báo &lt;kín&gt;" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_the_catalogue_says_who_offers_it(service: Flask, booking: Booking, owner: Member) -> None:
    with transaction():
        build.a_hall(code="PLAIN")
    client = signed_in(service, owner)
    assert "MediaCenter Press" in client.get("/catalogue/H100").text
    assert "MediaCenter Press" not in client.get("/catalogue/PLAIN").text


def test_before_its_time_the_page_says_when_it_is_made(
    service: Flask, booking: Booking, owner: Member
) -> None:
    with transaction():
        db.session.delete(the_access())
    with time_machine.travel(STARTS - timedelta(days=3), tick=False):
        page = signed_in(service, owner).get(f"/bookings/{booking.reference}/guests").text
    assert "04/03/2030\N{NO-BREAK SPACE}09:00" in page


def test_cards_are_printed_with_what_a_guest_types(
    service: Flask, booking: Booking, owner: Member
) -> None:
    client = signed_in(service, owner)
    for language, word in (("vi", "Mật khẩu"), ("en", "Passphrase")):
        answer = client.get(f"/bookings/{booking.reference}/guests/card.pdf?lang={language}")
        assert answer.headers["Cache-Control"] == "no-store"
        pages = pypdf.PdfReader(io.BytesIO(answer.data)).pages
        text = pages[0].extract_text()
        assert len(pages) == 1
        assert text.count(secret(service)) == 8
        assert word in text


def test_nobody_else_sees_it(service: Flask, booking: Booking, person: Person) -> None:
    access_id, where = the_access().id, f"/bookings/{booking.reference}/guests"
    stranger = signed_in(service, person(role=Role.HEAD))
    for path in (where, f"{where}/card.pdf"):
        assert stranger.get(path).status_code == 404
    finance = signed_in(service, person(role=Role.FINANCE))
    assert the_access().username not in finance.get(f"/bookings/{booking.reference}").text
    assert signed_in(service, person(role=Role.DIRECTOR)).get(where).status_code == 403
    for deed in ("renew", "revoke"):
        assert posted(stranger, f"{where}/{access_id}/{deed}").status_code in (403, 404)


@pytest.mark.parametrize("role", [Role.DESK, Role.OPERATOR])
def test_desk_and_operators_revoke_and_renew(
    service: Flask, booking: Booking, person: Person, owner: Member, role: Role
) -> None:
    old, where = secret(service), f"/bookings/{booking.reference}/guests"
    access_id = the_access().id
    client = signed_in(service, person(role=role))
    assert posted(client, f"{where}/{access_id}/revoke").status_code == 302
    assert posted(client, f"{where}/{access_id}/revoke").status_code == 409
    page = signed_in(service, owner).get(where).text
    assert old not in page
    assert "Đã thu hồi" in page
    assert posted(client, f"{where}/{access_id}/renew").status_code == 302
    assert old != secret(service)
    assert posted(signed_in(service, owner), f"{where}/{access_id}/revoke").status_code == 403


def asked(service: Flask, headers: dict[str, str], **body: str) -> Any:
    return service.test_client().post("/api/v1/guests/authorize", json=body, headers=headers)


def test_a_radius_server_asks_and_is_told_for_how_long(
    service: Flask, booking: Booking, person: Person, bearer: Bearer
) -> None:
    theirs = bearer(person(role=Role.OPERATOR))
    name, word = the_access().username, secret(service)
    answer = asked(service, theirs, username=name, password=word, station="AA-BB-CC-00-00-01")
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["session_timeout"] == told["reply:Session-Timeout"] == 5 * 3600
    assert told["devices"] == 150
    wrong = asked(service, theirs, username=name, password="x")
    assert wrong.status_code == 401
    assert wrong.get_json()["type"] == "/problems/guest-refused"
    assert asked(service, theirs, username="bk-none", password=word).status_code == 401
    listed = service.test_client().get("/api/v1/guests", headers=theirs)
    assert word not in listed.text
    (item,) = listed.get_json()["items"]
    assert (item["username"], item["admitted"], item["refused"]) == (name, 1, 1)
    with time_machine.travel(STARTS + timedelta(hours=4), tick=False):
        assert asked(service, theirs, username=name, password=word).status_code == 401


def test_a_unit_may_not_ask(
    service: Flask, booking: Booking, owner: Member, bearer: Bearer
) -> None:
    assert asked(service, bearer(owner), username="x", password="y").status_code == 403
    assert asked(service, {}, username="x", password="y").status_code == 401
    assert service.test_client().get("/api/v1/guests", headers=bearer(owner)).status_code == 403


def test_guessing_is_slowed_down_for_the_guessing_device_alone(
    service: Flask, booking: Booking, person: Person, bearer: Bearer
) -> None:
    theirs, name = bearer(person(role=Role.OPERATOR)), the_access().username
    for _ in range(throttle.FREE_TRIES_OF_A_GUEST):
        assert asked(service, theirs, username=name, password="x", station="a").status_code == 401
    slowed = asked(service, theirs, username=name, password="x", station="a")
    assert slowed.status_code == 429
    assert int(slowed.headers["Retry-After"]) >= 1
    word = secret(service)
    assert asked(service, theirs, username=name, password=word, station="b").status_code == 200
    assert asked(service, theirs, username=name, password=word, station="a").status_code == 429


def test_many_guests_at_once_are_not_taken_for_guessing(
    service: Flask, booking: Booking, person: Person, bearer: Bearer
) -> None:
    theirs, name, word = bearer(person(role=Role.OPERATOR)), the_access().username, secret(service)
    for _ in range(3 * throttle.FREE_TRIES_OF_A_GUEST):
        assert asked(service, theirs, username=name, password=word).status_code == 200
    assert the_access().admitted == 3 * throttle.FREE_TRIES_OF_A_GUEST


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "a"},
        {"username": "a" * 65, "password": "x"},
        {"username": "a\0", "password": "x"},
    ],
)
def test_what_is_no_question_is_refused(
    service: Flask, person: Person, bearer: Bearer, body: dict[str, str]
) -> None:
    assert asked(service, bearer(person(role=Role.OPERATOR)), **body).status_code in (401, 422)


def test_the_passphrase_is_in_no_job_no_mail_and_no_log(
    service: Flask, booking: Booking, caplog: pytest.LogCaptureFixture
) -> None:
    word = secret(service)
    rounds.guests.settle_guests()
    jobs = db.session.execute(sa.text("SELECT args::text FROM procrastinate_jobs")).scalars().all()
    entries = db.session.execute(sa.text("SELECT details::text FROM journal_entry")).scalars().all()
    mails = [notice.body for notice in db.session.scalars(sa.select(Notice))]
    for told in (*jobs, *entries, *mails, caplog.text):
        assert word not in told
