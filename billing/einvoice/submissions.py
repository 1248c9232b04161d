"""The queue of documents on their way to the provider: made at issue, worked off by a job.

A submission is claimed and committed before the provider is asked, and what it answers is
committed after. Whoever dies in between is waited for until `next_attempt_at`; then the very same
bytes go out under the very same key, so the provider has the document once.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from billing.documents.xml import credit_note_xml, invoice_xml
from billing.einvoice.provider import Answer, Document, DocumentKind, Provider, Verdict
from billing.errors import ProviderUnreachable, SubmittedAlready, UnknownSubmission
from billing.models import (
    UNDER_WAY,
    CreditNote,
    Invoice,
    Submission,
    SubmissionStatus,
)
from config import clock
from config.database import db
from config.errors import Refusal
from rental import journal
from rental.models import Member

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
REFUSED = "The provider refused the document and said nothing more."
BROKEN = "The document could not be handed in ({problem}); the log of the worker says more."
ELSEWHERE = (
    "It was handed in to {provider}, which the settings no longer name; see there how it stands, "
    "then hand it in again."
)
# Beyond it the pause is the longest one anyway, and 2 to the power is a large number.
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Handed:
    """What a worker hands in now; a provider that has it already is only asked how it stands."""

    document: Document
    # The name of the provider that has it; empty before.
    holder: str = ""


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 1, 2, 4 … minutes, six hours at most."""
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def queue(document: Invoice | CreditNote) -> Submission:
    """Let an issued document go out; called in the transaction that issues it."""
    number = document.display_number
    if number is None:
        raise UnknownSubmission
    submission = Submission(key=number)
    if isinstance(document, Invoice):
        submission.invoice = document
    else:
        submission.credit_note = document
    db.session.add(submission)
    db.session.flush()
    return submission


def of(document: Invoice | CreditNote) -> Submission:
    """Where the document stands; raises UnknownSubmission."""
    found = find(document)
    if found is None:
        raise UnknownSubmission
    return found


def find(document: Invoice | CreditNote) -> Submission | None:
    """Where the document stands, if it was issued."""
    column = Submission.invoice_id if isinstance(document, Invoice) else Submission.credit_note_id
    return db.session.scalar(sa.select(Submission).where(column == document.id))


def claim() -> int | None:
    """The id of what is due longest and nobody works on, its attempt counted; None without one.

    Commit it: whatever becomes of the attempt, the next one stands.
    """
    submission = db.session.scalar(
        sa.select(Submission)
        .where(Submission.status.in_(UNDER_WAY), Submission.next_attempt_at <= clock.now())
        .order_by(Submission.next_attempt_at, Submission.id)
        .limit(1)
        .with_for_update(of=Submission, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if submission is None:
        return None
    submission.attempts += 1
    submission.last_attempt_at = clock.now()
    submission.next_attempt_at = clock.now() + pause_after(submission.attempts)
    db.session.flush()
    return submission.id


def prepare(submission_id: int) -> Handed:
    """What goes out of a claimed submission, kept in its row. Commit before `reach_out`."""
    submission = _lock(submission_id)
    document = _document(submission)
    submission.content, submission.sha256 = document.content, document.sha256
    db.session.flush()
    is_held = submission.status is SubmissionStatus.SUBMITTED
    return Handed(document, submission.provider if is_held else "")


def reach_out(handed: Handed, provider: Provider) -> Answer | Refusal:
    """Hand the document in, or ask how it stands: outside of any transaction."""
    if handed.holder not in ("", provider.name):
        # Handed in here as well, it might be an e-invoice twice: a person looks.
        return Answer(Verdict.REFUSED, "", ELSEWHERE, (("provider", handed.holder),))
    try:
        return (provider.ask if handed.holder else provider.submit)(handed.document)
    except ProviderUnreachable as away:
        return away


def note(submission_id: int, answer: Answer | Refusal, provider: Provider) -> SubmissionStatus:
    """Write down what the provider answered; where it did not, the next attempt stands already."""
    submission = _lock(submission_id)
    if not submission.is_under_way:
        # Another worker took it up after a long silence and was answered first.
        return submission.status
    if isinstance(answer, Refusal):
        _fail(submission, answer.template, answer.values)
    else:
        submission.provider = provider.name
        submission.receipt = answer.receipt or submission.receipt
        _follow(submission, answer)
    db.session.flush()
    return submission.status


def retry(submission: Submission, *, by: Member | None) -> Submission:
    """Hand it in at the next round; raises SubmittedAlready where it is accepted."""
    submission = _lock(submission.id)
    if submission.status is SubmissionStatus.ACCEPTED:
        raise SubmittedAlready
    _again(submission)
    journal.record(submission.about, "einvoice_retried", by=by, number=submission.key)
    db.session.flush()
    return submission


def retry_all(ids: sa.Select[tuple[int]], *, by: Member | None) -> int:
    """Hand in again what a query of ids finds and is not accepted, in id order; how many."""
    locked = db.session.scalars(
        sa.select(Submission)
        .where(Submission.id.in_(ids), Submission.status != SubmissionStatus.ACCEPTED)
        .order_by(Submission.id)
        .with_for_update(of=Submission)
        .execution_options(populate_existing=True)
    ).all()
    for submission in locked:
        _again(submission)
        journal.record(submission.about, "einvoice_retried", by=by, number=submission.key)
    db.session.flush()
    return len(locked)


def _document(submission: Submission) -> Document:
    """What goes out: as it was written first, if it was."""
    invoice, credit_note, content = submission.invoice, submission.credit_note, submission.content
    if invoice is not None and invoice.tax_date is not None:
        kind, day = DocumentKind.INVOICE, invoice.tax_date
        content = content or invoice_xml(invoice)
    elif credit_note is not None:
        kind, day = DocumentKind.CREDIT_NOTE, credit_note.tax_date
        content = content or credit_note_xml(credit_note)
    else:
        raise UnknownSubmission
    return Document(submission.key, kind, day, content)


def _follow(submission: Submission, answer: Answer) -> None:
    if answer.verdict is Verdict.REFUSED:
        submission.status, submission.next_attempt_at = SubmissionStatus.REFUSED, None
        _fail(submission, answer.reason or REFUSED, dict(answer.values))
        _tell(submission, "einvoice_refused")
        return
    submission.failure, submission.failure_values = "", {}
    if answer.verdict is Verdict.ACCEPTED:
        submission.next_attempt_at, submission.accepted_at = None, clock.now()
        submission.status = SubmissionStatus.ACCEPTED
        _tell(submission, "einvoice_accepted")
    elif answer.verdict is Verdict.PENDING:
        submission.status = SubmissionStatus.SUBMITTED
    else:
        # The provider never had it: it is handed in anew when the next attempt comes.
        submission.status = SubmissionStatus.QUEUED


def _again(submission: Submission) -> None:
    if submission.status is SubmissionStatus.REFUSED:
        submission.status = SubmissionStatus.QUEUED
    submission.next_attempt_at = clock.now()


def _fail(submission: Submission, reason: str, values: dict[str, object]) -> None:
    submission.failure = reason[:500]
    submission.failure_values = {name: str(value) for name, value in values.items()}


def _tell(submission: Submission, verb: str) -> None:
    journal.record(submission.about, verb, by=None, number=submission.key)


def _lock(submission_id: int) -> Submission:
    return db.session.execute(
        sa.select(Submission)
        .where(Submission.id == submission_id)
        .with_for_update(of=Submission)
        .execution_options(populate_existing=True)
    ).scalar_one()
