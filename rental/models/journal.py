"""Who did what, when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.people import Member


class JournalEntry(Base):
    """One deed of a member, or of the service itself where `member_id` is null."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix_journal_entry_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # The subject's table and id: an entry outlives what it speaks of.
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    verb: Mapped[str] = mapped_column(String(60))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)

    member: Mapped[Member | None] = relationship()
