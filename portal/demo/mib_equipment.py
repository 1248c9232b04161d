"""The MIBs of equipment: HOST-RESOURCES, ENTITY-SENSOR and UPS."""

from dataclasses import dataclass

from portal.demo.mib import Live, Tree, counter32, gauge, integer, object_id, text, ticks
from portal.demo.waves import swing

HOST = "1.3.6.1.2.1.25"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SENSOR = "1.3.6.1.2.1.99.1.1.1"
UPS = "1.3.6.1.2.1.33.1"
RAM, DISK = f"{HOST}.2.1.2", f"{HOST}.2.1.4"
KILOBYTES_4 = 4096
# ENTITY-SENSOR-MIB: EntitySensorDataType and EntitySensorDataScale.
CELSIUS, UNITS = 8, 9


@dataclass(frozen=True, slots=True)
class Store:
    """One row of hrStorageTable; size in octets, use as a share of it."""

    name: str
    kind: str
    octets: int
    used: float


def add_host(tree: Tree, load: float, cores: int, stores: list[Store]) -> None:
    """HOST-RESOURCES-MIB: uptime, storage and processors around a mean `load` in percent."""
    booted_at = tree.booted_at
    tree.put(f"{HOST}.1.1.0", lambda at: ticks(at - booted_at))
    for index, store in enumerate(stores, 1):
        blocks = store.octets // KILOBYTES_4
        tree.row(
            f"{HOST}.2.3.1",
            index,
            {
                1: integer(index),
                2: object_id(store.kind),
                3: text(store.name),
                4: integer(KILOBYTES_4),
                5: integer(blocks),
                6: _in_use(store),
            },
        )
    for core in range(cores):
        index = 196608 + core  # the numbers net-snmp gives to processors
        tree.put(f"{HOST}.3.2.1.1.{index}", integer(index))
        tree.put(f"{HOST}.3.2.1.2.{index}", object_id(f"{HOST}.3.1.3"))
        tree.put(f"{HOST}.3.2.1.3.{index}", text(f"CPU {core}"))
        tree.put(f"{HOST}.3.3.1.2.{index}", _percent(load, float(core)))


def _in_use(store: Store) -> Live:
    blocks = store.octets // KILOBYTES_4
    return lambda at: integer(blocks * swing(at, store.used, store.used / 20))


def _percent(load: float, seed: float) -> Live:
    return lambda at: integer(min(100.0, max(0.0, swing(at, load, load / 3, seed))))


def add_temperature(tree: Tree, name: str, degrees: float, index: int = 1001) -> None:
    """One temperature sensor in whole degrees Celsius, named in ENTITY-MIB."""
    tree.put(f"{ENTITY}.2.{index}", text(name))
    tree.put(f"{ENTITY}.5.{index}", integer(8))  # PhysicalClass sensor
    tree.put(f"{ENTITY}.7.{index}", text(name))
    tree.row(
        SENSOR,
        index,
        {
            1: integer(CELSIUS),
            2: integer(UNITS),
            3: integer(0),
            4: lambda at: integer(swing(at, degrees, 3.0, float(index))),
            5: integer(1),
            6: text("degrees C"),
        },
    )


def add_ups(tree: Tree, model: str, load: float) -> None:
    """UPS-MIB (RFC 1628): one input and one output line, battery on float charge."""
    tree.put(f"{UPS}.1.1.0", text("Sample Power"))
    tree.put(f"{UPS}.1.2.0", text(model))
    tree.put(f"{UPS}.1.5.0", text("UPS-01"))
    tree.put(f"{UPS}.2.1.0", integer(2))  # batteryNormal
    tree.put(f"{UPS}.2.2.0", integer(0))
    tree.put(f"{UPS}.2.3.0", lambda at: integer(46 - swing(at, load, 6) / 6))
    tree.put(f"{UPS}.2.4.0", integer(100))
    tree.put(f"{UPS}.2.5.0", lambda at: integer(swing(at, 2732, 3)))  # tenths of a volt
    tree.put(f"{UPS}.2.7.0", lambda at: integer(swing(at, 29, 2)))
    tree.put(f"{UPS}.3.1.0", counter32(0))
    tree.put(f"{UPS}.3.2.0", integer(1))
    tree.put(f"{UPS}.3.3.1.2.1", lambda at: integer(swing(at, 500, 1)))  # tenths of a hertz
    tree.put(f"{UPS}.3.3.1.3.1", lambda at: integer(swing(at, 226, 3)))
    tree.put(f"{UPS}.4.1.0", integer(3))  # normal
    tree.put(f"{UPS}.4.2.0", integer(500))
    tree.put(f"{UPS}.4.3.0", integer(1))
    tree.put(f"{UPS}.4.4.1.2.1", integer(230))
    tree.put(f"{UPS}.4.4.1.3.1", lambda at: integer(swing(at, load, 6) * 0.9))
    tree.put(f"{UPS}.4.4.1.4.1", lambda at: integer(swing(at, load, 6) * 60))
    tree.put(f"{UPS}.4.4.1.5.1", lambda at: integer(swing(at, load, 6)))
    tree.put(f"{UPS}.6.1.0", gauge(0))
