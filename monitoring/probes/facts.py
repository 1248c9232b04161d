"""What a device says of itself over SSH: version, model, serial, load, disks, services. Pure.

Each platform has its commands and a parser of what they print. What a device does not say is left
out; nothing is guessed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitoring.probes import values

Texts = Mapping[str, str]
Facts = dict[str, Any]

COMMANDS: dict[str, dict[str, str]] = {
    "cisco_ios": {
        "version": "show version",
        "inventory": "show inventory",
        "cpu": "show processes cpu | include CPU utilization",
        "ntp": "show ntp status",
    },
    "cisco_nxos": {
        "version": "show version",
        "inventory": "show inventory",
        "resources": "show system resources",
        "ntp": "show ntp peer-status",
    },
    "arista_eos": {
        "version": "show version",
        "inventory": "show inventory",
        "ntp": "show ntp status",
    },
    "juniper_junos": {
        "version": "show version",
        "hardware": "show chassis hardware",
        "engine": "show chassis routing-engine",
        "uptime": "show system uptime",
        "ntp": "show ntp status",
    },
    "mikrotik_routeros": {
        "resource": "/system resource print",
        "board": "/system routerboard print",
        "ntp": "/system ntp client print",
    },
    "hp_procurve": {"system": "show system information", "version": "show version"},
    "linux": {
        "kernel": "uname -r",
        "release": "cat /etc/os-release",
        "uptime": "cat /proc/uptime",
        "load": "cat /proc/loadavg",
        "memory": "cat /proc/meminfo",
        "disks": "df -P -B1 -x tmpfs -x devtmpfs -x overlay -x squashfs",
        "failed": "systemctl list-units --state=failed --no-legend --plain || true",
        "model": "cat /sys/class/dmi/id/product_name",
        "serial": "cat /sys/class/dmi/id/product_serial",
        "clock": "timedatectl show -p NTPSynchronized --value",
        "processors": "nproc",
    },
}
COMMANDS["cisco_xe"] = COMMANDS["cisco_ios"]
# What differs at every look and is no change.
PASSING = frozenset({"uptime_seconds", "load", "cpu_percent", "memory_percent", "disks", "ntp"})
MOST_WORDS, MOST_ROWS = 200, 200

DAY, HOUR, MINUTE = 86_400, 3600, 60
_SPANS = {"year": 365 * DAY, "week": 7 * DAY, "day": DAY, "hour": HOUR, "minute": MINUTE}
_SPANS |= {"y": 365 * DAY, "w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}


def facts(platform: str, texts: Texts) -> Facts:
    """Everything that these texts tell of a device of this platform."""
    reader = _READERS.get(platform)
    found = reader(texts) if reader else {}
    return {name: _short(value) for name, value in found.items() if value not in (None, "", [])}


def stable(told: Facts) -> Facts:
    """What is worth a line of history when it changes."""
    return {name: value for name, value in told.items() if name not in PASSING}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return values.printable(" ".join(value.split()))[:MOST_WORDS]
    if isinstance(value, list):
        return value[:MOST_ROWS]
    return value


def _first(pattern: str, text: str | None) -> str | None:
    found = re.search(pattern, text or "", re.M | re.I)
    return found[1].strip() if found else None


def _number(pattern: str, text: str | None) -> float | None:
    found = _first(pattern, text)
    return float(found) if found is not None else None


def span_seconds(text: str | None) -> int | None:
    """`1 year, 2 weeks, 3 days, 4 hours, 5 minutes`, `2w3d4h`, `3 days, 4:05` in seconds.

    >>> span_seconds("1 day, 2 hours, 3 minutes")
    93780
    """
    if not text:
        return None
    parts = re.findall(r"(\d+)\s*(year|week|day|hour|minute|[ywdhms])(?![a-rt-z])", text, re.I)
    clock = re.search(r"\b(\d{1,3}):(\d{2})(?::(\d{2}))?\b", text)
    if not parts and clock is None:
        return None
    found = sum(int(count) * _SPANS[unit.lower()] for count, unit in parts)
    if clock is not None:
        found += int(clock[1]) * HOUR + int(clock[2]) * MINUTE + int(clock[3] or 0)
    return found


def _inventory(text: str | None) -> list[dict[str, str]]:
    """`show inventory` of Cisco: NAME, DESCR and below them PID, VID, SN."""
    rows = re.findall(
        r'NAME:\s*"([^"]*)"\s*,\s*DESCR:\s*"([^"]*)"\s*\n\s*PID:\s*([^,]*?)\s*,'
        r"\s*VID:\s*([^,]*?)\s*,\s*SN:\s*(\S*)",
        text or "",
    )
    return [
        {"name": name, "description": descr, "model": model.strip(), "serial": serial}
        for name, descr, model, _version, serial in rows
    ]


def _cisco(texts: Texts) -> Facts:
    version = texts.get("version")
    return {
        "system": "Cisco IOS XE" if re.search(r"IOS[- ]XE", version or "") else "Cisco IOS",
        "version": _first(r"Version ([^\s,\[]+)", version),
        "model": _first(r"^Model number\s*:\s*(\S+)", version)
        or _first(r"^cisco (\S+) \(", version),
        "serial": _first(r"^System serial number\s*:\s*(\S+)", version)
        or _first(r"^Processor board ID (\S+)", version),
        "uptime_seconds": span_seconds(_first(r"\buptime is (.+)$", version)),
        "image": _first(r'^System image file is "([^"]+)"', version),
        "restart_reason": _first(
            r"^(?:System returned to ROM by|Last reload reason:) (.+)$", version
        ),
        "modules": _inventory(texts.get("inventory")),
        "cpu_percent": _number(r"five minutes: (\d+)%", texts.get("cpu")),
        "ntp": _synchronised(texts.get("ntp"), r"Clock is synchronized"),
    }


def _nexus(texts: Texts) -> Facts:
    version, resources = texts.get("version"), texts.get("resources")
    return {
        "system": "Cisco NX-OS",
        "version": _first(r"^\s*(?:NXOS|system):\s+version (\S+)", version),
        "firmware": _first(r"^\s*BIOS:\s+version (\S+)", version),
        "model": _first(r"^\s*cisco (?:Nexus\s?\d+ )?(\S+)(?: \S+)* chassis", version),
        "serial": _first(r"^\s*Processor Board ID (\S+)", version),
        "uptime_seconds": span_seconds(_first(r"^Kernel uptime is (.+)$", version)),
        "image": _first(r"^\s*(?:NXOS|system) image file is:\s+(\S+)", version),
        "restart_reason": _first(r"^\s*Reason: (.+)$", version),
        "modules": _inventory(texts.get("inventory")),
        "cpu_percent": _idle(_number(r"^CPU states.*?([\d.]+)% idle", resources)),
        "memory_percent": _used(
            _number(r"^Memory usage:\s*(\d+)K total", resources),
            _number(r"([\d]+)K free", resources),
        ),
        "ntp": _synchronised(texts.get("ntp"), r"^\*"),
    }


def _synchronised(text: str | None, words: str) -> str | None:
    if not text:
        return None
    return "synchronised" if re.search(words, text, re.I | re.M) else "not synchronised"


def _arista(texts: Texts) -> Facts:
    version = texts.get("version")
    total = _number(r"^Total memory:\s*(\d+)", version)
    free = _number(r"^Free memory:\s*(\d+)", version)
    return {
        "system": "Arista EOS",
        "version": _first(r"^Software image version:\s*(\S+)", version),
        "model": _first(r"^Arista (\S+)", version),
        "serial": _first(r"^Serial number:\s*(\S+)", version),
        "uptime_seconds": span_seconds(_first(r"^Uptime:\s*(.+)$", version)),
        "memory_percent": _used(total, free),
        "modules": _inventory(texts.get("inventory")),
        "ntp": _synchronised(texts.get("ntp"), r"^synchroni[sz]ed"),
    }


def _used(total: float | None, free: float | None) -> float | None:
    return round(100 * (1 - free / total), 1) if total and free is not None else None


def _junos(texts: Texts) -> Facts:
    hardware = texts.get("hardware") or ""
    rows = re.findall(r"^(\S.*?)\s{2,}.*?(?:BUILTIN|(\d{3}-\d{6}))\s+(\S+)\s+(.+)$", hardware, re.M)
    return {
        "system": "Junos",
        "version": _first(r"^Junos:\s*(\S+)", texts.get("version"))
        or _first(r"\[([\w.-]+)\]\s*$", texts.get("version")),
        "model": _first(r"^Model:\s*(\S+)", texts.get("version")),
        "serial": _first(r"^Chassis\s+(\S+)\s+\S+", hardware),
        "uptime_seconds": span_seconds(
            _first(r"^System booted:.*\((.+) ago\)", texts.get("uptime"))
        ),
        "cpu_percent": _idle(_number(r"^\s*Idle\s+(\d+) percent", texts.get("engine"))),
        "memory_percent": _number(r"^\s*Memory utilization\s+(\d+) percent", texts.get("engine")),
        "modules": [
            {"name": name.strip(), "description": what.strip(), "model": part, "serial": serial}
            for name, part, serial, what in rows
        ],
        "ntp": _synchronised(texts.get("ntp"), r"sync_ntp"),
    }


def _idle(percent: float | None) -> float | None:
    return None if percent is None else round(100 - percent, 1)


def _mikrotik(texts: Texts) -> Facts:
    resource, board = texts.get("resource"), texts.get("board")
    total = _size(_first(r"total-memory:\s*(\S+)", resource))
    free = _size(_first(r"free-memory:\s*(\S+)", resource))
    return {
        "system": "RouterOS",
        "version": _first(r"^\s*version:\s*(\S+)", resource),
        "model": _first(r"^\s*model:\s*(.+?)\s*$", board)
        or _first(r"board-name:\s*(\S+)", resource),
        "serial": _first(r"serial-number:\s*(\S+)", board),
        "firmware": _first(r"current-firmware:\s*(\S+)", board),
        "uptime_seconds": span_seconds(_first(r"uptime:\s*(\S+)", resource)),
        "cpu_percent": _number(r"cpu-load:\s*(\d+)%", resource),
        "memory_percent": _used(total, free),
        "ntp": _synchronised(texts.get("ntp"), r"status:\s*synchronized"),
    }


def _size(text: str | None) -> float | None:
    found = re.fullmatch(r"([\d.]+)(KiB|MiB|GiB|B)?", text or "")
    factor = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    return float(found[1]) * factor[found[2]] if found else None


def _procurve(texts: Texts) -> Facts:
    system = texts.get("system")
    return {
        "system": "ProCurve",
        "version": _first(r"Software revision\s*:\s*(\S+)", system),
        "model": _first(r"^\s*(?:Image stamp|Product)\s*:\s*(\S+)", texts.get("version")),
        "serial": _first(r"Serial Number\s*:\s*(\S+)", system),
        "uptime_seconds": span_seconds(_first(r"Up Time\s*:\s*(.+?)(?:\s{2,}|$)", system)),
        "cpu_percent": _number(r"CPU Util \(%\)\s*:\s*(\d+)", system),
        "firmware": _first(r"ROM Version\s*:\s*(\S+)", system),
    }


def _linux(texts: Texts) -> Facts:
    memory = texts.get("memory")
    seconds = _number(r"^([\d.]+)", texts.get("uptime"))
    load = re.match(r"([\d.]+) ([\d.]+) ([\d.]+)", texts.get("load") or "")
    return {
        "system": _first(r'^PRETTY_NAME="?([^"\n]+)', texts.get("release")),
        "version": _first(r"^(\S+)", texts.get("kernel")),
        "model": _first(r"^(.+)$", texts.get("model")),
        "serial": _first(r"^([A-Za-z0-9][\w.:-]{2,39})$", texts.get("serial")),
        "processors": _first(r"^(\d+)", texts.get("processors")),
        "uptime_seconds": int(seconds) if seconds is not None else None,
        "load": [float(part) for part in load.groups()] if load else None,
        "memory_percent": _used(
            _number(r"^MemTotal:\s*(\d+)", memory), _number(r"^MemAvailable:\s*(\d+)", memory)
        ),
        "disks": list(_disks(texts.get("disks") or "")),
        "failed_services": sorted(re.findall(r"^\W*(\S+\.\w+)\s", texts.get("failed") or "", re.M)),
        "ntp": _synchronised(texts.get("clock"), r"^yes"),
    }


def _disks(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines()[1:]:
        found = re.match(r"(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)%\s+(/.*)$", line)
        if found and int(found[2]):
            yield {"mount": found[6], "size": int(found[2]), "percent": int(found[5])}


_READERS: dict[str, Callable[[Texts], Facts]] = {
    "cisco_ios": _cisco,
    "cisco_xe": _cisco,
    "cisco_nxos": _nexus,
    "arista_eos": _arista,
    "juniper_junos": _junos,
    "mikrotik_routeros": _mikrotik,
    "hp_procurve": _procurve,
    "linux": _linux,
}
