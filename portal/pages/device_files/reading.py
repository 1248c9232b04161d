"""A file of devices as rows, whatever its form: which field says what, where it stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from config.errors import Refusal
from portal.pages.booking_files import grids
from portal.pages.booking_files.errors import BadSheet
from portal.pages.booking_files.grids import Cell
from portal.pages.device_files import columns, yaml_records
from portal.pages.device_files.errors import object_to

MOST_ROWS = 10_000
LONGEST_CELL = grids.LONGEST_CELL
UNREADABLE = "The letters cannot be read; save the file as UTF-8 and send it again."
_YAML = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n|---)*devices\s*:")


@dataclass(slots=True)
class Written:
    """One row as it is written: its number or line, what it gives, what is no column."""

    number: int
    cells: Mapping[str, Cell]
    problems: list[Refusal] = field(default_factory=list)


def is_yaml(filename: str, content: bytes) -> bool:
    """Whether the file is YAML, by its name or by how it begins."""
    return filename.lower().endswith((".yml", ".yaml")) or bool(_YAML.match(content))


def read(filename: str, content: bytes) -> list[Written]:
    """The rows of a file; raises BadSheet or BadFile where it is no table of devices."""
    if is_yaml(filename, content) and not content.startswith(grids.ZIP):
        rows = _yaml(content)
    else:
        rows = _grid(content)
    if not rows:
        raise BadSheet("There is no device in the file; choose the file that was meant.")
    return rows


def _grid(content: bytes) -> list[Written]:
    grid = grids.read(content, MOST_ROWS)
    if not grid:
        raise BadSheet("The file is empty; choose the file that was meant.")
    places = columns.heads(grid[0])
    return [
        Written(row.number, {places[at]: c for at, c in enumerate(row.cells) if at in places})
        for row in grid[1:]
    ]


def _yaml(content: bytes) -> list[Written]:
    if len(content) > grids.MOST_BYTES:
        raise BadSheet(
            "The file is larger than {megabytes} MB; split it.",
            megabytes=grids.MOST_BYTES // 1_000_000,
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadSheet(UNREADABLE) from wrong
    return [_written(record) for record in yaml_records.read(text, MOST_ROWS)]


def _written(record: yaml_records.Record) -> Written:
    row = Written(record.line, cells := {})
    for word, said in record.fields.items():
        name = columns.column_of(word)
        if name is None:
            template = "There is no column “{column}”; the columns are {columns}."
            known = list(columns.TITLES)
            object_to(row.problems, template, column=word[:60], columns=known)
        elif said is not None and len(said) > LONGEST_CELL:
            template = "{column}: write {most} characters at most."
            object_to(row.problems, template, column=name, most=LONGEST_CELL)
        else:
            cells[name] = columns.DASH if said is None else said
    return row
