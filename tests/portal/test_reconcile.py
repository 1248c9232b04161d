"""`media-center reconcile FILE` says what it did and exits so that a script knows."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from portal import jobs
from tests.billing.bank_files import ACCOUNT, CSV_COLUMNS, csv, mt940

HOME = Path(__file__).parents[2]


@pytest.fixture
def reconcile(service):
    """Runs the command as a shell would, on the test's database."""
    settings = service.extensions["settings"]
    environment = {
        **os.environ,
        "DATABASE_URL": jobs.libpq_url(settings),
        "MEDIA_CENTER_DATA": str(settings.data),
    }

    def call(*arguments):
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "portal.cli", "reconcile", *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            cwd=HOME,
        )

    return call


def test_it_takes_in_a_statement_and_says_what_waits(reconcile, tmp_path):
    path = tmp_path / "sao-ke.sta"
    path.write_text(mt940((date(2026, 11, 20), 7_000, "FT1", "TT")))
    first = reconcile(str(path))
    assert first.returncode == 3, first.stderr
    assert "1 new, 0 known" in first.stdout
    assert "0 matched, 1 wait for a person (1 in all)" in first.stdout
    again = reconcile(str(path))
    assert again.returncode == 1
    assert "nothing was added" in again.stderr


def test_csv_needs_the_account_and_a_mapping(reconcile, tmp_path):
    path, mapping = tmp_path / "a.csv", tmp_path / "mapping.json"
    path.write_text(csv(("20/11/2026", "9.000", "", "", "Phi", "", "FT1")))
    mapping.write_text(json.dumps({**CSV_COLUMNS, "balance": ""}))
    assert reconcile(str(path), "--account", ACCOUNT).returncode == 1
    done = reconcile(str(path), "--account", ACCOUNT, "--mapping", str(mapping))
    # What went out waits for nobody.
    assert (done.returncode, done.stderr) == (0, "")
    mapping.write_text("{")
    assert reconcile(str(path), "--mapping", str(mapping)).returncode == 1
