"""Credit notes: what is taken off an issued invoice, under numbers of their own."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.invoices import Invoice, InvoiceLine
from billing.models.totals import Totals
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member


class CreditNote(Totals, Base):
    """An amount taken off an issued invoice. Amounts are above zero: they are what is given."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("symbol", "year", "number"),
        CheckConstraint("total_minor > 0", name="above_zero"),
        CheckConstraint("total_minor = net_minor + vat_minor", name="total_adds_up"),
        CheckConstraint("number BETWEEN 1 AND 99999999", name="number_has_8_digits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    symbol: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    number: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    issued_at: Mapped[datetime] = mapped_column(default=now)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    tax_date: Mapped[date]
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)

    invoice: Mapped[Invoice] = relationship()
    issued_by: Mapped[Member | None] = relationship()
    lines: Mapped[list["CreditNoteLine"]] = relationship(
        back_populates="credit_note", order_by="CreditNoteLine.id", cascade="all, delete-orphan"
    )

    @property
    def display_number(self) -> str:
        """Symbol and number as printed: `1C26TDC-00000007`."""
        return f"{self.symbol}-{self.number:08d}"


class CreditNoteLine(Base):
    """What is taken off one line of the invoice; below zero where that line is."""

    __tablename__ = "credit_note_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_note_id: Mapped[int] = mapped_column(
        ForeignKey("credit_note.id", ondelete="CASCADE"), index=True
    )
    invoice_line_id: Mapped[int] = mapped_column(ForeignKey("invoice_line.id"), index=True)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    vat_minor: Mapped[int] = mapped_column(BigInteger)

    credit_note: Mapped[CreditNote] = relationship(back_populates="lines")
    invoice_line: Mapped[InvoiceLine] = relationship()

    @property
    def net(self) -> Money:
        """Without tax."""
        return Money(self.net_minor, self.credit_note.currency)

    @property
    def vat(self) -> Money:
        """The tax."""
        return Money(self.vat_minor, self.credit_note.currency)

    @property
    def total(self) -> Money:
        """Net and tax."""
        return self.net + self.vat
