"""What people look at: which documents are not accepted, which fail, which have no record."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing.models import CreditNote, Invoice, InvoiceStatus, Submission, SubmissionStatus
from config.database import db

NOT_ACCEPTED = Submission.status != SubmissionStatus.ACCEPTED
# Refused, or tried in vain: a document that merely waits its turn is nobody's work.
FAILING = sa.and_(NOT_ACCEPTED, Submission.failure != "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the documents that are not accepted is looked at; without anything, all of them."""

    status: SubmissionStatus | None = None
    only_failing: bool = False
    text: str = ""

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """For a query of Submission."""
        found: list[sa.ColumnElement[bool]] = [NOT_ACCEPTED]
        if self.status is not None:
            found.append(Submission.status == self.status)
        if self.only_failing:
            found.append(FAILING)
        if written := "".join(c for c in self.text if c.isalnum()):
            compact = sa.func.replace(Submission.key, "-", "")
            found.append(compact.icontains(written, autoescape=True))
        return found


def ids(asked: Asked) -> sa.Select[tuple[int]]:
    """The query of those ids."""
    return sa.select(Submission.id).where(*asked.conditions)


def unsettled(asked: Asked, limit: int, offset: int = 0) -> Sequence[Submission]:
    """Those that are not accepted, the oldest first, with document and unit."""
    invoice = joinedload(Submission.invoice)
    note = joinedload(Submission.credit_note).joinedload(CreditNote.invoice)
    return db.session.scalars(
        sa.select(Submission)
        .where(*asked.conditions)
        .options(invoice.joinedload(Invoice.unit), note.joinedload(Invoice.unit))
        .order_by(Submission.id)
        .limit(limit)
        .offset(offset)
    ).all()


def count_failing() -> int:
    """How many are refused or were tried in vain."""
    return db.session.scalar(sa.select(sa.func.count(Submission.id)).where(FAILING)) or 0


def missing() -> list[Invoice | CreditNote]:
    """Issued documents without a submission; there are none while the service issues them."""
    invoices = sa.select(Invoice).where(
        Invoice.status != InvoiceStatus.DRAFT,
        ~sa.exists().where(Submission.invoice_id == Invoice.id),
    )
    notes = sa.select(CreditNote).where(
        ~sa.exists().where(Submission.credit_note_id == CreditNote.id)
    )
    return [
        *db.session.scalars(invoices.order_by(Invoice.id)),
        *db.session.scalars(notes.order_by(CreditNote.id)),
    ]
