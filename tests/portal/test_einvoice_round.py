"""The round that hands documents in: what it does when the folder, a document or itself dies."""

import runpy
import subprocess
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from billing import credit_notes, invoices
from billing.credit_notes import NewCredit
from billing.einvoice import submissions
from billing.einvoice.file_provider import FileProvider
from billing.errors import UnknownProvider
from billing.models import Invoice, Submission, SubmissionStatus
from billing.money import Money
from config import clock
from config.database import db, transaction
from config.settings import Settings
from portal import clock as timetable
from portal import schema
from portal.app import create_app
from portal.cli.doctor import examinations, examined
from portal.cli.einvoices import einvoices
from portal.rounds import einvoices as rounds
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind
from rental.period import Period
from tests import build
from tests.build import TUESDAY


@pytest.fixture
def numbers(service):
    """An issued invoice and its credit note, by number."""
    with transaction():
        member, desk = build.a_member(), build.desk()
        build.a_hall(code="H100", tariff="hall_100")
        lines = [WantedLine("H100", 1, Period(TUESDAY, TUESDAY + timedelta(hours=3)))]
        asked = RequestedBooking(member.unit, "Họp báo", EventKind.FORUM, lines)
        booking = bookings.request(asked, by=member)
        bookings.confirm(booking, by=desk)
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
        note = credit_notes.issue(invoice, NewCredit("mất điện", Money(500_000)), by=desk)
        return [invoice.display_number, note.display_number]


def states():
    db.session.rollback()
    rows = db.session.execute(sa.select(Submission.key, Submission.status))
    return {key: status.value for key, status in rows}


def test_a_round_hands_in_all_that_waits(service, numbers, tmp_path):
    assert rounds.work(FileProvider(tmp_path)) == 2
    assert states() == dict.fromkeys(numbers, "accepted")
    assert sorted(path.stem for path in tmp_path.rglob("*.xml")) == sorted(numbers)
    assert rounds.work(FileProvider(tmp_path)) == 0


def test_the_round_comes_from_the_clock_and_reads_the_setting(service, numbers):
    settings = service.extensions["settings"]
    assert "submit_einvoices" in {turn.task for turn in timetable.turns(settings)}
    rounds.submit_einvoices()
    assert set(states().values()) == {"accepted"}
    assert list((settings.data / "einvoices").rglob(f"{numbers[0]}.xml"))


def test_a_silent_provider_ends_the_round_and_the_next_one_goes_on(service, numbers, tmp_path):
    assert rounds.work(FileProvider(tmp_path / "none")) == 0
    tried = db.session.scalars(sa.select(Submission.attempts).order_by(Submission.id)).all()
    assert tried == [1, 0]
    (tmp_path / "none").mkdir()
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert rounds.work(FileProvider(tmp_path / "none")) == 2


def test_a_document_that_cannot_be_written_stops_no_other(service, numbers, tmp_path):
    with transaction():
        invoice = db.session.scalars(sa.select(Invoice)).one()
        # What no version of the service writes.
        invoice.snapshot = {"broken": True}
    assert rounds.work(FileProvider(tmp_path)) == 1
    assert states() == {numbers[0]: "queued", numbers[1]: "accepted"}
    (broken,) = db.session.scalars(
        sa.select(Submission).where(Submission.status == SubmissionStatus.QUEUED)
    )
    assert "could not be handed in" in broken.failed
    assert broken.next_attempt_at > clock.now()


KILLED = """
import os, signal, sys
from pathlib import Path
from billing.einvoice.file_provider import FileProvider
from config.settings import Settings
from portal.app import create_app
from portal.rounds import einvoices
url, data, folder, where = sys.argv[1:]
app = create_app(Settings(database_url=url, data=data, log_level="ERROR"))
class Dying(FileProvider):
    def submit(self, document):
        if where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = super().submit(document)
        os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    einvoices.work(Dying(Path(folder)))
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_worker_killed_half_way_loses_nothing_and_hands_nothing_in_twice(
    service, numbers, tmp_path, where
):
    url = service.extensions["settings"].database_url
    folder = tmp_path / "share"
    folder.mkdir()
    told = [url, str(service.extensions["settings"].data), str(folder), where]
    killed = subprocess.run([sys.executable, "-c", KILLED, *told], check=False, timeout=120)
    assert killed.returncode == -9
    assert set(states().values()) == {"queued"}
    written = {path: path.stat().st_ino for path in (folder).rglob("*.xml")}
    assert len(written) == (where == "after")
    # The other goes at once, the one that was cut off after its pause.
    assert rounds.work(FileProvider(folder)) == 1
    with clock.standing_at(clock.now() + timedelta(minutes=2)):
        assert rounds.work(FileProvider(folder)) == 1
    assert set(states().values()) == {"accepted"}
    assert {path: path.stat().st_ino for path in written} == written
    manifest = next(folder.rglob("manifest.jsonl")).read_text().splitlines()
    assert len(manifest) == 2


def test_the_doctor_names_documents_without_a_record_and_the_command_queues_them(
    service, numbers, tmp_path, monkeypatch
):
    settings = service.extensions["settings"]

    def found():
        db.session.rollback()
        return examined(dict(examinations(settings, service))["e-invoices"])

    assert found()[0]
    with transaction():
        db.session.execute(sa.delete(Submission))
    well, sentence = found()
    assert not well
    assert numbers[0] in sentence
    assert "--queue-missing" in sentence
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("MEDIA_CENTER_DATA", str(tmp_path))
    ran = CliRunner().invoke(einvoices, ["--queue-missing"])
    assert ran.exit_code == 0, ran.output
    assert "2 documents queued" in ran.output
    assert set(states().values()) == {"accepted"}
    assert found()[0]


def test_documents_that_wait_with_an_error_are_named_by_doctor_and_command(
    service, numbers, tmp_path, monkeypatch
):
    settings = service.extensions["settings"]
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("MEDIA_CENTER_DATA", str(tmp_path))
    monkeypatch.setenv("MEDIA_CENTER_EINVOICE_FOLDER", str(tmp_path / "none"))
    ran = CliRunner().invoke(einvoices, [])
    assert ran.exit_code == 1
    assert numbers[0] in ran.output
    db.session.rollback()
    well, sentence = examined(dict(examinations(settings, service))["e-invoices"])
    assert (well, sentence) == (False, "1 documents wait with an error; see /einvoices")


def test_a_provider_that_nobody_wrote_stops_the_start(service, tmp_path):
    url = service.extensions["settings"].database_url
    with pytest.raises(UnknownProvider):
        create_app(Settings(database_url=url, data=tmp_path, einvoice_provider="vnpt"))


def test_what_was_issued_before_the_upgrade_is_queued_by_it(service, numbers):
    with transaction():
        db.session.execute(sa.delete(Submission))
        (path,) = (schema.MIGRATIONS / "versions").glob("*_submissions_of_e_invoices.py")
        db.session.execute(sa.text(runpy.run_path(str(path))["ISSUED_BEFORE"]))
    assert states() == dict.fromkeys(numbers, "queued")
    with transaction():
        of_invoices = sa.select(Submission).where(Submission.invoice_id.is_not(None))
        submission = db.session.scalars(of_invoices).one()
        assert submissions.find(submission.about) is submission
