"""What is taken off a price for a reason, once a second person has said yes."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Booking, Line, Member


class DiscountStatus(StrEnum):
    """What became of it."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Discount(Base):
    """A percentage or an amount off a booking or one of its lines; only approved it counts."""

    __tablename__ = "discount"
    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="one_of_two"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_of_the_whole"),
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint(
            "(status = 'proposed') = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint(
            "status <> 'approved' OR decided_by_id <> proposed_by_id", name="second_person"
        ),
        Index("ix_discount_waiting", "proposed_at", postgresql_where=text("status = 'proposed'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    # Of one line, and gone with it; empty for the whole booking.
    line_id: Mapped[int | None] = mapped_column(
        ForeignKey("line.id", ondelete="CASCADE"), index=True
    )
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    # Off the price as the list says it, with or without tax.
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    reason: Mapped[str] = mapped_column(String(300))
    status: Mapped[DiscountStatus] = mapped_column(default=DiscountStatus.PROPOSED)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(300))

    booking: Mapped[Booking] = relationship()
    line: Mapped[Line | None] = relationship()
    proposed_by: Mapped[Member] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[Member | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def amount(self) -> Money | None:
        """The amount it takes off, where it is no percentage."""
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)
