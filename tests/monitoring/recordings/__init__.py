"""Devices of many makers as `snmpwalk -On` writes them, played back by an agent on loopback.

Composed from the makers' public MIBs, with invented names and addresses.
"""

import re
import struct
from pathlib import Path

from tests.monitoring import agents

HERE = Path(__file__).parent
LINE = re.compile(r"\.(?P<oid>[\d.]+) = (?P<type>[\w-]+): ?(?P<told>.*)")
TAGS = {"INTEGER": 0x02, "Counter32": 0x41, "Gauge32": 0x42, "Timeticks": 0x43, "Counter64": 0x46}


def names() -> list[str]:
    """Every recording."""
    return sorted(path.stem for path in HERE.glob("*.walk"))


def recording(name: str) -> dict[str, bytes]:
    """OID → encoded value."""
    found = {}
    for line in (HERE / f"{name}.walk").read_text("utf-8").splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        found[match["oid"]] = encoded(match["type"], match["told"])
    return found


def encoded(kind: str, told: str) -> bytes:
    """A value of this type as it travels."""
    if kind == "STRING":
        return agents.tlv(0x04, told.encode())
    if kind == "Hex-STRING":
        return agents.tlv(0x04, bytes.fromhex(told))
    if kind == "OID":
        return agents.oid(told.removeprefix("."))
    if kind == "Opaque":
        # net-snmp: ASN_OPAQUE_FLOAT, four octets of IEEE 754.
        inner = b"\x9f\x78\x04" + struct.pack(">f", float(told.removeprefix("Float: ")))
        return agents.tlv(0x44, inner)
    return agents.integer(int(told.strip("()")), TAGS[kind])
