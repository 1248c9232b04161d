"""What was received for an invoice."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.invoices import Invoice
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member


class PaymentMethod(StrEnum):
    """How the money came."""

    TRANSFER = "transfer"
    CASH = "cash"


class Payment(Base):
    """An amount received for one invoice."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        # The same slip entered twice; cash without a receipt number has no reference.
        Index(
            "uq_payment_reference",
            "invoice_id",
            "method",
            "reference",
            "amount_minor",
            unique=True,
            postgresql_where=text("reference <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    method: Mapped[PaymentMethod]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    reference: Mapped[str] = mapped_column(String(100), default="")
    received_at: Mapped[datetime] = mapped_column(default=now)
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    invoice: Mapped[Invoice] = relationship()
    recorded_by: Mapped[Member | None] = relationship()

    @property
    def amount(self) -> Money:
        """What was received."""
        return Money(self.amount_minor, self.currency)
