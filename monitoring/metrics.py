"""What Prometheus scrapes: the state of every device as text, and the list of devices.

The text is formatted by hand, with the names and labels of a device's samples rendered once and
kept: a scrape then only appends numbers, which is twenty times cheaper than a Collector. A device
that is down shows no interfaces, for its last values are not its present ones.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring import discovery
from monitoring.models import Device, DeviceStatus, Outage, Problem, ReadingRow
from monitoring.probes import values
from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import ADMIN, IN_OCTETS, OPER, PORT_VALUES, Layout, Store
from monitoring.rules import Severity
from rental.models import Site

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
RENDERED_LIMIT = 10_000

Lines = defaultdict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A layout's samples with all but their numbers, ready for a device."""

    speeds: str
    ports: str
    admins: tuple[str, ...]
    opers: tuple[str, ...]
    counters: tuple[tuple[str, ...], ...]
    rest: tuple[tuple[str, str, float, int], ...]


_rendered: dict[tuple[str, str, str], _Rendered] = {}


def text(
    violations_open: Callable[[], Mapping[str, int]] | None = None, *, openmetrics: bool = False
) -> str:
    """Every family in the Prometheus text format 0.0.4, or in OpenMetrics 1.0.

    `violations_open` counts open violations by severity.
    """
    lines: Lines = defaultdict(list)
    _centre(lines, violations_open() if violations_open is not None else {})
    rows = db.session.execute(_latest()).all()
    layouts = discovery.layouts(row.layout_id for row in rows if row.layout_id is not None)
    for row in rows:
        _device(lines, row)
        layout = layouts.get(row.layout_id or 0)
        if layout is not None and row.values is not None:
            _values(lines, _render(row.name, row.slug, layout), row.values)
    return _joined(lines, openmetrics=openmetrics)


def _joined(lines: Lines, *, openmetrics: bool) -> str:
    parts = []
    for family, (kind, explanation) in FAMILIES.items():
        if family in lines:
            # OpenMetrics names a counter's family without the suffix of its samples.
            name = family.removesuffix("_total") if openmetrics else family
            parts.append(f"# HELP {name} {explanation}\n# TYPE {name} {kind}")
            parts.extend(lines[family])
    if openmetrics:
        parts.append("# EOF")
    return "\n".join(parts) + "\n"


def _latest() -> sa.Select[Any]:
    """Every enabled device with its last reading, without one where it is down."""
    last = (
        sa.select(ReadingRow.layout_id, ReadingRow.values)
        .where(ReadingRow.device_id == Device.id, Device.status != DeviceStatus.DOWN)
        .order_by(ReadingRow.at.desc())
        .limit(1)
        .lateral("last")
    )
    return (
        sa.select(
            Device.name,
            Device.role,
            Device.platform,
            Device.address,
            Device.status,
            Device.last_poll_at,
            Device.last_answer_at,
            Device.misses,
            Device.poll_seconds,
            Device.uptime_seconds,
            Site.slug,
            last.c.layout_id,
            last.c["values"],
        )
        .join(Site, Site.id == Device.site_id)
        .outerjoin(last, sa.true())
        .where(Device.is_enabled)
        .order_by(Device.id)
    )


def _centre(lines: Lines, violations: Mapping[str, int]) -> None:
    by_status = sa.select(Device.status, sa.func.count()).where(Device.is_enabled)
    by_cause = sa.select(Outage.cause, sa.func.count()).where(Outage.ended_at.is_(None))
    found = dict.fromkeys(DeviceStatus, 0) | {
        row[0]: row[1] for row in db.session.execute(by_status.group_by(Device.status))
    }
    for status, count in found.items():
        lines["media_center_devices"].append(
            f'media_center_devices{{status="{status.value}"}} {count}'
        )
    causes = {"device": 0, "parent": 0} | {
        row[0].value: row[1] for row in db.session.execute(by_cause.group_by(Outage.cause))
    }
    for cause, count in causes.items():
        lines["media_center_outages_open"].append(
            f'media_center_outages_open{{cause="{cause}"}} {count}'
        )
    by_severity = sa.select(Problem.severity, sa.func.count()).where(Problem.cleared_at.is_(None))
    problems = dict.fromkeys(Severity, 0) | {
        row[0]: row[1] for row in db.session.execute(by_severity.group_by(Problem.severity))
    }
    for grade, count in problems.items():
        lines["media_center_problems_open"].append(
            f'media_center_problems_open{{severity="{grade.value}"}} {count}'
        )
    for severity, count in violations.items():
        lines["media_center_violations_open"].append(
            f'media_center_violations_open{{severity="{escaped(severity)}"}} {count}'
        )


def _device(lines: Lines, row: Any) -> None:
    labels = f'{{device="{escaped(row.name)}",site="{escaped(row.slug)}"}}'

    def add(family: str, value: float | None) -> None:
        if value is not None:
            lines[family].append(f"{family}{labels} {value}")

    family = "media_center_device_info"
    lines[family].append(
        f'{family}{labels[:-1]},role="{row.role.value}",platform="{row.platform.value}",'
        f'address="{row.address}"}} 1'
    )
    # A device that nobody has asked yet is neither up nor down.
    if row.last_poll_at is not None:
        is_up = row.status in (DeviceStatus.UP, DeviceStatus.DEGRADED)
        add("media_center_device_up", int(is_up))
        add("media_center_device_degraded", int(row.status is DeviceStatus.DEGRADED))
    add("media_center_device_last_poll_timestamp_seconds", _epoch(row.last_poll_at))
    add("media_center_device_last_answer_timestamp_seconds", _epoch(row.last_answer_at))
    add("media_center_device_lost_polls", row.misses)
    add("media_center_device_poll_duration_seconds", row.poll_seconds)
    if row.status is not DeviceStatus.DOWN:
        add("media_center_device_uptime_seconds", row.uptime_seconds)


