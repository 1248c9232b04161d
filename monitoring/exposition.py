"""A device's part of `/metrics`: its lines, family by family, as text.

Families may not be torn apart, so a device's part is a row of blocks in the order of
`DEVICE_FAMILIES`, and whoever answers a scrape joins the first blocks of all devices, then the
second ones. A line stands without the name of its family, which is the same for a whole block.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from monitoring.models import DeviceRole, DeviceStatus, Platform
from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import ADMIN, IN_OCTETS, OPER, PORT_VALUES, Layout, Port, Store

# Family → type and help. The order is the order of the text.
FAMILIES = {
    "media_center_devices": ("gauge", "Enabled devices by status."),
    "media_center_outages_open": ("gauge", "Outages that have not ended, by cause."),
    "media_center_violations_open": ("gauge", "Violations that are not resolved, by severity."),
    "media_center_problems_open": ("gauge", "Problems that have not cleared, by severity."),
    "media_center_device_info": ("gauge", "What a device is; always 1."),
    "media_center_device_up": ("gauge", "1 while the device answers, 0 while it is down."),
    "media_center_device_degraded": ("gauge", "1 while answers are lost or partial."),
    "media_center_device_last_poll_timestamp_seconds": ("gauge", "When it was asked last."),
    "media_center_device_last_answer_timestamp_seconds": ("gauge", "When it answered last."),
    "media_center_device_lost_polls": ("gauge", "Polls lost in a row."),
    "media_center_device_poll_duration_seconds": ("gauge", "How long its last poll took."),
    "media_center_device_uptime_seconds": ("gauge", "Seconds since its agent began."),
    "media_center_interface_info": ("gauge", "What an interface is; always 1."),
    "media_center_interface_speed_bytes_per_second": ("gauge", "Nominal speed."),
    "media_center_interface_admin_up": ("gauge", "1 where the interface is enabled."),
    "media_center_interface_up": ("gauge", "1 where the interface is operational."),
    "media_center_interface_receive_bytes_total": ("counter", "Octets received."),
    "media_center_interface_transmit_bytes_total": ("counter", "Octets sent."),
    "media_center_interface_receive_errors_total": ("counter", "Packets received with errors."),
    "media_center_interface_transmit_errors_total": ("counter", "Packets not sent for errors."),
    "media_center_processor_load_ratio": ("gauge", "Load over the last minute, 0 to 1."),
    "media_center_storage_size_bytes": ("gauge", "Size of a storage area."),
    "media_center_storage_used_bytes": ("gauge", "Used part of a storage area."),
    "media_center_sensor_temperature_celsius": ("gauge", "Temperature."),
    "media_center_sensor_voltage_volts": ("gauge", "Voltage."),
    "media_center_sensor_current_amperes": ("gauge", "Current."),
    "media_center_sensor_power_watts": ("gauge", "Power."),
    "media_center_sensor_duration_seconds": ("gauge", "Time on battery, time remaining."),
    "media_center_sensor_ratio": ("gauge", "Charge, load and humidity, 0 to 1."),
    "media_center_sensor_value": ("gauge", "Every other sensor, in the unit of its label."),
}
# Unit of a sensor → family and factor.
SENSORS = {
    "celsius": ("media_center_sensor_temperature_celsius", 1.0),
    "volts": ("media_center_sensor_voltage_volts", 1.0),
    "amperes": ("media_center_sensor_current_amperes", 1.0),
    "watts": ("media_center_sensor_power_watts", 1.0),
    "seconds": ("media_center_sensor_duration_seconds", 1.0),
    "minutes": ("media_center_sensor_duration_seconds", 60.0),
    "percent": ("media_center_sensor_ratio", 0.01),
}
COUNTERS = (
    "media_center_interface_receive_bytes_total",
    "media_center_interface_transmit_bytes_total",
    "media_center_interface_receive_errors_total",
    "media_center_interface_transmit_errors_total",
)
# The families of the centre as a whole; all others are devices'.
CENTRE_FAMILIES = tuple(FAMILIES)[:4]
DEVICE_FAMILIES = tuple(FAMILIES)[4:]
# Blocks written for another list of families are not read. Count up when a line changes its shape.
EDITION = zlib.crc32(f"1 {DEVICE_FAMILIES}".encode())
BETWEEN = b"\0"

Blocks = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What `/metrics` says of a device besides its last reading."""

    name: str
    site: str
    role: DeviceRole
    platform: Platform
    address: str
    status: DeviceStatus
    last_poll_at: datetime | None
    last_answer_at: datetime | None
    misses: int
    poll_seconds: float | None
    uptime_seconds: float | None


def part(facts: Facts, layout: Layout | None, told: Sequence[float | None] | None) -> bytes:
    """The device's blocks, UTF-8 with a zero byte between them.

    A device that is down shows no interfaces: its last values are not its present ones.
    """
    whose = f'device="{escaped(facts.name)}",site="{escaped(facts.site)}"'
    blocks = _device(facts, whose)
    if layout is not None and told is not None and facts.status is not DeviceStatus.DOWN:
        _interfaces(blocks, whose, layout.ports, told)
        _others(blocks, whose, layout, told[len(layout.ports) * PORT_VALUES :])
    return BETWEEN.join(
        "\n".join(blocks.get(family, ())).encode("utf-8", "replace") for family in DEVICE_FAMILIES
    )


