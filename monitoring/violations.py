"""Violations: opened by a failure, refreshed by the next, resolved by a pass."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import bounded_count, db
from monitoring import waiver_terms
from monitoring.errors import BadWaiver, UnknownViolation
from monitoring.models import Device, Violation, ViolationStatus, Waiver, WaiverStatus
from monitoring.policy import Finding
from monitoring.rules import Severity
from monitoring.signals import violation_opened, violation_resolved
from rental import journal
from rental.models import Member

STANDING = (ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED, ViolationStatus.WAIVED)
LONGEST_WAIVER = timedelta(days=366)


def open_or_refresh(device: Device, finding: Finding, *, at: datetime | None = None) -> Violation:
    """The one violation of this rule on this device, opened now or shown to go on.

    A waiver whose time is over opens again.
    """
    now = at or clock.now()
    opened_id = db.session.scalar(
        insert(Violation)
        .values(
            device_id=device.id,
            rule=finding.rule,
            severity=finding.severity,
            status=ViolationStatus.OPEN,
            opened_at=now,
            refreshed_at=now,
            evidence=list(finding.evidence),
            reason=finding.reason,
        )
        .on_conflict_do_nothing(
            index_elements=["device_id", "rule"],
            index_where=Violation.status != sa.literal_column("'resolved'"),
        )
        .returning(Violation.id)
    )
    if opened_id is not None:
        violation = get(opened_id)
        journal.record(violation, "opened", by=None, device=device.name, rule=finding.rule)
        violation_opened.send(violation)
        return violation
    return _refresh(device, finding, now)


def _refresh(device: Device, finding: Finding, now: datetime) -> Violation:
    violation = find_open(device, finding.rule)
    if violation is None:
        raise UnknownViolation
    was = violation.severity
    violation.refreshed_at = now
    violation.severity = finding.severity
    violation.evidence, violation.reason = list(finding.evidence), finding.reason
    is_waived = violation.status is ViolationStatus.WAIVED
    if is_waived and (_is_over(violation, now) or _takes_another(violation, was)):
        _end_waiver(violation, now)
    db.session.flush()
    return violation


def _is_over(violation: Violation, now: datetime) -> bool:
    return violation.waived_until is not None and violation.waived_until <= now


def _takes_another(violation: Violation, was: Severity) -> bool:
    """Whether it has become graver than what one person may have waived alone."""
    terms = waiver_terms.load()
    return terms.take_two(violation.severity) and not terms.take_two(was)


def _end_waiver(violation: Violation, now: datetime) -> None:
    violation.move_to(ViolationStatus.OPEN)
    _close(violation, WaiverStatus.IN_FORCE, WaiverStatus.ENDED, now)
    db.session.flush()
    journal.record(violation, "waiver_ended", by=None)
    violation_opened.send(violation)


def _close(violation: Violation, was: WaiverStatus, becomes: WaiverStatus, now: datetime) -> None:
    """Close the waiver of this state, if there is one."""
    db.session.execute(
        sa.update(Waiver)
        .where(Waiver.violation_id == violation.id, Waiver.status == was)
        .values(status=becomes, ended_at=now)
    )


def lock(violation: Violation) -> None:
    """The row as it is now, until the commit: two colleagues decide one after the other."""
    db.session.flush()
    db.session.refresh(violation, with_for_update={"of": Violation})


def acknowledge(violation: Violation, *, by: Member, note: str | None = None) -> None:
    """Say that somebody looks after it; the resource stays off the calendar."""
    lock(violation)
    violation.move_to(ViolationStatus.ACKNOWLEDGED)
    violation.acknowledged_at, violation.acknowledged_by_id = clock.now(), by.id
    violation.note = (note or "").strip() or None
    db.session.flush()
    journal.record(violation, "acknowledged", by=by, note=violation.note)


def waive(violation: Violation, *, by: Member, reason: str, until: datetime) -> None:
    """Bear the risk for a time: with a reason, a year at most. Raises BadWaiver.

    Whether one person may say so alone is asked in `waivers`. The caller settles enforcement
    afterwards: see `enforcement.settle`.
    """
    now = clock.now()
    if not reason.strip() or until.tzinfo is None or not now < until <= now + LONGEST_WAIVER:
        raise BadWaiver
    # Reading who asks may write what is half said, so it comes first.
    approver = by.id
    lock(violation)
    violation.move_to(ViolationStatus.WAIVED)
    violation.waived_at, violation.waived_by_id = now, approver
    violation.waived_until, violation.waiver_reason = until, reason.strip()
    db.session.flush()
    journal.record(violation, "waived", by=by, reason=reason.strip(), until=until.isoformat())


def resolve(violation: Violation, *, at: datetime | None = None) -> None:
    """The rule passes again."""
    lock(violation)
    violation.move_to(ViolationStatus.RESOLVED)
    violation.resolved_at = at or clock.now()
    _close(violation, WaiverStatus.IN_FORCE, WaiverStatus.ENDED, violation.resolved_at)
    _close(violation, WaiverStatus.ASKED, WaiverStatus.LAPSED, violation.resolved_at)
    db.session.flush()
    journal.record(violation, "resolved", by=None)
    violation_resolved.send(violation)


def end_waivers(*, at: datetime | None = None) -> list[Violation]:
    """Open again every violation whose waiver is over; the clock asks for it."""
    now = at or clock.now()
    over = db.session.scalars(
        sa.select(Violation)
        .where(Violation.status == ViolationStatus.WAIVED, Violation.waived_until <= now)
        .order_by(Violation.id)
        .with_for_update(of=Violation)
    ).all()
    for violation in over:
        _end_waiver(violation, now)
    return list(over)


def waived_rules(device: Device, *, at: datetime | None = None) -> frozenset[str]:
    """The rules that the device may break for now."""
    now = at or clock.now()
    return frozenset(
        db.session.scalars(
            sa.select(Violation.rule).where(
                Violation.device_id == device.id,
                Violation.status == ViolationStatus.WAIVED,
                Violation.waived_until > now,
            )
        )
    )


def find_open(device: Device, rule: str) -> Violation | None:
    """The violation of this rule that is not resolved, if any."""
    return db.session.scalar(
        sa.select(Violation).where(
            Violation.device_id == device.id,
            Violation.rule == rule,
            Violation.status != ViolationStatus.RESOLVED,
        )
    )


def get(violation_id: int) -> Violation:
    """The violation of this id; raises UnknownViolation."""
    violation = db.session.get(Violation, violation_id)
    if violation is None:
        raise UnknownViolation
    return violation


def all_(
    *,
    statuses: Sequence[ViolationStatus] = (ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED),
    device: Device | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Violation]:
    """Violations in these states, newest first, with their devices."""
    wanted = (
        sa.select(Violation)
        .options(joinedload(Violation.device))
        .where(Violation.status.in_(statuses))
        .order_by(Violation.opened_at.desc(), Violation.id.desc())
    )
    if device is not None:
        wanted = wanted.where(Violation.device_id == device.id)
    return list(db.session.scalars(wanted.limit(limit).offset(offset)))


def count(
    *, statuses: Sequence[ViolationStatus], device: Device | None = None, beyond: int = 0
) -> int:
    """How many there are in these states, as `bounded_count` counts."""
    wanted = sa.select(Violation.id).where(Violation.status.in_(statuses))
    if device is not None:
        wanted = wanted.where(Violation.device_id == device.id)
    return bounded_count(wanted, beyond)


def open_by_severity() -> dict[str, int]:
    """How many violations are not resolved, by severity; for the metrics."""
    rows = db.session.execute(
        sa.select(Violation.severity, sa.func.count())
        .where(Violation.status != ViolationStatus.RESOLVED)
        .group_by(Violation.severity)
    )
    return {severity.value: number for severity, number in rows}
