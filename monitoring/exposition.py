"""A device's part of `/metrics`: its lines, family by family, as text.

Families may not be torn apart, so a device's part is a row of blocks in the order of
`DEVICE_FAMILIES`, and whoever answers a scrape joins the first blocks of all devices, then the
second ones. A line stands without the name of its family, which is the same for a whole block.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring import exposition_forms
from monitoring.exposition_forms import escaped
from monitoring.models import DeviceRole, DeviceStatus, Platform
from monitoring.probes.reading import Layout

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
# The families of the centre as a whole; all others are devices'.
CENTRE_FAMILIES = tuple(FAMILIES)[:4]
DEVICE_FAMILIES = tuple(FAMILIES)[4:]
# Blocks written for another list of families are not read. Count up when a line changes its shape.
EDITION = zlib.crc32(f"1 {DEVICE_FAMILIES}".encode())
BETWEEN = b"\0"


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
        blocks += exposition_forms.blocks(whose, layout, told)
    else:
        blocks += [""] * (len(DEVICE_FAMILIES) - len(blocks))
    return exposition_forms.BETWEEN.join(blocks).encode("utf-8", "replace")


def _device(facts: Facts, whose: str) -> list[str]:
    """The blocks of the families of devices, which come before those of their parts."""
    is_down = facts.status is DeviceStatus.DOWN
    # A device that nobody has asked yet is neither up nor down.
    is_known = facts.last_poll_at is not None
    numbers = (
        int(facts.status in (DeviceStatus.UP, DeviceStatus.DEGRADED)) if is_known else None,
        int(facts.status is DeviceStatus.DEGRADED) if is_known else None,
        _epoch(facts.last_poll_at),
        _epoch(facts.last_answer_at),
        facts.misses,
        facts.poll_seconds,
        None if is_down else facts.uptime_seconds,
    )
    info = (
        f'{{{whose},role="{facts.role.value}",platform="{facts.platform.value}",'
        f'address="{facts.address}"}} 1'
    )
    return [info, *("" if each is None else f"{{{whose}}} {each}" for each in numbers)]


def _epoch(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
