"""Statements of the bank, their bookings, and which payment each became."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.payments import Payment
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member


class BankMapping(Base):
    """What the columns of an account's CSV files mean; said once, kept for the next file."""

    __tablename__ = "bank_mapping"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(60), unique=True)
    columns: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(default=now)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    saved_by: Mapped[Member | None] = relationship()


class BankStatement(Base):
    """One statement of one account; a file may hold several."""

    __tablename__ = "bank_statement"
    __table_args__ = (
        # The same file again.
        UniqueConstraint("sha256", "position"),
        CheckConstraint("new_rows >= 0 AND known_rows >= 0", name="rows_not_negative"),
        Index("ix_bank_statement_account_ends_on", "account", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    # Which statement of the file, from 1.
    position: Mapped[int]
    format: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    opening_minor: Mapped[int | None] = mapped_column(BigInteger)
    closing_minor: Mapped[int | None] = mapped_column(BigInteger)
    new_rows: Mapped[int] = mapped_column(default=0)
    # Bookings that an earlier statement had brought already.
    known_rows: Mapped[int] = mapped_column(default=0)
    imported_at: Mapped[datetime] = mapped_column(default=now)
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    imported_by: Mapped[Member | None] = relationship()

    @property
    def closing(self) -> Money | None:
        """The balance at the end, where the format says it."""
        return None if self.closing_minor is None else Money(self.closing_minor, self.currency)


class EntryState(StrEnum):
    """What became of a booking of the bank."""

    # Taken in; nobody has looked for its invoice yet.
    UNMATCHED = "unmatched"
    # No invoice is certain: a person decides.
    QUEUED = "queued"
    MATCHED = "matched"
    IGNORED = "ignored"


# What still waits for an answer.
WAITING = (EntryState.UNMATCHED, EntryState.QUEUED)


class BankEntry(Base):
    """One booking of the bank. `amount_minor` is signed: what came in is above zero."""

    __tablename__ = "bank_entry"
    __table_args__ = (
        # The same booking again: by the bank's own number, and by what it says.
        Index(
            "uq_bank_entry_id_key",
            "account",
            "id_key",
            unique=True,
            postgresql_where=text("id_key IS NOT NULL"),
        ),
        UniqueConstraint("account", "fingerprint", "ordinal"),
        UniqueConstraint("statement_id", "position"),
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        CheckConstraint("state <> 'matched' OR amount_minor > 0", name="matched_came_in"),
        CheckConstraint("state <> 'ignored' OR reason <> ''", name="ignored_has_reason"),
        CheckConstraint("(id_key IS NULL) = (bank_id = '')", name="id_key_of_bank_id"),
        Index("ix_bank_entry_state", "state", "id"),
        Index(
            "ix_bank_entry_payer_account",
            "payer_account",
            postgresql_where=text("payer_account <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"))
    position: Mapped[int]
    account: Mapped[str] = mapped_column(String(60))
    booked_on: Mapped[date]
    valued_on: Mapped[date | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    payer_name: Mapped[str] = mapped_column(String(200), default="")
    payer_account: Mapped[str] = mapped_column(String(60), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    bank_id: Mapped[str] = mapped_column(String(60), default="")
    id_key: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    # Counts honest equal bookings, from 0.
    ordinal: Mapped[int] = mapped_column(default=0)
    state: Mapped[EntryState] = mapped_column(default=EntryState.UNMATCHED)
    reason: Mapped[str] = mapped_column(String(500), default="")
    # Ranked, best first, as they were when it was last looked at: `matching.Suggestion` as JSON.
    suggestions: Mapped[list[Any]] = mapped_column(default=list)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    statement: Mapped[BankStatement] = relationship()
    decided_by: Mapped[Member | None] = relationship()

    @property
    def amount(self) -> Money:
        """What came in, or went out below zero."""
        return Money(self.amount_minor, self.currency)


class BankMatch(Base):
    """A booking of the bank became a payment; undone, the row stays."""

    __tablename__ = "bank_match"
    __table_args__ = (
        # One live match for a booking.
        Index(
            "uq_bank_match_live",
            "entry_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        CheckConstraint("(undone_at IS NULL) = (undone_reason = '')", name="undone_has_reason"),
        # One booking for a payment.
        Index(
            "uq_bank_match_payment",
            "payment_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_of_a_hundred"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("bank_entry.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    # False where the payment had been recorded by hand: undone, it stays.
    is_own_payment: Mapped[bool] = mapped_column(default=True)
    # Nobody's hand: reference, amount and unit were certain.
    is_automatic: Mapped[bool]
    score: Mapped[int]
    # The reasons, as `matching.Reason` in JSON.
    why: Mapped[list[Any]]
    matched_at: Mapped[datetime] = mapped_column(default=now)
    matched_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    undone_reason: Mapped[str] = mapped_column(String(500), default="")

    entry: Mapped[BankEntry] = relationship()
    payment: Mapped[Payment] = relationship()
    matched_by: Mapped[Member | None] = relationship(foreign_keys=[matched_by_id])
    undone_by: Mapped[Member | None] = relationship(foreign_keys=[undone_by_id])
