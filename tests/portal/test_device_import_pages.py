"""Importing and exporting devices over pages, API and command: look first, then all or nothing."""

import csv
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.database import db, transaction
from monitoring import devices
from monitoring.devices import NewDevice
from rental import journal
from rental.models import Member, Role
from tests.portal.booking_sheets import as_csv, as_xlsx
from tests.portal.conftest import signed_in, token_of
from tests.portal.device_sheets import SECRET, a_house, names

GOOD = as_csv(
    [
        {"name": "SW-HALL", "address": "192.0.2.2", "parent": "SW-CORE", "tags": "tầng 2"},
        {"name": "SW-CORE", "location": "Tủ rack B"},
    ]
)
WRONG = as_csv([{"name": "<script>alert(1)</script>", "address": "192.0.2.9", "parent": "GONE"}])


@pytest.fixture
def operator(service: Flask, person: Any) -> Member:
    """Somebody who keeps the inventory."""
    a_house(service)
    return person(role=Role.OPERATOR)


@pytest.fixture
def browser(service: Flask, operator: Member) -> FlaskClient:
    """The operator's browser."""
    return signed_in(service, operator)


def send(browser: FlaskClient, content: bytes | None, *, path: str = "", **form: str) -> Any:
    fields: dict[str, Any] = {"csrf_token": token_of(browser), **form}
    if content is not None:
        fields["file"] = (io.BytesIO(content), form.pop("filename", "Danh sách <1>.csv"))
    return browser.post(f"/devices/import{path}", data=fields)


def seen_in(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]


def test_a_file_is_looked_at_and_then_imported_once(browser: FlaskClient, operator: Member) -> None:
    page = send(browser, GOOD, path="/preview").get_data(as_text=True)
    assert "Nhập: 1 thiết bị mới, 1 thay đổi" in page
    assert "<del>Tủ rack A</del>" in page
    assert "<ins>Tủ rack B</ins>" in page
    assert names(devices.search()) == ["SW-CORE"]
    done = send(browser, GOOD, seen=seen_in(page))
    assert (done.status_code, done.location) == (302, "/devices")
    assert "Đã nhập: 1 thiết bị mới, 1 thay đổi, 0 giữ nguyên." in browser.get(
        done.location
    ).get_data(as_text=True)
    assert journal.of(devices.find("SW-HALL"))[0].member_id == operator.id
    again = send(browser, GOOD, seen=seen_in(page))
    assert again.status_code == 409
    assert "đã thay đổi từ lúc quý vị xem" in again.get_data(as_text=True)
    page = send(browser, GOOD, path="/preview").get_data(as_text=True)
    assert "không có gì để nhập" in page
    assert 'name="seen"' not in page


