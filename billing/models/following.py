"""What follows an unpaid invoice: reminders, pauses, write-offs; and leave to go on booking."""

from datetime import date, datetime
from enum import StrEnum

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

from billing.models.invoices import Invoice
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member, Unit


class Tone(StrEnum):
    """How a reminder speaks."""

    FRIENDLY = "friendly"
    FIRM = "firm"
    FINAL = "final"


class PauseCause(StrEnum):
    """Why nobody is reminded of an invoice."""

    DISPUTED = "disputed"
    ARRANGED = "arranged"
    OTHER = "other"


class WriteOffStatus(StrEnum):
    """Where a proposal to write off stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Reminder(Base):
    """One step of the policy, written once for an invoice."""

    __tablename__ = "reminder"
    __table_args__ = (
        # Two workers at once write one mail: the step is known by its days from the due day.
        UniqueConstraint("invoice_id", "days"),
        CheckConstraint("left_minor > 0", name="something_was_left"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    # After the due day; below zero before it.
    days: Mapped[int]
    tone: Mapped[Tone]
    policy: Mapped[str] = mapped_column(String(60))
    # The local day it was written on, and what was left and due then.
    written_on: Mapped[date]
    written_at: Mapped[datetime] = mapped_column(default=now)
    due_on: Mapped[date]
    left_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    # The names of those it was written to; empty where the unit has nobody to write to.
    recipients: Mapped[str] = mapped_column(String(1000), default="")

    invoice: Mapped[Invoice] = relationship()

    @property
    def left(self) -> Money:
        """What was left to pay when it was written."""
        return Money(self.left_minor, self.currency)


class ReminderPause(Base):
    """Nobody is reminded of the invoice up to and including a day, for a reason."""

    __tablename__ = "reminder_pause"
    __table_args__ = (
        Index(
            "uq_reminder_pause_standing",
            "invoice_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("reason <> ''", name="has_a_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    cause: Mapped[PauseCause]
    reason: Mapped[str] = mapped_column(String(500))
    until: Mapped[date]
    paused_at: Mapped[datetime] = mapped_column(default=now)
    paused_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    invoice: Mapped[Invoice] = relationship()
    paused_by: Mapped[Member] = relationship(foreign_keys=[paused_by_id])


class WriteOff(Base):
    """A proposal to give up an invoice; another person than the proposer decides it."""

    __tablename__ = "write_off"
    __table_args__ = (
        Index(
            "uq_write_off_proposed",
            "invoice_id",
            unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint(
            "(status = 'proposed') = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'refused') OR decided_by_id <> proposed_by_id",
            name="decided_by_another",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    status: Mapped[WriteOffStatus] = mapped_column(default=WriteOffStatus.PROPOSED)
    reason: Mapped[str] = mapped_column(String(500))
    # What was left when it was proposed; what was left when it was approved.
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    comment: Mapped[str | None] = mapped_column(String(500))

    invoice: Mapped[Invoice] = relationship()
    proposed_by: Mapped[Member] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[Member | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def amount(self) -> Money:
        """What it gives up."""
        return Money(self.amount_minor, self.currency)


class Grace(Base):
    """Leave for an overdue unit to go on booking, up to and including a day, for a reason."""

    __tablename__ = "grace"
    __table_args__ = (
        Index(
            "uq_grace_standing", "unit_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        CheckConstraint("reason <> ''", name="has_a_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    until: Mapped[date]
    granted_at: Mapped[datetime] = mapped_column(default=now)
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    unit: Mapped[Unit] = relationship()
    granted_by: Mapped[Member] = relationship(foreign_keys=[granted_by_id])
