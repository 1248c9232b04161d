"""Who is touched when a device is not well: the events that use it now, and what keeps it quiet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config.database import db
from monitoring.models import Device, DeviceStatus
from monitoring.rules import Severity
from rental.models import Booking, BookingStatus, Closure, ClosureKind, Line, Resource

RUNNING = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)
# From the gravest; one step up while an event runs on the device.
GRAVITY = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


class Quiet(StrEnum):
    """Why nobody is woken for a device."""

    # What it is reached through is down: that one is the trouble.
    PARENT = "parent"
    # Its resource is closed for maintenance.
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class LiveUse:
    """An event that runs at this moment."""

    reference: str
    title: str
    ends_at: datetime


def raised(severity: Severity, *, is_live: bool) -> Severity:
    """The severity, one step up while an event is live."""
    return GRAVITY[max(GRAVITY.index(severity) - is_live, 0)]


def live_uses(at: datetime) -> dict[int, list[LiveUse]]:
    """The running events of each device that serves one, or is what one is reached through."""
    query = (
        sa.select(Device.id, Booking.reference, Booking.title, Line.ends_at)
        .join(Line, Line.resource_id == Device.resource_id)
        .join(Booking, Booking.id == Line.booking_id)
        .where(
            Device.is_enabled,
            Booking.status.in_(RUNNING),
            Line.starts_at <= at,
            Line.ends_at > at,
        )
        .order_by(Line.ends_at, Booking.reference)
    )
    found: dict[int, list[LiveUse]] = {}
    above = _parents()
    for device_id, reference, title, ends_at in db.session.execute(query):
        use = LiveUse(reference, title, ends_at)
        for each in (device_id, *_ancestors(device_id, above)):
            uses = found.setdefault(each, [])
            if use not in uses:
                uses.append(use)
    return found


def quiet(devices: Iterable[Device], at: datetime) -> dict[int, Quiet]:
    """The devices for which nobody is woken at this moment, and why."""
    wanted = list(devices)
    closed = _closed({d.resource_id for d in wanted if d.resource_id is not None}, at)
    above, down = _parents(), _down()
    found: dict[int, Quiet] = {}
    for device in wanted:
        if device.resource_id in closed:
            found[device.id] = Quiet.MAINTENANCE
        elif any(each in down for each in _ancestors(device.id, above)):
            found[device.id] = Quiet.PARENT
    return found


def _closed(resource_ids: set[int], at: datetime) -> set[int]:
    """The resources of which nothing is left for maintenance."""
    if not resource_ids:
        return set()
    return set(
        db.session.scalars(
            sa.select(Closure.resource_id)
            .join(Resource, Resource.id == Closure.resource_id)
            .where(
                Closure.resource_id.in_(resource_ids),
                Closure.kind == ClosureKind.MAINTENANCE,
                sa.or_(Closure.quantity.is_(None), Closure.quantity >= Resource.stock),
                Closure.during.overlaps(Range(at, at, bounds="[]")),
            )
        )
    )


def _parents() -> dict[int, int]:
    query = sa.select(Device.id, Device.parent_id).where(Device.parent_id.is_not(None))
    return {row[0]: row[1] for row in db.session.execute(query)}


def _down() -> set[int]:
    query = sa.select(Device.id).where(Device.is_enabled, Device.status == DeviceStatus.DOWN)
    return set(db.session.scalars(query))


def _ancestors(device_id: int, above: Mapping[int, int]) -> list[int]:
    """What a device is reached through, the nearest first; a circle is walked once."""
    found: list[int] = []
    at = above.get(device_id)
    while at is not None and at not in found and at != device_id:
        found.append(at)
        at = above.get(at)
    return found
