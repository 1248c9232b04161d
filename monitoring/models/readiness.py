"""Whether what a booking rents is ready: reports before it begins, and signatures."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Booking, Member


class Verdict(StrEnum):
    """How ready something is; red stops a handover."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Moment(StrEnum):
    """When a report is made: a day and an hour before the booking begins."""

    DAY = "day"
    HOUR = "hour"


class ReadinessReport(Base):
    """What was found at a moment before a booking; one of each."""

    __tablename__ = "readiness_report"
    __table_args__ = (
        Index("uq_readiness_report_booking_moment", "booking_id", "moment", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"))
    moment: Mapped[Moment]
    at: Mapped[datetime] = mapped_column(default=now)
    verdict: Mapped[Verdict]
    checks: Mapped[list[Any]] = mapped_column(default=list)


class ReadinessSignature(Base):
    """An operator answers for what was red; `keys` are those checks and no others."""

    __tablename__ = "readiness_signature"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    reason: Mapped[str] = mapped_column(Text)
    keys: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))

    booking: Mapped[Booking] = relationship()
    member: Mapped[Member] = relationship()
