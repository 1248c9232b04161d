"""When a device could not be reached."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from rental.models import Member


class OutageCause(StrEnum):
    """Whether the device itself does not answer, or what it is reached through does not."""

    DEVICE = "device"
    PARENT = "parent"


class Outage(Base):
    """A device was unreachable from its first lost poll to its first answer."""

    __tablename__ = "outage"
    __table_args__ = (
        # One open outage a device, whoever writes.
        Index(
            "uq_outage_open_device",
            "device_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("ended_at IS NULL OR began_at <= ended_at", name="begins_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    noticed_at: Mapped[datetime] = mapped_column(default=now)
    cause: Mapped[OutageCause] = mapped_column(default=OutageCause.DEVICE)
    # The failure, the lost polls and the parent that was down.
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    note: Mapped[str | None] = mapped_column(String(2000))

    device: Mapped[Device] = relationship()
    acknowledged_by: Mapped[Member | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether the device is still unreachable."""
        return self.ended_at is None

    @property
    def is_silenced(self) -> bool:
        """Whether a parent is to blame, so that nobody is woken for this one."""
        return self.cause is OutageCause.PARENT