def _epoch(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _values(lines: Lines, rendered: _Rendered, told: list[float | None]) -> None:
    """Append the numbers to the prepared names."""
    if rendered.ports:
        lines["media_center_interface_info"].append(rendered.ports)
    if rendered.speeds:
        lines["media_center_interface_speed_bytes_per_second"].append(rendered.speeds)
    end = len(rendered.admins) * PORT_VALUES
    for family, names, start in (
        ("media_center_interface_admin_up", rendered.admins, ADMIN),
        ("media_center_interface_up", rendered.opers, OPER),
    ):
        lines[family].extend(
            [
                f"{name}{1 if value == 1 else 0}"
                for name, value in zip(names, told[start:end:PORT_VALUES], strict=True)
                if value is not None
            ]
        )
    for place, (family, names) in enumerate(zip(COUNTERS, rendered.counters, strict=True)):
        column = told[IN_OCTETS + place : end : PORT_VALUES]
        lines[family].extend(
            [
                f"{name}{value}"
                for name, value in zip(names, column, strict=True)
                if value is not None
            ]
        )
    for family, name, factor, exponent in rendered.rest:
        # The order of `rest` is the order of the values after the ports'.
        value = told[end]
        end += 1
        scaled = values.sensor(value, exponent) if exponent else value
        if scaled is not None:
            lines[family].append(f"{name}{scaled * factor}")


def _render(device: str, site: str, layout: Layout) -> _Rendered:
    key = (device, site, layout.digest)
    found = _rendered.get(key)
    if found is None:
        if len(_rendered) >= RENDERED_LIMIT:
            _rendered.clear()
        found = _rendered[key] = _prepared(device, site, layout)
    return found


def _prepared(device: str, site: str, layout: Layout) -> _Rendered:
    whose = f'device="{escaped(device)}",site="{escaped(site)}"'
    ports = distinct((port.name, port.index) for port in layout.ports)
    labels = [f'{{{whose},interface="{escaped(name)}"}}' for name in ports]
    speed, details = "media_center_interface_speed_bytes_per_second", "media_center_interface_info"
    pairs = list(zip(labels, layout.ports, strict=True))
    return _Rendered(
        speeds="\n".join(
            f"{speed}{each} {port.speed_bps / 8}" for each, port in pairs if port.speed_bps
        ),
        ports="\n".join(
            f'{details}{each[:-1]},index="{port.index}",alias="{escaped(port.alias or "")}",'
            f'mac="{port.mac or ""}"}} 1'
            for each, port in pairs
        ),
        admins=tuple(f"media_center_interface_admin_up{each} " for each in labels),
        opers=tuple(f"media_center_interface_up{each} " for each in labels),
        counters=tuple(tuple(f"{family}{each} " for each in labels) for family in COUNTERS),
        rest=tuple(_rest(whose, layout)),
    )


def _rest(whose: str, layout: Layout) -> Iterable[tuple[str, str, float, int]]:
    """Family, name, factor and power of ten of every value after the ports'."""
    family = "media_center_processor_load_ratio"
    for place, _ in enumerate(layout.cores):
        yield family, f'{family}{{{whose},processor="{place}"}} ', 0.01, 0
    for store, name in zip(layout.stores, _store_names(layout.stores), strict=True):
        for family in ("media_center_storage_size_bytes", "media_center_storage_used_bytes"):
            label = f'{family}{{{whose},storage="{escaped(name)}"}} '
            yield family, label, float(store.unit_bytes), 0
    for gauge, name in zip(layout.gauges, _gauge_names(layout.gauges), strict=True):
        family, factor = SENSORS.get(gauge.unit or "", ("media_center_sensor_value", 1.0))
        labels = f'{whose},sensor="{escaped(name)}",kind="{escaped(gauge.kind)}"'
        if family == "media_center_sensor_value":
            labels += f',unit="{escaped(gauge.unit or "")}"'
        yield family, f"{family}{{{labels}}} ", factor * gauge.multiplier, gauge.exponent


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
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def targets() -> list[dict[str, Any]]:
    """Every enabled device for Prometheus' http_sd: `[{"targets": [...], "labels": {...}}]`."""
    query = (
        sa.select(
            Device.name,
            Device.address,
            Device.snmp_port,
            Device.role,
            Device.platform,
            Device.snmp_version,
            Site.slug,
        )
        .join(Site, Site.id == Device.site_id)
        .where(Device.is_enabled)
        .order_by(Device.name)
    )
    return [
        {
            "targets": [
                f"[{row.address}]:{row.snmp_port}"
                if ":" in row.address
                else f"{row.address}:{row.snmp_port}"
            ],
            "labels": {
                "device": row.name,
                "site": row.slug,
                "role": row.role.value,
                "platform": row.platform.value,
                "snmp_version": row.snmp_version.value,
            },
        }
        for row in db.session.execute(query)
    ]
