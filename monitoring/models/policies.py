"""What the policies found: evidence, findings, violations and their waivers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.errors import ViolationMovedOn
from monitoring.models.devices import Device
from monitoring.rules import Result, Severity, Source
from rental.models import Member


class ViolationStatus(StrEnum):
    """Where a violation stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    WAIVED = "waived"
    RESOLVED = "resolved"


# A resolved violation stays so: the same rule broken again opens another.
MOVES: dict[ViolationStatus, frozenset[ViolationStatus]] = {
    ViolationStatus.OPEN: frozenset(
        {ViolationStatus.ACKNOWLEDGED, ViolationStatus.WAIVED, ViolationStatus.RESOLVED}
    ),
    ViolationStatus.ACKNOWLEDGED: frozenset({ViolationStatus.WAIVED, ViolationStatus.RESOLVED}),
    ViolationStatus.WAIVED: frozenset(
        {ViolationStatus.OPEN, ViolationStatus.WAIVED, ViolationStatus.RESOLVED}
    ),
    ViolationStatus.RESOLVED: frozenset(),
}


class EvidenceRecord(Base):
    """What a device showed, without secrets. The same text again only moves `last_at`."""

    __tablename__ = "evidence_record"
    __table_args__ = (Index("ix_evidence_record_device_source_at", "device_id", "source", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    source: Mapped[Source]
    at: Mapped[datetime] = mapped_column(default=now)
    last_at: Mapped[datetime] = mapped_column(default=now)
    # Redacted text, or None with the failure that left nothing to keep.
    text: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    # SHA-256 of the redacted text or the failure, in hexadecimal.
    digest: Mapped[str] = mapped_column(String(64))

    device: Mapped[Device] = relationship()


class FindingRow(Base):
    """The newest finding of one rule on one device."""

    __tablename__ = "finding"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    rule: Mapped[str] = mapped_column(String(12), primary_key=True)
    result: Mapped[Result]
    severity: Mapped[Severity]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)

    device: Mapped[Device] = relationship()


class Violation(Base):
    """A rule is broken on a device, from `opened_at` until it passes again."""

    __tablename__ = "violation"
    __table_args__ = (
        # One open violation for a rule and a device, whoever writes.
        Index(
            "uq_violation_open_device_rule",
            "device_id",
            "rule",
            unique=True,
            postgresql_where=text("status <> 'resolved'"),
        ),
        Index("ix_violation_status_severity", "status", "severity"),
        CheckConstraint(
            "(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_when_resolved"
        ),
        CheckConstraint(
            "status <> 'waived' OR (waiver_reason IS NOT NULL AND waived_until IS NOT NULL)",
            name="a_waiver_has_reason_and_end",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    rule: Mapped[str] = mapped_column(String(12))
    severity: Mapped[Severity]
    status: Mapped[ViolationStatus] = mapped_column(default=ViolationStatus.OPEN)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    refreshed_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str] = mapped_column(Text, default="")

    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    note: Mapped[str | None] = mapped_column(String(2000))
    waived_at: Mapped[datetime | None]
    waived_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    waived_until: Mapped[datetime | None]
    waiver_reason: Mapped[str | None] = mapped_column(String(2000))

    device: Mapped[Device] = relationship()
    acknowledged_by: Mapped[Member | None] = relationship(foreign_keys=[acknowledged_by_id])
    waived_by: Mapped[Member | None] = relationship(foreign_keys=[waived_by_id])

    @property
    def cause(self) -> str:
        """The word by which rental knows the closure this violation asks for."""
        return f"violation:{self.id}"

    def move_to(self, status: ViolationStatus) -> None:
        """Take the next state; raises ViolationMovedOn where the table has no such move."""
        if status not in MOVES[self.status]:
            raise ViolationMovedOn(
                "The violation of {rule} is {status} and cannot become {to}; look again before you "
                "decide.",
                violation=self.id,
                rule=self.rule,
                status=self.status,
                to=status,
            )
        self.status = status
