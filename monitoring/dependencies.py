"""What an event depends on: the devices behind its lines, and the way to each of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from config.database import db
from monitoring.availability import WORST_FIRST
from monitoring.exposure import RUNNING
from monitoring.models import AccessPort, Device, DeviceStateRow, DeviceStatus
from rental.models import Booking, Line, Part


@dataclass(frozen=True, slots=True)
class Needed:
    """A device that a line needs; `above` is what it is reached through, the nearest first."""

    device: Device
    above: tuple[Device, ...]
    # The port that hands the circuit out, where it is one.
    interface: str | None = None
    # Since when the device is as it is.
    since: datetime | None = None

    @property
    def polled(self) -> list[Device]:
        """The device and the way to it, without what nobody asks by SNMP."""
        return [each for each in (self.device, *self.above) if not each.is_unpolled]

    @property
    def status(self) -> DeviceStatus:
        """The worst of the device and the way to it."""
        return worst([self.device, *self.above])


@dataclass(frozen=True, slots=True)
class LineNeeds:
    """A line of a booking and the devices it needs; without any it is not measured."""

    line: Line
    needed: tuple[Needed, ...]

    @property
    def status(self) -> DeviceStatus | None:
        """The worst of them; None where nothing is measured."""
        found = {worst(one.polled) for one in self.needed if one.polled}
        return next((status for status in WORST_FIRST if status in found), None)


def worst(devices: Iterable[Device]) -> DeviceStatus:
    """The worst status among devices; UNKNOWN without any."""
    found = {device.status for device in devices}
    return next((status for status in WORST_FIRST if status in found), DeviceStatus.UNKNOWN)


def of_booking(booking: Booking) -> list[LineNeeds]:
    """Each line with the devices that it needs."""
    return of_bookings([booking])[booking.id]


def of_bookings(bookings: Sequence[Booking]) -> dict[int, list[LineNeeds]]:
    """The same of many bookings, by their id."""
    wanted = {line.resource_id for booking in bookings for line in booking.lines}
    pieces = _pieces(wanted)
    devices = _devices({each for all_of_it in pieces.values() for each in all_of_it})
    parents = _parents()
    since = _since(devices, parents)
    found = {}
    for booking in bookings:
        found[booking.id] = [
            LineNeeds(line, tuple(_needed(pieces[line.resource_id], devices, parents, since)))
            for line in booking.lines
        ]
    return found


def today(at: datetime, until: datetime) -> list[Booking]:
    """The bookings that run between two instants, by their beginning."""
    query = (
        sa.select(Booking)
        .where(Booking.status.in_(RUNNING), Booking.starts_at < until, Booking.ends_at > at)
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
    )
    return list(db.session.scalars(query).unique())


def _pieces(resource_ids: set[int]) -> dict[int, set[int]]:
    """Each resource with all that it consists of, at any depth."""
    below: dict[int, set[int]] = {}
    for whole, part in db.session.execute(sa.select(Part.whole_id, Part.part_id)):
        below.setdefault(whole, set()).add(part)
    found = {}
    for resource_id in resource_ids:
        reached, waiting = {resource_id}, [resource_id]
        while waiting:
            for each in below.get(waiting.pop(), set()) - reached:
                reached.add(each)
                waiting.append(each)
        found[resource_id] = reached
    return found


def _devices(resource_ids: set[int]) -> dict[int, list[tuple[Device, str | None]]]:
    """The enabled devices of each resource: those that are it, and the ports that hand it out."""
    found: dict[int, list[tuple[Device, str | None]]] = {}
    serving = sa.select(Device).where(Device.resource_id.in_(resource_ids), Device.is_enabled)
    for device in db.session.scalars(serving.order_by(Device.name)):
        found.setdefault(device.resource_id or 0, []).append((device, None))
    handing = (
        sa.select(AccessPort)
        .join(AccessPort.device)
        .where(AccessPort.resource_id.in_(resource_ids), Device.is_enabled)
        .order_by(Device.name, AccessPort.interface)
    )
    for port in db.session.scalars(handing):
        found.setdefault(port.resource_id, []).append((port.device, port.interface))
    return found


def _parents() -> dict[int, Device]:
    """What each device is reached through."""
    above = aliased(Device)
    query = sa.select(Device.id, above).join(above, Device.parent_id == above.id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def _since(
    devices: Mapping[int, Sequence[tuple[Device, str | None]]], parents: Mapping[int, Device]
) -> dict[int, datetime]:
    ids = {device.id for each in devices.values() for device, _ in each} | {
        device.id for device in parents.values()
    }
    query = sa.select(DeviceStateRow.device_id, DeviceStateRow.began_at).where(
        DeviceStateRow.device_id.in_(ids), DeviceStateRow.ended_at.is_(None)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _needed(
    pieces: set[int],
    devices: Mapping[int, Sequence[tuple[Device, str | None]]],
    parents: Mapping[int, Device],
    since: Mapping[int, datetime],
) -> Iterator[Needed]:
    met: set[tuple[int, str | None]] = set()
    for resource_id in sorted(pieces):
        for device, interface in devices.get(resource_id, ()):
            if (device.id, interface) not in met:
                met.add((device.id, interface))
                yield Needed(device, _way(device, parents), interface, since.get(device.id))


def _way(device: Device, parents: Mapping[int, Device]) -> tuple[Device, ...]:
    found: list[Device] = []
    above = parents.get(device.id)
    while above is not None and above not in found and above is not device:
        found.append(above)
        above = parents.get(above.id)
    return tuple(found)
