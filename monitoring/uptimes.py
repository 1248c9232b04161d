"""Availability as stored: of devices, of the resources they serve, and of a rental."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config.database import db
from monitoring import availability
from monitoring.availability import Availability, Segment
from monitoring.models import AccessPort, Device, DeviceStateRow
from monitoring.states import Stretch
from rental.models import Booking, Closure, ClosureKind, Line, Resource
from rental.period import Period


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a device or a resource was, throughout a period."""

    segments: list[Segment]

    @property
    def total(self) -> Availability:
        """The parts added up."""
        return availability.total(self.segments)

    def within(self, period: Period) -> Availability:
        """The parts of a shorter period added up."""
        return availability.total(availability.clipped(self.segments, period))


def histories(device_ids: Iterable[int], period: Period) -> dict[int, list[Stretch]]:
    """The statuses of each device that touch the period, oldest first."""
    query = (
        sa.select(
            DeviceStateRow.device_id,
            DeviceStateRow.status,
            DeviceStateRow.began_at,
            DeviceStateRow.ended_at,
        )
        .where(
            DeviceStateRow.device_id.in_(list(device_ids)),
            DeviceStateRow.began_at < period.ends_at,
            sa.or_(DeviceStateRow.ended_at.is_(None), DeviceStateRow.ended_at > period.starts_at),
        )
        .order_by(DeviceStateRow.device_id, DeviceStateRow.began_at)
    )
    found: dict[int, list[Stretch]] = {}
    for device_id, status, began_at, ended_at in db.session.execute(query):
        found.setdefault(device_id, []).append(Stretch(status, began_at, ended_at))
    return found


def maintenance(resource_ids: Iterable[int], period: Period) -> dict[int, list[Period]]:
    """When all of a resource was closed for maintenance, within the period."""
    query = (
        sa.select(Closure)
        .join(Resource, Resource.id == Closure.resource_id)
        .where(
            Closure.resource_id.in_(list(resource_ids)),
            Closure.kind == ClosureKind.MAINTENANCE,
            sa.or_(Closure.quantity.is_(None), Closure.quantity >= Resource.stock),
            Closure.during.overlaps(Range(*period, bounds="[)")),
        )
        .order_by(Closure.resource_id, Closure.id)
    )
    found: dict[int, list[Period]] = {}
    for closure in db.session.scalars(query):
        starts_at = closure.during.lower or period.starts_at
        ends_at = closure.during.upper or period.ends_at
        found.setdefault(closure.resource_id, []).append(Period(starts_at, ends_at))
    return found


def of_devices(devices: Sequence[Device], period: Period) -> dict[int, Lasting]:
    """Each device by id; maintenance is that of the resource it serves."""
    known = histories([device.id for device in devices], period)
    pauses = maintenance({d.resource_id for d in devices if d.resource_id is not None}, period)
    return {
        device.id: Lasting(
            availability.segments(
                known.get(device.id, []), period, pauses.get(device.resource_id or 0, [])
            )
        )
        for device in devices
    }


def of_resources(serving: Mapping[int, Sequence[Device]], period: Period) -> dict[int, Lasting]:
    """Each resource by id, by the worst of the devices that serve it."""
    known = histories([d.id for devices in serving.values() for d in devices], period)
    pauses = maintenance(serving, period)
    return {
        resource_id: Lasting(
            availability.together(
                [known.get(device.id, []) for device in devices],
                period,
                pauses.get(resource_id, []),
            )
        )
        for resource_id, devices in serving.items()
    }


def serving(resource_ids: Iterable[int]) -> dict[int, list[Device]]:
    """The enabled devices of each resource that has any; of a circuit those of its ports too."""
    wanted = list(resource_ids)
    own = sa.select(Device.resource_id, Device).where(Device.resource_id.in_(wanted))
    by_port = (
        sa.select(AccessPort.resource_id, Device)
        .join(Device, Device.id == AccessPort.device_id)
        .where(AccessPort.resource_id.in_(wanted))
    )
    # What nobody ever polled would make all of the resource unknown.
    known = sa.exists().where(DeviceStateRow.device_id == Device.id)
    polled = sa.or_(Device.snmp_credential_id.is_not(None), known)
    found: dict[int, dict[int, Device]] = {}
    for query in (own, by_port):
        rows = db.session.execute(query.where(Device.is_enabled, polled).order_by(Device.id))
        for resource_id, device in rows:
            found.setdefault(resource_id, {})[device.id] = device
    return {each: list(devices.values()) for each, devices in found.items()}


@dataclass(frozen=True, slots=True)
class OfLine:
    """What a line of a booking had, until now if it lasts."""

    line: Line
    period: Period
    had: Lasting


def of_booking(booking: Booking, now: datetime) -> list[OfLine]:
    """The lines that have begun and are measured; what nobody measures is left out."""
    begun = [line for line in booking.lines if line.starts_at < now]
    devices = serving({line.resource_id for line in begun})
    found = []
    for line in begun:
        if line.resource_id not in devices:
            continue
        period = Period(line.starts_at, min(line.ends_at, now))
        only = {line.resource_id: devices[line.resource_id]}
        found.append(OfLine(line, period, of_resources(only, period)[line.resource_id]))
    return found
