"""The calendar months over which a circuit is rented, and when each was reconciled."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from rental.models import Booking, Line, Member


class CircuitMonth(Base):
    """One month of a circuit's line: charged when it begins, invoiced once it is reconciled."""

    __tablename__ = "circuit_month"
    __table_args__ = (
        UniqueConstraint("line_id", "first"),
        CheckConstraint("extract(day FROM first) = 1", name="begins_on_the_first"),
        CheckConstraint("starts_at < ends_at", name="lasts"),
        CheckConstraint(
            "reconciled_at IS NULL OR reconciled_at >= ends_at", name="reconciled_when_over"
        ),
        CheckConstraint(
            "reconciled_at IS NOT NULL OR reconciled_by_id IS NULL", name="reconciled_by_somebody"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"))
    # The first of the month, at the site; of it the line is rented from and until.
    first: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    reconciled_at: Mapped[datetime | None]
    reconciled_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # Why it was reconciled although its traffic is not known, if so.
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")

    booking: Mapped[Booking] = relationship()
    line: Mapped[Line] = relationship()
    reconciled_by: Mapped[Member | None] = relationship()
