"""The traffic of many ports at once: now, or on average over the last hour or day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa

from config.database import db
from monitoring import access_ports, rates, readings
from monitoring.models import Device, DeviceStatus, ReadingRow
from monitoring.probes.reading import Port, Reading

# Two readings of a device that is asked every minute at most, and one lost in between.
NOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PortRate:
    """A port and its average traffic in bits a second."""

    device: Device
    port: Port
    in_bps: float | None
    out_bps: float | None

    @property
    def bps(self) -> float:
        """The busier direction; 0 where neither is known."""
        return max(self.in_bps or 0.0, self.out_bps or 0.0)

    @property
    def share(self) -> float | None:
        """The busier direction as a share of the port's speed, 0 to 1."""
        return self.bps / self.port.speed_bps if self.port.speed_bps else None


def of_devices(devices: Sequence[Device], span: timedelta, at: datetime) -> list[PortRate]:
    """Every named port of these devices, on average over the span before `at`.

    A span up to `NOW` is the time between the last two readings. A port that moved to another
    index is followed by its name; one that was reset meanwhile has no average.
    """
    known = {device.id: device for device in devices}
    return [
        one
        for device_id, before, after in _pairs(known, span, at)
        for one in _rates(known[device_id], before, after, span)
    ]


def _pairs(
    ids: Iterable[int], span: timedelta, at: datetime
) -> Iterator[tuple[int, Reading, Reading]]:
    within = (
        ReadingRow.device_id == Device.id,
        ReadingRow.at <= at,
        ReadingRow.at >= at - span,
    )
    moments = sa.select(ReadingRow.at).where(*within).correlate(Device)
    newest, oldest = ReadingRow.at.desc(), ReadingRow.at
    first = moments.order_by(newest).offset(1) if span <= NOW else moments.order_by(oldest)
    ends = (
        sa.select(
            Device.id,
            first.limit(1).scalar_subquery().label("first"),
            moments.order_by(newest).limit(1).scalar_subquery().label("last"),
        )
        .where(Device.id.in_(list(ids)))
        .subquery()
    )
    query = (
        sa.select(ReadingRow)
        .join(ends, ReadingRow.device_id == ends.c.id)
        .where(ReadingRow.at.in_((ends.c.first, ends.c.last)))
        .order_by(ReadingRow.device_id, ReadingRow.at)
    )
    for before, after in pairwise(db.session.scalars(query).all()):
        if before.device_id == after.device_id:
            yield before.device_id, readings.spelled(before), readings.spelled(after)


def _rates(device: Device, before: Reading, after: Reading, span: timedelta) -> Iterator[PortRate]:
    earlier = {port.name: port.index for port in before.layout.ports}
    longest = max(span.total_seconds(), rates.LONGEST_GAP_SECONDS)
    for port in after.layout.ports:
        if not port.name or port.name not in earlier:
            continue
        # A 32-bit counter may have run over many times in a long span.
        if not port.is_wide and span.total_seconds() > rates.LONGEST_GAP_SECONDS:
            continue
        found = rates.between(
            readings.count_of(before, earlier[port.name]),
            readings.count_of(after, port.index),
            speed_bps=port.speed_bps,
            is_wide=port.is_wide,
            longest_seconds=longest,
        )
        yield PortRate(device, port, found.in_bps, found.out_bps)


def busiest(found: Iterable[PortRate], limit: int) -> list[PortRate]:
    """The ports with the most traffic, idle ones left out."""
    return sorted((one for one in found if one.bps), key=lambda one: -one.bps)[:limit]


def switches(limit: int) -> Sequence[Device]:
    """The enabled switches and routers that answer, at most so many."""
    return db.session.scalars(
        sa.select(Device)
        .where(
            Device.is_enabled,
            Device.status.in_((DeviceStatus.UP, DeviceStatus.DEGRADED)),
            Device.role.in_(access_ports.ROLES),
        )
        .order_by(Device.id)
        .limit(limit)
    ).all()
