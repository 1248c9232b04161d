"""Invoice runs: the units of one run, what each came to, and what did not go."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member, Unit


class Grouping(StrEnum):
    """What goes on one invoice."""

    BOOKING = "booking"
    UNIT = "unit"


class InvoiceRun(Base):
    """One press of finance: invoice all that is complete up to a day. One runs at a time."""

    __tablename__ = "invoice_run"
    __table_args__ = (
        # A second press while one runs meets it.
        Index(
            "uq_invoice_run_running",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The last local day whose events are invoiced.
    until: Mapped[date]
    grouping: Mapped[Grouping]
    # Issued at once, or left as drafts.
    issues: Mapped[bool] = mapped_column(Boolean)
    started_at: Mapped[datetime] = mapped_column(default=now)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    finished_at: Mapped[datetime | None]

    started_by: Mapped[Member | None] = relationship()
    units: Mapped[list["RunUnit"]] = relationship(back_populates="run", order_by="RunUnit.id")

    @property
    def done(self) -> int:
        """How many units are through."""
        return sum(one.finished_at is not None for one in self.units)

    @property
    def invoices(self) -> int:
        """How many invoices it wrote."""
        return sum(one.invoices for one in self.units)

    @property
    def total(self) -> Money:
        """What they come to."""
        return Money(sum(one.total_minor for one in self.units))


class RunUnit(Base):
    """One unit of a run. Each invoice is committed with the count here: none comes twice."""

    __tablename__ = "invoice_run_unit"
    __table_args__ = (
        UniqueConstraint("run_id", "unit_id"),
        Index(
            "ix_invoice_run_unit_waiting", "run_id", postgresql_where=text("finished_at IS NULL")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("invoice_run.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    invoices: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    # What was refused: the bookings of one invoice by id, and the reason in words.
    failures: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    finished_at: Mapped[datetime | None]

    run: Mapped[InvoiceRun] = relationship(back_populates="units")
    unit: Mapped[Unit] = relationship()

    @property
    def total(self) -> Money:
        """What its invoices come to."""
        return Money(self.total_minor)
