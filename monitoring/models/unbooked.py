"""Traffic on ports that nobody has booked: how far each port was looked at, and every run."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from monitoring.models.access_ports import AccessPort
from monitoring.models.devices import Device
from monitoring.unbooked_runs import RunEnd
from rental.models import Resource


class UnbookedWatch(Base):
    """How far a port was looked at, and the loud buckets that may become a run.

    The row is locked while buckets are taken in, and committed with the runs they begin and end:
    whoever comes later, or again, goes on where it stands.
    """

    __tablename__ = "unbooked_watch"

    port_id: Mapped[int] = mapped_column(
        ForeignKey("access_port.id", ondelete="CASCADE"), primary_key=True
    )
    looked_until: Mapped[datetime]
    # The end of the last bucket in which the port told its traffic.
    measured_until: Mapped[datetime | None]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    loud: Mapped[int] = mapped_column(default=0)
    is_run: Mapped[bool] = mapped_column(default=False)
    peak_bps: Mapped[float] = mapped_column(Double, default=0.0)

    port: Mapped[AccessPort] = relationship()


class UnbookedRun(Base):
    """One unbroken run of loud buckets on a port; `end` is empty while it goes on."""

    __tablename__ = "unbooked_run"
    __table_args__ = (
        UniqueConstraint("device_id", "interface", "starts_at"),
        # One that goes on, whoever looks.
        Index(
            "uq_unbooked_run_going_on",
            "device_id",
            "interface",
            unique=True,
            postgresql_where=text('"end" IS NULL'),
        ),
        CheckConstraint("starts_at < until", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    port_id: Mapped[int | None] = mapped_column(
        ForeignKey("access_port.id", ondelete="SET NULL"), index=True
    )
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    # The port's name outlives its circuit.
    interface: Mapped[str] = mapped_column(String(120))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    starts_at: Mapped[datetime]
    # The end of the last loud bucket.
    until: Mapped[datetime]
    peak_bps: Mapped[float] = mapped_column(Double)
    end: Mapped[RunEnd | None]

    port: Mapped[AccessPort | None] = relationship()
    device: Mapped[Device] = relationship()
    resource: Mapped[Resource] = relationship()
