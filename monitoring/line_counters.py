"""The octet counters of ports every five minutes: what metered bandwidth is charged by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from config.database import db
from monitoring import charts, discovery, rolling, rollups
from monitoring.models import AccessPort, Device, FiveMinuteRow, PortChange, RollupLevel
from monitoring.probes.switched import SwitchOutcome
from monitoring.rates import LONGEST_GAP_SECONDS
from rental.models import Line
from rental.period import Period

# The bucket before and the one after, so that both ends of a period are covered.
AROUND = timedelta(seconds=LONGEST_GAP_SECONDS)


@dataclass(frozen=True, slots=True)
class PortCount:
    """What the counters of a port said at an instant; octets since they began."""

    port: str
    at: datetime
    in_octets: int
    out_octets: int
    speed_bps: int | None


def is_rolled(until: datetime) -> bool:
    """Whether every five minutes up to then are rolled up."""
    done = rollups.rolled_until(RollupLevel.FIVE_MINUTES)
    return done is not None and done >= rolling.floor(until, rolling.FIVE_MINUTES)


def ports_of(line: Line) -> list[AccessPort]:
    """The ports that a line had: those switched for it, else all of a circuit of one piece."""
    switched = (
        sa.select(PortChange.port_id)
        .where(PortChange.line_id == line.id, PortChange.outcome == SwitchOutcome.APPLIED.value)
        .distinct()
    )
    query = sa.select(AccessPort).where(AccessPort.id.in_(switched)).order_by(AccessPort.id)
    found = list(db.session.scalars(query))
    if found or line.resource.stock != 1:
        return found
    every = sa.select(AccessPort).where(AccessPort.resource_id == line.resource_id)
    return list(db.session.scalars(every.order_by(AccessPort.id)))


def of_port(port: AccessPort, period: Period) -> Iterator[PortCount]:
    """The counters of a port around a period, followed by its name through layouts."""
    yield from of_interface(port.device, port.interface, period)


def of_interface(device: Device, interface: str, period: Period) -> Iterator[PortCount]:
    """The same of an interface, whether it hands out a circuit or not."""
    within = (
        FiveMinuteRow.device_id == device.id,
        FiveMinuteRow.starts_at >= period.starts_at - AROUND,
        FiveMinuteRow.starts_at < period.ends_at + AROUND,
    )
    ids = db.session.scalars(sa.select(FiveMinuteRow.layout_id).where(*within).distinct())
    name = f"{device.name} {interface}"
    found: list[PortCount] = []
    for layout_id, layout in discovery.layouts(ids).items():
        places = charts.places(layout).get(f"{charts.PORT}:{interface}")
        if places is None:
            continue
        # Two counters a port, as there are two series; PostgreSQL counts from 1.
        counters = [FiveMinuteRow.counters[place + 1] for place in places]
        speed = layout.ports[places[0] // 2].speed_bps
        query = sa.select(FiveMinuteRow.last_at, *counters).where(
            *within, FiveMinuteRow.layout_id == layout_id
        )
        found += [
            PortCount(name, at, int(into), int(out), speed)
            for at, into, out in db.session.execute(query)
            if into is not None and out is not None
        ]
    yield from sorted(found, key=lambda count: count.at)
