"""Tests of devices that somebody asked for, and what each step of them found."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from rental.models import Member


class DeviceTest(Base):
    """One test of a device: waits for a worker of the site, then gains a step at a time."""

    __tablename__ = "device_test"
    __table_args__ = (
        # Who presses twice, or two who press at once, look at the same test.
        Index(
            "uq_device_test_going_on",
            "device_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_device_test_device_id_asked_at", "device_id", "asked_at"),
        CheckConstraint("finished_at IS NULL OR asked_at <= finished_at", name="ends_after_asked"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    steps: Mapped[list[Any]] = mapped_column(default=list)

    device: Mapped[Device] = relationship()
    asked_by: Mapped[Member | None] = relationship()
