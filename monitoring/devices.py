"""The inventory: add devices, change them, look them up."""

import ipaddress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import outages, problems, states
from monitoring.errors import BadAddress, BadDevice, DeviceExists, UnknownDevice
from monitoring.models import (
    Credential,
    CredentialKind,
    Device,
    DeviceRole,
    DeviceStatus,
    Platform,
    SnmpVersion,
)
from rental import journal
from rental.models import Asset, Member, Resource, Site

NAME_TAKEN = "Another device is named {name}; choose another name."


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What an operator says of a device it adds."""

    name: str
    address: str
    site: Site
    role: DeviceRole = DeviceRole.OTHER
    platform: Platform = Platform.GENERIC
    snmp_port: int = 161
    ssh_port: int = 22
    snmp_credential: Credential | None = None
    ssh_credential: Credential | None = None
    parent: Device | None = None
    resource: Resource | None = None
    asset: Asset | None = None
    is_enabled: bool = True


def add(new: NewDevice, *, by: Member | None = None) -> Device:
    """Put a device into the inventory; raises BadAddress, BadDevice or DeviceExists."""
    if find(new.name.strip()) is not None:
        raise DeviceExists(NAME_TAKEN, name=new.name.strip())
    device = Device()
    _describe(device, new)
    db.session.add(device)
    db.session.flush()
    journal.record(device, "added", by=by, name=device.name)
    return device


def change(device: Device, new: NewDevice, *, by: Member | None = None) -> None:
    """Describe the device anew; raises as `add` does. At another address it is met anew."""
    other = find(new.name.strip())
    if other is not None and other.id != device.id:
        raise DeviceExists(NAME_TAKEN, name=new.name.strip())
    was = (device.address, device.snmp_port, device.snmp_credential)
    _describe(device, new)
    if was != (device.address, device.snmp_port, device.snmp_credential):
        device.discovered_at = device.next_poll_at = None
    if not device.is_enabled:
        _forget_health(device)
    db.session.flush()
    journal.record(device, "changed", by=by, name=device.name)


def _describe(device: Device, new: NewDevice) -> None:
    _check(new)
    _check_parent(device, new.parent)
    device.name = new.name.strip()
    device.address = numeric(new.address)
    device.site, device.role, device.platform = new.site, new.role, new.platform
    device.snmp_port, device.ssh_port = new.snmp_port, new.ssh_port
    device.snmp_credential, device.ssh_credential = new.snmp_credential, new.ssh_credential
    is_v3 = new.snmp_credential is not None and new.snmp_credential.kind is CredentialKind.SNMP_V3
    device.snmp_version = SnmpVersion.V3 if is_v3 else SnmpVersion.V2C
    device.parent, device.resource, device.asset = new.parent, new.resource, new.asset
    device.is_enabled = new.is_enabled


def _check(new: NewDevice) -> None:
    if not 1 <= len(new.name.strip()) <= 80:
        raise BadDevice("A device has a name of 1 to 80 characters.")
    for port in (new.snmp_port, new.ssh_port):
        if not 1 <= port <= 65535:
            raise BadDevice("There is no port {port}; ports are 1 to 65535.", port=port)
    if new.snmp_credential is not None and new.snmp_credential.kind is CredentialKind.SSH:
        raise BadDevice(
            "The credential {credential} is for SSH, not for SNMP; choose another.",
            credential=new.snmp_credential.name,
        )
    if new.ssh_credential is not None and new.ssh_credential.kind is not CredentialKind.SSH:
        raise BadDevice(
            "The credential {credential} is for SNMP, not for SSH; choose another.",
            credential=new.ssh_credential.name,
        )


def numeric(address: str) -> str:
    """The address in its usual spelling; raises BadAddress for a name or a wrong number."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError as wrong:
        raise BadAddress(
            "'{address}' is not a numeric address; write it as 192.0.2.10 or 2001:db8::10.",
            address=address,
        ) from wrong
    if found.is_unspecified or found.is_multicast:
        raise BadAddress(
            "{address} is no address of one device; write the device's own.", address=str(found)
        )
    return str(found)


def _check_parent(device: Device, parent: Device | None) -> None:
    above, steps = parent, 0
    while above is not None:
        if above is device or steps > 50:
            raise BadDevice("A device cannot be reached through itself; choose another parent.")
        above, steps = above.parent, steps + 1


def _forget_health(device: Device) -> None:
    outage = outages.find_open(device)
    if outage is not None:
        outages.close(outage, clock.now())
    problems.clear_all(device)
    if device.status is not DeviceStatus.UNKNOWN:
        states.turn([states.Change(device.id, DeviceStatus.UNKNOWN, clock.now())])
    device.status, device.misses, device.recent = DeviceStatus.UNKNOWN, 0, []
    device.failure, device.problems = None, []


def get(device_id: int) -> Device:
    """The device of this id; raises UnknownDevice."""
    device = db.session.get(Device, device_id)
    if device is None:
        raise UnknownDevice
    return device


def find(name: str) -> Device | None:
    """The device of this name, if any."""
    return db.session.scalar(sa.select(Device).where(Device.name == name))


def search(
    *,
    site: str | None = None,
    role: DeviceRole | None = None,
    status: DeviceStatus | None = None,
    q: str | None = None,
) -> list[Device]:
    """The devices that fit, by name, with their site and resource loaded."""
    query = (
        sa.select(Device)
        .options(joinedload(Device.site), joinedload(Device.resource))
        .order_by(Device.name)
    )
    if site:
        query = query.where(Device.site.has(Site.slug == site))
    if role:
        query = query.where(Device.role == role)
    if status:
        query = query.where(Device.status == status)
    if q and q.strip():
        words = f"%{q.strip().replace('%', '').replace('_', '')}%"
        query = query.where(
            sa.or_(
                Device.name.ilike(words), Device.address.ilike(words), Device.sys_name.ilike(words)
            )
        )
    return list(db.session.scalars(query))


def counted() -> dict[DeviceStatus, int]:
    """How many enabled devices are in each status; every status is named."""
    query = (
        sa.select(Device.status, sa.func.count()).where(Device.is_enabled).group_by(Device.status)
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return {status: found.get(status, 0) for status in DeviceStatus}
