"""Tables as files: opened again with the tools that people open them with."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime
from typing import IO, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import sheets
from portal.sheets import Column, Kind

AT = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)
COLUMNS = [
    Column("Tên"),
    Column("Số", Kind.NUMBER),
    Column("Lúc", Kind.INSTANT),
    Column("Tỷ lệ", Kind.SHARE),
]


def as_csv(rows: list[list[Any]]) -> list[list[str]]:
    out = io.BytesIO()
    sheets.write_csv(COLUMNS, rows, out)
    raw = out.getvalue()
    assert raw.startswith(b"\xef\xbb\xbf"), "Excel needs the mark for Vietnamese"
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def as_xlsx(rows: list[list[Any]]) -> Any:
    out = io.BytesIO()
    sheets.write_xlsx(COLUMNS, rows, out)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue())).active


def test_a_table_comes_back_from_csv():
    row = ['Họp, "quý" 4\nhai dòng', 12, AT, 0.25]
    assert as_csv([row, [None, None, None, None]]) == [
        ["Tên", "Số", "Lúc", "Tỷ lệ"],
        ['Họp, "quý" 4\nhai dòng', "12", "2030-03-05T09:00:00+07:00", "0.25"],
        ["", "", "", ""],
    ]


def test_a_table_comes_back_from_xlsx_with_its_types():
    sheet = as_xlsx([["Họp", 12, AT, 0.25]])
    # A spreadsheet knows no zones: the site's wall clock.
    wall_clock = datetime.fromisoformat("2030-03-05T09:00")
    assert [cell.value for cell in sheet[2]] == ["Họp", 12, wall_clock, 0.25]
    assert sheet["C2"].is_date
    assert sheet["D2"].number_format == "0.0%"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:D2")


FORMULAS = [
    ("=1+1", "a formula"),
    ("+1", "another"),
    ("-1", "another"),
    ("@SUM(A1)", "Lotus"),
    ("\t=1", "a tab before it"),
    ("\r=1", "a return before it"),
    ("  =1", "spaces before it"),
    ("＝1", "in full width"),
    ('=HYPERLINK("http://evil.example","x")', "a link"),
    ("=cmd|' /C calc'!A0", "DDE"),
    ("|calc", "DDE"),
]


@pytest.mark.parametrize(("text", "reason"), FORMULAS, ids=[why for _, why in FORMULAS])
def test_no_text_is_run_as_a_formula(text, reason):
    assert as_csv([[text, None, None, None]])[1][0] == "'" + text, reason
    cell = as_xlsx([[text, None, None, None]])["A2"]
    assert cell.data_type == "s", reason
    assert cell.hyperlink is None


@pytest.mark.parametrize("text", ["Họp báo", "a=b", "1-2", "'đã có dấu", "", "email@x.vn"])
def test_innocent_text_stays_as_it_is(text):
    assert as_csv([[text, None, None, None]])[1][0] == text


def test_a_negative_number_is_a_number():
    assert as_csv([["x", -5, None, None]])[1][1] == "-5"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_any_text_comes_back_from_csv(text):
    assert as_csv([[text, 1, AT, 0.5]])[1][0] == sheets.neutral(text)


class Sink(io.RawIOBase):
    """Swallows what is written, as a disk would."""

    def write(self, given: Any) -> int:
        return len(given)


def test_memory_does_not_grow_with_the_rows():
    def peak(rows: int) -> int:
        out: IO[bytes] = Sink()  # type: ignore[assignment]
        tracemalloc.start()
        sheets.write_csv(COLUMNS, (["Họp báo " * 8, n, AT, 0.5] for n in range(rows)), out)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 2 * peak(2_000)
