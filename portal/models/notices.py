"""Mail that waits for the worker: written with the event it speaks of, sent after the commit."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from config.clock import now
from config.database import Base


class NoticeStatus(StrEnum):
    """Where a notice stands; `failed` is given up after many attempts and stays to be seen."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Notice(Base):
    """One mail to one recipient, in the recipient's language."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_due", "due_at", postgresql_where=text("status = 'queued'")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", ondelete="SET NULL"), index=True
    )
    recipient: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    # The booking or invoice it speaks of, as people type it.
    about: Mapped[str | None] = mapped_column(String(40), index=True)
    status: Mapped[NoticeStatus] = mapped_column(default=NoticeStatus.QUEUED)
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))
