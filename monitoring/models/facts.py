"""What devices said of themselves over SSH: each version of it once, with from when until when."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class FactRecord(Base):
    """Facts of a device that held from `began_at` until they were seen last."""

    __tablename__ = "fact_record"
    __table_args__ = (Index("ix_fact_record_device_id_began_at", "device_id", "began_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # What is worth history, and what differs at every look.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    passing: Mapped[dict[str, Any]] = mapped_column(default=dict)


class FactsRound(Base):
    """When a device is asked next, and why the last time failed."""

    __tablename__ = "facts_round"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    next_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)
