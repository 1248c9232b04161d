"""What circuits carry against what is booked on them, and traffic that nobody booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring import access_ports, charts, port_rates, rates
from monitoring.charts import Level
from monitoring.exposure import RUNNING
from monitoring.models import AccessPort
from monitoring.port_rates import PortRate
from rental.models import Booking, Line, Resource, ResourceKind
from rental.period import Period

# What a port carries without a user behind it: spanning tree, LLDP, ARP of the whole segment.
CHATTER_BPS = 64_000.0
BUCKET = timedelta(minutes=5)
MEGABIT = 1_000_000
# Series end before their end; the reading of this very moment belongs to it.
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PortUse:
    """An access port and its traffic now; None where it has told nothing lately."""

    port: AccessPort
    rate: PortRate | None


@dataclass(frozen=True, slots=True)
class CircuitUse:
    """A circuit: who has it now, and what goes over it."""

    circuit: Resource
    ports: Sequence[PortUse]
    # The line of the booking that runs now.
    line: Line | None
    # Busier direction of the ports together, bits a second; None where none told it lately.
    bps: float | None
    # Of the 5-minute averages since the line began.
    percentile_95_bps: float | None = None

    @property
    def booked_bps(self) -> int | None:
        """What the running booking may use; None without one, or for a circuit without a rate."""
        if self.line is None or self.circuit.mbps is None:
            return None
        return self.circuit.mbps * self.line.quantity * MEGABIT

    @property
    def share(self) -> float | None:
        """Traffic as a share of what is booked; above 1 it is more."""
        return self.bps / self.booked_bps if self.booked_bps and self.bps is not None else None

    @property
    def is_unbooked(self) -> bool:
        """Whether there is traffic although nobody has the circuit."""
        return self.line is None and self.bps is not None and self.bps > CHATTER_BPS


def all_(at: datetime) -> list[CircuitUse]:
    """Every circuit that is not retired, those with unbooked traffic first, then by code."""
    ports: dict[int, list[AccessPort]] = {}
    for port in access_ports.all_():
        ports.setdefault(port.resource_id, []).append(port)
    measured = _rates([port for each in ports.values() for port in each], at)
    running = _running(at)
    query = (
        sa.select(Resource)
        .where(Resource.kind == ResourceKind.CIRCUIT, ~Resource.is_retired, ~Resource.is_uplink)
        .order_by(Resource.code)
    )
    found = [
        _use(circuit, ports.get(circuit.id, []), measured, running.get(circuit.id), at)
        for circuit in db.session.scalars(query)
    ]
    return sorted(found, key=lambda use: (not use.is_unbooked, use.circuit.code))


def _use(
    circuit: Resource,
    ports: Sequence[AccessPort],
    measured: Mapping[tuple[int, str], PortRate],
    line: Line | None,
    at: datetime,
) -> CircuitUse:
    uses = [PortUse(port, measured.get((port.device_id, port.interface))) for port in ports]
    told = [use.rate for use in uses if use.rate]
    inward = sum(rate.in_bps or 0.0 for rate in told)
    outward = sum(rate.out_bps or 0.0 for rate in told)
    ninety_fifth = _percentile(ports, line, at) if line is not None and ports else None
    return CircuitUse(circuit, uses, line, max(inward, outward) if told else None, ninety_fifth)


def _rates(ports: Sequence[AccessPort], at: datetime) -> dict[tuple[int, str], PortRate]:
    devices = {port.device_id: port.device for port in ports}
    return {
        (one.device.id, one.port.name or ""): one
        for one in port_rates.of_devices(list(devices.values()), port_rates.NOW, at)
    }


def _running(at: datetime) -> dict[int, Line]:
    query = (
        sa.select(Line)
        .join(Line.resource)
        .join(Line.booking)
        .where(
            Resource.kind == ResourceKind.CIRCUIT,
            Booking.status.in_(RUNNING),
            Line.starts_at <= at,
            Line.ends_at > at,
        )
        .options(joinedload(Line.booking))
        .order_by(Line.starts_at.desc(), Line.id.desc())
    )
    return {line.resource_id: line for line in db.session.scalars(query)}


def _percentile(ports: Sequence[AccessPort], line: Line, at: datetime) -> float | None:
    """Of the busiest port, so far; the sealed figure of an invoice comes from billing."""
    so_far = Period(line.starts_at, at + SECOND)
    length = so_far.ends_at - so_far.starts_at
    is_short = length <= charts.LONGEST[Level.POLL]
    buckets = max(int(length / BUCKET), 1)
    found = []
    for port in ports:
        told = charts.lines(
            port.device,
            f"{charts.PORT}:{port.interface}",
            so_far,
            Level.POLL if is_short else Level.FIVE_MINUTES,
            limit=buckets,
        )
        found.append(rates.percentile_95(charts.busier(told)))
    return max((one for one in found if one is not None), default=None)
