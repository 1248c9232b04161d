"""Amounts that rental gives cause for and finance decides on."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.charges import Charge, ChargeKind
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Booking, Damage, Line, Member


class ProposalStatus(StrEnum):
    """What finance made of it."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


class ChargeProposal(Base):
    """A charge for damage, loss or lateness that nobody owes until finance accepts it."""

    __tablename__ = "charge_proposal"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="not_negative"),
        Index("uq_charge_proposal_cause", "cause", unique=True),
        Index(
            "ix_charge_proposal_waiting",
            "proposed_at",
            postgresql_where=text("status = 'proposed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id", ondelete="SET NULL"))
    damage_id: Mapped[int | None] = mapped_column(ForeignKey("damage.id"))
    kind: Mapped[ChargeKind]
    # What gave cause, once: "damage:7", "late:31".
    cause: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(500))
    description_en: Mapped[str] = mapped_column(String(500))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    status: Mapped[ProposalStatus] = mapped_column(default=ProposalStatus.PROPOSED)
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))

    booking: Mapped[Booking] = relationship()
    line: Mapped[Line | None] = relationship()
    damage: Mapped[Damage | None] = relationship()
    member: Mapped[Member | None] = relationship()
    charge: Mapped[Charge | None] = relationship()

    @property
    def amount(self) -> Money:
        """Without tax."""
        return Money(self.amount_minor, self.currency)
