"""Waivers: who asked to bear the risk of a broken rule, who agreed, and when it ends."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.policies import Violation
from rental.models import Booking, Member


class WaiverStatus(StrEnum):
    """What became of it."""

    ASKED = "asked"
    IN_FORCE = "in_force"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    # The rule passed before anybody decided.
    LAPSED = "lapsed"
    ENDED = "ended"


class Waiver(Base):
    """A violation borne for a time: until an instant, or until the end of a booking.

    While it is in force the violation is waived, and `Violation.waived_until` says until when.
    """

    __tablename__ = "waiver"
    __table_args__ = (
        Index(
            "uq_waiver_asked",
            "violation_id",
            unique=True,
            postgresql_where=text("status = 'asked'"),
        ),
        Index(
            "uq_waiver_in_force",
            "violation_id",
            unique=True,
            postgresql_where=text("status = 'in_force'"),
        ),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint("(until IS NULL) <> (booking_id IS NULL)", name="one_end"),
        CheckConstraint(
            "status NOT IN ('in_force', 'ended') OR decided_by_id IS NOT NULL",
            name="decided_by_somebody",
        ),
        CheckConstraint(
            "NOT takes_two OR status NOT IN ('in_force', 'ended') OR decided_by_id <> asked_by_id",
            name="second_person",
        ),
        CheckConstraint(
            "(status IN ('lapsed', 'ended')) = (ended_at IS NOT NULL)", name="ended_when_ended"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    violation_id: Mapped[int] = mapped_column(
        ForeignKey("violation.id", ondelete="CASCADE"), index=True
    )
    status: Mapped[WaiverStatus] = mapped_column(default=WaiverStatus.ASKED)
    reason: Mapped[str] = mapped_column(String(2000))
    until: Mapped[datetime | None]
    # It ends when what this booking uses of the device does.
    booking_id: Mapped[int | None] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    # Whether somebody else than who asked must agree.
    takes_two: Mapped[bool]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(2000))
    ended_at: Mapped[datetime | None]

    violation: Mapped[Violation] = relationship()
    booking: Mapped[Booking | None] = relationship()
    asked_by: Mapped[Member] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Member | None] = relationship(foreign_keys=[decided_by_id])
