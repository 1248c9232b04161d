"""The inventory: add devices, change them, take them out of use, look them up."""

import ipaddress
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import outages, problems, states
from monitoring.errors import (
    BadAddress,
    BadDevice,
    DeviceExists,
    DeviceRetired,
    UnknownDevice,
)
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

# Advisory lock: who is reached through whom changes one at a time, so that no circle closes.
PARENTS = 1_296_236_590
MOST_TAGS = 20
# Devices one behind the other.
DEEPEST = 50
LONGEST_NOTE = 2000
# Another of these, and it may be another box.
MET_BY = ("address", "snmp_port", "snmp_credential")
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
    needs_legacy_ssh: bool = False
    snmp_credential: Credential | None = None
    ssh_credential: Credential | None = None
    parent: Device | None = None
    resource: Resource | None = None
    asset: Asset | None = None
    is_enabled: bool = True
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    location: str | None = None
    note: str | None = None
    tags: list[str] = field(default_factory=list)


def described(device: Device) -> NewDevice:
    """The device as its description stands, to change a part of it with `replace`."""
    return NewDevice(**{each.name: getattr(device, each.name) for each in fields(NewDevice)})


def add(new: NewDevice, *, by: Member | None = None) -> Device:
    """Put a device into the inventory; raises BadAddress, BadDevice or DeviceExists."""
    if find(new.name.strip()) is not None:
        raise DeviceExists(NAME_TAKEN, name=new.name.strip())
    device = Device()
    check(new)
    _check_parent(device, new.parent)
    describe(device, new)
    db.session.add(device)
    db.session.flush()
    journal.record(device, "added", by=by, name=device.name)
    return device


def change(device: Device, new: NewDevice, *, by: Member | None = None) -> None:
    """Describe the device anew; raises as `add` does. At another address it is met anew.

    A device that is out of use keeps its description: raises DeviceRetired.
    """
    if device.retired_at is not None:
        raise DeviceRetired
    other = find(new.name.strip())
    if other is not None and other.id != device.id:
        raise DeviceExists(NAME_TAKEN, name=new.name.strip())
    was = described(device)
    check(new)
    _check_parent(device, new.parent)
    changed = redescribe(device, was, new)
    db.session.flush()
    journal.record(device, "changed", by=by, name=device.name, fields=changed)


def redescribe(device: Device, was: NewDevice, new: NewDevice) -> list[str]:
    """Write a checked description over what it was; the fields that differ now.

    For who changes many at once: nothing is checked, flushed or journalled here.
    """
    describe(device, new)
    if any(getattr(was, name) != getattr(device, name) for name in MET_BY):
        device.discovered_at = device.next_poll_at = None
    if not device.is_enabled:
        _forget_health(device)
    names = [each.name for each in fields(NewDevice)]
    return [name for name in names if getattr(was, name) != getattr(device, name)]


def pause(device: Device, *, by: Member | None) -> None:
    """Poll it no more until `resume`; its open outages and problems end."""
    _require_in_use(device)
    if device.is_enabled:
        device.is_enabled = False
        _forget_health(device)
        db.session.flush()
        journal.record(device, "paused", by=by, name=device.name)


def resume(device: Device, *, by: Member | None) -> None:
    """Poll it again from the next round on."""
    _require_in_use(device)
    if not device.is_enabled:
        device.is_enabled, device.next_poll_at = True, None
        db.session.flush()
        journal.record(device, "resumed", by=by, name=device.name)


def retire(device: Device, *, by: Member | None) -> None:
    """Take it out of use for good. Readings, outages and journal stay; nothing is deleted.

    Devices behind it stand by themselves from now on.
    """
    if device.retired_at is not None:
        return
    device.is_enabled, device.retired_at = False, clock.now()
    _forget_health(device)
    db.session.execute(
        sa.update(Device).where(Device.parent_id == device.id).values(parent_id=None)
    )
    db.session.flush()
    journal.record(device, "retired", by=by, name=device.name)


def restore(device: Device, *, by: Member | None) -> None:
    """Take it back into use; it is polled once somebody resumes it."""
    if device.retired_at is not None:
        device.retired_at = None
        db.session.flush()
        journal.record(device, "restored", by=by, name=device.name)


def _require_in_use(device: Device) -> None:
    if device.retired_at is not None:
        raise DeviceRetired


def describe(device: Device, new: NewDevice) -> None:
    """Set what is described, without a check but that of the address; raises BadAddress."""
    device.name = new.name.strip()
    device.address = numeric(new.address)
    device.site, device.role, device.platform = new.site, new.role, new.platform
    device.snmp_port, device.ssh_port = new.snmp_port, new.ssh_port
    device.needs_legacy_ssh = new.needs_legacy_ssh
    device.snmp_credential, device.ssh_credential = new.snmp_credential, new.ssh_credential
    is_v3 = new.snmp_credential is not None and new.snmp_credential.kind is CredentialKind.SNMP_V3
    device.snmp_version = SnmpVersion.V3 if is_v3 else SnmpVersion.V2C
    device.parent, device.resource, device.asset = new.parent, new.resource, new.asset
    device.is_enabled = new.is_enabled
    for name in ("vendor", "model", "serial", "location", "note"):
        setattr(device, name, plain(getattr(new, name)) or None)
    device.tags = tags_of(new.tags)