def test_a_wrong_row_is_shown_with_what_to_mend_and_nothing_is_run(browser: FlaskClient) -> None:
    for path, status in (("/preview", 200), ("", 422)):
        answer = send(browser, WRONG, path=path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status
        assert "Không có thiết bị “GONE”" in page
        assert "Kết nối qua:" in page, "the column it is about"
        assert "<script>alert" not in page
        assert 'name="seen"' not in page, "nothing to import"
    assert names(devices.search()) == ["SW-CORE"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Chưa chọn tệp"),
        (b"\xff\xfe", "UTF-8"),
        (b"x" * 10_000_000, "5 MB"),
        (b"colour\nred", "colour"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    browser: FlaskClient, content: bytes | None, said: str
) -> None:
    for path in ("/preview", ""):
        answer = send(browser, content, path=path)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)


def test_the_part_for_htmx_says_what_is_wrong(browser: FlaskClient) -> None:
    answer = browser.post(
        "/devices/import/preview",
        data={"csrf_token": token_of(browser), "file": (io.BytesIO(b"\xff\xfe"), "a.csv")},
        headers={"HX-Request": "true"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "UTF-8" in page
    assert "<html" not in page


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_empty_file_to_fill_in_is_read_again(browser: FlaskClient, form: str) -> None:
    given = browser.get(f"/devices/import/template.{form}")
    assert given.status_code == 200
    page = send(browser, given.data, path="/preview").get_data(as_text=True)
    assert "Tệp không có thiết bị nào" in page, "its heads are known"
    assert browser.get("/devices/import/template.exe").status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx", "yml"])
def test_the_list_is_given_out_with_its_filters_and_taken_in_again(
    browser: FlaskClient, form: str
) -> None:
    with transaction():
        core = devices.find("SW-CORE")
        devices.add(NewDevice("UPS-1", "192.0.2.7", core.site, tags=["điện"]))
    shown = browser.get("/devices?q=UPS").get_data(as_text=True)
    assert f"/devices/export.{form}?q=UPS" in shown
    given = browser.get(f"/devices/export.{form}?q=UPS")
    assert given.headers["Cache-Control"] == "no-store"
    assert f".{form}" in given.headers["Content-Disposition"]
    assert SECRET.encode() not in given.data
    page = send(browser, given.data, path="/preview", filename=f"a.{form}").get_data(as_text=True)
    assert "UPS-1" in page
    assert "không có gì để nhập" in page
    assert "SW-CORE" not in page
    assert browser.get("/devices/export.exe").status_code == 404


def test_whoever_only_looks_at_devices_takes_no_file(service: Flask, person: Any) -> None:
    a_house(service)
    director = signed_in(service, person(role=Role.DIRECTOR))
    page = director.get("/devices").get_data(as_text=True)
    assert "SW-CORE" in page
    assert "/devices/export" not in page
    assert "/devices/import" not in page
    assert director.get("/devices/export.csv").status_code == 403
    assert send(director, GOOD).status_code == 403


def test_the_api_looks_takes_in_and_gives_out(
    service: Flask, operator: Member, bearer: Any
) -> None:
    client, headers = service.test_client(), bearer(operator)

    def post(content: bytes, query: str = "", key: str = "") -> Any:
        sent = {"file": (io.BytesIO(content), "list.csv")}
        more = {"Idempotency-Key": key} if key else {}
        return client.post(f"/api/v1/imports/devices{query}", data=sent, headers=headers | more)

    looked = post(GOOD, "?preview=1")
    assert (looked.status_code, looked.json["good"]) == (200, True)
    assert [row["verdict"] for row in looked.json["rows"]] == ["new", "changed"]
    assert looked.json["rows"][1]["changes"] == [
        {"field": "location", "was": "Tủ rack A", "becomes": "Tủ rack B"}
    ]
    assert names(devices.search()) == ["SW-CORE"]
    assert post(GOOD, key="k1").status_code == 201
    again = post(GOOD, key="k2")
    assert [row["verdict"] for row in again.json["rows"]] == ["unchanged"] * 2
    refused = post(WRONG)
    assert refused.status_code == 422
    assert refused.json["rows"][0]["problems"] == [
        "parent: There is no device “GONE”, neither here nor in the inventory."
    ]
    for form in ("csv", "xlsx", "yml"):
        assert client.get(f"/api/v1/exports/devices.{form}", headers=headers).status_code == 200
    given = client.get("/api/v1/exports/devices.csv?q=hall", headers=headers).get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(given.removeprefix("\ufeff"))))
    assert [(row["name"], row["parent"], row["is_enabled"]) for row in rows] == [
        ("SW-HALL", "SW-CORE", "yes")
    ]


def test_two_of_one_name_from_the_page_and_from_a_file_are_one(browser: FlaskClient) -> None:
    """What was added in between is met as a change, and who looked before is told."""
    content = as_csv([{"name": "CAM-7", "address": "192.0.2.77"}])
    page = send(browser, content, path="/preview").get_data(as_text=True)
    with transaction():
        devices.add(NewDevice("CAM-7", "192.0.2.70", devices.find("SW-CORE").site))
    assert send(browser, content, seen=seen_in(page)).status_code == 409
    db.session.expire_all()
    assert devices.find("CAM-7").address == "192.0.2.70"


def test_a_spreadsheet_as_people_save_it(browser: FlaskClient) -> None:
    table = [["Tên", "Địa chỉ", "Số sê-ri", "Cổng SNMP"], ["CAM-8", "192.0.2.88", 1182, 161.0]]
    content = as_xlsx(table)  # made once: a workbook tells the second it was made in
    page = send(browser, content, path="/preview").get_data(as_text=True)
    assert send(browser, content, seen=seen_in(page)).status_code == 302
    camera = devices.find("CAM-8")
    assert (camera.serial, camera.snmp_port) == ("1182", 161)