def _device(facts: Facts, whose: str) -> Blocks:
    is_down = facts.status is DeviceStatus.DOWN
    numbers: dict[str, float | None] = {
        "last_poll_timestamp_seconds": _epoch(facts.last_poll_at),
        "last_answer_timestamp_seconds": _epoch(facts.last_answer_at),
        "lost_polls": facts.misses,
        "poll_duration_seconds": facts.poll_seconds,
        "uptime_seconds": None if is_down else facts.uptime_seconds,
    }
    # A device that nobody has asked yet is neither up nor down.
    if facts.last_poll_at is not None:
        numbers["up"] = int(facts.status in (DeviceStatus.UP, DeviceStatus.DEGRADED))
        numbers["degraded"] = int(facts.status is DeviceStatus.DEGRADED)
    blocks = {
        f"media_center_device_{name}": [f"{{{whose}}} {value}"]
        for name, value in numbers.items()
        if value is not None
    }
    blocks["media_center_device_info"] = [
        (
            f'{{{whose},role="{facts.role.value}",platform="{facts.platform.value}",'
            f'address="{facts.address}"}} 1'
        )
    ]
    return blocks


def _epoch(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _interfaces(
    blocks: Blocks, whose: str, ports: Sequence[Port], told: Sequence[float | None]
) -> None:
    names = _port_names(tuple((port.name, port.index) for port in ports))
    labels = [f'{{{whose},interface="{name}"' for name in names]
    pairs = list(zip(labels, ports, strict=True))
    blocks["media_center_interface_info"] = [
        f'{each},index="{port.index}",alias="{escaped(port.alias or "")}",'
        f'mac="{port.mac or ""}"}} 1'
        for each, port in pairs
    ]
    blocks["media_center_interface_speed_bytes_per_second"] = [
        f"{each}}} {port.speed_bps / 8}" for each, port in pairs if port.speed_bps
    ]
    end = len(ports) * PORT_VALUES
    for family, place in (
        ("media_center_interface_admin_up", ADMIN),
        ("media_center_interface_up", OPER),
    ):
        column = told[place:end:PORT_VALUES]
        blocks[family] = [
            f"{each}}} {1 if value == 1 else 0}"
            for each, value in zip(labels, column, strict=True)
            if value is not None
        ]
    for place, family in enumerate(COUNTERS, IN_OCTETS):
        column = told[place:end:PORT_VALUES]
        blocks[family] = [
            f"{each}}} {value}"
            for each, value in zip(labels, column, strict=True)
            if value is not None
        ]


@lru_cache(maxsize=4096)
def _port_names(named: tuple[tuple[str | None, int], ...]) -> tuple[str, ...]:
    return tuple(escaped(name) for name in distinct(named))


def _others(blocks: Blocks, whose: str, layout: Layout, told: Sequence[float | None]) -> None:
    """Processors, storage areas and sensors, in the order of the values after the ports'."""
    values = iter(told)

    def add(family: str, labels: str, value: float | None) -> None:
        if value is not None:
            blocks.setdefault(family, []).append(f"{{{whose},{labels}}} {value}")

    for place, _ in enumerate(layout.cores):
        load = next(values)
        ratio = None if load is None else load * 0.01
        add("media_center_processor_load_ratio", f'processor="{place}"', ratio)
    for store, name in zip(layout.stores, _store_names(layout.stores), strict=True):
        for family in ("media_center_storage_size_bytes", "media_center_storage_used_bytes"):
            units = next(values)
            size = None if units is None else units * float(store.unit_bytes)
            add(family, f'storage="{escaped(name)}"', size)
    for gauge, name in zip(layout.gauges, _gauge_names(layout.gauges), strict=True):
        family, factor = SENSORS.get(gauge.unit or "", ("media_center_sensor_value", 1.0))
        labels = f'sensor="{escaped(name)}",kind="{escaped(gauge.kind)}"'
        if family == "media_center_sensor_value":
            labels += f',unit="{escaped(gauge.unit or "")}"'
        measured = gauge.measured(next(values))
        add(family, labels, None if measured is None else measured * factor)


def _store_names(stores: Iterable[Store]) -> list[str]:
    return distinct((store.name, store.index) for store in stores)


def _gauge_names(gauges: Iterable[Gauge]) -> list[str]:
    return distinct((gauge.name, place) for place, gauge in enumerate(gauges))


def distinct(named: Iterable[tuple[str | None, int]]) -> list[str]:
    """Names that stand once each: a repeated or missing one is told apart by its index."""
    seen: set[str] = set()
    found = []
    for name, index in named:
        unique = name if name and name not in seen else f"{name or ''}#{index}"
        seen.add(unique)
        found.append(unique)
    return found


def escaped(label: str) -> str:
    """A label value as the text formats want it."""
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\0", "")
