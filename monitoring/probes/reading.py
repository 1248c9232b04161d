"""What a device told: its layout, learned by discovery, and the values of one poll.

A layout names every interface, processor, storage area and sensor of a device and the OIDs to ask
for. A reading is a layout and a flat tuple of numbers in the order of those OIDs, so that a poll
is stored as one array and spelled out only where somebody looks.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from monitoring.probes import mibs, values
from monitoring.probes.gauges import Gauge, State

Value = float | None

# What one interface takes in the flat order of values.
PORT_VALUES = 6
ADMIN, OPER, IN_OCTETS, OUT_OCTETS, IN_ERRORS, OUT_ERRORS = range(PORT_VALUES)
BATCH = 40
# Asked for at once where an agent has shown that it answers so many.
LARGE_BATCH = 60


@dataclass(frozen=True, slots=True)
class Port:
    """An interface as discovery found it. `is_wide` says that it counts in 64 bits."""

    index: int
    name: str | None
    description: str | None
    alias: str | None
    speed_bps: int | None
    mtu: int | None
    mac: str | None
    is_wide: bool

    @property
    def oids(self) -> tuple[str, ...]:
        """What a poll asks about it, PORT_VALUES of them."""
        octets = (
            (mibs.IF_HC_IN_OCTETS, mibs.IF_HC_OUT_OCTETS)
            if self.is_wide
            else (mibs.IF_IN_OCTETS, mibs.IF_OUT_OCTETS)
        )
        states, errors = (
            (mibs.IF_ADMIN_STATUS, mibs.IF_OPER_STATUS),
            (mibs.IF_IN_ERRORS, mibs.IF_OUT_ERRORS),
        )
        columns = (*states, *octets, *errors)
        return tuple(f"{column}.{self.index}" for column in columns)


@dataclass(frozen=True, slots=True)
class Core:
    """A processor: its hrDeviceIndex and description; `oid` where a maker's MIB has its load."""

    index: int
    name: str | None
    oid: str | None = None

    @property
    def load_oid(self) -> str:
        """Where its load stands."""
        return self.oid or f"{mibs.HR_PROCESSOR_LOAD}.{self.index}"

    def as_json(self) -> dict[str, Any]:
        """JSON values, as stored."""
        told = asdict(self)
        return told if self.oid else {"index": self.index, "name": self.name}


@dataclass(frozen=True, slots=True)
class Store:
    """A storage area, counted in allocation units of `unit_bytes`."""

    index: int
    name: str | None
    unit_bytes: int


