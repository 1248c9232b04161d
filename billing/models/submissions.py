"""What became of each issued document at the provider of e-invoices."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.credit_notes import CreditNote
from billing.models.invoices import Invoice
from config.clock import now
from config.database import Base
from config.errors import filled


class SubmissionStatus(StrEnum):
    """Where a document stands. Submitted means: the provider has it and has not said yes or no."""

    QUEUED = "queued"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REFUSED = "refused"


# The worker still has something to do with these.
UNDER_WAY = frozenset({SubmissionStatus.QUEUED, SubmissionStatus.SUBMITTED})


class Submission(Base):
    """The way of one issued invoice or credit note to the provider; made with its number."""

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint("num_nonnulls(invoice_id, credit_note_id) = 1", name="of_one_document"),
        CheckConstraint(
            "status IN ('queued', 'submitted', 'accepted', 'refused')", name="known_status"
        ),
        CheckConstraint(
            "(status IN ('queued', 'submitted')) = (next_attempt_at IS NOT NULL)",
            name="under_way_comes_round",
        ),
        CheckConstraint("(status = 'accepted') = (accepted_at IS NOT NULL)", name="accepted_once"),
        CheckConstraint(
            "status NOT IN ('submitted', 'accepted') OR (provider <> '' AND content IS NOT NULL)",
            name="handed_in_is_kept",
        ),
        CheckConstraint("status <> 'refused' OR failure <> ''", name="refused_with_a_reason"),
        CheckConstraint("attempts >= 0", name="attempts_count_up"),
        Index(
            "ix_submission_under_way",
            "next_attempt_at",
            "id",
            postgresql_where=text("status IN ('queued', 'submitted')"),
        ),
        # What people look at: few among many.
        Index("ix_submission_unsettled", "id", postgresql_where=text("status <> 'accepted'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"), unique=True)
    # The provider takes a document once under it: symbol and number, as printed.
    key: Mapped[str] = mapped_column(String(30), unique=True)
    status: Mapped[SubmissionStatus] = mapped_column(default=SubmissionStatus.QUEUED)
    queued_at: Mapped[datetime] = mapped_column(default=now)
    # When the worker takes it up again; a worker that died with it is waited for no longer.
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    last_attempt_at: Mapped[datetime | None]
    # The XML, written at the first attempt: every later one hands in the very same bytes.
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    provider: Mapped[str] = mapped_column(String(40), default="")
    receipt: Mapped[str] = mapped_column(String(200), default="")
    accepted_at: Mapped[datetime | None]
    # What went wrong last: a sentence with {places}, and what fills them.
    failure: Mapped[str] = mapped_column(String(500), default="")
    failure_values: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    invoice: Mapped[Invoice | None] = relationship()
    credit_note: Mapped[CreditNote | None] = relationship()

    @property
    def about(self) -> Invoice:
        """The invoice that it is about: itself, or the one that the credit note reduces."""
        if self.invoice is not None:
            return self.invoice
        if self.credit_note is not None:
            return self.credit_note.invoice
        raise LookupError(f"submission {self.id} has no document")

    @property
    def is_under_way(self) -> bool:
        """Whether the worker still has something to do with it."""
        return self.status in UNDER_WAY

    @property
    def failed(self) -> str:
        """What went wrong last, in English."""
        return filled(self.failure, self.failure_values)
