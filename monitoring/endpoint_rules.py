"""When an endpoint is down or slow, and what is wrong with a certificate. Rules over values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from monitoring.models.endpoints import EndpointStatus
from monitoring.rules import Severity
from monitoring.thresholds import Level, Patience, decide

# Authorities renew at 30 days; a week before the end somebody must act.
SOON, URGENT = timedelta(days=30), timedelta(days=7)
LEVELS = {
    EndpointStatus.UNKNOWN: Level.WELL,
    EndpointStatus.UP: Level.WELL,
    EndpointStatus.SLOW: Level.WARNING,
    EndpointStatus.DOWN: Level.CRITICAL,
}
STATUSES = {Level.WARNING: EndpointStatus.SLOW, Level.CRITICAL: EndpointStatus.DOWN}


class Flaw(StrEnum):
    """What is wrong with a certificate."""

    EXPIRED = "expired"
    NOT_YET = "not_yet"
    WRONG_NAME = "wrong_name"
    UNTRUSTED = "untrusted"
    EXPIRES_SOON = "expires_soon"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class CertificateVerdict:
    """Everything wrong with a certificate, how grave it is, and the days it has left."""

    flaws: tuple[Flaw, ...]
    severity: Severity
    days_left: float


def level(milliseconds: float | None, slow_ms: int | None) -> Level:
    """How bad one probe was; None is a fault."""
    if milliseconds is None:
        return Level.CRITICAL
    return Level.WARNING if slow_ms is not None and milliseconds >= slow_ms else Level.WELL


def status(
    before: EndpointStatus, recent: Sequence[Any], slow_ms: int | None, patience: Patience
) -> EndpointStatus:
    """How the endpoint is after these probes, `[at, milliseconds]` oldest first.

    What was never well and has not failed often enough is not known yet.
    """
    marks = [level(each[1], slow_ms) for each in recent]
    found = decide(LEVELS[before], marks, patience)
    if found:
        return STATUSES[found]
    if before is EndpointStatus.UNKNOWN and (not marks or marks[-1] is Level.CRITICAL):
        return EndpointStatus.UNKNOWN
    return EndpointStatus.UP


def judge(certificate: Mapping[str, Any], at: datetime, *, needs_trust: bool) -> CertificateVerdict:
    """What is wrong with a certificate as `probes.tls` reads it, at a moment."""
    begins_at = datetime.fromisoformat(certificate["begins_at"])
    ends_at = datetime.fromisoformat(certificate["ends_at"])
    left = ends_at - at
    flaws: list[Flaw] = []
    if left <= timedelta():
        flaws.append(Flaw.EXPIRED)
    elif begins_at > at:
        flaws.append(Flaw.NOT_YET)
    if not certificate["is_named"] and needs_trust:
        flaws.append(Flaw.WRONG_NAME)
    if certificate["trust"] and needs_trust:
        flaws.append(Flaw.UNTRUSTED)
    if timedelta() < left <= SOON:
        flaws.append(Flaw.EXPIRES_SOON)
    if certificate["weak"]:
        flaws.append(Flaw.WEAK)
    return CertificateVerdict(tuple(flaws), _severity(flaws, left), left / timedelta(days=1))


def _severity(flaws: Sequence[Flaw], left: timedelta) -> Severity:
    breaking = {Flaw.EXPIRED, Flaw.NOT_YET, Flaw.WRONG_NAME, Flaw.UNTRUSTED}
    if breaking & set(flaws) or (Flaw.EXPIRES_SOON in flaws and left <= URGENT):
        return Severity.HIGH
    return Severity.MEDIUM if flaws else Severity.LOW
