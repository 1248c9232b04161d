"""The measured lines of `/metrics`, as a form that the numbers of a poll are filled into.

Devices of one kind have the same interfaces, storage areas and sensors by name, and so the same
lines but for the device's labels and the numbers: these are written once, and a poll costs a join
and a `%`. A number that is not told leaves its line out, which makes another form.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import ADMIN, IN_OCTETS, OPER, PORT_VALUES, Layout

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
OTHER_SENSORS = ("media_center_sensor_value", 1.0)
STATES = ("media_center_interface_admin_up", "media_center_interface_up")
COUNTERS = (
    "media_center_interface_receive_bytes_total",
    "media_center_interface_transmit_bytes_total",
    "media_center_interface_receive_errors_total",
    "media_center_interface_transmit_errors_total",
)
STORAGE = ("media_center_storage_size_bytes", "media_center_storage_used_bytes")
# The families whose lines are in a form, in the order of the text.
MEASURED = (
    *STATES,
    *COUNTERS,
    "media_center_processor_load_ratio",
    *STORAGE,
    "media_center_sensor_temperature_celsius",
    "media_center_sensor_voltage_volts",
    "media_center_sensor_current_amperes",
    "media_center_sensor_power_watts",
    "media_center_sensor_duration_seconds",
    "media_center_sensor_ratio",
    "media_center_sensor_value",
)
KNOWN_LIMIT = 20_000
# Of one form: devices leave out now this value, now that.
TEXTS = 64
# Stands for the device's labels; no label has it, for it has a zero in it.
BETWEEN = "\0"
WHOSE = "\0w"
Numbers = list[float | None]


@dataclass(frozen=True, slots=True)
class Form:
    """The lines that devices with the same names have in common."""

    # Family and labels of every line that a number may stand in, in the order of the text.
    lines: tuple[tuple[str, str], ...]
    # Where a layout's sensors stand in that order, and what their numbers are multiplied by.
    sensors: tuple[tuple[int, float], ...]
    # By what is missing: the text between the device's labels.
    texts: dict[tuple[int, ...], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def filled(self, whose: str, layout: Layout, told: Sequence[float | None]) -> str:
        """The blocks of the measured families with a zero between them."""
        numbers = self._numbers(layout, told)
        missing: tuple[int, ...] = ()
        if None in numbers:
            missing = tuple(place for place, each in enumerate(numbers) if each is None)
            numbers = [each for each in numbers if each is not None]
        text = self.texts.get(missing)
        if text is None:
            if len(self.texts) >= TEXTS:
                self.texts.clear()
            text = self.texts[missing] = self._text(frozenset(missing))
        return whose.replace("%", "%%").join(text) % tuple(numbers)

    def _numbers(self, layout: Layout, told: Sequence[float | None]) -> Numbers:
        """What the lines say, in their order."""
        at = len(layout.ports) * PORT_VALUES
        found: Numbers = []
        for place in (ADMIN, OPER):
            column = told[place:at:PORT_VALUES]
            found += [None if each is None else 1 if each == 1 else 0 for each in column]
        for place in range(IN_OCTETS, IN_OCTETS + len(COUNTERS)):
            found += told[place:at:PORT_VALUES]
        after = at + len(layout.cores)
        found += [None if load is None else load * 0.01 for load in told[at:after]]
        at, after = after, after + 2 * len(layout.stores)
        for start in range(len(STORAGE)):
            for units, store in zip(told[at + start : after : 2], layout.stores, strict=True):
                found.append(None if units is None else units * float(store.unit_bytes))
        for place, factor in self.sensors:
            measured = layout.gauges[place].measured(told[after + place])
            found.append(None if measured is None else measured * factor)
        return found

    def _text(self, missing: frozenset[int]) -> tuple[str, ...]:
        """The lines but those of the missing numbers, cut where the device's labels stand."""
        blocks: dict[str, list[str]] = {family: [] for family in MEASURED}
        for place, (family, labels) in enumerate(self.lines):
            if place not in missing:
                blocks[family].append(f"{{{WHOSE},{labels.replace('%', '%%')}}} %s")
        return tuple(BETWEEN.join("\n".join(block) for block in blocks.values()).split(WHOSE))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of a layout: what it says by itself, and the form for what is measured."""

    # Two blocks, `WHOSE` in place of the device's labels.
    ports: str
    form: Form


# Layouts never change under their digest.
_sheets: dict[str, Sheet] = {}


def blocks(whose: str, layout: Layout, told: Sequence[float | None]) -> tuple[str, str]:
    """The blocks of interfaces and of the measured families, with zeros between them."""
    sheet = _sheets.get(layout.digest)
    if sheet is None:
        if len(_sheets) >= KNOWN_LIMIT:
            _sheets.clear()
        sheet = _sheets[layout.digest] = _sheet(layout)
    return sheet.ports.replace(WHOSE, whose), sheet.form.filled(whose, layout, told)


def _sheet(layout: Layout) -> Sheet:
    names = distinct((port.name, port.index) for port in layout.ports)
    form = _form(
        tuple(names),
        len(layout.cores),
        tuple(distinct((store.name, store.index) for store in layout.stores)),
        tuple(_sensor_lines(layout.gauges)),
    )
    pairs = list(zip(map(escaped, names), layout.ports, strict=True))
    infos = [
        f'{{{WHOSE},interface="{name}",index="{port.index}",alias="{escaped(port.alias or "")}",'
        f'mac="{port.mac or ""}"}} 1'
        for name, port in pairs
    ]
    speeds = [
        f'{{{WHOSE},interface="{name}"}} {port.speed_bps / 8}'
        for name, port in pairs
        if port.speed_bps
    ]
    return Sheet(BETWEEN.join(("\n".join(infos), "\n".join(speeds))), form)


Line = tuple[str, str, float]


def _sensor_lines(gauges: Sequence[Gauge]) -> Iterator[Line]:
    """Family, labels and factor of each sensor."""
    names = distinct((gauge.name, place) for place, gauge in enumerate(gauges))
    for gauge, name in zip(gauges, names, strict=True):
        family, factor = SENSORS.get(gauge.unit or "", OTHER_SENSORS)
        labels = f'sensor="{escaped(name)}",kind="{escaped(gauge.kind)}"'
        if family == OTHER_SENSORS[0]:
            labels += f',unit="{escaped(gauge.unit or "")}"'
        yield family, labels, factor


@lru_cache(maxsize=1024)
def _form(
    ports: tuple[str, ...], cores: int, stores: tuple[str, ...], sensors: tuple[Line, ...]
) -> Form:
    names = tuple(map(escaped, ports))
    lines = [(family, f'interface="{name}"') for family in (*STATES, *COUNTERS) for name in names]
    lines += [("media_center_processor_load_ratio", f'processor="{n}"') for n in range(cores)]
    lines += [(family, f'storage="{escaped(name)}"') for family in STORAGE for name in stores]
    order = sorted(range(len(sensors)), key=lambda place: MEASURED.index(sensors[place][0]))
    lines += [sensors[place][:2] for place in order]
    return Form(tuple(lines), tuple((place, sensors[place][2]) for place in order))


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
