"""Tables as they come in: CSV and XLSX as rows of cells, within bounds that are asked first.

A spreadsheet is an archive of XML, so it is looked through before it is opened: how large it is
when unpacked, and that its XML declares nothing of its own (entities that multiply).
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError

from openpyxl.reader.excel import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from portal import sheets
from portal.pages.booking_files.errors import BadSheet
from rental import file_kinds
from rental.errors import BadFile
from rental.file_kinds import FileKind

MOST_BYTES = 5_000_000
MOST_UNPACKED = 40_000_000
MOST_ROWS = 2_000
# A sheet that was once longer keeps empty rows at its end.
MOST_EMPTY = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 4_000
ZIP = b"PK\x03\x04"
# What only an archive or another program's format begins with.
BINARY = (b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
BROKEN = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, EOFError, OSError,
    ParseError, InvalidFileException, zipfile.BadZipFile, zlib.error, NotImplementedError,
)  # fmt: skip

Cell = str | int | float | bool | datetime | date | time | None


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row that is not empty, by the number a spreadsheet shows beside it."""

    number: int
    cells: tuple[Cell, ...]


def read(content: bytes, most: int = MOST_ROWS) -> list[GridRow]:
    """The rows of a file by its bytes, whatever it is called; raises BadSheet or BadFile.

    `most` rows below the first are taken.
    """
    if not content:
        raise BadSheet("The file is empty; choose the file that was meant.")
    if len(content) > MOST_BYTES:
        raise BadSheet(
            "The file is larger than {megabytes} MB; split it.", megabytes=MOST_BYTES // 1_000_000
        )
    if content.startswith(BINARY):
        raise BadSheet
    rows = _xlsx(content, most) if content.startswith(ZIP) else _csv(content)
    return list(_bounded(rows, most))


def _bounded(rows: Iterator[tuple[Cell, ...]], most: int) -> Iterator[GridRow]:
    found = empty = 0
    for number, row in enumerate(rows, 1):
        cells = _without_tail(row)
        if not cells:
            empty += 1
            if empty > MOST_EMPTY:
                raise BadSheet("There are too many empty rows; delete them and send the file.")
            continue
        found += 1
        if found > most + 1:
            raise BadSheet("There are more than {most} rows; split the file.", most=most)
        if len(cells) > MOST_COLUMNS:
            raise BadSheet("There are more than {most} columns.", most=MOST_COLUMNS)
        if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
            raise BadSheet(
                "Row {number}: a cell is longer than {most} characters; shorten it.",
                number=number,
                most=LONGEST_CELL,
            )
        yield GridRow(number, cells)


def _without_tail(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The cells up to the last in which something stands."""
    for last in range(len(cells), 0, -1):
        cell = cells[last - 1]
        if cell is not None and not (isinstance(cell, str) and not cell.strip()):
            return cells[:last]
    return ()


def _csv(content: bytes) -> Iterator[tuple[Cell, ...]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadSheet(
            "The letters cannot be read; save the file as “CSV UTF-8” and send it again."
        ) from wrong
    if "\0" in text:
        raise BadSheet(
            "The letters cannot be read; save the file as “CSV UTF-8” and send it again."
        )
    first = text.partition("\n")[0]
    # A spreadsheet with Vietnamese settings separates by semicolons.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield tuple(sheets.as_typed(cell) for cell in row)
    except csv.Error as wrong:
        raise BadSheet(
            "Line {line}: a quotation mark is not closed, or stands where none may; correct it.",
            line=reader.line_num,
        ) from wrong


def _xlsx(content: bytes, most: int) -> Iterator[tuple[Cell, ...]]:
    try:
        kind = file_kinds.of(content)
    except BadFile as wrong:
        # What it says of a damaged, locked or bursting file holds here too.
        if wrong.template != BadFile.__doc__:
            raise
        raise BadSheet from wrong
    if kind is not FileKind.XLSX:
        raise BadSheet
    _require_plain_xml(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = next(s for s in book.worksheets if s.sheet_state == "visible")
        # What the sheet says of its own size may be wrong.
        sheet.reset_dimensions()
        last = most + MOST_EMPTY + 2
        yield from sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS + 1, values_only=True)
    except (StopIteration, *BROKEN) as wrong:
        raise BadSheet("The file is damaged; save it anew and send that.") from wrong


def _require_plain_xml(content: bytes) -> None:
    """Refuse what grows when it is read; `file_kinds` has read every entry to its end before."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise BadSheet("Unpacked, the file would be far too large; save it anew, rows only.")
        for entry in archive.infolist():
            text = archive.read(entry)
            if (
                b"<!DOCTYPE" in text
                or b"<!ENTITY" in text
                or text[:2] in (b"\xff\xfe", b"\xfe\xff")
            ):
                raise BadSheet