def plain(text: str | None) -> str:
    """A text as it is kept: composed (NFC), without control characters but line breaks."""
    lines = unicodedata.normalize("NFC", text or "").replace("\t", " ").strip().splitlines()
    kept = ("".join(c for c in line if unicodedata.category(c) != "Cc") for line in lines)
    return "\n".join(kept).strip()


def tags_of(words: Iterable[str]) -> list[str]:
    """Tags in small letters, each once, by name; raises BadDevice."""
    parted = (part for word in words for part in word.split(","))
    composed = (" ".join(plain(word).split()).casefold() for word in parted)
    found = sorted({word for word in composed if word})
    if len(found) > MOST_TAGS or any(len(word) > 40 for word in found):
        raise BadDevice("A device has 20 tags at most, each of 40 characters at most.")
    return found


def check(new: NewDevice) -> None:
    """Refuse a description that no device can have, its parent left out; raises BadDevice."""
    if not 1 <= len(new.name.strip()) <= 80:
        raise BadDevice("A device has a name of 1 to 80 characters.")
    for port in (new.snmp_port, new.ssh_port):
        if not 1 <= port <= 65535:
            raise BadDevice("There is no port {port}; ports are 1 to 65535.", port=port)
    longest = {"vendor": 80, "model": 80, "serial": 80, "location": 160, "note": LONGEST_NOTE}
    for name, most in longest.items():
        if len(getattr(new, name) or "") > most:
            raise BadDevice("Write {most} characters at most.", words={"most": most}, field=name)
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


def lock_tree() -> None:
    """Whoever changes who is reached through whom does so alone until its transaction ends."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(PARENTS)))


def _check_parent(device: Device, parent: Device | None) -> None:
    if parent is None:
        return
    lock_tree()
    if parent.retired_at is not None:
        raise BadDevice("{name} is out of use; choose another parent.", name=parent.name)
    above: int | None = parent.id
    steps = 0
    while above is not None:
        if above == device.id or steps > DEEPEST:
            raise BadDevice("A device cannot be reached through itself; choose another parent.")
        # Read anew: whoever held the lock before may have moved it.
        above = db.session.scalar(sa.select(Device.parent_id).where(Device.id == above))
        steps += 1


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the inventory; what is None does not filter."""

    site: str | None = None
    role: DeviceRole | None = None
    status: DeviceStatus | None = None
    # Words in the name, the address, vendor, model, serial, location or a tag.
    q: str | None = None
    tag: str | None = None
    is_retired: bool | None = False
    is_enabled: bool | None = None


# What is in use, paused or not.
IN_USE = Wanted()


def search(wanted: Wanted = IN_USE) -> list[Device]:
    """The devices that fit, by name, with their site and resource loaded."""
    query = (
        sa.select(Device)
        .options(joinedload(Device.site), joinedload(Device.resource))
        .order_by(Device.name)
    )
    if wanted.site:
        query = query.where(Device.site.has(Site.slug == wanted.site))
    if wanted.role:
        query = query.where(Device.role == wanted.role)
    if wanted.status:
        query = query.where(Device.status == wanted.status)
    if wanted.tag:
        query = query.where(Device.tags.contains([wanted.tag.casefold()]))
    if wanted.is_retired is not None:
        query = query.where(Device.retired_at.is_not(None) == wanted.is_retired)
    if wanted.is_enabled is not None:
        query = query.where(Device.is_enabled == wanted.is_enabled)
    for word in (wanted.q or "").split():
        query = query.where(_holds(word))
    return list(db.session.scalars(query))


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether a device bears the word anywhere."""
    columns: list[Any] = [Device.name, Device.address, Device.sys_name, Device.location]
    columns += [Device.vendor, Device.model, Device.serial, sa.cast(Device.tags, sa.Text)]
    return sa.or_(*(column.icontains(word, autoescape=True) for column in columns))


def behind(device: Device) -> list[Device]:
    """The devices that are reached through this one, by name."""
    query = sa.select(Device).where(Device.parent_id == device.id).order_by(Device.name)
    return list(db.session.scalars(query))


def tags() -> list[str]:
    """Every tag of a device in use, by name."""
    each = sa.func.jsonb_array_elements_text(Device.tags).label("tag")
    query = sa.select(each).where(Device.retired_at.is_(None)).distinct().order_by("tag")
    return list(db.session.scalars(query))


def counted() -> dict[DeviceStatus, int]:
    """How many enabled devices are in each status; every status is named."""
    query = (
        sa.select(Device.status, sa.func.count()).where(Device.is_enabled).group_by(Device.status)
    )
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return {status: found.get(status, 0) for status in DeviceStatus}
