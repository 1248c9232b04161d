"""What calls about the inventory take: a new device, and what changes of one."""

from typing import Any

import sqlalchemy as sa
from pydantic import Field

from config.database import db
from monitoring import credentials, devices
from monitoring.errors import UnknownCredential, UnknownDevice
from monitoring.models import Credential, Device, DeviceRole, Platform
from portal.api.fields import Body, Code, Note, Slug, Text, Word
from rental import catalogue, units
from rental.errors import UnknownPiece
from rental.models import Asset


class DeviceBody(Body):
    """A new device, by numeric address. Credentials and the parent are named."""

    name: Text = Field(min_length=1, max_length=80)
    address: Text = Field(min_length=1, max_length=45)
    site: Slug | None = None
    role: DeviceRole = DeviceRole.OTHER
    platform: Platform = Platform.GENERIC
    snmp_port: int = Field(default=161, ge=1, le=65535)
    ssh_port: int = Field(default=22, ge=1, le=65535)
    needs_legacy_ssh: bool = False
    snmp_credential: Word | None = None
    ssh_credential: Word | None = None
    parent: Word | None = None
    resource: Code | None = None
    asset: Code | None = None
    is_enabled: bool = True
    vendor: Text | None = Field(default=None, max_length=80)
    model: Text | None = Field(default=None, max_length=80)
    serial: Text | None = Field(default=None, max_length=80)
    location: Text | None = Field(default=None, max_length=160)
    note: Note | None = None
    tags: list[Text] = Field(default=[], max_length=devices.MOST_TAGS)


class DeviceChanges(Body):
    """What changes; what is left out stays, and null takes a value away."""

    name: Text = Field(default_factory=str, min_length=1, max_length=80)
    address: Text = Field(default_factory=str, min_length=1, max_length=45)
    site: Slug | None = None
    role: DeviceRole = DeviceRole.OTHER
    platform: Platform = Platform.GENERIC
    snmp_port: int = Field(default=161, ge=1, le=65535)
    ssh_port: int = Field(default=22, ge=1, le=65535)
    needs_legacy_ssh: bool = False
    snmp_credential: Word | None = None
    ssh_credential: Word | None = None
    parent: Word | None = None
    resource: Code | None = None
    asset: Code | None = None
    is_enabled: bool = True
    # Out of use for good, with its history; false takes it back into use, not polled yet.
    is_retired: bool = False
    vendor: Text | None = Field(default=None, max_length=80)
    model: Text | None = Field(default=None, max_length=80)
    serial: Text | None = Field(default=None, max_length=80)
    location: Text | None = Field(default=None, max_length=160)
    note: Note | None = None
    tags: list[Text] = Field(default=[], max_length=devices.MOST_TAGS)


def described(body: DeviceBody | DeviceChanges) -> dict[str, Any]:
    """The values that the body gives, by field of a description; raises where a name is unknown."""
    links = {
        "site": units.site,
        "snmp_credential": _credential,
        "ssh_credential": _credential,
        "parent": _parent,
        "resource": catalogue.get,
        "asset": _asset,
    }
    given = {name: getattr(body, name) for name in body.model_fields_set - {"is_retired"}}
    return {
        name: links[name](value) if name in links and value is not None else value
        for name, value in given.items()
        if not (name == "site" and value is None)
    }


def _credential(name: str) -> Credential:
    found = credentials.find(name)
    if found is None:
        raise UnknownCredential(f"There is no credential {name!r}; add it first.")
    return found


def _parent(name: str) -> Device:
    found = devices.find(name)
    if found is None:
        raise UnknownDevice(f"There is no device {name!r} to be the parent.")
    return found


def _asset(tag: str) -> Asset:
    found = db.session.scalar(sa.select(Asset).where(Asset.tag == tag))
    if found is None:
        raise UnknownPiece
    return found
