"""Devices in their form: added, changed, paused, taken out of use; and who is behind whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import db, transaction
from config.errors import Conflict, Invalid, NotFound
from monitoring import credentials, devices
from monitoring.devices import NewDevice
from monitoring.errors import BadAddress, BadDevice, DeviceExists, UnknownDevice
from monitoring.models import Credential, CredentialKind, Device, DeviceRole, Platform
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.diary import told
from portal.pages.reading import BadField
from portal.pages.sentences import spoken
from portal.pages.states import PLATFORMS
from rental import journal, maintenance, units
from rental.models import Asset, Member, Resource

Value = TypeVar("Value")

pages = Blueprint("device_form", __name__, url_prefix="/devices")

# Other devices are seldom reached through anything else.
PARENTS = (DeviceRole.SWITCH, DeviceRole.ROUTER)
MOST_SUGGESTED = 300
TEXTS = ("name", "address", "vendor", "model", "serial", "location", "note")


@dataclass(slots=True)
class TypedDevice:
    """The form as it was typed; `serves` is a code or a tag, `parent` a name."""

    name: str = ""
    address: str = ""
    site: str = ""
    role: str = DeviceRole.OTHER.value
    platform: str = Platform.GENERIC.value
    snmp_port: str = "161"
    ssh_port: str = "22"
    needs_legacy_ssh: str = ""
    snmp_credential: str = ""
    ssh_credential: str = ""
    parent: str = ""
    serves: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    location: str = ""
    note: str = ""
    tags: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, name: str, words: str) -> None:
        """Note an error beside a field."""
        self.errors.setdefault(name, []).append(words)

    def set(self, typed: Mapping[str, str]) -> "TypedDevice":
        """Fill the fields that `typed` gives."""
        for name in typed.keys() & set(FIELDS):
            setattr(self, name, typed[name])
        return self

    @property
    def fields(self) -> dict[str, str]:
        """What was typed, by field."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(each.name for each in fields(TypedDevice) if each.name != "errors")


def typed_of(device: Device) -> TypedDevice:
    """A device as its form shows it."""
    serves = device.asset.tag if device.asset else device.resource.code if device.resource else ""
    return TypedDevice().set(
        {name: getattr(device, name) or "" for name in TEXTS}
        | {
            "site": device.site.slug,
            "role": device.role.value,
            "platform": device.platform.value,
            "snmp_port": str(device.snmp_port),
            "ssh_port": str(device.ssh_port),
            "needs_legacy_ssh": "1" if device.needs_legacy_ssh else "",
            "snmp_credential": str(device.snmp_credential_id or ""),
            "ssh_credential": str(device.ssh_credential_id or ""),
            "parent": device.parent.name if device.parent else "",
            "serves": serves,
            "tags": ", ".join(device.tags),
        }
    )


def _read(typed: TypedDevice) -> NewDevice | None:
    """What was typed as a description; None where a field cannot be read, its error beside it."""
    given = typed.fields
    role = _beside(typed, "role", lambda: reading.word(given, "role", DeviceRole))
    platform = _beside(typed, "platform", lambda: reading.word(given, "platform", Platform))
    snmp_port = _beside(typed, "snmp_port", lambda: reading.integer(given, "snmp_port"))
    ssh_port = _beside(typed, "ssh_port", lambda: reading.integer(given, "ssh_port"))
    site = _beside(typed, "site", lambda: units.site(typed.site or None))
    parent = _beside(typed, "parent", lambda: _parent(typed.parent))
    piece = _beside(typed, "serves", lambda: _piece(typed.serves)) or (None, None)
    snmp = _beside(typed, "snmp_credential", lambda: _credential(typed.snmp_credential))
    ssh = _beside(typed, "ssh_credential", lambda: _credential(typed.ssh_credential))
    _beside(typed, "address", lambda: devices.numeric(typed.address))
    _beside(typed, "tags", lambda: devices.tags_of(typed.tags.split(",")))
    if not 1 <= len(typed.name.strip()) <= 80:
        typed.wrong("name", _("A device has a name of 1 to 80 characters."))
    if typed.errors or site is None:
        return None
    return NewDevice(
        **{name: getattr(typed, name) for name in TEXTS},
        site=site,
        role=role or DeviceRole.OTHER,
        platform=platform or Platform.GENERIC,
        snmp_port=161 if snmp_port is None else snmp_port,
        ssh_port=22 if ssh_port is None else ssh_port,
        needs_legacy_ssh=bool(typed.needs_legacy_ssh),
        snmp_credential=snmp,
        ssh_credential=ssh,
        parent=parent,
        resource=piece[0],
        asset=piece[1],
        tags=typed.tags.split(","),
    )


