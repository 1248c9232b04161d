"""What a line was promised to cost, and what that promise was about."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.rates import Measure
from config.clock import now
from config.database import Base


class PromisedPrice(Base):
    """The price of one line as it was told; it holds while the line stays what it was about."""

    __tablename__ = "promised_price"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="not_negative"),)

    line_id: Mapped[int] = mapped_column(
        ForeignKey("line.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    promised_at: Mapped[datetime] = mapped_column(default=now)
    # What it was about.
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    quantity: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    add_ons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    # How many will come, where the price hangs on it.
    attendees: Mapped[int | None]
    # What was agreed with the unit, as `AgreedRate.mark` says it; empty where nothing was.
    agreed: Mapped[str] = mapped_column(String(200), default="")
    # The price, as pricing gave it.
    measure: Mapped[Measure]
    measured: Mapped[Decimal] = mapped_column(Numeric(16, 4))
    unit_price_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    tax_inclusive: Mapped[bool]
    service: Mapped[str] = mapped_column(String(40))
    explanation: Mapped[str] = mapped_column(String(1000))
    explanation_en: Mapped[str] = mapped_column(String(1000))
    tariff: Mapped[str] = mapped_column(String(60))
    sample: Mapped[bool] = mapped_column(server_default=text("false"))
