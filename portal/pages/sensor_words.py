"""What sensors are called on a page: kinds, states and the names that shipped profiles give.

A profile is written in English words; what an operator's own file says is shown as it is written.
"""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from monitoring import sensors, watches
from monitoring.models import Device
from monitoring.probes.reading import Reading
from monitoring.sensors import Group
from monitoring.thresholds import Limits
from portal.pages.formats import measured

KINDS = {
    "state": lazy_gettext("States"),
    "temperature": lazy_gettext("Temperature"),
    "humidity": lazy_gettext("Humidity"),
    "charge": lazy_gettext("Charge and supplies"),
    "duration": lazy_gettext("Durations"),
    "load": lazy_gettext("Load"),
    "voltage": lazy_gettext("Voltage"),
    "current": lazy_gettext("Current"),
    "power": lazy_gettext("Power"),
    "energy": lazy_gettext("Energy"),
    "frequency": lazy_gettext("Frequency"),
    "fan": lazy_gettext("Fans"),
    "airflow": lazy_gettext("Airflow"),
    "memory": lazy_gettext("Memory"),
    "storage": lazy_gettext("Storage areas"),
    "signal": lazy_gettext("Signal"),
    "bitrate": lazy_gettext("Bit rate"),
    "count": lazy_gettext("Counts"),
    "other": lazy_gettext("Other values"),
}

# The words of the states.
WORDS = {
    "bad": lazy_gettext("bad"),
    "battery": lazy_gettext("battery"),
    "booster": lazy_gettext("booster"),
    "bypass": lazy_gettext("bypass"),
    "charging": lazy_gettext("charging"),
    "check battery": lazy_gettext("check battery"),
    "critical": lazy_gettext("critical"),
    "degraded": lazy_gettext("degraded"),
    "depleted": lazy_gettext("depleted"),
    "discharging": lazy_gettext("discharging"),
    "disconnected": lazy_gettext("disconnected"),
    "disrupted": lazy_gettext("disrupted"),
    "down or off": lazy_gettext("down or off"),
    "failed": lazy_gettext("failed"),
    "floating": lazy_gettext("floating"),
    "good": lazy_gettext("good"),
    "hardware failure bypass": lazy_gettext("hardware failure bypass"),
    "idle": lazy_gettext("idle"),
    "in fault condition": lazy_gettext("in fault condition"),
    "low": lazy_gettext("low"),
    "near overload": lazy_gettext("near overload"),
    "needed": lazy_gettext("to be replaced"),
    "non-critical": lazy_gettext("non-critical"),
    "non-recoverable": lazy_gettext("non-recoverable"),
    "none": lazy_gettext("none"),
    "normal": lazy_gettext("normal"),
    "not functioning": lazy_gettext("not functioning"),
    "not needed": lazy_gettext("not needed"),
    "not present": lazy_gettext("not present"),
    "off": lazy_gettext("off"),
    "ok": lazy_gettext("ok"),
    "on battery": lazy_gettext("on battery"),
    "on line": lazy_gettext("on line"),
    "other": lazy_gettext("other"),
    "out of bounds": lazy_gettext("out of bounds"),
    "overload": lazy_gettext("overload"),
    "printing": lazy_gettext("printing"),
    "ready": lazy_gettext("ready"),
    "rebooting": lazy_gettext("rebooting"),
    "reducer": lazy_gettext("reducer"),
    "reset": lazy_gettext("reset"),
    "resting": lazy_gettext("resting"),
    "running": lazy_gettext("up and running"),
    "running at full speed": lazy_gettext("running at full speed"),
    "shutdown": lazy_gettext("shutdown"),
    "sleeping until power returns": lazy_gettext("sleeping until power returns"),
    "smart boost": lazy_gettext("smart boost"),
    "smart trim": lazy_gettext("smart trim"),
    "software bypass": lazy_gettext("software bypass"),
    "standby": lazy_gettext("standby"),
    "switched bypass": lazy_gettext("switched bypass"),
    "timed sleeping": lazy_gettext("timed sleeping"),
    "under test": lazy_gettext("under test"),
    "unknown": lazy_gettext("unknown"),
    "warm-up": lazy_gettext("warm-up"),
    "warning": lazy_gettext("warning"),
}

NAMES = {
    "ambient temperature": lazy_gettext("ambient temperature"),
    "battery charge": lazy_gettext("battery charge"),
    "battery current": lazy_gettext("battery current"),
    "battery replacement": lazy_gettext("battery replacement"),
    "battery status": lazy_gettext("battery status"),
    "battery temperature": lazy_gettext("battery temperature"),
    "battery time remaining": lazy_gettext("battery time remaining"),
    "battery voltage": lazy_gettext("battery voltage"),
    "input frequency": lazy_gettext("input frequency"),
    "input voltage": lazy_gettext("input voltage"),
    "load": lazy_gettext("load"),
    "load state": lazy_gettext("load state"),
    "memory free": lazy_gettext("memory free"),
    "output current": lazy_gettext("output current"),
    "output frequency": lazy_gettext("output frequency"),
    "output load": lazy_gettext("output load"),
    "output power": lazy_gettext("output power"),
    "output source": lazy_gettext("output source"),
    "output status": lazy_gettext("output status"),
    "output voltage": lazy_gettext("output voltage"),
    "pages printed": lazy_gettext("pages printed"),
    "printer status": lazy_gettext("printer status"),
    "processor temperature": lazy_gettext("processor temperature"),
    "signal": lazy_gettext("signal"),
    "swap free": lazy_gettext("swap free"),
    "system health": lazy_gettext("system health"),
    "temperature": lazy_gettext("temperature"),
    "temperature sensor": lazy_gettext("temperature sensor"),
    "time on battery": lazy_gettext("time on battery"),
    "voltage": lazy_gettext("voltage"),
    "fan": lazy_gettext("fan"),
}

# A name and the number of a line, an inlet, a sensor.
NUMBERED = re.compile(r"(?P<name>.*?)(?P<number>(?: [\d.]+)?)")


def _named(name: str | None, kind: str) -> str:
    """The name in the language of the page, as far as it is one of a shipped profile."""
    if not name:
        return str(KINDS.get(kind, kind))
    parts = NUMBERED.fullmatch(name)
    if parts is None or parts["name"] not in NAMES:
        return name
    told = str(NAMES[parts["name"]])
    return f"{told[0].upper()}{told[1:]}{parts['number']}"


def _limits_said(limits: Limits, unit: str | None) -> str:
    """From where on the value is not well: `warning from 70 °C, critical from 85 °C`."""
    above = limits.direction == "above"
    said = []
    if limits.warning is not None:
        value = measured(limits.warning, unit)
        said.append(
            _("warning from %(value)s", value=value)
            if above
            else _("warning down from %(value)s", value=value)
        )
    if limits.critical is not None:
        value = measured(limits.critical, unit)
        said.append(
            _("critical from %(value)s", value=value)
            if above
            else _("critical down from %(value)s", value=value)
        )
    return ", ".join(said)


def _groups(reading: Reading, device: Device) -> list[Group]:
    return sensors.groups(reading, device.role, device.platform, watches.shipped())


FOR_TEMPLATES: dict[str, Any] = {
    "sensor_groups": _groups,
    "sensor_kind": lambda kind: str(KINDS.get(kind, kind)),
    "sensor_name": _named,
    "sensor_state": lambda word: str(WORDS.get(word, word)),
    "sensor_limits": _limits_said,
}