def _beside(typed: TypedDevice, name: str, read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except (BadField, BadDevice, BadAddress, NotFound) as refusal:
        typed.wrong(name, spoken(refusal))
        return None


def _parent(name: str) -> Device | None:
    if not name.strip():
        return None
    found = devices.find(name.strip())
    if found is None:
        raise UnknownDevice
    return found


def _piece(text: str) -> tuple[Resource | None, Asset | None]:
    if not text.strip():
        return None, None
    return maintenance.named(text)


def _credential(text: str) -> Credential | None:
    found = reading.integer({"credential": text}, "credential")
    return None if found is None else credentials.get(found)


def _form(typed: TypedDevice, device: Device | None, status: int = 200) -> tuple[str, int]:
    kept = db.session.scalars(sa.select(Credential).order_by(Credential.name)).all()
    page = render_template(
        "devices/form.html",
        typed=typed,
        device=device,
        sites=[(site.slug, site.name) for site in units.sites()],
        platforms=PLATFORMS,
        snmp=[(one.id, one.name) for one in kept if one.kind is not CredentialKind.SSH],
        ssh=[(one.id, one.name) for one in kept if one.kind is CredentialKind.SSH],
        parents=_parents(device),
        pieces=_pieces(),
        tags=devices.tags(),
        entries=told(journal.of(device)) if device else [],
    )
    return page, status


def _parents(device: Device | None) -> list[str]:
    query = sa.select(Device.name).where(
        Device.role.in_(PARENTS),
        Device.retired_at.is_(None),
        Device.id != (device.id if device else 0),
    )
    return list(db.session.scalars(query.order_by(Device.name).limit(MOST_SUGGESTED)))


def _pieces() -> list[tuple[str, str]]:
    """Codes and tags to choose from while one types."""
    resources = sa.select(Resource.code, Resource.name).where(~Resource.is_retired)
    assets = sa.select(Asset.tag, Resource.name).join(Resource)
    found: list[tuple[str, str]] = []
    for query in (resources.order_by(Resource.code), assets.order_by(Asset.tag)):
        found += [(code, name) for code, name in db.session.execute(query.limit(MOST_SUGGESTED))]
    return found


@pages.get("/new")
@may("manage devices")
def new() -> tuple[str, int]:
    """The empty form; `?copy=ID` begins it like another device."""
    typed = TypedDevice(address=request.args.get("address", "")[:45])
    copied = reading.integer(request.args, "copy")
    if copied is not None:
        typed = typed_of(devices.get(copied))
        typed.name = typed.address = typed.serial = typed.serves = ""
    return _form(typed, None)


@pages.post("")
@may("manage devices")
def create() -> Response | tuple[str, int]:
    """Add a device; what is refused comes back with what was typed."""
    typed = TypedDevice().set(request.form)
    added: list[Device] = []

    def add(described: NewDevice, by: Member) -> None:
        added.append(devices.add(described, by=by))

    if not _done(typed, add):
        return _form(typed, None, 422)
    flash(_added(added[0]), "good")
    return redirect(url_for("devices.show", device_id=added[0].id))


def _added(device: Device) -> str:
    """What follows from the device as it was added: it is asked only by what its logins open."""
    if device.snmp_credential_id is not None:
        return _("The device is added. It is polled from the next round on.")
    if device.ssh_credential_id is not None:
        return _("The device is added. It is asked over SSH; without SNMP it is not polled.")
    return _("The device is added. Nothing is asked of it until it has a credential.")


@pages.get("/<int:device_id>/edit")
@may("manage devices")
def edit(device_id: int) -> tuple[str, int]:
    """One device in its form."""
    device = devices.get(device_id)
    return _form(typed_of(device), device)


@pages.post("/<int:device_id>/edit")
@may("manage devices")
def save(device_id: int) -> Response | tuple[str, int]:
    """Describe a device anew; what is refused comes back with what was typed."""
    device = devices.get(device_id)
    typed = TypedDevice().set(request.form)

    def change(described: NewDevice, by: Member) -> None:
        found = devices.get(device_id)
        devices.change(found, replace(described, is_enabled=found.is_enabled), by=by)

    if not _done(typed, change):
        return _form(typed, device, 422)
    flash(_("The device is saved."), "good")
    return redirect(url_for("devices.show", device_id=device_id))


def _done(typed: TypedDevice, deed: Callable[[NewDevice, Member], None]) -> bool:
    """Whether the deed was done; where it was refused, the reason stands in the form."""
    try:
        with transaction():
            described = _read(typed)
            if described is not None:
                deed(described, current_member())
    except DeviceExists as refusal:
        typed.wrong("name", spoken(refusal))
    except (Invalid, Conflict) as refusal:
        typed.wrong("form", spoken(refusal))
    return not typed.errors


def _do(device_id: int, deed: Callable[..., None], said: str) -> Response:
    with transaction():
        deed(devices.get(device_id), by=current_member())
    flash(said, "good")
    return redirect(url_for("devices.show", device_id=device_id))


@pages.post("/<int:device_id>/pause")
@may("manage devices")
def pause(device_id: int) -> Response:
    """Poll it no more for a while."""
    return _do(device_id, devices.pause, _("It is polled no more until you resume it."))


@pages.post("/<int:device_id>/resume")
@may("manage devices")
def resume(device_id: int) -> Response:
    """Poll it again."""
    return _do(device_id, devices.resume, _("It is asked again from the next round on."))


@pages.post("/<int:device_id>/retire")
@may("manage devices")
def retire(device_id: int) -> Response:
    """Out of use for good."""
    return _do(device_id, devices.retire, _("It is out of use. Its history stays."))


@pages.post("/<int:device_id>/restore")
@may("manage devices")
def restore(device_id: int) -> Response:
    """Back into use."""
    said = _("It is back in use. Resume polling when it stands in its place.")
    return _do(device_id, devices.restore, said)


@dataclass(frozen=True, slots=True)
class Branch:
    """A device and what is reached through it."""

    device: Device
    behind: list["Branch"]

    @property
    def count(self) -> int:
        """How many devices are reached through it, at any distance."""
        return sum(1 + branch.count for branch in self.behind)


@pages.get("/tree")
@may("see devices")
def tree() -> str:
    """Every device in use under the one that it is reached through."""
    return render_template("devices/tree.html", roots=grown(devices.search()))


def grown(found: list[Device]) -> list[Branch]:
    """The devices as trees, each where its parent is among them under it."""
    branches = {device.id: Branch(device, []) for device in found}
    roots: list[Branch] = []
    for device in found:
        parent = branches.get(device.parent_id) if device.parent_id else None
        (parent.behind if parent else roots).append(branches[device.id])
    return roots


FOR_TEMPLATES = {"PLATFORMS": PLATFORMS, "devices_behind": devices.behind}
