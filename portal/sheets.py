"""Writes tables as CSV and XLSX, row by row: memory does not grow with the table.

CSV is RFC 4180 in UTF-8 with a byte-order mark, which Excel needs for Vietnamese; instants carry
their offset. A text that a spreadsheet would run as a formula is kept a text. XLSX holds typed
dates on the site's wall clock (a spreadsheet knows no zones), a frozen header and filters.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import IO

import xlsxwriter

from config import clock

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {"csv": CSV, "xlsx": XLSX}
# What spreadsheets take for the beginning of a formula, also in full width.
# An apostrophe that stands there already gets another one, so that `as_typed` finds it again.
_FORMULA = re.compile(r"^'*(\s*[=+\-@\t\r\n|%＝＋－＠]|[\t\r\n])")
_ROWS_AT_ONCE = 500

Value = str | int | float | bool | datetime | None


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    INSTANT = "instant"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its head says, what it holds, how wide XLSX draws it (characters)."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 18


def neutral(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if _FORMULA.match(text) else text


def _csv_value(value: Value, zone: tzinfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return neutral(value)
    return str(value)


def write_csv(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    out: IO[bytes],
    zone: tzinfo = clock.LOCAL,
) -> None:
    """Write the table into `out`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    text.write("\ufeff")
    writer.writerow([neutral(column.title) for column in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([_csv_value(value, zone) for value in row])
        if number % _ROWS_AT_ONCE == 0:
            out.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    out.write(text.getvalue().encode())


_FORMATS = {
    Kind.INSTANT: "dd/mm/yyyy hh:mm",
    Kind.DECIMAL: "#,##0.0",
    Kind.SHARE: "0.0%",
    Kind.NUMBER: "0",
}


def write_xlsx(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    out: IO[bytes],
    zone: tzinfo = clock.LOCAL,
) -> None:
    """Write the table into `out`."""
    # Rows go to the disk as they come; a text is never looked at for formulas or links.
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
        },
    )
    sheet = book.add_worksheet()
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width, formats.get(column.kind))
    sheet.freeze_panes(1, 1)
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column.title, head)
    last = 0
    for last, row in enumerate(rows, 1):
        for number, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(last, number, value)
            elif isinstance(value, datetime):
                local = value.astimezone(zone).replace(tzinfo=None)
                sheet.write_datetime(last, number, local, formats[Kind.INSTANT])
            elif isinstance(value, bool):
                sheet.write_boolean(last, number, value)
            elif value is not None:
                sheet.write_number(last, number, value)
    sheet.autofilter(0, 0, max(last, 1), len(columns) - 1)
    book.close()


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}


def as_typed(text: str) -> str:
    """A text as it was before `neutral` kept it from being run."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text
