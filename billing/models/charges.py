"""What was promised and is not yet invoiced, and what interruptions gave back."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.circuit_months import CircuitMonth
from billing.models.credit_notes import CreditNote
from billing.models.invoices import Invoice
from billing.money import Money
from billing.tariff import Measure
from billing.vat import VatCode
from config.clock import now
from config.database import Base
from rental.models import Booking, Interruption, Line, Unit


class ChargeKind(StrEnum):
    """Why a unit is charged."""

    RENTAL = "rental"
    # What an interruption gives back, below zero.
    CREDIT = "credit"
    # What was given back and turned out not to be due: the interruption was the renter's doing.
    CREDIT_WITHDRAWN = "credit_withdrawn"
    # Bandwidth beyond what was committed, by the 95th percentile of sealed evidence.
    METERED = "metered"
    # Traffic that went over a circuit before anybody had booked it.
    UNBOOKED = "unbooked"
    # What a cancelled or unused booking still owes by the terms in force.
    CANCELLATION = "cancellation"
    # What was broken, what did not come back, what came back late: accepted by finance.
    DAMAGE = "damage"
    LOSS = "loss"
    LATE = "late"
    # What is paid before the rental, and the same amount that the final invoice takes off again.
    ADVANCE = "advance"
    ADVANCE_DEDUCTED = "advance_deducted"
    # What an adjusting invoice adds to a line of another, or takes off it.
    ADJUSTMENT = "adjustment"


class Charge(Base):
    """One amount a unit owes for a booking; it stays here until an invoice takes it."""

    __tablename__ = "charge"
    __table_args__ = (
        # One live charge for one line, however often a confirmation is announced.
        Index(
            "uq_charge_line_rental",
            "line_id",
            unique=True,
            postgresql_where=text("kind = 'rental' AND reversed_at IS NULL AND month_id IS NULL"),
        ),
        # And one for each month of a circuit that is rented over months.
        Index(
            "uq_charge_month_rental",
            "month_id",
            unique=True,
            postgresql_where=text("kind = 'rental' AND reversed_at IS NULL"),
        ),
        Index("ix_charge_month", "month_id", postgresql_where=text("month_id IS NOT NULL")),
        CheckConstraint(
            "month_id IS NULL OR invoice_id IS NULL OR tax_day IS NOT NULL",
            name="months_are_invoiced_once_reconciled",
        ),
        CheckConstraint(
            "(kind IN ('credit', 'advance_deducted') AND amount_minor <= 0)"
            " OR (kind NOT IN ('credit', 'advance_deducted') AND amount_minor >= 0)"
            " OR kind = 'adjustment'",
            name="only_credits_are_negative",
        ),
        CheckConstraint(
            "(kind = 'advance_deducted') = (deducts_id IS NOT NULL)", name="deducts_an_advance"
        ),
        Index(
            "uq_charge_deducts",
            "deducts_id",
            unique=True,
            postgresql_where=text("reversed_at IS NULL"),
        ),
        CheckConstraint(
            "(kind = 'adjustment') = (adjusts_id IS NOT NULL)", name="adjusts_a_charge"
        ),
        CheckConstraint(
            "reversed_at IS NULL OR invoice_id IS NULL", name="reversed_is_not_invoiced"
        ),
        Index(
            "ix_charge_unbilled",
            "unit_id",
            postgresql_where=text("invoice_id IS NULL AND reversed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id", ondelete="SET NULL"))
    kind: Mapped[ChargeKind] = mapped_column(default=ChargeKind.RENTAL)
    description: Mapped[str] = mapped_column(String(500))
    description_en: Mapped[str] = mapped_column(String(500))
    explanation: Mapped[str] = mapped_column(String(1000), default="")
    explanation_en: Mapped[str] = mapped_column(String(1000), default="")
    measure: Mapped[Measure | None]
    quantity: Mapped[Decimal] = mapped_column(Numeric(16, 4))
    unit_price_minor: Mapped[int] = mapped_column(BigInteger)
    # In the tariff's terms: with the tax in it where `tax_inclusive`.
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    tax_inclusive: Mapped[bool] = mapped_column(default=False)
    service: Mapped[str] = mapped_column(String(40))
    # The code on the day of completion; the invoice applies that of its own tax date.
    vat_code: Mapped[VatCode]
    tariff: Mapped[str | None] = mapped_column(String(60))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    # The charge of the advance that this one takes off.
    deducts_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))
    # The charge whose line an adjusting invoice changes.
    adjusts_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)
    # The month of a circuit that it belongs to; on an invoice once that is reconciled.
    month_id: Mapped[int | None] = mapped_column(
        ForeignKey("circuit_month.id", ondelete="SET NULL")
    )
    # The day whose rate it bears at the latest: of a month, that of its reconciliation.
    tax_day: Mapped[date | None]
    added_at: Mapped[datetime] = mapped_column(default=now)
    reversed_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()
    booking: Mapped[Booking | None] = relationship()
    line: Mapped[Line | None] = relationship()
    invoice: Mapped[Invoice | None] = relationship()
    month: Mapped[CircuitMonth | None] = relationship()

    @property
    def awaits_reconciliation(self) -> bool:
        """Whether it belongs to a month that nobody has reconciled, so that no invoice takes it."""
        return self.month_id is not None and self.tax_day is None

    @property
    def amount(self) -> Money:
        """The amount in the tariff's terms (see `tax_inclusive`)."""
        return Money(self.amount_minor, self.currency)


class InterruptionCredit(Base):
    """What one interruption gave back on one line: once, on the draft or by a credit note."""

    __tablename__ = "interruption_credit"
    __table_args__ = (
        UniqueConstraint("interruption_id", "line_id"),
        CheckConstraint("given_minor >= 0 AND withdrawn_minor >= 0", name="amounts_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    interruption_id: Mapped[int] = mapped_column(ForeignKey("interruption.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # Both empty: too short to be credited, but remembered, for it may join the next one.
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"))
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"))
    # Tax included: what credit notes gave for it in all, and what later charges took back.
    given_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    withdrawn_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    interruption: Mapped[Interruption] = relationship()
    line: Mapped[Line] = relationship()
    charge: Mapped[Charge | None] = relationship()
    credit_note: Mapped[CreditNote | None] = relationship()
