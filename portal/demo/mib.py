"""The objects of a simulated device: an ordered tree of object identifiers with live values."""

import bisect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pysnmp.proto import rfc1902, rfc1905

from portal.demo.waves import Traffic

# pysnmp's classes carry no types.
_smi: Any = rfc1902
_exceptions: Any = rfc1905

Oid = tuple[int, ...]
# What a leaf holds: a fixed SNMP value, or a function of the time that makes one.
Value = Any
Live = Callable[[float], Value]

SYSTEM = "1.3.6.1.2.1.1"
IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"
UP, DOWN = 1, 2
WRAP_32, WRAP_64 = 2**32, 2**64
# Frames of video and office traffic average about 800 octets.
FRAME = 800


def text(value: str) -> Value:
    """An OCTET STRING."""
    return _smi.OctetString(value.encode())


def octets(value: bytes) -> Value:
    """An OCTET STRING that is not text."""
    return _smi.OctetString(value)


def object_id(dotted: str | Oid) -> Value:
    """An OBJECT IDENTIFIER."""
    return _smi.ObjectIdentifier(dotted)


def integer(value: float) -> Value:
    """An INTEGER."""
    return _smi.Integer32(round(value))


def gauge(value: float) -> Value:
    """A Gauge32, never below zero."""
    return _smi.Gauge32(max(0, round(value)))


def counter32(value: int) -> Value:
    """A Counter32, which wraps."""
    return _smi.Counter32(value % WRAP_32)


def counter64(value: int) -> Value:
    """A Counter64."""
    return _smi.Counter64(value % WRAP_64)


def ticks(seconds: float) -> Value:
    """TimeTicks, hundredths of a second; they wrap after 497 days."""
    return _smi.TimeTicks(int(seconds * 100) % WRAP_32)


def parse(oid: str) -> Oid:
    """Dotted notation as numbers."""
    return tuple(int(part) for part in oid.split("."))


class Tree:
    """What one device tells. `put` everything first; reading sorts once."""

    def __init__(self, booted_at: float) -> None:
        """Begin an empty tree of a device that started at `booted_at` (seconds since the epoch)."""
        self.booted_at = booted_at
        self._leaves: dict[Oid, Value | Live] = {}
        self._order: list[Oid] = []

    def __len__(self) -> int:
        return len(self._leaves)

    def put(self, oid: str, value: Value | Live) -> None:
        """Add one leaf."""
        self._leaves[parse(oid)] = value
        self._order = []

    def row(self, table: str, index: int, columns: dict[int, Value | Live]) -> None:
        """Add one row of a table: column number → value."""
        for column, value in columns.items():
            self.put(f"{table}.{column}.{index}", value)

    def get(self, oid: Oid) -> Value:
        """The value at exactly this place, or noSuchInstance."""
        if oid not in self._leaves:
            return _exceptions.NoSuchInstance("")
        return self._now(oid)

    def after(self, oid: Oid) -> tuple[Oid, Value]:
        """The next place in lexical order with its value, or endOfMibView."""
        if not self._order:
            self._order = sorted(self._leaves)
        at = bisect.bisect_right(self._order, oid)
        if at == len(self._order):
            return oid, _exceptions.EndOfMibView("")
        return self._order[at], self._now(self._order[at])

    def _now(self, oid: Oid) -> Value:
        leaf = self._leaves[oid]
        return leaf(time.time()) if callable(leaf) else leaf


@dataclass(frozen=True, slots=True)
class Port:
    """One interface: what it is called, its speed in Mbps, and what flows through it."""

    index: int
    name: str
    alias: str
    mbps: int
    inward: Traffic
    outward: Traffic
    oper: int = UP
    admin: int = UP
    mac: bytes = b"\x02\x00\x5e\x00\x00\x00"
    # Errors an hour; a worn cable shows a few.
    errors: float = 0.0


def add_system(tree: Tree, name: str, description: str, product: str) -> None:
    """SNMPv2-MIB system group, and snmpEngineTime beside sysUpTime."""
    booted_at = tree.booted_at
    tree.put(f"{SYSTEM}.1.0", text(description))
    tree.put(f"{SYSTEM}.2.0", object_id(product))
    tree.put(f"{SYSTEM}.3.0", lambda at: ticks(at - booted_at))
    tree.put(f"{SYSTEM}.4.0", text("netops@centre.example"))
    tree.put(f"{SYSTEM}.5.0", text(name))
    tree.put(f"{SYSTEM}.6.0", text("255 Tran Hung Dao, Ho Chi Minh City"))
    tree.put(f"{SYSTEM}.7.0", integer(72))
    tree.put("1.3.6.1.6.3.10.2.1.3.0", lambda at: integer(at - booted_at))


def add_ports(tree: Tree, ports: list[Port]) -> None:
    """IF-MIB: ifTable with 32-bit counters, ifXTable with names, aliases and 64-bit counters."""
    tree.put("1.3.6.1.2.1.2.1.0", integer(len(ports)))
    tree.put("1.3.6.1.2.1.31.1.5.0", ticks(3))
    for port in ports:
        tree.row(IF_TABLE, port.index, _basic(tree.booted_at, port))
        tree.row(IF_X_TABLE, port.index, _extended(tree.booted_at, port))


def _flow(booted_at: float, port: Port, traffic: Traffic) -> Callable[[float], int]:
    if port.oper != UP:
        return lambda _: 0
    return lambda at: traffic.total(booted_at, at)


def _basic(booted_at: float, port: Port) -> dict[int, Value | Live]:
    inward, outward = (_flow(booted_at, port, t) for t in (port.inward, port.outward))
    return {
        1: integer(port.index),
        2: text(port.name),
        3: integer(6),  # ethernetCsmacd
        4: integer(1500),
        # ifSpeed stops at 2³²−1; the true speed is ifHighSpeed.
        5: gauge(min(port.mbps * 1_000_000, WRAP_32 - 1)),
        6: octets(port.mac[:5] + bytes([port.index % 256])),
        7: integer(port.admin),
        8: integer(port.oper),
        9: ticks(3),
        10: lambda at: counter32(inward(at)),
        11: lambda at: counter32(inward(at) // FRAME),
        13: counter32(0),
        14: lambda at: counter32(int((at - booted_at) / 3600 * port.errors)),
        16: lambda at: counter32(outward(at)),
        17: lambda at: counter32(outward(at) // FRAME),
        19: counter32(0),
        20: counter32(0),
    }


def _extended(booted_at: float, port: Port) -> dict[int, Value | Live]:
    inward, outward = (_flow(booted_at, port, t) for t in (port.inward, port.outward))
    return {
        1: text(port.name),
        6: lambda at: counter64(inward(at)),
        7: lambda at: counter64(inward(at) // FRAME),
        10: lambda at: counter64(outward(at)),
        11: lambda at: counter64(outward(at) // FRAME),
        15: gauge(port.mbps),
        18: text(port.alias),
    }
