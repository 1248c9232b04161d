"""Remediations: what would be done about a violation, who let it be done, and how it ended."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.errors import RemediationMovedOn
from monitoring.models.devices import Device
from monitoring.models.policies import Violation
from monitoring.reasons import Reason
from rental.models import Member


class RemediationStatus(StrEnum):
    """Where a remediation stands."""

    # A worker is to say what it would change.
    PLANNED = "planned"
    # It is known what would change; somebody is to approve it.
    CHECKED = "checked"
    APPROVED = "approved"
    APPLYING = "applying"
    # Applied, and the rule passes.
    VERIFIED = "verified"
    # Applied, did not hold, and everything is as it was before.
    ROLLED_BACK = "rolled_back"
    # There was nothing to change.
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


_S = RemediationStatus
STANDING = (_S.PLANNED, _S.CHECKED, _S.APPROVED, _S.APPLYING)
MOVES: dict[RemediationStatus, frozenset[RemediationStatus]] = {
    _S.PLANNED: frozenset({_S.CHECKED, _S.UNCHANGED, _S.FAILED, _S.WITHDRAWN}),
    _S.CHECKED: frozenset({_S.APPROVED, _S.PLANNED, _S.WITHDRAWN}),
    _S.APPROVED: frozenset({_S.APPLYING, _S.CHECKED, _S.UNCHANGED, _S.FAILED, _S.WITHDRAWN}),
    _S.APPLYING: frozenset({_S.VERIFIED, _S.ROLLED_BACK, _S.FAILED}),
}


class Remediation(Base):
    """One try to cure one violation of a device."""

    __tablename__ = "remediation"
    __table_args__ = (
        Index(
            "uq_remediation_standing_violation",
            "violation_id",
            unique=True,
            postgresql_where=text("status IN ('planned', 'checked', 'approved', 'applying')"),
        ),
        Index("ix_remediation_device_id_id", "device_id", "id"),
        CheckConstraint(
            "NOT is_risky OR approved_by_id IS NULL OR approved_by_id <> planned_by_id",
            name="risky_takes_two_people",
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'applying', 'verified', 'rolled_back')"
            " OR approved_by_id IS NOT NULL AND approved_digest IS NOT NULL",
            name="applied_only_when_approved",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    violation_id: Mapped[int] = mapped_column(
        ForeignKey("violation.id", ondelete="CASCADE"), index=True
    )
    rule: Mapped[str] = mapped_column(String(12))
    playbook: Mapped[str] = mapped_column(String(40))
    variables: Mapped[dict[str, Any]]
    is_risky: Mapped[bool] = mapped_column(default=True)
    status: Mapped[RemediationStatus] = mapped_column(default=RemediationStatus.PLANNED)
    # Who asked for it; nobody where the policy did, until somebody takes it up.
    planned_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    planned_at: Mapped[datetime] = mapped_column(default=now)
    # What the check would change, without secrets: [{task, path, before, after}], and the
    # SHA-256 of that and of the playbook, in hexadecimal.
    artefact: Mapped[list[Any]] = mapped_column(default=list)
    digest: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    approved_at: Mapped[datetime | None]
    approved_digest: Mapped[str | None] = mapped_column(String(64))
    # Somebody said that it need not wait for the end of an event that uses the device.
    is_during_events: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # The rules that the device kept when it began, by which it is seen whether one broke; None
    # where that was not written down.
    kept_before: Mapped[list[Any] | None]
    # Why it waits, went back or failed: sentences with their values (`monitoring.reasons`).
    reasons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))

    device: Mapped[Device] = relationship()
    violation: Mapped[Violation] = relationship()
    planned_by: Mapped[Member | None] = relationship(foreign_keys=[planned_by_id])
    approved_by: Mapped[Member | None] = relationship(foreign_keys=[approved_by_id])

    def because(self, *reasons: Reason) -> None:
        """Say why it stands as it does; without any, there is nothing to say."""
        self.reasons = [each.as_json() for each in reasons]

    def move_to(self, status: RemediationStatus) -> None:
        """Take the next state; raises RemediationMovedOn where the table has no such move."""
        if status not in MOVES.get(self.status, frozenset()):
            raise RemediationMovedOn
        self.status = status
        if status not in STANDING:
            self.ended_at = now()
