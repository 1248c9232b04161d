"""Takes in what Alertmanager sends: any number of times, in any order, the same rows come of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring.models import Device, ReceivedAlert
from monitoring.rules import Severity

# What others call severities; what we do not know is worth a look.
SEVERITIES = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.LOW,
    "none": Severity.LOW,
}


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a group as it was sent; without an end it fires."""

    fingerprint: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime | None

    @property
    def name(self) -> str:
        """What it is called."""
        return (self.labels.get("alertname") or self.fingerprint)[:200]

    @property
    def severity(self) -> Severity:
        """Its severity in our words."""
        return SEVERITIES.get(self.labels.get("severity", "").lower(), Severity.MEDIUM)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many began and ended by what was sent."""

    firing: int
    resolved: int


def take_in(alerts: Sequence[Alert]) -> TakenIn:
    """Keep the alerts. An end that came first is not undone by a beginning that comes late."""
    devices = _devices({one.labels.get("device", "") for one in alerts})
    # One row a fingerprint and beginning; of two the one that knows the end. In one sequence
    # always, so that two groups at once do not wait for each other in a circle.
    wanted: dict[tuple[str, datetime], Alert] = {}
    for one in alerts:
        key = (one.fingerprint, one.starts_at)
        if key not in wanted or one.ends_at is not None:
            wanted[key] = one
    for key in sorted(wanted):
        _write(wanted[key], devices.get(wanted[key].labels.get("device", "")))
    ended = sum(one.ends_at is not None for one in wanted.values())
    return TakenIn(len(wanted) - ended, ended)


def _write(one: Alert, device_id: int | None) -> None:
    row = insert(ReceivedAlert).values(
        fingerprint=one.fingerprint,
        name=one.name,
        severity=one.severity,
        device_id=device_id,
        labels=one.labels,
        annotations=one.annotations,
        starts_at=one.starts_at,
        ends_at=None if one.ends_at is None else max(one.ends_at, one.starts_at),
        received_at=clock.now(),
    )
    new: Any = row.excluded
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["fingerprint", "starts_at"],
            set_={
                "ends_at": sa.func.coalesce(new.ends_at, ReceivedAlert.ends_at),
                "severity": new.severity,
                "labels": new.labels,
                "annotations": new.annotations,
                "received_at": new.received_at,
            },
        )
    )


def _devices(names: set[str]) -> dict[str, int]:
    query = sa.select(Device.name, Device.id).where(Device.name.in_(names))
    return {row[0]: row[1] for row in db.session.execute(query)}


def firing() -> list[ReceivedAlert]:
    """What fires now, the newest first."""
    query = (
        sa.select(ReceivedAlert)
        .options(joinedload(ReceivedAlert.device))
        .where(ReceivedAlert.ends_at.is_(None))
        .order_by(ReceivedAlert.starts_at.desc(), ReceivedAlert.id.desc())
    )
    return list(db.session.scalars(query))
