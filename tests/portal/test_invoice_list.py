"""The list of invoices on its page, as a file and over the API: one filter, one answer."""

import csv
import io

import pytest
from openpyxl import load_workbook

from tests.portal.test_following_pages import Scene, text


@pytest.fixture
def scene(service, person):
    return Scene(service, person)


def rows(browser, query=""):
    answer = browser.get(f"/exports/invoices.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?status=overdue", 1),
        ("?status=open&kind=whole&unit=unit-a", 1),
        ("?unit=unit-b", 0),
        ("?status=paid", 0),
        ("?least=1.000", 1),
        ("?most=1.000", 0),
        ("?month=2020-01", 0),
        ("?q=nothing", 0),
    ],
)
def test_page_file_and_sums_hold_the_same(scene, query, count):
    finance = scene.browser("finance")
    page = text(finance.get(f"/invoices{query}"))
    assert page.count(f'/invoices/{scene.id}"') == count
    assert len(rows(finance, query)) == count
    assert (f"{scene.left.minor:,}".replace(",", ".") in page) is bool(count)
    if not count:
        assert "Không có hóa đơn nào khớp" in page


def test_a_unit_reads_and_exports_its_own(scene):
    [row] = rows(scene.browser("head"))
    assert (
        row["Số hóa đơn"] == scene.number if "Số hóa đơn" in row else scene.number in row.values()
    )
    assert rows(scene.browser("theirs")) == []
    assert rows(scene.browser("theirs"), "?unit=unit-a") == []
    assert 'name="unit"' not in text(scene.browser("head").get("/invoices"))


def test_the_file_carries_the_filters_in_force(scene):
    page = text(scene.browser("finance").get("/invoices?status=overdue&sort=due&evil=1"))
    assert "/exports/invoices.xlsx?status=overdue&sort=due" in page
    assert "evil=1" not in page.split("/exports/invoices.xlsx", 1)[1].split('"', 1)[0]


def test_the_spreadsheet_holds_numbers(scene):
    answer = scene.browser("finance").get("/exports/invoices.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert sheet.max_row == 2
    assert scene.left.minor in [cell.value for cell in sheet[2]]


@pytest.mark.parametrize(
    "query",
    [
        "?status=late",
        "?kind=odd",
        "?month=13-2026",
        "?month=2026-13",
        "?least=1.5",
        "?least=-3",
        "?least=200&most=100",
        "?sort=colour",
    ],
)
def test_what_cannot_be_read_is_refused_everywhere(scene, query):
    finance = scene.browser("finance")
    assert finance.get(f"/invoices{query}").status_code == 422
    assert finance.get(f"/exports/invoices.csv{query}").status_code == 422
    assert finance.get("/exports/invoices.doc").status_code == 404


def test_a_page_asked_for_in_part_is_the_results_alone(scene):
    part = text(scene.browser("finance").get("/invoices", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert scene.number in part
