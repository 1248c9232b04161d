"""The way of an issued document to the provider: queued with its number, handed in once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from billing import credit_notes, invoices
from billing.credit_notes import NewCredit
from billing.einvoice import overview, submissions
from billing.einvoice.file_provider import FileProvider
from billing.einvoice.overview import Asked
from billing.einvoice.provider import Answer, Document, ProviderUnreachable, Verdict
from billing.errors import SubmittedAlready, UnknownSubmission
from billing.models import Invoice, Submission, SubmissionStatus
from billing.money import Money
from config.database import db, transaction
from rental import journal
from rental.models import Booking, Member

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
ACCEPTED = Answer(Verdict.ACCEPTED, "R-1")


@dataclass
class Provider:
    """Answers by a script, and keeps what it was handed and asked."""

    answers: list[Answer | Exception] = field(default_factory=list)
    submitted: list[Document] = field(default_factory=list)
    asked: list[Document] = field(default_factory=list)
    name: str = "script"

    def submit(self, document: Document) -> Answer:
        self.submitted.append(document)
        return self._next()

    def ask(self, document: Document) -> Answer:
        self.asked.append(document)
        return self._next()

    def _next(self) -> Answer:
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def on_a_day() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as now:
        yield now


def handed_in(provider: Any) -> SubmissionStatus | None:
    """One round of one document, as the job does it."""
    submission_id = submissions.claim()
    if submission_id is None:
        return None
    answer = submissions.reach_out(submissions.prepare(submission_id), provider)
    return submissions.note(submission_id, answer, provider)


def test_issuing_queues_the_document_under_its_number(open_invoice: Invoice) -> None:
    found = submissions.of(open_invoice)
    assert (found.key, found.status) == (open_invoice.display_number, SubmissionStatus.QUEUED)
    note = credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=None)
    assert submissions.of(note).key == note.display_number
    assert overview.missing() == []


def test_a_draft_has_none_and_a_rolled_back_issue_leaves_none(
    booking: Booking, desk: Member
) -> None:
    draft = invoices.draft_for(booking)
    db.session.commit()
    assert submissions.find(draft) is None
    with pytest.raises(UnknownSubmission):
        submissions.queue(draft)
    invoices.issue(draft, by=desk)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Submission.id))) == 0


def test_what_the_provider_accepts_keeps_its_receipt_and_is_told(
    open_invoice: Invoice, tmp_path: Path
) -> None:
    assert handed_in(FileProvider(tmp_path)) is SubmissionStatus.ACCEPTED
    found = submissions.of(open_invoice)
    path = tmp_path / "2026" / f"{open_invoice.display_number}.xml"
    assert path.read_bytes() == found.content
    assert (found.provider, found.attempts, found.accepted_at) == ("file", 1, NOW)
    assert path.name in found.receipt
    assert "einvoice_accepted" in [entry.verb for entry in journal.of(open_invoice)]
    assert handed_in(FileProvider(tmp_path)) is None
    with pytest.raises(SubmittedAlready):
        submissions.retry(found, by=None)


def test_a_provider_that_answers_later_is_asked_and_not_handed_it_again(
    open_invoice: Invoice, on_a_day: time_machine.Traveller
) -> None:
    provider = Provider([Answer(Verdict.PENDING, "R-9"), Answer(Verdict.PENDING), ACCEPTED])
    assert handed_in(provider) is SubmissionStatus.SUBMITTED
    assert handed_in(provider) is None, "not before the pause is over"
    for expected in (SubmissionStatus.SUBMITTED, SubmissionStatus.ACCEPTED):
        on_a_day.shift(timedelta(hours=7))
        assert handed_in(provider) is expected
    assert (len(provider.submitted), len(provider.asked)) == (1, 2)
    assert submissions.of(open_invoice).receipt == "R-1"


def test_what_the_provider_never_had_is_handed_in_anew(
    open_invoice: Invoice, on_a_day: time_machine.Traveller
) -> None:
    provider = Provider([Answer(Verdict.PENDING), Answer(Verdict.UNKNOWN)])
    for _ in range(3):
        handed_in(provider)
        on_a_day.shift(timedelta(hours=7))
    assert [len(provider.submitted), len(provider.asked)] == [2, 1]
    assert len({document.content for document in provider.submitted}) == 1
    assert submissions.of(open_invoice).status is SubmissionStatus.ACCEPTED


def test_a_silent_provider_is_tried_again_after_growing_pauses_and_nothing_is_lost(
    open_invoice: Invoice, tmp_path: Path, on_a_day: time_machine.Traveller
) -> None:
    share = FileProvider(tmp_path / "share")
    waited = []
    for _ in range(12):
        assert handed_in(share) is SubmissionStatus.QUEUED
        found = submissions.of(open_invoice)
        assert found.next_attempt_at is not None
        waited.append(found.next_attempt_at - datetime.now(UTC))
        on_a_day.move_to(found.next_attempt_at)
    minutes = [pause.total_seconds() / 60 for pause in waited]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    found = submissions.of(open_invoice)
    assert "is not there; create it or mount it" in found.failed
    assert [one.key for one in overview.unsettled(Asked(only_failing=True), 10)] == [found.key]
    (tmp_path / "share").mkdir()
    assert handed_in(share) is SubmissionStatus.ACCEPTED
    assert (found.failure, overview.count_failing()) == ("", 0)


def test_what_another_provider_holds_is_looked_at_before_it_goes_out_again(
    open_invoice: Invoice, on_a_day: time_machine.Traveller
) -> None:
    former, present = Provider([Answer(Verdict.PENDING)], name="former"), Provider(name="present")
    handed_in(former)
    on_a_day.shift(timedelta(minutes=2))
    assert handed_in(present) is SubmissionStatus.REFUSED
    found = submissions.of(open_invoice)
    assert "handed in to former" in found.failed
    assert present.submitted == present.asked == []
    submissions.retry(found, by=None)
    assert handed_in(present) is SubmissionStatus.ACCEPTED


def test_what_is_refused_waits_for_a_person_who_hands_it_in_again(
    open_invoice: Invoice, desk: Member, on_a_day: time_machine.Traveller
) -> None:
    provider = Provider([Answer(Verdict.REFUSED, reason="Sai mã số thuế <b> {x} %(y)s")])
    assert handed_in(provider) is SubmissionStatus.REFUSED
    found = submissions.of(open_invoice)
    assert found.failed == "Sai mã số thuế <b> {x} %(y)s"
    on_a_day.shift(timedelta(days=9))
    assert handed_in(provider) is None
    submissions.retry(found, by=desk)
    assert found.failed, "what was wrong is said until it is right"
    assert handed_in(provider) is SubmissionStatus.ACCEPTED
    assert [e.verb for e in journal.of(open_invoice)][-3:] == [
        "einvoice_refused", "einvoice_retried", "einvoice_accepted",
    ]  # fmt: skip


def test_all_that_failed_are_handed_in_again_at_once(
    open_invoice: Invoice, desk: Member, on_a_day: time_machine.Traveller
) -> None:
    credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=None)
    provider = Provider([Answer(Verdict.REFUSED, reason="không."), ProviderUnreachable()])
    assert [handed_in(provider), handed_in(provider), handed_in(provider)] == [
        SubmissionStatus.REFUSED, SubmissionStatus.QUEUED, None,
    ]  # fmt: skip
    asked = Asked(only_failing=True)
    assert submissions.retry_all(overview.ids(asked), by=desk) == 2
    assert [handed_in(provider), handed_in(provider)] == [SubmissionStatus.ACCEPTED] * 2
    assert submissions.retry_all(overview.ids(asked), by=desk) == 0


def test_the_list_is_narrowed_by_state_and_number(open_invoice: Invoice) -> None:
    note = credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=None)
    handed_in(Provider([Answer(Verdict.REFUSED, reason="không.")]))

    def keys(asked: Asked) -> list[str]:
        return [one.key for one in overview.unsettled(asked, 10)]

    both = [open_invoice.display_number, note.display_number]
    assert keys(Asked()) == both
    assert keys(Asked(SubmissionStatus.REFUSED)) == both[:1]
    assert keys(Asked(SubmissionStatus.QUEUED)) == both[1:]
    assert keys(Asked(text=str(note.display_number).replace("-", " ").lower())) == both[1:]
    assert keys(Asked(text="%")) == both, "what is no letter or digit is no filter"


def test_what_goes_out_is_what_was_written_first(
    open_invoice: Invoice, on_a_day: time_machine.Traveller
) -> None:
    provider = Provider([ProviderUnreachable()])
    handed_in(provider)
    # As if a later version wrote other XML, or somebody changed the row.
    assert open_invoice.snapshot is not None
    open_invoice.snapshot = {**open_invoice.snapshot, "words": "khác"}
    db.session.flush()
    db.session.expire_all()
    on_a_day.shift(timedelta(minutes=2))
    assert handed_in(provider) is SubmissionStatus.ACCEPTED
    first, second = provider.submitted
    assert (first.key, first.content) == (second.key, second.content)


def test_a_late_answer_of_another_worker_changes_nothing(open_invoice: Invoice) -> None:
    provider = Provider()
    submission_id = submissions.claim()
    assert submission_id is not None
    submissions.prepare(submission_id)
    assert submissions.note(submission_id, ACCEPTED, provider) is SubmissionStatus.ACCEPTED
    late = Answer(Verdict.REFUSED, reason="muộn")
    assert submissions.note(submission_id, late, provider) is SubmissionStatus.ACCEPTED
    assert submissions.of(open_invoice).failure == ""


def test_eight_workers_hand_each_document_in_once(
    open_invoice: Invoice, house: Any, tmp_path: Path
) -> None:
    for number in range(11):
        credit_notes.issue(open_invoice, NewCredit(f"lần {number}", Money(100_000)), by=None)
    db.session.commit()
    provider, taken, lock = FileProvider(tmp_path), [], threading.Lock()

    def work(_: int) -> None:
        with house.app_context():
            while True:
                with transaction():
                    submission_id = submissions.claim()
                if submission_id is None:
                    return
                with transaction():
                    handed = submissions.prepare(submission_id)
                answer = submissions.reach_out(handed, provider)
                with transaction():
                    submissions.note(submission_id, answer, provider)
                with lock:
                    taken.append(handed.document.key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(taken) == len(set(taken)) == 12
    assert len(list((tmp_path / "2026").glob("*.xml"))) == 12
    assert overview.unsettled(Asked(), 10) == []


def test_a_document_without_a_record_is_known(open_invoice: Invoice) -> None:
    note = credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=None)
    db.session.execute(sa.delete(Submission))
    db.session.expire_all()
    assert overview.missing() == [open_invoice, note]
    for document in overview.missing():
        submissions.queue(document)
    assert overview.missing() == []


@pytest.mark.parametrize(
    "broken",
    [
        {"invoice_id": None},  # of nothing
        {"status": "accepted"},  # without a receipt's day, bytes or provider
        {"status": "refused", "next_attempt_at": None},  # without a reason
        {"next_attempt_at": None},  # queued for ever
        {"attempts": -1},
        {"status": "sent"},
    ],
)
def test_the_database_refuses_what_cannot_be(open_invoice: Invoice, broken: dict[str, Any]) -> None:
    found = submissions.of(open_invoice)
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(
            sa.update(sa.table("submission", *map(sa.column, ("id", *broken))))
            .where(sa.column("id") == found.id)
            .values(broken)
        )
