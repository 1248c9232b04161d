"""Where a credential is used, and when it last opened a device or failed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from config.database import db
from monitoring.models import Credential, CredentialKind, Device, EvidenceRecord


@dataclass(frozen=True, slots=True)
class Use:
    """One device that is asked with a credential: its last answer, and why it fails now."""

    device: Device
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failure: str | None


def of(credential: Credential) -> list[Use]:
    """The devices that are asked with it, by name."""
    is_ssh = credential.kind is CredentialKind.SSH
    column = Device.ssh_credential_id if is_ssh else Device.snmp_credential_id
    query = sa.select(Device).where(column == credential.id, Device.retired_at.is_(None))
    found = db.session.scalars(query.order_by(Device.name)).all()
    if is_ssh:
        return _by_ssh(found)
    return [
        Use(
            device,
            device.last_answer_at,
            device.last_poll_at if device.misses else None,
            device.failure if device.misses else None,
        )
        for device in found
    ]


def _by_ssh(found: Sequence[Device]) -> list[Use]:
    """What was collected over SSH last: a text, or the failure that left none."""
    failed = EvidenceRecord.failure.is_not(None)
    query = (
        sa.select(
            EvidenceRecord.device_id,
            sa.func.max(EvidenceRecord.last_at).filter(~failed),
            sa.func.max(EvidenceRecord.last_at).filter(failed),
        )
        .where(EvidenceRecord.device_id.in_([device.id for device in found]))
        .group_by(EvidenceRecord.device_id)
    )
    times = {row[0]: (row[1], row[2]) for row in db.session.execute(query)}
    nothing = (None, None)
    return [Use(device, *times.get(device.id, nothing), failure=None) for device in found]


def counted() -> dict[int, int]:
    """How many devices in use are asked with each credential."""
    counts: dict[int, int] = {}
    for column in (Device.snmp_credential_id, Device.ssh_credential_id):
        query = sa.select(column, sa.func.count()).where(
            column.is_not(None), Device.retired_at.is_(None)
        )
        for credential_id, number in db.session.execute(query.group_by(column)):
            counts[credential_id] = counts.get(credential_id, 0) + number
    return counts
