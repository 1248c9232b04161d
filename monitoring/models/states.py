"""Every change of a device's status: what availability is reckoned from."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from monitoring.models.devices import Device, DeviceStatus


class DeviceStateRow(Base):
    """A device was in one status from `began_at` until `ended_at`; the last one has no end.

    From the first poll on a device's rows follow one another without a gap.
    """

    __tablename__ = "device_state"
    __table_args__ = (
        Index("uq_device_state_device_began", "device_id", "began_at", unique=True),
        Index(
            "uq_device_state_open_device",
            "device_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("ended_at IS NULL OR began_at < ended_at", name="begins_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    status: Mapped[DeviceStatus]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    device: Mapped[Device] = relationship()
