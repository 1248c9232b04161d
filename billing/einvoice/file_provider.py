"""The provider that is a folder: one XML a document, and a manifest that says what lies there.

`2026/1C26TMC-00000042.xml` and a line of JSON in `2026/manifest.jsonl`. A file appears whole or
not at all (temporary file, fsync, rename) and is never written over. One writer at a time holds
the manifest's lock, on whatever machine the folder is mounted.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from billing.einvoice.provider import Answer, Document, Verdict
from billing.errors import ProviderUnreachable
from config import clock

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,28}")
MANIFEST = "manifest.jsonl"
READABLE = 0o640

# What an operator does about it; the first that fits.
_NO_FOLDER = "The folder {folder} is not there; create it or mount it, and it is tried again."
_FULL = "The disk of {folder} is full; make room, and it is tried again."
_CLOSED = "The folder {folder} cannot be written to; let the service write there."
_BROKEN = "The folder {folder} cannot be used ({problem}); mend it, and it is tried again."
_WHY = {
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
}
_OTHER = "The folder holds another content under {number}; look at {file} and at the manifest."
_NOT_A_NAME = "{number} cannot be the name of a file; correct the symbol in the number series."


@dataclass(frozen=True, slots=True)
class FileProvider:
    """Writes into `folder`; `makes_folder` says whether it may create it, or finds it mounted."""

    folder: Path
    makes_folder: bool = False
    name: str = "file"

    def submit(self, document: Document) -> Answer:
        """Write the document once; the same content again gives the same receipt.

        Another content under the number is refused, and what lies there stays.
        """
        if not _NAME.fullmatch(document.key):
            return _refused(_NOT_A_NAME, number=document.key)
        with self._reachable(), _locked(self._year(document)) as manifest:
            return _written(self._year(document) / f"{document.key}.xml", manifest, document)

    def ask(self, document: Document) -> Answer:
        """Accepted where the manifest has this very content; a file may have been moved away."""
        with self._reachable(), _locked(self._year(document)) as manifest:
            line = _line_of(manifest, document.key)
        if line is None:
            return Answer(Verdict.UNKNOWN)
        return _judged(line, document)

    def _year(self, document: Document) -> Path:
        return self.folder / f"{document.day:%Y}"

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        """Say in words what the disk says in numbers. Raises ProviderUnreachable."""
        try:
            if self.makes_folder:
                self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as wrong:
            why = _WHY.get(wrong.errno or 0, _BROKEN)
            problem = os.strerror(wrong.errno) if wrong.errno else str(wrong)
            raise ProviderUnreachable(why, folder=str(self.folder), problem=problem) from wrong


def _refused(reason: str, **values: str) -> Answer:
    return Answer(Verdict.REFUSED, reason=reason, values=tuple(values.items()))


@contextlib.contextmanager
def _locked(year: Path) -> Iterator[BinaryIO]:
    """The manifest of a year, held by this writer alone."""
    year.mkdir(exist_ok=True)
    with (year / MANIFEST).open("a+b") as manifest:
        # Given back when the file is closed, also by a process that is killed.
        fcntl.flock(manifest, fcntl.LOCK_EX)
        yield manifest


def _written(path: Path, manifest: BinaryIO, document: Document) -> Answer:
    line = _line_of(manifest, document.key)
    if line is not None:
        # Known: written before, and perhaps taken away since by whoever reads the folder.
        return _judged(line, document)
    if path.exists():
        # Written by one that died before it could note it.
        if hashlib.sha256(path.read_bytes()).hexdigest() != document.sha256:
            return _refused(_OTHER, number=document.key, file=path.name)
    else:
        _place(path, document.content)
    line = _noted(manifest, path, document)
    return _judged(line, document)


def _place(path: Path, content: bytes) -> None:
    """Put the file there whole: a reader of the folder sees nothing half-written."""
    number, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), READABLE)
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _noted(manifest: BinaryIO, path: Path, document: Document) -> dict[str, Any]:
    line = {
        "document": document.key,
        "kind": document.kind.value,
        "day": document.day.isoformat(),
        "file": path.name,
        "bytes": len(document.content),
        "sha256": document.sha256,
        "written_at": clock.now().isoformat(timespec="seconds"),
    }
    before = manifest.seek(0, os.SEEK_END)
    try:
        manifest.write(_apart(manifest) + json.dumps(line).encode() + b"\n")
        manifest.flush()
        os.fsync(manifest.fileno())
    except OSError:
        # A full disk takes half a line: take it back, so that the next one is whole.
        with contextlib.suppress(OSError):
            manifest.truncate(before)
        raise
    return line


def _apart(manifest: BinaryIO) -> bytes:
    """A line end where a writer died in the middle of a line."""
    if not manifest.tell():
        return b""
    manifest.seek(-1, os.SEEK_END)
    return b"" if manifest.read(1) == b"\n" else b"\n"


def _line_of(manifest: BinaryIO, key: str) -> dict[str, Any] | None:
    """What the manifest says of a document; half a line says nothing."""
    manifest.seek(0)
    whole, sought = manifest.read(), key.encode()
    # A new document has no line, and that is found out without looking at each.
    if sought not in whole:
        return None
    for raw in whole.splitlines():
        if sought not in raw:
            continue
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("document") == key:
            return line
    return None


def _judged(line: dict[str, Any], document: Document) -> Answer:
    if line["sha256"] != document.sha256:
        return _refused(_OTHER, number=document.key, file=str(line["file"]))
    return Answer(Verdict.ACCEPTED, receipt=f"{line['file']} {line['written_at']}")
