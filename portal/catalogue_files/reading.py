"""Reads catalogue files, YAML or CSV, into records; every error keeps its file and line."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from config import documents
from config.documents import BadDocument
from config.errors import Invalid
from portal.catalogue_files.records import KINDS, Entry, Record

SUFFIXES = (".yml", ".yaml", ".csv")
MOST_BYTES = 20_000_000
TRUE, FALSE = ("true", "yes", "1", "x", "có"), ("false", "no", "0", "không")
BOOLEANS = {"is_centre", "is_active", "is_retired", "is_uplink", "is_enabled", "needs_legacy_ssh"}
# What pydantic says in its own words, in ours.
HINTS = {
    "string_type": "text is expected; write a number that is a code in quotes",
    "extra_forbidden": "there is no such key",
    "missing": "is missing",
    "greater_than_equal": "is too small; at least {ge}",
    "less_than_equal": "is too large; at most {le}",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "int_parsing": "a whole number is expected",
    "int_type": "a whole number is expected",
    "enum": "must be {expected}",
    "bool_parsing": "must be true or false",
}


class BadCatalogue(Invalid):
    """The catalogue was not imported; correct the lines named and import the file again."""

    def __init__(self, problems: list[str]) -> None:
        """`problems`: one sentence for each error, with its file and line."""
        listed = list(dict.fromkeys(problems))
        super().__init__("\n".join([*listed, str(type(self).__doc__)]), problems=listed)


@dataclass(slots=True)
class Draft:
    """What reading found so far: good entries, and what is wrong."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Draft:
    """The records of a YAML file, a CSV file, or of all such files of a folder."""
    draft = Draft()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        if not files:
            draft.problems.append(f"{path}: the folder has no .yml, .yaml or .csv file")
    else:
        files = [path]
    for file in files:
        try:
            _read_file(file, draft)
        except BadDocument as wrong:
            draft.problems.append(wrong.message)
    if not draft.entries and not draft.problems:
        draft.problems.append(f"{path}: there is no record in it")
    return draft


def _read_file(path: Path, draft: Draft) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise BadDocument(f"{path}: a catalogue is a .yml, .yaml or .csv file")
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise BadDocument(f"{path}: more than {MOST_BYTES // 1_000_000} MB; split the file")
    text = documents.read_text(path)
    if "\0" in text:
        raise BadDocument(f"{path}: looks like UTF-16; save the file as UTF-8 and try again")
    if path.suffix.lower() == ".csv":
        _read_csv(path, text, draft)
    else:
        _read_yaml(path, text, draft)


def _read_yaml(path: Path, text: str, draft: Draft) -> None:
    values, node = documents.parse(text, str(path))
    if not isinstance(values, dict):
        raise BadDocument(f"{path}, line 1: a catalogue names its kinds: {', '.join(KINDS)}")
    for kind, records in values.items():
        line = documents.line_of(node, (kind,))
        if kind not in KINDS:
            draft.problems.append(
                f"{path}, line {line}: there is no kind {kind!r}; the kinds are {', '.join(KINDS)}"
            )
        elif not isinstance(records, list):
            draft.problems.append(f"{path}, line {line}: {kind} is a list of records")
        else:
            for at, record in enumerate(records):
                _take(draft, kind, record, _YamlPlace(path, node, (kind, at)))


@dataclass(frozen=True, slots=True)
class _YamlPlace:
    path: Path
    node: yaml.Node | None
    steps: tuple[int | str, ...]

    def of(self, loc: tuple[int | str, ...]) -> str:
        return f"{self.path}, line {documents.line_of(self.node, self.steps + loc)}"


@dataclass(frozen=True, slots=True)
class _CsvPlace:
    path: Path
    line: int

    def of(self, loc: tuple[int | str, ...]) -> str:  # noqa: ARG002  # a row is one line
        return f"{self.path}, line {self.line}"


def _take(draft: Draft, kind: str, values: Any, place: _YamlPlace | _CsvPlace) -> None:
    """Validate one record; keep it, or each thing that is wrong with it."""
    try:
        record = KINDS[kind].model_validate(values)
    except ValidationError as wrong:
        for error in wrong.errors():
            where = ".".join(map(str, error["loc"])) or kind
            draft.problems.append(f"{place.of(error['loc'])}: {where}: {_said(error)}")
    else:
        draft.entries.append(Entry(kind, place.of(()), record))


def _said(error: Mapping[str, Any]) -> str:
    hint = HINTS.get(error["type"])
    if hint is None:
        return str(error["msg"]).removeprefix("Value error, ")
    return hint.format_map(error.get("ctx", {}))


def _read_csv(path: Path, text: str, draft: Draft) -> None:
    rows = _rows(path, text)
    line, header = next(rows, (1, []))
    header = [column.strip().lower() for column in header]
    kind = _kind_of(path, line, header)
    unknown = [c for c in header if c not in KINDS[kind].model_fields]
    if unknown:
        raise BadDocument(
            f"{path}, line {line}: {kind} have no column {', '.join(map(repr, unknown))}; "
            f"the columns are {', '.join(KINDS[kind].model_fields)}"
        )
    if len(set(header)) < len(header):
        raise BadDocument(f"{path}, line {line}: a column is named twice")
    for line, row in rows:
        if len(row) != len(header):
            draft.problems.append(
                f"{path}, line {line}: {len(row)} cells stand under {len(header)} columns"
            )
            continue
        cells = {c: v.strip() for c, v in zip(header, row, strict=True) if v.strip()}
        _take(draft, kind, _booleans(cells), _CsvPlace(path, line))


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on; empty rows are left out."""
    first = text.partition("\n")[0]
    # A spreadsheet with Vietnamese settings separates by semicolons.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as wrong:
        raise BadDocument(f"{path}, line {reader.line_num}: {wrong}") from wrong


def _kind_of(path: Path, line: int, header: list[str]) -> str:
    """The kind by the file's name, or else the one kind whose columns these are."""
    stem = path.stem.lower()
    if stem in KINDS and stem != "tariffs":
        return stem
    fitting = [kind for kind, model in KINDS.items() if _fits(model, header)]
    if len(fitting) == 1:
        return fitting[0]
    raise BadDocument(
        f"{path}, line {line}: the columns do not tell which kind of record this is; "
        f"name the file after it, such as units.csv"
    )


def _fits(model: type[Record], header: list[str]) -> bool:
    required = {name for name, each in model.model_fields.items() if each.is_required()}
    return model.__name__ != "TariffRecord" and required <= set(header) <= set(model.model_fields)


def _booleans(cells: dict[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = dict(cells)
    for column in BOOLEANS & cells.keys():
        word = cells[column].lower()
        read[column] = True if word in TRUE else False if word in FALSE else cells[column]
    return read