@dataclass(frozen=True)
class Layout:
    """What a device consists of. `faults` is what discovery found wrong with its agent."""

    name: str | None = None
    description: str | None = None
    object_id: str | None = None
    if_number: int | None = None
    table_changed: int | None = None
    ports: tuple[Port, ...] = ()
    cores: tuple[Core, ...] = ()
    stores: tuple[Store, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    faults: tuple[str, ...] = ()
    # How many OIDs this agent answers in one reply.
    batch: int = BATCH
    # False where discovery was cut short: the next poll discovers again.
    is_complete: bool = True
    # Which edition of `config/profiles` it was found by; None where nobody says.
    edition: str | None = None

    @cached_property
    def oids(self) -> tuple[str, ...]:
        """Every OID of a poll, in the order of a reading's values."""
        found: list[str] = []
        for port in self.ports:
            found.extend(port.oids)
        found.extend(core.load_oid for core in self.cores)
        for store in self.stores:
            found.append(f"{mibs.HR_STORAGE_SIZE}.{store.index}")
            found.append(f"{mibs.HR_STORAGE_USED}.{store.index}")
        found.extend(gauge.oid for gauge in self.gauges)
        return _shared(tuple(found))

    @cached_property
    def digest(self) -> str:
        """The same layout has the same digest, whenever and wherever it was found."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def offset(self, index: int) -> int | None:
        """Where the values of the interface with this ifIndex begin."""
        for place, port in enumerate(self.ports):
            if port.index == index:
                return place * PORT_VALUES
        return None

    def with_batch(self, batch: int) -> "Layout":
        """The same, to be asked in smaller portions."""
        return self if batch == self.batch else replace(self, batch=batch)

    def as_json(self) -> dict[str, Any]:
        """JSON values, as stored."""
        told = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("ports", "cores", "stores", "gauges", "faults", "edition")
        }
        told["ports"] = [asdict(port) for port in self.ports]
        told["cores"] = [core.as_json() for core in self.cores]
        told["stores"] = [asdict(store) for store in self.stores]
        told["gauges"] = [gauge.as_json() for gauge in self.gauges]
        told["faults"] = list(self.faults)
        return told if self.edition is None else {**told, "edition": self.edition}

    @cached_property
    def has_text(self) -> bool:
        """Whether a number of it travels as text."""
        return any(gauge.is_text for gauge in self.gauges)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Layout":
        """A layout as it was stored."""
        plain = dict(stored)
        plain["ports"] = tuple(map(_port, plain["ports"]))
        plain["cores"] = tuple(Core(**each) for each in plain["cores"])
        plain["stores"] = tuple(Store(**each) for each in plain["stores"])
        plain["gauges"] = tuple(Gauge.from_json(each) for each in plain["gauges"])
        plain["faults"] = tuple(plain["faults"])
        return cls(**plain)


@lru_cache(maxsize=4096)
def _shared(oids: tuple[str, ...]) -> tuple[str, ...]:
    """Devices of one kind are asked the same, and a centre has few kinds: keep each once."""
    return oids


def _port(stored: dict[str, Any]) -> Port:
    """A port as it was stored, whose name and description thousands of ports share."""
    for text in ("name", "description"):
        if stored[text] is not None:
            stored[text] = sys.intern(stored[text])
    return Port(**stored)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface in one reading; the statuses are the MIB's words."""

    index: int
    name: str | None
    description: str | None
    alias: str | None
    admin_status: str | None
    oper_status: str | None
    speed_bps: int | None
    mtu: int | None
    mac: str | None
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None
    out_errors: int | None


@dataclass(frozen=True, slots=True)
class Processor:
    """The load of a processor over the last minute, in percent."""

    name: str | None
    load_percent: int | None


@dataclass(frozen=True, slots=True)
class Storage:
    """A disk or memory area."""

    name: str | None
    used_bytes: int | None
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Sensor:
    """A measurement: kind (temperature, voltage …), value and unit."""

    name: str | None
    kind: str
    value: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A sensor with its value and, where it has states, the one it is in."""

    gauge: Gauge
    value: float | None
    state: State | None


@dataclass(frozen=True)
class Reading:
    """What one device told at one time. What it did not tell is None."""

    layout: Layout
    at: datetime
    uptime_seconds: float | None
    values: Sequence[Value]
    problems: tuple[str, ...] = field(default=())

    def interfaces(self) -> list[Interface]:
        """Every interface, in the order of ifIndex."""
        return [self._interface(place, port) for place, port in enumerate(self.layout.ports)]

    def _interface(self, place: int, port: Port) -> Interface:
        start = place * PORT_VALUES
        told = self.values[start : start + PORT_VALUES]
        return Interface(
            index=port.index,
            name=port.name,
            description=port.description,
            alias=port.alias,
            admin_status=values.admin_status(told[ADMIN]),
            oper_status=values.oper_status(told[OPER]),
            speed_bps=port.speed_bps,
            mtu=port.mtu,
            mac=port.mac,
            in_octets=values.counter(told[IN_OCTETS]),
            out_octets=values.counter(told[OUT_OCTETS]),
            in_errors=values.counter(told[IN_ERRORS]),
            out_errors=values.counter(told[OUT_ERRORS]),
        )

    def _rest(self) -> Iterator[Value]:
        """The values after those of the interfaces."""
        return iter(self.values[len(self.layout.ports) * PORT_VALUES :])

    def processors(self) -> list[Processor]:
        """Every processor."""
        rest = self._rest()
        return [Processor(core.name, values.counter(next(rest))) for core in self.layout.cores]

    def storage(self) -> list[Storage]:
        """Every storage area, in bytes."""
        rest = self._rest()
        for _ in self.layout.cores:
            next(rest)
        found = []
        for store in self.layout.stores:
            size, used = values.unsigned(next(rest)), values.unsigned(next(rest))
            found.append(
                Storage(
                    name=store.name,
                    used_bytes=None if used is None else used * store.unit_bytes,
                    size_bytes=None if size is None else size * store.unit_bytes,
                )
            )
        return found

    def sensors(self) -> list[Sensor]:
        """Every sensor, in its unit."""
        return [
            Sensor(gauge.name, gauge.kind, gauge.measured(told), gauge.unit)
            for gauge, told in self._measurements()
        ]

    def _measurements(self) -> Iterator[tuple[Gauge, Value]]:
        # Not by slicing from the end: [-0:] is everything.
        start = len(self.values) - len(self.layout.gauges)
        return zip(self.layout.gauges, self.values[start:], strict=True)

    def measurements(self) -> list[Measurement]:
        """Every sensor with what its profile knows of it: the state's word, the limits."""
        return [
            Measurement(gauge, gauge.measured(told), gauge.state(told))
            for gauge, told in self._measurements()
        ]

    def as_json(self) -> dict[str, Any]:
        """The reading as `media-center probe --json` prints it."""
        return {
            "reachable": True,
            "system": {
                "name": self.layout.name,
                "description": self.layout.description,
                "object_id": self.layout.object_id,
                "uptime_seconds": self.uptime_seconds,
            },
            "interfaces": [asdict(each) for each in self.interfaces()],
            "processors": [asdict(each) for each in self.processors()],
            "storage": [asdict(each) for each in self.storage()],
            "sensors": [asdict(each) for each in self.sensors()],
            "problems": list(self.problems),
        }
