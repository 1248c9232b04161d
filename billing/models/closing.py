"""Months that are closed: nothing with a date in one is written any more."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Member


class ClosedMonth(Base):
    """A month that finance closed; opened again it stays as history.

    Triggers on invoices, credit notes, payments, allocations and refunds ask this table, and a
    shared advisory lock lets a closing wait for whoever is writing.
    """

    __tablename__ = "closed_month"
    __table_args__ = (
        Index(
            "uq_closed_month_first",
            "first",
            unique=True,
            postgresql_where=text("reopened_at IS NULL"),
        ),
        CheckConstraint("extract(day FROM first) = 1", name="begins_on_the_first"),
        CheckConstraint(
            "(reopened_at IS NULL) = (reopened_reason IS NULL)", name="reopened_for_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[date]
    closed_at: Mapped[datetime] = mapped_column(default=now)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reopened_at: Mapped[datetime | None]
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reopened_reason: Mapped[str | None] = mapped_column(String(500))

    closed_by: Mapped[Member | None] = relationship(foreign_keys=[closed_by_id])
    reopened_by: Mapped[Member | None] = relationship(foreign_keys=[reopened_by_id])
