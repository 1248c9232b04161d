"""How violations and their risk are written."""

from typing import Any

from monitoring.models import Violation, ViolationStatus
from monitoring.risk import Exposure, Nearness, Risk, RiskLevel
from monitoring.rules import Severity
from portal.api.fields import Answer
from portal.api.instants import local, local_or_none


class UseAnswer(Answer):
    """The event that uses the device now, or next within a day."""

    booking: str
    title: str
    starts_at: str
    ends_at: str


class RiskAnswer(Answer):
    """A score from 1 to 100 and what makes it: who reaches the device, what runs on it, its age."""

    score: int
    level: RiskLevel
    exposure: list[Exposure]
    exposure_is_marked: bool
    nearness: Nearness
    event: UseAnswer | None
    age_seconds: int


class ViolationAnswer(Answer):
    """A rule is broken on a device."""

    id: int
    device: str
    device_id: int
    resource: str | None
    rule: str
    severity: Severity
    status: ViolationStatus
    reason: str
    evidence: list[Any]
    opened_at: str
    refreshed_at: str
    resolved_at: str | None
    acknowledged_at: str | None
    note: str | None
    waived_at: str | None
    waived_until: str | None
    waiver_reason: str | None
    # Given where the list was asked for by risk.
    risk: RiskAnswer | None


def risk_as_json(risk: Risk) -> dict[str, Any]:
    """The risk with what makes it."""
    use = risk.stance.use
    return {
        "score": risk.score,
        "level": risk.level.value,
        "exposure": [each.value for each in risk.stance.exposures],
        "exposure_is_marked": risk.stance.is_marked,
        "nearness": risk.nearness.value,
        "event": use
        and {
            "booking": use.reference,
            "title": use.title,
            "starts_at": local(use.starts_at),
            "ends_at": local(use.ends_at),
        },
        "age_seconds": round(risk.age.total_seconds()),
    }


def violation_as_json(violation: Violation, risk: Risk | None = None) -> dict[str, Any]:
    """The violation with its evidence, and its risk where it was asked for."""
    device = violation.device
    return {
        "id": violation.id,
        "device": device.name,
        "device_id": device.id,
        "resource": device.resource.code if device.resource else None,
        "rule": violation.rule,
        "severity": violation.severity.value,
        "status": violation.status.value,
        "reason": violation.reason,
        "evidence": violation.evidence,
        "opened_at": local(violation.opened_at),
        "refreshed_at": local(violation.refreshed_at),
        "resolved_at": local_or_none(violation.resolved_at),
        "acknowledged_at": local_or_none(violation.acknowledged_at),
        "note": violation.note,
        "waived_at": local_or_none(violation.waived_at),
        "waived_until": local_or_none(violation.waived_until),
        "waiver_reason": violation.waiver_reason,
        "risk": risk_as_json(risk) if risk is not None else None,
    }
