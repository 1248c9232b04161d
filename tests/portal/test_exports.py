"""Lists as files over HTTP: the filters in force, the words of the page, nobody else's rows."""

import csv
import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask

from config.database import transaction
from portal import sheets
from portal.pages import export_tables
from tests.portal.two_units import REASON, TITLE, UNIT, Scene, set_up


@pytest.fixture
def scene(service: Flask) -> Scene:
    scene = Scene(service)
    with transaction():
        set_up(scene)
    return scene


def of_the_event(scene: Scene, who: str, place: str) -> list[dict[str, str]]:
    """The rows that speak of unit A's event; the scene has holds and series beside it."""
    found = rows(scene, who, place)
    return [row for row in found if scene.ids["reference"] in row.values()]


def rows(scene: Scene, who: str, place: str) -> list[dict[str, str]]:
    if place.startswith("/api"):
        bearer = {"Authorization": f"Bearer {scene.bearers[who]}"}
        answer = scene.app.test_client().get(place, headers=bearer)
    else:
        answer = scene.browser(who).get(place)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:400]
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_page_speaks_words_and_the_api_speaks_codes(scene: Scene) -> None:
    [page] = of_the_event(scene, "desk", "/exports/bookings.csv?when=all")
    [api] = of_the_event(scene, "desk", "/api/v1/exports/bookings.csv")
    assert (page["Trạng thái"], api["status"]) == ("Đã xác nhận", "confirmed")
    assert (page["Loại sự kiện"], api["event_kind"]) == ("Họp báo", "press_conference")
    assert (api["title"], api["unit"], api["unit_name"]) == (TITLE, "unit-a", UNIT)
    assert sorted(api["resources"].split("; ")) == ["CAM × 2", "H100"]
    starts_at = scene.ids["period"].starts_at.replace(microsecond=0)
    assert datetime.fromisoformat(api["starts_at"]) == starts_at
    assert api["starts_at"].endswith("+07:00")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("status=confirmed", 1),
        ("status=requested", 0),
        ("unit=unit-a", 1),
        ("unit=unit-b", 0),
        ("q=mật", 1),
        ("q=không có", 0),
        ("lang=vi&form=x&table=y", 1),  # words that no filter knows
    ],
)
def test_the_filters_of_the_page_are_in_force(scene: Scene, query: str, count: int) -> None:
    assert len(of_the_event(scene, "desk", f"/exports/bookings.csv?{query}")) == count
    page = scene.browser("desk").get(f"/bookings?{query}")
    assert (scene.ids["reference"] in page.get_data(as_text=True)) == bool(count)


def test_each_line_is_a_row(scene: Scene) -> None:
    found = of_the_event(
        scene, "finance", "/api/v1/exports/lines.csv?status=confirmed&status=returned"
    )
    assert [(r["resource"], r["quantity"], r["hours"]) for r in found] == [
        ("H100", "1", "3.0"),
        ("CAM", "2", "3.0"),
    ]


@pytest.mark.parametrize("table", ["bookings", "lines", "resources", "assets", "utilisation"])
@pytest.mark.parametrize("prefix", ["/exports", "/api/v1/exports"])
def test_every_table_opens_as_a_spreadsheet(scene: Scene, prefix: str, table: str) -> None:
    place = f"{prefix}/{table}.xlsx"
    if table == "utilisation":
        place += "?from=2030-03-01&to=2030-03-31"
    headers = {"Authorization": f"Bearer {scene.bearers['director']}"}
    client = scene.app.test_client() if "api" in place else scene.browser("director")
    answer = client.get(place, headers=headers if "api" in place else {})
    assert answer.status_code == 200
    assert answer.mimetype == sheets.XLSX
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    head: Any = openpyxl.load_workbook(io.BytesIO(answer.data), read_only=True).active
    assert next(iter(head.iter_rows(values_only=True)))[0]


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("/exports/bookings.pdf", 404),
        ("/exports/bookings.csv?status=nothing", 422),
        ("/exports/utilisation.csv?from=2030-01-01", 422),
        ("/exports/utilisation.csv?from=2030-02-01&to=2030-01-01", 422),
        ("/exports/utilisation.csv?from=2028-01-01&to=2030-01-01", 422),
    ],
)
def test_what_cannot_be_is_refused(scene: Scene, place: str, status: int) -> None:
    assert scene.browser("desk").get(place).status_code == status


def test_too_many_rows_are_refused_before_the_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_tables, "MOST_ROWS", 1)
    answer = scene.browser("desk").get("/exports/lines.csv")
    assert answer.status_code == 422
    assert "nhiều hơn 1" in answer.get_data(as_text=True)


@pytest.mark.parametrize("place", ["/exports/{}.csv?when=all", "/api/v1/exports/{}.csv"])
@pytest.mark.parametrize(
    ("who", "count"),
    [
        ("owner", 1),  # of the unit whose event it is
        ("owning head", 1),
        ("member", 0),  # of another unit
        ("head", 0),
        ("finance", 1),
    ],
)
def test_a_unit_takes_its_own_bookings_with_it(
    scene: Scene, who: str, count: int, place: str
) -> None:
    assert len(of_the_event(scene, who, place.format("bookings"))) == count
    assert len(of_the_event(scene, who, place.format("lines"))) == 2 * count
    asked = place.format("bookings") + ("&" if "?" in place else "?") + "unit=unit-a"
    assert len(of_the_event(scene, who, asked)) == count
    everything = rows(scene, who, place.format("bookings"))
    own = {"owner": "unit-a", "owning head": "unit-a", "member": "unit-b", "head": "unit-b"}
    codes = {row.get("unit") or row["Đơn vị (mã)"] for row in everything}
    assert codes <= ({own[who]} if who in own else codes), "and no other unit's"


def test_an_operator_reads_bookings_and_takes_none_away(scene: Scene) -> None:
    answer = scene.browser("operator").get("/exports/bookings.csv")
    assert answer.status_code == 403
    assert REASON not in answer.get_data(as_text=True)
    page = scene.browser("operator").get("/bookings").get_data(as_text=True)
    assert TITLE in page
    assert "/exports/bookings" not in page
