"""Small files of bookings to send: as CSV, as a spreadsheet, and whole requests with one."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import openpyxl

HEADS = ("event", "unit", "title", "resource", "quantity", "starts_at", "ends_at")
FIRST = {
    "event": "A1", "unit": "unit-a", "title": "Họp báo quý I", "resource": "H100", "quantity": "1",
    "starts_at": "05/03/2030 08:00", "ends_at": "05/03/2030 11:30",
}  # fmt: skip


def a_row(**over: Any) -> dict[str, Any]:
    """One good row of an event of its own, but for what is given."""
    return {**FIRST, "event": "", **over}


def as_csv(rows: Iterable[Mapping[str, Any]], heads: Iterable[str] | None = None) -> bytes:
    """The rows under their heads, in UTF-8 with a mark."""
    rows = list(rows)
    names = list(heads or dict.fromkeys(name for row in rows for name in row) or HEADS)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(table: Iterable[Iterable[Any]]) -> bytes:
    """A spreadsheet as people save it."""
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
