"""Importing bookings over pages and API: look first, then all or nothing; the desk alone."""

import io
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.database import transaction
from rental.models import Member, Role
from tests import build
from tests.portal.booking_sheets import FIRST, a_row, as_csv
from tests.portal.conftest import signed_in, token_of

GOOD = as_csv([FIRST, {**FIRST, "resource": "CAM", "quantity": "3"}])
WRONG = as_csv([FIRST, a_row(title="<script>alert(1)</script>", resource="H999", unit="x")])


@pytest.fixture
def desk(service: Flask, person: Any) -> Member:
    """The desk of a house with a hall and cameras."""
    with transaction():
        site = build.a_site(slug="hcmc")
        build.a_hall(site=site, code="H100")
        build.equipment(site=site, code="CAM", stock=5)
        build.a_unit(slug="unit-a")
        centre = build.a_unit(slug="centre", is_centre=True)
    return person(role=Role.DESK, unit=centre)


def send(client: FlaskClient, content: bytes | None, *, path: str = "", **form: str) -> Any:
    fields: dict[str, Any] = {"csrf_token": token_of(client), **form}
    if content is not None:
        fields["file"] = (io.BytesIO(content), "Kế hoạch <quý I>.csv")
    return client.post(f"/imports/bookings{path}", data=fields)


def test_a_file_is_looked_at_and_then_imported(service: Flask, desk: Member) -> None:
    client = signed_in(service, desk)
    shown = send(client, GOOD, path="/preview").get_data(as_text=True)
    assert "Nhập 1 lượt đặt" in shown
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    assert "Họp báo quý I" not in client.get("/bookings?when=all").get_data(as_text=True)
    done = send(client, GOOD, seen=seen)
    assert (done.status_code, done.location) == (302, "/imports/bookings")
    page = client.get(done.location).get_data(as_text=True)
    assert "Kế hoạch -quý I.csv" in page
    assert "Họp báo quý I" in client.get("/bookings?when=all").get_data(as_text=True)
    again = send(client, GOOD, seen=seen)
    assert again.status_code == 409
    assert "đã được nhập" in again.get_data(as_text=True)


def test_a_wrong_row_is_shown_with_its_number_in_the_words_of_the_page(
    service: Flask, desk: Member
) -> None:
    client = signed_in(service, desk)
    for path in ("/preview", ""):
        answer = send(client, WRONG, path=path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == (200 if path else 422)
        assert "H999" in page
        assert "<script>alert" not in page
        assert 'name="seen"' not in page, "nothing to import"
    assert "Họp báo quý I" not in client.get("/bookings?when=all").get_data(as_text=True)


def test_the_part_for_htmx_says_what_is_wrong(service: Flask, desk: Member) -> None:
    client = signed_in(service, desk)
    answer = client.post(
        "/imports/bookings/preview",
        data={"csrf_token": token_of(client), "file": (io.BytesIO(b"\xff\xfe"), "a.csv")},
        headers={"HX-Request": "true"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "UTF-8" in page
    assert "<html" not in page


@pytest.mark.parametrize("path", ["/preview", ""])
def test_no_file_is_answered_beside_the_form(service: Flask, desk: Member, path: str) -> None:
    answer = send(signed_in(service, desk), None, path=path)
    assert answer.status_code == 422
    assert "Chưa chọn tệp" in answer.get_data(as_text=True)


def test_another_file_than_the_one_looked_at_is_refused(service: Flask, desk: Member) -> None:
    client = signed_in(service, desk)
    answer = send(client, GOOD, seen="0" * 64)
    assert answer.status_code == 409
    assert "Họp báo quý I" in answer.get_data(as_text=True), "it is looked at instead"


def test_the_template_opens_as_a_spreadsheet(service: Flask, desk: Member) -> None:
    client = signed_in(service, desk)
    answer = client.get("/imports/bookings/template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert [cell.value for cell in book.worksheets[0][1]][:2] == [
        "Mã nhóm sự kiện",
        "Đơn vị (mã) *",
    ]
    assert len(book.worksheets) == 3
    assert client.get("/imports/bookings/template.pdf").status_code == 404


def call(service: Flask, headers: dict[str, str], content: bytes, query: str = "") -> Any:
    return service.test_client().post(
        f"/api/v1/imports/bookings{query}",
        data={"file": (io.BytesIO(content), "a.csv")},
        headers=headers,
    )


def test_the_api_looks_and_takes_in(service: Flask, desk: Member, bearer: Any) -> None:
    token = bearer(desk)
    looked = call(service, token, WRONG, "?preview=1")
    assert looked.status_code == 200
    assert (looked.json["good"], looked.json["bookings"]) == (False, [])
    assert [row["verdict"] for row in looked.json["rows"]] == ["ok", "wrong"]
    refused = call(service, token, WRONG)
    assert refused.status_code == 422
    assert [row["row"] for row in refused.json["rows"]] == [2, 3]
    done = call(service, token, GOOD, "?confirm=1")
    assert (done.status_code, len(done.json["bookings"])) == (201, 1)
    reference = done.json["bookings"][0]
    booking = service.test_client().get(f"/api/v1/bookings/{reference}", headers=token).json
    assert (booking["status"], len(booking["lines"])) == ("confirmed", 2)
    again = call(service, token, GOOD)
    assert (again.status_code, again.json["type"]) == (409, "/problems/imported-before")
    taken = call(service, token, as_csv([a_row(title="Trùng")]), "?preview=1")
    assert [row["verdict"] for row in taken.json["rows"]] == ["conflict"]


def test_an_idempotent_repeat_gets_the_first_answer(
    service: Flask, desk: Member, bearer: Any
) -> None:
    token = bearer(desk) | {
        "Idempotency-Key": "k1",
        "Content-Type": "multipart/form-data; boundary=b",
    }
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body += GOOD + b"\r\n--b--\r\n"
    answers = [
        service.test_client().post("/api/v1/imports/bookings", data=body, headers=token)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json


@pytest.mark.parametrize("role", [Role.MEMBER, Role.HEAD, Role.FINANCE, Role.DIRECTOR])
def test_the_desk_alone_imports(
    service: Flask, desk: Member, person: Any, bearer: Any, role: Role
) -> None:
    renter = role in (Role.MEMBER, Role.HEAD)
    other = person(role=role) if renter else person(role=role, unit=desk.unit)
    assert call(service, bearer(other), GOOD).status_code == 403
    assert signed_in(service, other).get("/imports/bookings").status_code == 403
