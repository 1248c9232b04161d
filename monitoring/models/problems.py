"""What is wrong with a device that answers: a sensor too hot, a disk full, a port down."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from monitoring.rules import Severity
from rental.models import Member


class Problem(Base):
    """One thing wrong with a device, from `opened_at` until `cleared_at`.

    A device that does not answer at all has an outage, one that breaks a rule a violation.
    """

    __tablename__ = "problem"
    __table_args__ = (
        # One open problem for a kind and a subject of a device, whoever writes.
        Index(
            "uq_problem_open_device_kind_subject",
            "device_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("cleared_at IS NULL"),
        ),
        Index("ix_problem_device_id_opened_at", "device_id", "opened_at"),
        CheckConstraint(
            "cleared_at IS NULL OR opened_at <= cleared_at", name="opens_before_it_clears"
        ),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)", name="acknowledged_by_one"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    # What is wrong (sensor, storage, interface …), and of what (`inlet`, `/var`, `Gi0/1`).
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), default="")
    severity: Mapped[Severity]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    refreshed_at: Mapped[datetime] = mapped_column(default=now)
    cleared_at: Mapped[datetime | None]
    # The last value seen while it was open and the threshold it passed, in the subject's unit.
    value: Mapped[float | None]
    threshold: Mapped[float | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    note: Mapped[str | None] = mapped_column(String(2000))

    device: Mapped[Device] = relationship()
    acknowledged_by: Mapped[Member | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it is still so."""
        return self.cleared_at is None
