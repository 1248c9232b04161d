"""Price lists that come with a catalogue file: checked against the lists in force, then kept."""

import os
import tempfile
from pathlib import Path

import yaml

from billing import tariff
from billing.tariff import Tariff
from config import documents
from config.documents import BadDocument
from portal.catalogue_files.records import Entry, TariffRecord


def problems(entries: list[Entry], folder: Path) -> list[str]:
    """What speaks against the price lists of a file beside those of the folder."""
    new = [(e.place, e.record) for e in entries if isinstance(e.record, TariffRecord)]
    if not new:
        return []
    try:
        kept = list(_files(folder).values())
    except BadDocument as wrong:
        return [wrong.message]
    found = []
    lists: list[Tariff] = [old for old in kept if old.code not in {r.code for _, r in new}]
    for place, record in new:
        lists.append(record)
        try:
            tariff.require_no_overlap(tuple(lists))
        except BadDocument as wrong:
            found.append(f"{place}: {wrong.message}")
            lists.pop()
    return found


def write(record: TariffRecord, folder: Path) -> bool:
    """Keep the list in its file, replaced as a whole; tells whether anything changed.

    Raises BadDocument where the folder cannot be written.
    """
    path = next((p for p, old in _files(folder).items() if old.code == record.code), None)
    if path is not None and documents.read(path, Tariff).model_dump() == record.model_dump():
        return False
    path = path or folder / f"{record.code}.yml"
    values = record.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    try:
        _replace(path, text)
    except OSError as wrong:
        raise BadDocument(f"{path}: {wrong.strerror}; the price list was not kept") from wrong
    tariff.tariffs.cache_clear()
    return True


def _files(folder: Path) -> dict[Path, Tariff]:
    return {path: documents.read(path, Tariff) for path in sorted(folder.glob("*.yml"))}


def _replace(path: Path, text: str) -> None:
    """Readers see the old file or the new one, never half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
