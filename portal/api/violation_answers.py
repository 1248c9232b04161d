"""How violations and their risk are written."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring import waivers
from monitoring.models import Violation, ViolationStatus, Waiver, WaiverStatus
from monitoring.risk import Exposure, Nearness, Risk, RiskLevel
from monitoring.rules import Severity
from portal.api.fields import Answer
from portal.api.instants import local, local_or_none
from rental.models import BookingStatus
from rental.substitutes import Stranded


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


class AffectedAnswer(Answer):
    """A line of a booking that lacks what was closed, and what is free in its place, by code."""

    booking: str
    title: str
    status: BookingStatus
    resource: str
    quantity: int
    starts_at: str
    ends_at: str
    substitutes: list[str]


class WaiverAnswer(Answer):
    """Who asked to bear a risk, who agreed, and until when: an instant, or a booking's end."""

    violation: int
    rule: str
    device: str
    status: WaiverStatus
    reason: str
    until: str | None
    booking: str | None
    takes_two: bool
    asked_by: str
    asked_at: str
    decided_by: str | None
    decided_at: str | None


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
    # What is asked for, or else in force.
    waiver: WaiverAnswer | None
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


def affected_as_json(one: Stranded) -> dict[str, Any]:
    """A line that lacks something."""
    return {
        "booking": one.booking.reference,
        "title": one.booking.title,
        "status": one.booking.status.value,
        "resource": one.line.resource.code,
        "quantity": one.line.quantity,
        "starts_at": local(one.line.starts_at),
        "ends_at": local(one.line.ends_at),
        "substitutes": [other.code for other in one.others],
    }


def waiver_as_json(waiver: Waiver) -> dict[str, Any]:
    """The waiver; in force, `until` is when it ends as things stand now."""
    violation = waiver.violation
    is_in_force = waiver.status is WaiverStatus.IN_FORCE
    return {
        "violation": waiver.violation_id,
        "rule": violation.rule,
        "device": violation.device.name,
        "status": waiver.status.value,
        "reason": waiver.reason,
        "until": local_or_none(violation.waived_until if is_in_force else waiver.until),
        "booking": waiver.booking.reference if waiver.booking is not None else None,
        "takes_two": waiver.takes_two,
        "asked_by": waiver.asked_by.name,
        "asked_at": local(waiver.asked_at),
        "decided_by": waiver.decided_by.name if waiver.decided_by is not None else None,
        "decided_at": local_or_none(waiver.decided_at),
    }


def violation_as_json(violation: Violation) -> dict[str, Any]:
    """The violation with its evidence and its waiver."""
    return violations_as_json([violation])[0]


def violations_as_json(
    found: Sequence[Violation], told: Mapping[int, Risk] | None = None
) -> list[dict[str, Any]]:
    """Many of them, with their risk where it was asked for."""
    borne = waivers.current(found)
    return [
        _as_json(each, borne.get(each.id, ()), told.get(each.id) if told else None)
        for each in found
    ]


def _as_json(violation: Violation, borne: Sequence[Waiver], risk: Risk | None) -> dict[str, Any]:
    # What waits for an answer stands before what is in force.
    waiver = min(borne, key=lambda one: one.status is not WaiverStatus.ASKED, default=None)
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
        "waiver": waiver_as_json(waiver) if waiver is not None else None,
        "risk": risk_as_json(risk) if risk is not None else None,
    }
