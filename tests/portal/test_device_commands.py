"""`media-center devices`: the same files from a command line."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from config.database import db, transaction
from config.errors import Refusal
from monitoring import devices
from portal import jobs
from portal.pages.device_files import importing
from portal.pages.device_files.importing import SentDevices
from tests.portal.booking_sheets import as_csv
from tests.portal.device_sheets import SECRET, a_house, names

HOME = Path(__file__).parents[2]
GOOD = as_csv(
    [
        {"name": "SW-HALL", "address": "192.0.2.2", "parent": "SW-CORE"},
        {"name": "SW-CORE", "location": "Tủ rack B"},
    ]
)


@pytest.fixture
def devices_command(service: Flask) -> Any:
    """Runs `media-center devices …` as a shell would: exit code, output and complaints."""
    a_house(service)
    settings = service.extensions["settings"]
    environment = {
        **os.environ,
        "DATABASE_URL": jobs.libpq_url(settings),
        "MEDIA_CENTER_DATA": str(settings.data),
    }

    def call(*words: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "portal.cli", "devices", *map(str, words)],
            capture_output=True,
            env=environment,
            check=False,
            cwd=HOME,
        )
        db.session.rollback()
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return call


def test_a_dry_run_says_what_would_become_and_writes_nothing(
    devices_command: Any, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(GOOD)
    code, said, _ = devices_command("import", file, "--dry-run")
    assert code == 0
    assert said.splitlines() == [
        "row 2: SW-HALL: new",
        "row 3: SW-CORE: changed",
        "  location: Tủ rack A → Tủ rack B",
        "1 new, 1 changed, 0 unchanged, 0 wrong",
        "Nothing was written.",
    ]
    assert names(devices.search()) == ["SW-CORE"]


def test_a_file_is_imported_given_out_and_imported_again(
    devices_command: Any, tmp_path: Path
) -> None:
    file, again = tmp_path / "list.csv", tmp_path / "again.yaml"
    file.write_bytes(GOOD)
    assert devices_command("import", file)[0] == 0
    assert names(devices.search()) == ["SW-CORE", "SW-HALL"]
    assert devices_command("export", again)[0] == 0
    assert SECRET not in again.read_text("utf-8")
    code, said, _ = devices_command("import", again)
    assert (code, said.splitlines()[0]) == (0, "0 new, 0 changed, 2 unchanged, 0 wrong")
    assert devices_command("export", tmp_path / "list.doc")[0] == 1


def test_a_wrong_file_is_refused_with_every_row(devices_command: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(as_csv([{"name": "A", "address": "x"}, {"name": "B", "address": "192.0.2.3"}]))
    code, said, complaint = devices_command("import", file)
    assert code == 1
    assert "row 2: A: wrong\n  address: 'x' is not a numeric address" in said
    assert "Nothing was imported" in complaint
    assert names(devices.search()) == ["SW-CORE"]
    file.write_bytes(b"%PDF-1.7")
    code, _, complaint = devices_command("import", file)
    assert code == 1
    assert "cannot be read as a table" in complaint


def test_of_two_who_import_at_once_one_adds_and_the_other_looks_again(service: Flask) -> None:
    a_house(service)
    content = as_csv([{"name": f"CAM-{n}", "address": f"192.0.2.{n}"} for n in range(1, 40)])
    seen = importing.preview(SentDevices("a.csv", content)).digest
    db.session.rollback()
    start = Barrier(2)

    def take_in() -> str:
        with service.app_context():
            start.wait(10)
            try:
                with transaction():
                    importing.take_in(SentDevices("a.csv", content, seen), by=None)
            except Refusal as refusal:
                return type(refusal).__name__
            return "taken in"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(each.result(60) for each in [pool.submit(take_in) for _ in range(2)])
    assert ends == ["OtherOutcome", "taken in"]
    assert len(devices.search()) == 40
