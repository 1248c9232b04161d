"""The provider that is a folder: whole files, once each, and words for what a disk refuses."""

import errno
import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing.einvoice import adapters
from billing.einvoice.file_provider import MANIFEST, FileProvider
from billing.einvoice.provider import Document, DocumentKind, ProviderUnreachable, Verdict
from billing.errors import UnknownProvider
from config.settings import Settings

KEY = "1C26TMC-00000042"


def a_document(content: str = "<HDon>Hội nghị</HDon>", key: str = KEY) -> Document:
    return Document(key, DocumentKind.INVOICE, date(2026, 11, 26), content.encode())


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "2026" / MANIFEST).read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "2026").iterdir())


def test_a_document_lies_there_whole_with_its_line_in_the_manifest(tmp_path: Path) -> None:
    document = a_document()
    answer = FileProvider(tmp_path).submit(document)
    assert answer.verdict is Verdict.ACCEPTED
    assert names(tmp_path) == [f"{KEY}.xml", MANIFEST]
    assert (tmp_path / "2026" / f"{KEY}.xml").read_bytes() == document.content
    (line,) = lines(tmp_path)
    assert (line["document"], line["sha256"]) == (KEY, document.sha256)
    assert line["sha256"] == hashlib.sha256(document.content).hexdigest()
    assert answer.receipt == f"{KEY}.xml {line['written_at']}"


def test_the_same_again_is_the_same_receipt_and_another_content_is_refused(tmp_path: Path) -> None:
    provider = FileProvider(tmp_path)
    first = provider.submit(a_document())
    assert provider.submit(a_document()) == first == provider.ask(a_document())
    other = provider.submit(a_document("<HDon>khác</HDon>"))
    assert other.verdict is Verdict.REFUSED
    assert KEY in dict(other.values)["number"]
    assert (tmp_path / "2026" / f"{KEY}.xml").read_bytes() == a_document().content
    assert len(lines(tmp_path)) == 1


def test_a_file_that_somebody_else_put_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    theirs = tmp_path / "2026" / f"{KEY}.xml"
    theirs.write_text("của người khác")
    assert FileProvider(tmp_path).submit(a_document()).verdict is Verdict.REFUSED
    assert theirs.read_text() == "của người khác"


def test_a_file_without_its_line_gets_the_line_and_is_not_written_again(tmp_path: Path) -> None:
    # As a worker leaves it that was killed between the two.
    (tmp_path / "2026").mkdir()
    path = tmp_path / "2026" / f"{KEY}.xml"
    path.write_bytes(a_document().content)
    before = path.stat().st_ino
    assert FileProvider(tmp_path).ask(a_document()).verdict is Verdict.UNKNOWN
    assert FileProvider(tmp_path).submit(a_document()).verdict is Verdict.ACCEPTED
    assert (path.stat().st_ino, len(lines(tmp_path))) == (before, 1)


def test_half_a_line_of_one_that_was_killed_harms_no_other(tmp_path: Path) -> None:
    provider = FileProvider(tmp_path)
    provider.submit(a_document())
    with (tmp_path / "2026" / MANIFEST).open("a") as manifest:
        manifest.write('{"document": "1C26TMC-00000043", "sha')
    later = a_document(key="1C26TMC-00000043")
    assert provider.submit(later).verdict is Verdict.ACCEPTED
    assert provider.ask(later).verdict is Verdict.ACCEPTED
    assert provider.ask(a_document()).verdict is Verdict.ACCEPTED


def test_a_file_that_was_taken_away_stays_handed_in(tmp_path: Path) -> None:
    # Accounting software moves what it has read: written anew, it would be read twice.
    provider = FileProvider(tmp_path)
    first = provider.submit(a_document())
    (tmp_path / "2026" / f"{KEY}.xml").unlink()
    assert provider.submit(a_document()) == first
    assert names(tmp_path) == [MANIFEST]


