"""How devices, their readings and outages are written."""

from typing import Any

from monitoring.models import (
    Device,
    DeviceRole,
    DeviceStatus,
    Outage,
    OutageCause,
    Platform,
)
from monitoring.probes.reading import Reading
from portal.api.fields import Answer
from portal.api.instants import local, local_or_none


class DeviceAnswer(Answer):
    """A monitored box. Credentials are named, never shown."""

    id: int
    name: str
    site: str
    role: DeviceRole
    platform: Platform
    address: str
    snmp_port: int
    snmp_version: str
    ssh_port: int
    needs_legacy_ssh: bool
    snmp_credential: str | None
    ssh_credential: str | None
    parent: str | None
    resource: str | None
    asset: str | None
    is_enabled: bool
    retired_at: str | None
    vendor: str | None
    model: str | None
    serial: str | None
    location: str | None
    note: str | None
    tags: list[str]
    status: DeviceStatus
    last_poll_at: str | None
    last_answer_at: str | None
    poll_seconds: float | None
    misses: int
    failure: str | None
    problems: list[Any]
    sys_name: str | None
    sys_descr: str | None
    uptime_seconds: float | None


class InterfaceAnswer(Answer):
    """One interface; the statuses are the MIB's words. What was not told is null."""

    index: int
    name: str | None
    description: str | None
    alias: str | None
    admin_status: str | None
    oper_status: str | None
    speed_bps: int | None
    mtu: int | None
    mac: str | None
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None
    out_errors: int | None


class ProcessorAnswer(Answer):
    """The load of a processor over the last minute."""

    name: str | None
    load_percent: int | None


class StorageAnswer(Answer):
    """A disk or memory area."""

    name: str | None
    used_bytes: int | None
    size_bytes: int | None


class SensorAnswer(Answer):
    """A measurement in its unit."""

    name: str | None
    kind: str
    value: float | None
    unit: str | None


class SystemAnswer(Answer):
    """What the device says of itself."""

    name: str | None
    description: str | None
    object_id: str | None
    uptime_seconds: float | None


class ReadingAnswer(Answer):
    """What one device told at one time, as `media-center probe --json` prints it, with the time."""

    at: str
    reachable: bool
    system: SystemAnswer
    interfaces: list[InterfaceAnswer]
    processors: list[ProcessorAnswer]
    storage: list[StorageAnswer]
    sensors: list[SensorAnswer]
    problems: list[str]


class OutageAnswer(Answer):
    """A device was unreachable from its first lost poll to its first answer."""

    id: int
    device: str
    device_id: int
    cause: OutageCause
    began_at: str
    noticed_at: str
    ended_at: str | None
    evidence: dict[str, Any]


def device_as_json(device: Device) -> dict[str, Any]:
    """The device as the API writes it."""
    return {
        "id": device.id,
        "name": device.name,
        "site": device.site.slug,
        "role": device.role.value,
        "platform": device.platform.value,
        "address": device.address,
        "snmp_port": device.snmp_port,
        "snmp_version": device.snmp_version.value,
        "ssh_port": device.ssh_port,
        "needs_legacy_ssh": device.needs_legacy_ssh,
        "snmp_credential": device.snmp_credential.name if device.snmp_credential else None,
        "ssh_credential": device.ssh_credential.name if device.ssh_credential else None,
        "parent": device.parent.name if device.parent else None,
        "resource": device.resource.code if device.resource else None,
        "asset": device.asset.tag if device.asset else None,
        "is_enabled": device.is_enabled,
        "retired_at": local_or_none(device.retired_at),
        **{name: getattr(device, name) for name in ("vendor", "model", "serial", "location")},
        "note": device.note,
        "tags": device.tags,
        "status": device.status.value,
        "last_poll_at": local_or_none(device.last_poll_at),
        "last_answer_at": local_or_none(device.last_answer_at),
        "poll_seconds": device.poll_seconds,
        "misses": device.misses,
        "failure": device.failure,
        "problems": device.problems,
        "sys_name": device.sys_name,
        "sys_descr": device.sys_descr,
        "uptime_seconds": device.uptime_seconds,
    }


def reading_as_json(reading: Reading) -> dict[str, Any]:
    """The reading with its time."""
    return {"at": local(reading.at), **reading.as_json()}


def outage_as_json(outage: Outage) -> dict[str, Any]:
    """The outage with what was seen."""
    return {
        "id": outage.id,
        "device": outage.device.name,
        "device_id": outage.device_id,
        "cause": outage.cause.value,
        "began_at": local(outage.began_at),
        "noticed_at": local(outage.noticed_at),
        "ended_at": local_or_none(outage.ended_at),
        "evidence": outage.evidence,
    }
