"""What Alertmanager told us: one row an alert and beginning, kept up to date."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from monitoring.rules import Severity


class ReceivedAlert(Base):
    """An alert of another system. It begins once under a fingerprint; the end may come later."""

    __tablename__ = "received_alert"
    __table_args__ = (
        UniqueConstraint("fingerprint", "starts_at"),
        Index("ix_received_alert_firing", "starts_at", postgresql_where=text("ends_at IS NULL")),
        CheckConstraint("ends_at IS NULL OR starts_at <= ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    severity: Mapped[Severity]
    # The device that its label `device` names, where we know one.
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"))
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    annotations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(default=now)

    device: Mapped[Device | None] = relationship()
