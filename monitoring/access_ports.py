"""Which port hands out which circuit: kept by operators, read by dashboards and the reconciler."""

from collections.abc import Sequence

import sqlalchemy as sa

from config.database import db
from monitoring import readings
from monitoring.errors import AccessPortTaken, BadAccessPort, UnknownAccessPort
from monitoring.models import AccessPort, Device, DeviceRole
from rental import journal
from rental.models import Member, Resource, ResourceKind

ROLES = (DeviceRole.SWITCH, DeviceRole.ROUTER)


def add(device: Device, interface: str, circuit: Resource, *, by: Member | None) -> AccessPort:
    """Let a port of a switch serve a circuit.

    Raises BadAccessPort where the device is no switch, has no such port or the resource is no
    circuit, and AccessPortTaken where the port serves one already.
    """
    name = interface.strip()
    _check(device, name, circuit)
    taken = find(device, name)
    if taken is not None:
        raise AccessPortTaken(
            "{port} of {device} serves {circuit} already; take it from that one first.",
            port=name,
            device=device.name,
            circuit=taken.resource.name,
        )
    port = AccessPort(device=device, interface=name, resource=circuit)
    db.session.add(port)
    db.session.flush()
    journal.record(port, "added", by=by, name=f"{device.name} {name}", circuit=circuit.code)
    return port


def _check(device: Device, name: str, circuit: Resource) -> None:
    if circuit.kind is not ResourceKind.CIRCUIT or circuit.is_uplink:
        raise BadAccessPort("{name} is no circuit; choose a circuit.", name=circuit.name)
    if device.role not in ROLES:
        raise BadAccessPort("{name} is no switch or router; choose one.", name=device.name)
    if not name:
        raise BadAccessPort("Name the port as the device does, such as GigabitEthernet1/0/5.")
    latest = readings.latest(device)
    known = [port.name for port in latest.layout.ports if port.name] if latest else []
    if known and name not in known:
        raise BadAccessPort(
            "{device} has no port {port}; it told of {known}.",
            device=device.name,
            port=name,
            known=", ".join(known[:6]) + (" …" if len(known) > 6 else ""),
        )


def remove(port: AccessPort, *, by: Member | None) -> None:
    """The port serves no circuit any more."""
    journal.record(port, "removed", by=by, name=f"{port.device.name} {port.interface}")
    db.session.delete(port)
    db.session.flush()


def get(port_id: int) -> AccessPort:
    """The access port of this id; raises UnknownAccessPort."""
    port = db.session.get(AccessPort, port_id)
    if port is None:
        raise UnknownAccessPort
    return port


def find(device: Device, interface: str) -> AccessPort | None:
    """What the port of this name serves, if anything."""
    return db.session.scalar(
        sa.select(AccessPort).where(
            AccessPort.device_id == device.id, AccessPort.interface == interface
        )
    )


def all_() -> Sequence[AccessPort]:
    """Every access port, by circuit, device and name."""
    return db.session.scalars(
        sa.select(AccessPort)
        .join(AccessPort.resource)
        .join(AccessPort.device)
        .order_by(Resource.code, Device.name, AccessPort.interface)
    ).all()


def of_device(device: Device) -> dict[str, AccessPort]:
    """The access ports of a device, by the name of the port."""
    rows = db.session.scalars(sa.select(AccessPort).where(AccessPort.device_id == device.id))
    return {port.interface: port for port in rows}
