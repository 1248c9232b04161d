"""What stands now, as alerts: outages, problems, violations, and what other systems told us."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitoring import enforcing, exposure, received_alerts, troubles
from monitoring.models import AlertKind, Device, Outage, Problem, ReceivedAlert, Violation
from monitoring.rules import Enforce, Severity
from monitoring.troubles import Trouble

KINDS = {
    troubles.TroubleKind.OUTAGE: AlertKind.OUTAGE,
    troubles.TroubleKind.PROBLEM: AlertKind.PROBLEM,
    troubles.TroubleKind.VIOLATION: AlertKind.VIOLATION,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands, in the words that its alert keeps."""

    kind: AlertKind
    cause_id: int
    device: Device | None
    name: str
    what: str
    subject: str
    severity: Severity
    opened_at: datetime
    events: tuple[str, ...] = ()
    acknowledged_at: datetime | None = None
    quiet: str | None = None

    @property
    def key(self) -> tuple[AlertKind, int]:
        """What makes it the same alert: its cause."""
        return self.kind, self.cause_id


def all_(at: datetime) -> list[Standing]:
    """Everything that stands at this moment."""
    found = [one for one in troubles.all_(at) if _is_told(one)]
    return [*map(_of_trouble, found), *_received(at)]


def _is_told(one: Trouble) -> bool:
    """A violation whose rule leaves `notify` out stands in the lists and wakes nobody."""
    record = one.record
    return not isinstance(record, Violation) or Enforce.NOTIFY in enforcing.steps_of(
        record.rule, record.severity
    )


def _of_trouble(one: Trouble) -> Standing:
    record, what, subject = one.record, "", ""
    if isinstance(record, Problem):
        what, subject = record.kind, record.subject
    elif not isinstance(record, Outage):
        what = record.rule
    return Standing(
        kind=KINDS[one.kind],
        cause_id=record.id,
        device=one.device,
        name=one.device.name,
        what=what,
        subject=subject,
        severity=one.severity,
        opened_at=one.since,
        events=tuple(use.title for use in one.uses),
        acknowledged_at=record.acknowledged_at,
        quiet=one.quiet.value if one.quiet else None,
    )


def _received(at: datetime) -> Iterator[Standing]:
    firing = received_alerts.firing()
    uses = exposure.live_uses(at) if firing else {}
    for one in firing:
        yield _of_received(one, tuple(use.title for use in uses.get(one.device_id or 0, [])))


def _of_received(one: ReceivedAlert, events: tuple[str, ...]) -> Standing:
    return Standing(
        kind=AlertKind.RECEIVED,
        cause_id=one.id,
        device=one.device,
        name=(one.device.name if one.device else str(one.labels.get("instance", "")))[:200],
        what=one.name[:80],
        subject=str(one.annotations.get("summary", ""))[:200],
        severity=exposure.raised(one.severity, is_live=bool(events)),
        opened_at=one.starts_at,
        events=events,
    )
