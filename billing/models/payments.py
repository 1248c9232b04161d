"""What was received from units, what of it paid which invoice, and what went back."""

from datetime import datetime
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

from billing.models.credit_notes import CreditNote
from billing.models.invoices import Invoice
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member, Unit


class PaymentMethod(StrEnum):
    """How the money came."""

    TRANSFER = "transfer"
    CASH = "cash"
    CARD = "card"


class Payment(Base):
    """An amount received from a unit: what pays no invoice and was not given back is its balance.

    `allocated_minor` and `refunded_minor` are the sums of its live allocations and refunds.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint(
            "allocated_minor >= 0 AND refunded_minor >= 0"
            " AND allocated_minor + refunded_minor <= amount_minor",
            name="spent_once",
        ),
        CheckConstraint(
            "reversed_at IS NULL OR allocated_minor + refunded_minor = 0",
            name="reversed_pays_nothing",
        ),
        CheckConstraint(
            "(reversed_at IS NULL) = (reversed_reason IS NULL)", name="reversed_for_a_reason"
        ),
        CheckConstraint(
            "(number IS NULL) = (symbol IS NULL) AND (number IS NULL) = (year IS NULL)",
            name="receipt_is_whole",
        ),
        # Cash is receipted under a gapless number of its own.
        UniqueConstraint("symbol", "year", "number"),
        # The same slip entered twice; cash without a receipt number has no reference.
        Index(
            "uq_payment_reference",
            "invoice_id",
            "method",
            "reference",
            "amount_minor",
            unique=True,
            postgresql_where=text("reference <> '' AND reversed_at IS NULL"),
        ),
        Index(
            "uq_payment_reference_of_unit",
            "unit_id",
            "method",
            "reference",
            "amount_minor",
            unique=True,
            postgresql_where=text(
                "reference <> '' AND reversed_at IS NULL AND invoice_id IS NULL"
            ),
        ),
        # One payment of the card company is taken in once, whatever it tells and how often.
        Index(
            "uq_payment_card", "reference", unique=True, postgresql_where=text("method = 'card'")
        ),
        Index(
            "ix_payment_unspent",
            "unit_id",
            postgresql_where=text(
                "reversed_at IS NULL AND allocated_minor + refunded_minor < amount_minor"
            ),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    # The invoice it was recorded for; what it paid in the end its allocations say.
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    method: Mapped[PaymentMethod]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    allocated_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    reference: Mapped[str] = mapped_column(String(100), default="")
    received_at: Mapped[datetime] = mapped_column(default=now)
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    symbol: Mapped[str | None] = mapped_column(String(10))
    year: Mapped[int | None]
    number: Mapped[int | None]
    # Recorded by mistake, or taken back by the bank.
    reversed_at: Mapped[datetime | None]
    reversed_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reversed_reason: Mapped[str | None] = mapped_column(String(500))

    unit: Mapped[Unit] = relationship()
    invoice: Mapped[Invoice | None] = relationship()
    recorded_by: Mapped[Member | None] = relationship(foreign_keys=[recorded_by_id])
    reversed_by: Mapped[Member | None] = relationship(foreign_keys=[reversed_by_id])
    allocations: Mapped[list["Allocation"]] = relationship(
        back_populates="payment", order_by="Allocation.id"
    )
    refunds: Mapped[list["Refund"]] = relationship(back_populates="payment", order_by="Refund.id")

    @property
    def amount(self) -> Money:
        """What was received."""
        return Money(self.amount_minor, self.currency)

    @property
    def refunded(self) -> Money:
        """What went back, or is on its way."""
        return Money(self.refunded_minor, self.currency)

    @property
    def unspent(self) -> Money:
        """What pays no invoice and was not given back: the unit's balance."""
        if self.reversed_at is not None:
            return Money(0, self.currency)
        return Money(self.amount_minor - self.allocated_minor - self.refunded_minor, self.currency)

    @property
    def display_number(self) -> str | None:
        """The cash receipt as printed: `PT26-00000003`; None where there is none."""
        return None if self.number is None else f"{self.symbol}-{self.number:08d}"


class Allocation(Base):
    """What of a payment paid an invoice; a released one stays as history."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint(
            "(released_at IS NULL) = (released_reason IS NULL)", name="released_for_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    # From when on the invoice counts as paid so far: the day the money was received, or the day on
    # which the balance was used.
    allocated_at: Mapped[datetime] = mapped_column(default=now)
    allocated_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    released_reason: Mapped[str | None] = mapped_column(String(500))

    payment: Mapped[Payment] = relationship(back_populates="allocations")
    invoice: Mapped[Invoice] = relationship()

    @property
    def amount(self) -> Money:
        """What was paid with it."""
        return Money(self.amount_minor, self.payment.currency)


class RefundStatus(StrEnum):
    """Where a refund stands. What is asked for counts as given until it fails."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refund(Base):
    """Money that goes back to the unit: asked for, then paid out."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        CheckConstraint(
            "(status = 'requested') = (settled_at IS NULL)", name="settled_when_it_ended"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    method: Mapped[PaymentMethod]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[RefundStatus] = mapped_column(default=RefundStatus.REQUESTED)
    reason: Mapped[str] = mapped_column(String(500))
    # The credit note that made it due, where one did.
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"), index=True)
    # The bank's number, the cash voucher, or the card company's id.
    reference: Mapped[str] = mapped_column(String(100), default="")
    requested_at: Mapped[datetime] = mapped_column(default=now)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # How often the card company was asked, and what it said last.
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(500))

    payment: Mapped[Payment] = relationship(back_populates="refunds")
    credit_note: Mapped[CreditNote | None] = relationship()
    requested_by: Mapped[Member | None] = relationship(foreign_keys=[requested_by_id])

    @property
    def amount(self) -> Money:
        """What goes back."""
        return Money(self.amount_minor, self.payment.currency)
