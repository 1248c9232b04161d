"""Files of bookings: what a row may say, what forms one event, what is refused and why."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from config.database import db, transaction
from portal.models import ImportedFile
from portal.pages.booking_files import columns, drafts, grids, importing, template
from portal.pages.booking_files.errors import BadSheet, ImportedBefore, OtherFile, RefusedFile
from portal.pages.booking_files.importing import SentFile, Terms
from rental import bookings, units
from rental.errors import BadFile
from rental.models import Booking, BookingStatus, EventKind, Member, Organiser
from tests import build, files
from tests.portal.booking_sheets import FIRST, HEADS, a_row, as_csv, as_xlsx

AT, UNTIL = datetime(2030, 3, 5, 1, 0, tzinfo=UTC), datetime(2030, 3, 5, 4, 30, tzinfo=UTC)


@pytest.fixture
def desk(service: Flask) -> Member:
    """The desk of a house with a hall of its own and five cameras; two units rent there."""
    with transaction():
        site = build.a_site(slug="hcmc")
        build.a_hall(site=site, code="H100", name="Hội trường lớn")
        build.equipment(site=site, code="CAM", name="Máy quay", stock=5)
        build.a_unit(slug="unit-a", name="Báo Anh Đào")
        build.a_unit(slug="unit-b", name="Đài Bằng Lăng")
        return build.desk(email="desk@example.com")


def read(content: bytes, by: Member) -> drafts.Draft:
    with transaction():
        return importing.preview(SentFile("a.csv", content), Terms(), by=by)


def take_in(content: bytes, by: Member, **terms: Any) -> list[Booking]:
    with transaction():
        taken = importing.take_in(SentFile("a.csv", content), Terms(**terms), by=by)
        return list(taken.bookings)


def count() -> tuple[int, int]:
    bookings_, imported = (
        db.session.scalar(sa.select(sa.func.count()).select_from(table))
        for table in (Booking, ImportedFile)
    )
    return bookings_ or 0, imported or 0


def test_rows_with_one_key_form_one_booking_with_several_lines(desk: Member) -> None:
    rows = [
        FIRST | {"event_kind": "Họp báo", "organiser": "foreign", "attendees": "80"},
        {**FIRST, "unit": "", "title": "", "resource": "CAM", "quantity": "3"},
        a_row(unit="Đài Bằng Lăng", title="Tập huấn", starts_at="2030-03-06 08:00",
              ends_at="2030-03-06T10:00:00+07:00"),
    ]  # fmt: skip
    one, two = take_in(as_csv(rows), desk)
    assert [(line.resource.code, line.quantity) for line in one.lines] == [("H100", 1), ("CAM", 3)]
    assert (one.event_kind, one.organiser, one.attendees) == (
        EventKind.PRESS_CONFERENCE,
        Organiser.FOREIGN,
        80,
    )
    assert (one.starts_at, one.ends_at, one.unit.slug) == (AT, UNTIL, "unit-a")
    assert (two.unit.slug, two.event_kind, two.organiser) == (
        "unit-b",
        EventKind.OTHER,
        Organiser.DOMESTIC,
    )
    assert {one.status, two.status} == {BookingStatus.REQUESTED}
    assert count() == (2, 1)


def test_a_preview_tells_and_writes_nothing(desk: Member) -> None:
    draft = read(as_csv([FIRST]), desk)
    assert draft.is_good
    assert draft.counts == {"ok": 1, "wrong": 0, "conflict": 0}
    assert count() == (0, 0)


def test_the_desk_may_confirm_what_it_imports(desk: Member) -> None:
    [booking] = take_in(as_csv([FIRST]), desk, confirms=True)
    assert booking.status is BookingStatus.CONFIRMED


WRONG = [
    ({"unit": "nobody"}, "no unit 'nobody'", "a unit that is not there"),
    ({"unit": ""}, "no unit ''", "no unit"),
    ({"title": ""}, "needs a title", "no title"),
    ({"title": "a\u202eb"}, "control characters", "text that turns around"),
    ({"title": "x" * 201}, "200 characters", "a title too long"),
    ({"resource": "H999"}, "no resource 'H999'", "a resource that is not there"),
    ({"quantity": "0"}, "between 1 and", "no piece"),
    ({"quantity": "-1"}, "not a whole number", "a negative number"),
    ({"quantity": "1.5"}, "not a whole number", "a part of a piece"),
    ({"quantity": "²"}, "not a whole number", "a digit that is none"),
    ({"starts_at": ""}, "not a day and a time", "no start"),
    ({"starts_at": "05/03/2030"}, "not a day and a time", "a day without a time"),
    ({"starts_at": "31/02/2030 08:00"}, "not a day and a time", "a day that does not exist"),
    ({"starts_at": "03/25/2030 08:00"}, "not a day and a time", "the month first"),
    ({"starts_at": "45000.33"}, "not a day and a time", "a number of a spreadsheet"),
    ({"starts_at": "05/03/1999 08:00"}, "between 2000 and 2100", "a year long past"),
    ({"ends_at": "05/03/2030 08:00"}, "", "ends when it begins"),
    ({"ends_at": "05/03/2032 08:00"}, "366 days", "two years long"),
    ({"starts_at": "05/03/2020 08:00"}, "begun already", "in the past"),
    ({"event_kind": "tiệc cưới"}, "not one of", "a kind that we do not have"),
    ({"organiser": "alien"}, "not one of", "an organiser that we do not have"),
    ({"attendees": "many"}, "not a whole number", "attendees in words"),
    ({"attendees": "0"}, "between 1 and", "nobody comes"),
    ({"note": "x" * 2001}, "at most 2000", "a note too long"),
]


@pytest.mark.parametrize(("over", "words", "reason"), WRONG, ids=[why for *_, why in WRONG])
def test_a_wrong_row_says_its_number_and_why(
    desk: Member, over: dict[str, str], words: str, reason: str
) -> None:
    content = as_csv(
        [FIRST, {}, a_row(starts_at="05/03/2030 13:00", ends_at="05/03/2030 14:00") | over]
    )
    draft = read(content, desk)
    assert [(row.number, row.verdict) for row in draft.rows] == [(2, "ok"), (4, "wrong")], reason
    assert any(words in problem.message for problem in draft.rows[1].problems), reason
    with pytest.raises(RefusedFile) as refused:
        take_in(content, desk)
    assert [row["verdict"] for row in refused.value.details["rows"]] == ["ok", "wrong"]
    assert count() == (0, 0), "all or nothing"


def test_rows_of_one_event_may_not_contradict_each_other(desk: Member) -> None:
    draft = read(as_csv([FIRST, FIRST | {"resource": "CAM", "title": "Khác"}]), desk)
    assert [row.verdict for row in draft.rows] == ["ok", "wrong"]
    assert "row 2" in draft.rows[1].problems[0].message


@pytest.mark.parametrize(
    "written",
    ["5/3/2030 8:00", "05-03-2030 08:00:00", "05.03.2030, 8h00", "08:00 05/03/2030",
     "2030-03-05T08:00", "2030-3-5 8:00", "2030-03-05T01:00:00Z"],
)  # fmt: skip
def test_a_time_may_be_written_as_people_write_it(desk: Member, written: str) -> None:
    [row] = read(as_csv([FIRST | {"starts_at": written}]), desk).rows
    assert row.line is not None, [problem.message for problem in row.problems]
    assert row.line.period.starts_at == AT


def test_what_is_taken_is_told_row_by_row(desk: Member) -> None:
    take_in(as_csv([FIRST]), desk)
    rows = [
        a_row(title="Trùng giờ"),  # of the hall that is taken already
        a_row(title="Bốn máy", resource="CAM", quantity="4"),
        a_row(title="Hai máy nữa", resource="CAM", quantity="2"),  # the row above leaves one
        a_row(title="Ngay sau", starts_at="05/03/2030 11:30", ends_at="05/03/2030 12:00"),
    ]
    draft = read(as_csv(rows), desk)
    assert [row.verdict for row in draft.rows] == ["conflict", "ok", "conflict", "ok"]
    assert "CAM: 1 of 2" in draft.rows[2].problems[0].message
    with pytest.raises(RefusedFile):
        take_in(as_csv(rows), desk)
    assert count() == (1, 1)


def test_the_same_file_is_taken_once(desk: Member) -> None:
    content = as_csv([FIRST])
    take_in(content, desk)
    with pytest.raises(ImportedBefore):
        take_in(content, desk)
    draft = read(content, desk)
    assert isinstance(draft.refusal, ImportedBefore)
    assert not draft.is_good
    assert count() == (1, 1)


def test_only_the_file_that_was_looked_at_is_taken(desk: Member) -> None:
    seen = drafts.digest_of(as_csv([FIRST]))
    other = SentFile("b.csv", as_csv([a_row(title="Khác")]), seen)
    with pytest.raises(OtherFile):
        importing.take_in(other, Terms(), by=desk)


def test_of_two_who_send_one_file_at_once_one_imports_it(desk: Member, service: Flask) -> None:
    content, outcomes = as_csv([FIRST]), []
    start = threading.Barrier(2)

    def send() -> None:
        with service.app_context():
            start.wait()
            try:
                with transaction():
                    by = units.member_by_email("desk@example.com")
                    importing.take_in(SentFile("a.csv", content), Terms(), by=by)
                outcomes.append("imported")
            except ImportedBefore:
                outcomes.append("before")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["before", "imported"]
    assert count() == (1, 1)


def test_a_spreadsheet_brings_times_and_numbers_of_its_own(desk: Member) -> None:
    wall = [datetime.fromisoformat(f"2030-03-05T{time}") for time in ("08:00", "11:29:59.9999")]
    heads = [f"{word} *" for word in columns.spoken_in("vi", columns.TITLES).values()]
    said = ["", "unit-a", "Họp", "Họp báo", "", 80.0, "", "CAM", 2.0, *wall]
    [booking] = take_in(as_xlsx([heads, said]), desk)
    assert (booking.lines[0].quantity, booking.attendees) == (2, 80)
    assert (booking.starts_at, booking.ends_at) == (AT, UNTIL)


def test_a_text_that_would_run_stays_a_text(desk: Member) -> None:
    [booking] = take_in(as_csv([FIRST | {"title": "'=1+1 và thêm nữa"}]), desk)
    assert booking.title == "=1+1 và thêm nữa", "the apostrophe of an export is taken off"
    assert bookings.get(booking.reference).title == booking.title


def _bomb() -> bytes:
    parts = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
    return files.archive({**parts, "xl/worksheets/sheet1.xml": b"<a>" + b"0" * 70_000_000})


def _laughs() -> bytes:
    wild = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><workbook/>'
    return files.archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": wild})


def _far_cell() -> bytes:
    """A row at the very end of a sheet, a cell in its last column."""
    good = as_xlsx([HEADS, list(FIRST.values())])
    return files.with_entry(
        good, "xl/worksheets/sheet1.xml",
        b'<row r="2"', b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row><row r="3"',
    )  # fmt: skip


HOSTILE = [
    (b"", "empty", "nothing"),
    (b"\xef\xbb\xbf", "empty", "a mark alone"),
    (as_csv([]), "no row", "heads alone"),
    (b"a,b\n1,2\n", "no column", "columns of another table"),
    (b"unit,title,resource,starts_at\n,,,\nx,x,x,x\n", "missing", "a column missing"),
    (b"unit,unit,title,resource,starts_at,ends_at\nx", "twice", "a column twice"),
    ("đơn vị".encode("utf-16"), "letters", "UTF-16"),
    ("đơn vị".encode("cp1258", "replace") + b"\xff", "letters", "the old Vietnamese code page"),
    (b"unit,\0title", "letters", "NUL"),
    (b'unit,"title', "quotation mark", "a quotation mark that is not closed"),
    (b"MZ\x90\0\x03", "letters", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLSX", "the old Excel"),
    (files.pdf(), "XLSX", "a PDF"),
    (files.docx(), "XLSX", "a document"),
    (files.xlsx(), "damaged", "a spreadsheet without a sheet"),
    (b"PK\x03\x04" + b"\0" * 99, "damaged", "an archive cut off"),
    (as_csv([FIRST] * 2_001), "more than 2000 rows", "too many rows"),
    (as_csv([{f"c{n}": "x" for n in range(61)}]), "more than 60", "too many columns"),
    (as_csv([FIRST | {"note": "x" * 4_001}]), "longer than 4000", "an endless cell"),
    (b"x" * 5_000_001, "larger than 5 MB", "too large"),
]


@pytest.mark.parametrize(("content", "words", "reason"), HOSTILE, ids=[why for *_, why in HOSTILE])
def test_a_hostile_file_is_refused_in_words(
    desk: Member, content: bytes, words: str, reason: str
) -> None:
    with pytest.raises((BadSheet, BadFile)) as refused:
        read(content, desk)
    assert words in refused.value.message, reason
    assert count() == (0, 0)


@pytest.mark.parametrize("made", [_bomb, _laughs], ids=["a bomb", "entities that multiply"])
def test_what_bursts_is_never_opened(desk: Member, made: Any) -> None:
    with pytest.raises((BadSheet, BadFile)):
        read(made(), desk)


def test_a_cell_at_the_end_of_the_world_is_not_waited_for() -> None:
    with pytest.raises(BadSheet, match="too many empty rows"):
        grids.read(_far_cell())


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_template_has_the_columns_that_an_import_reads(
    desk: Member, service: Flask, form: str, language: str
) -> None:
    with service.test_request_context(f"/?lang={language}"):
        [heads] = grids.read(template.WRITERS[form]())
        assert list(columns.heads(heads).values()) == list(columns.TITLES)
