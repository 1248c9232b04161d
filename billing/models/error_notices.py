"""Notices of a wrong name or address on an issued invoice (form 04/SS): the invoice stands."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.invoices import Invoice
from config.clock import now
from config.database import Base
from rental.models import Member


class NoticeField(StrEnum):
    """What of the buyer was wrong; anything else is adjusted or replaced."""

    NAME = "name"
    ADDRESS = "address"


class ErrorNotice(Base):
    """One value of the buyer as it stands on an invoice, and as it should."""

    __tablename__ = "error_notice"
    __table_args__ = (
        UniqueConstraint("symbol", "year", "number"),
        CheckConstraint("number BETWEEN 1 AND 99999999", name="number_has_8_digits"),
        CheckConstraint("wrong <> correct", name="differs"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    symbol: Mapped[str] = mapped_column(String(10))
    year: Mapped[int]
    number: Mapped[int]
    field: Mapped[NoticeField]
    wrong: Mapped[str] = mapped_column(String(500))
    correct: Mapped[str] = mapped_column(String(500))
    reason: Mapped[str] = mapped_column(String(500))
    noticed_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(default=now)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # Seller, buyer and invoice as they were, for the document.
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)

    invoice: Mapped[Invoice] = relationship()
    issued_by: Mapped[Member | None] = relationship()

    @property
    def display_number(self) -> str:
        """Symbol and number as printed: `SS26-00000003`."""
        return f"{self.symbol}-{self.number:08d}"
