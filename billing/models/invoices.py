"""Invoices, their lines, and the counters that number them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

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

from billing.models.totals import Totals
from billing.money import Money
from billing.tariff import Measure
from billing.vat import VatCode
from config.clock import now
from config.database import Base
from rental.models import Booking, Member, Unit


class InvoiceStatus(StrEnum):
    """Where an invoice stands. Paid means that nothing is left to pay, by payment or credit."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


class InvoiceKind(StrEnum):
    """What of a booking an invoice asks for. What was asked for before makes a final one."""

    WHOLE = "whole"
    ADVANCE = "advance"
    PART = "part"
    FINAL = "final"


class Correction(StrEnum):
    """How an issued invoice corrects another (Circular 91/2026, Art. 10).

    A replaced one is void, its charges are on the replacement; an adjusted one stands.
    """

    ADJUSTS = "adjusts"
    REPLACES = "replaces"


# Money is taken for these; one written off may be paid after all.
COLLECTING = frozenset({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE})


class Invoice(Totals, Base):
    """What a unit owes. A number, a year and a snapshot exist from issue on, and never change."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("symbol", "year", "number"),
        CheckConstraint(
            "(status = 'draft') = (number IS NULL) AND (number IS NULL) = (symbol IS NULL)"
            " AND (number IS NULL) = (year IS NULL) AND (number IS NULL) = (issued_at IS NULL)"
            " AND (number IS NULL) = (snapshot IS NULL) AND (number IS NULL) = (tax_date IS NULL)"
            " AND (number IS NULL) = (due_on IS NULL)",
            name="numbered_from_issue",
        ),
        CheckConstraint("number BETWEEN 1 AND 99999999", name="number_has_8_digits"),
        CheckConstraint("total_minor = net_minor + vat_minor", name="total_adds_up"),
        # A final invoice comes to nothing where the advances cover all of it.
        CheckConstraint(
            "status = 'draft' OR total_minor > 0 OR (kind = 'final' AND total_minor = 0)",
            name="issued_above_zero",
        ),
        CheckConstraint(
            "paid_minor = 0 OR paid_minor BETWEEN 0 AND total_minor", name="paid_within_total"
        ),
        CheckConstraint(
            "credited_minor = 0 OR credited_minor BETWEEN 0 AND total_minor",
            name="credited_within_total",
        ),
        CheckConstraint(
            "status <> 'paid' OR paid_minor + credited_minor >= total_minor",
            name="paid_means_nothing_left",
        ),
        CheckConstraint(
            "status <> 'void' OR (paid_minor = 0 AND credited_minor = 0)", name="void_is_unpaid"
        ),
        CheckConstraint(
            "(written_off_at IS NULL) = (written_off_minor IS NULL)"
            " AND (status <> 'uncollectible' OR written_off_at IS NOT NULL)",
            name="written_off_with_its_amount",
        ),
        CheckConstraint(
            "written_off_minor BETWEEN 0 AND total_minor", name="written_off_within_total"
        ),
        CheckConstraint(
            "(correction IS NULL) = (corrects_id IS NULL)"
            " AND (correction IS NULL) = (correction_reason IS NULL)"
            " AND (agreement IS NULL) = (agreement_on IS NULL)"
            " AND (correction IS NOT NULL OR agreement IS NULL) AND corrects_id < id",
            name="corrects_an_older_one",
        ),
        # An invoice is replaced once; the replacement may be replaced in turn.
        Index(
            "uq_invoice_replaced",
            "corrects_id",
            unique=True,
            postgresql_where=text("correction = 'replaces'"),
        ),
        Index(
            "ix_invoice_corrects", "corrects_id", postgresql_where=text("correction IS NOT NULL")
        ),
        Index("ix_invoice_unit_id_id", "unit_id", "id"),
        Index("ix_invoice_status_id", "status", "id"),
        # What was paid and then credited, owed back: few among many.
        Index(
            "ix_invoice_over_paid",
            "id",
            postgresql_where=text("paid_minor + credited_minor > total_minor"),
        ),
        # What is owed, by unit: asked with every new booking.
        Index("ix_invoice_owed", "unit_id", "due_on", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # What a payer quotes; it survives banks that drop separators.
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    status: Mapped[InvoiceStatus] = mapped_column(default=InvoiceStatus.DRAFT)
    kind: Mapped[InvoiceKind] = mapped_column(
        default=InvoiceKind.WHOLE, server_default=text("'whole'")
    )
    # What it corrects, and how; why; and what was agreed with the buyer beforehand, and when.
    correction: Mapped[Correction | None]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    correction_reason: Mapped[str | None] = mapped_column(String(500))
    agreement: Mapped[str | None] = mapped_column(String(120))
    agreement_on: Mapped[date | None]
    symbol: Mapped[str | None] = mapped_column(String(10))
    year: Mapped[int | None]
    number: Mapped[int | None]
    drafted_at: Mapped[datetime] = mapped_column(default=now)
    issued_at: Mapped[datetime | None]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    tax_date: Mapped[date | None]
    due_on: Mapped[date | None]
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    credited_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    paid_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(500))
    # When it was given up, and what was left of it then; a payment that comes later recovers it.
    written_off_at: Mapped[datetime | None]
    written_off_minor: Mapped[int | None] = mapped_column(BigInteger)
    # Seller, buyer, lines and texts as they were at issue; the documents are drawn from it.
    snapshot: Mapped[dict[str, Any] | None]

    unit: Mapped[Unit] = relationship()
    booking: Mapped[Booking | None] = relationship()
    corrects: Mapped["Invoice | None"] = relationship(remote_side="Invoice.id")
    issued_by: Mapped[Member | None] = relationship()
    lines: Mapped[list["InvoiceLine"]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.position", cascade="all, delete-orphan"
    )

    @property
    def paid(self) -> Money:
        """What has been received."""
        return Money(self.paid_minor, self.currency)

    @property
    def credited(self) -> Money:
        """What credit notes took off."""
        return Money(self.credited_minor, self.currency)

    @property
    def left(self) -> Money:
        """What is still to be paid, zero or more."""
        left = self.total_minor - self.paid_minor - self.credited_minor
        return Money(max(0, left), self.currency)

    @property
    def is_owed(self) -> bool:
        """Whether the unit still has something to pay on it."""
        return self.status in COLLECTING and bool(self.left)

    @property
    def refund_due(self) -> Money:
        """What was paid and then credited, zero or more: owed back to the unit."""
        over = self.paid_minor + self.credited_minor - self.total_minor
        return Money(max(0, over), self.currency)

    @property
    def display_number(self) -> str | None:
        """Symbol and number as printed: `1C26TMC-00000042`; None for a draft."""
        return None if self.number is None else f"{self.symbol}-{self.number:08d}"


class InvoiceLine(Base):
    """One amount of an invoice with its share of the tax."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint(
            "credited_minor = 0 OR credited_minor BETWEEN 0 AND net_minor + vat_minor"
            " OR credited_minor BETWEEN net_minor + vat_minor AND 0",
            name="credited_within_line",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id", ondelete="CASCADE"))
    position: Mapped[int]
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)
    description: Mapped[str] = mapped_column(String(500))
    description_en: Mapped[str] = mapped_column(String(500))
    explanation: Mapped[str] = mapped_column(String(1000), default="")
    explanation_en: Mapped[str] = mapped_column(String(1000), default="")
    measure: Mapped[Measure | None]
    quantity: Mapped[Decimal] = mapped_column(Numeric(16, 4))
    unit_price_minor: Mapped[int] = mapped_column(BigInteger)
    tax_inclusive: Mapped[bool]
    net_minor: Mapped[int] = mapped_column(BigInteger)
    vat_minor: Mapped[int] = mapped_column(BigInteger)
    vat_code: Mapped[VatCode]
    service: Mapped[str] = mapped_column(String(40))
    # What credit notes took off this line, tax included; the line itself stays as issued.
    credited_minor: Mapped[int] = mapped_column(BigInteger, default=0)

    invoice: Mapped[Invoice] = relationship(back_populates="lines")

    @property
    def net(self) -> Money:
        """Without tax."""
        return Money(self.net_minor, self.invoice.currency)

    @property
    def vat(self) -> Money:
        """The line's share of the group's tax."""
        return Money(self.vat_minor, self.invoice.currency)

    @property
    def total(self) -> Money:
        """Net and tax."""
        return self.net + self.vat

    @property
    def left(self) -> Money:
        """What no credit note has taken off yet, tax included."""
        return self.total - Money(self.credited_minor, self.invoice.currency)


class NumberCounter(Base):
    """The last number taken of a symbol in a year; its row lock is what keeps numbers gapless."""

    __tablename__ = "number_counter"
    __table_args__ = (CheckConstraint("last BETWEEN 1 AND 99999999", name="last_has_8_digits"),)

    symbol: Mapped[str] = mapped_column(String(10), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