@pytest.mark.parametrize("key", ["../1C26TMC-00000042", "1C26/T-1", "", ".x", "a" * 40])
def test_a_number_that_is_no_file_name_is_refused(tmp_path: Path, key: str) -> None:
    assert FileProvider(tmp_path).submit(a_document(key=key)).verdict is Verdict.REFUSED
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_mounted_is_not_made_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnreachable, match="is not there") as refused:
        FileProvider(tmp_path / "share").submit(a_document())
    assert refused.value.details["folder"] == str(tmp_path / "share")
    assert not (tmp_path / "share").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ProviderUnreachable, match="is not there"):
        FileProvider(tmp_path / "file").submit(a_document())


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk of .* is full"),
        (errno.EDQUOT, "disk of .* is full"),
        (errno.EROFS, "cannot be written to"),
        (errno.EACCES, "cannot be written to"),
        (errno.EIO, "cannot be used"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "rename", "open"])
def test_what_the_disk_refuses_is_said_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str, call: str
) -> None:
    provider = FileProvider(tmp_path)
    provider.submit(a_document(key="1C26TMC-00000041"))

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, refuse)
        with pytest.raises(ProviderUnreachable, match=said):
            provider.submit(a_document())
    assert not [name for name in names(tmp_path) if name.endswith(".part")]
    assert len(lines(tmp_path)) == 1
    # Mended: it goes on as if nothing had been.
    assert provider.submit(a_document()).verdict is Verdict.ACCEPTED
    assert len(lines(tmp_path)) == 2


def test_a_manifest_that_the_disk_cut_short_is_whole_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = FileProvider(tmp_path)
    real, calls = os.fsync, []

    def full_at_the_manifest(number: int) -> None:
        calls.append(number)
        if len(calls) == 3:  # the file, its folder, the manifest
            raise OSError(errno.ENOSPC, "full")
        real(number)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full_at_the_manifest)
        with pytest.raises(ProviderUnreachable):
            provider.submit(a_document())
    assert lines(tmp_path) == []
    assert provider.submit(a_document()).verdict is Verdict.ACCEPTED
    assert len(lines(tmp_path)) == 1


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from billing.einvoice.file_provider import FileProvider
from billing.einvoice.provider import Document, DocumentKind
left = int(sys.argv[2])
real = {name: getattr(os, name) for name in ("fsync", "rename", "fchmod")}
def dying(name):
    def call(*given):
        global left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real[name](*given)
    return call
for name in real:
    setattr(os, name, dying(name))
content = "<HDon>Hội nghị</HDon>".encode()
FileProvider(Path(sys.argv[1])).submit(
    Document("1C26TMC-00000042", DocumentKind.INVOICE, date(2026, 11, 26), content))
"""


@pytest.mark.parametrize("calls", range(5))
def test_a_writer_killed_at_any_step_leaves_one_whole_document(tmp_path: Path, calls: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(calls)], check=False, timeout=60
    )
    assert killed.returncode == -9
    path = tmp_path / "2026" / f"{KEY}.xml"
    assert not path.exists() or path.read_bytes() == a_document().content
    assert FileProvider(tmp_path).submit(a_document()).verdict is Verdict.ACCEPTED
    assert path.read_bytes() == a_document().content
    assert len(lines(tmp_path)) == 1


def test_eight_writers_of_the_same_document_write_it_once(tmp_path: Path) -> None:
    provider, together = FileProvider(tmp_path), threading.Barrier(8)

    def write(content: str) -> Verdict:
        together.wait()
        return provider.submit(a_document(content)).verdict

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(write, ["<a/>"] * 4 + ["<b/>"] * 4))
    assert found.count(Verdict.ACCEPTED) == 4
    assert len(set(found[:4])) == len(set(found[4:])) == 1
    assert len(lines(tmp_path)) == 1


def test_the_setting_names_the_provider_and_its_folder(tmp_path: Path) -> None:
    told = Settings(data=tmp_path)
    provider = adapters.provider(told)
    assert provider.submit(a_document()).verdict is Verdict.ACCEPTED
    assert (tmp_path / "einvoices" / "2026" / f"{KEY}.xml").exists()
    with pytest.raises(UnknownProvider, match="MEDIA_CENTER_EINVOICE_PROVIDER"):
        adapters.provider(Settings(einvoice_provider="nobody"))
    mounted = adapters.provider(Settings(einvoice_folder=tmp_path / "none"))
    with pytest.raises(ProviderUnreachable):
        mounted.submit(a_document())
