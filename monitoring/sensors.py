"""The sensors of one reading by kind, each with how it is and from where on it is bad. Pure."""

from dataclasses import dataclass

from monitoring.models import DeviceRole, Platform
from monitoring.probes.gauges import Gauge, State
from monitoring.probes.reading import Reading
from monitoring.thresholds import Level, Limits
from monitoring.watches import Subject, ThresholdFile, Watch, watches

# What a technician looks at first stands first; kinds that are not named here stand behind.
ORDER = ("state", "temperature", "charge", "duration", "load", "voltage", "current", "power")


@dataclass(frozen=True, slots=True)
class Judged:
    """A sensor as it is now. `level` and `limits` are None where nobody judges it."""

    gauge: Gauge
    value: float | None
    state: State | None
    level: Level | None
    limits: Limits | None

    @property
    def is_bad(self) -> bool:
        """Whether this one value is beyond what it should be; patience is not counted."""
        return self.level is not None and self.level >= Level.WARNING


@dataclass(frozen=True, slots=True)
class Group:
    """Sensors of one kind: the worst first, then as the device tells them."""

    kind: str
    sensors: tuple[Judged, ...]

    @property
    def bad(self) -> int:
        """How many of them are not well."""
        return sum(sensor.is_bad for sensor in self.sensors)

    @property
    def is_critical(self) -> bool:
        """Whether one of them is critical."""
        return any(sensor.level is Level.CRITICAL for sensor in self.sensors)


def groups(
    reading: Reading, role: DeviceRole, platform: Platform, file: ThresholdFile
) -> list[Group]:
    """Every sensor of a reading, judged as `watching` judges it."""
    start = len(reading.values) - len(reading.layout.gauges)
    judges = {
        watch.at: watch
        for watch in watches(reading.layout, role, platform, file)
        if watch.kind is Subject.SENSOR
    }
    found: dict[str, list[Judged]] = {}
    for place, told in enumerate(reading.measurements()):
        watch = judges.get(start + place)
        judged = Judged(
            told.gauge,
            told.value,
            told.state,
            _level(watch, reading),
            watch.limits if watch and not told.gauge.states else None,
        )
        found.setdefault(told.gauge.kind, []).append(judged)
    order = {kind: place for place, kind in enumerate(ORDER)}
    kinds = sorted(found, key=lambda kind: (order.get(kind, len(order)), kind))
    # Sorting keeps the device's own order among equals.
    return [
        Group(kind, tuple(sorted(found[kind], key=lambda one: -(one.level or 0) * one.is_bad)))
        for kind in kinds
    ]


def _level(watch: Watch | None, reading: Reading) -> Level | None:
    if watch is None:
        return None
    value = watch.value(reading.values, None, 0.0)
    return None if value is None else watch.limits.level(value)
