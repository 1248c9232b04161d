"""One port of a Linux bridge: may it be touched, what is to be carried out, how it goes back. Pure.

The bridge keeps VLANs apart (`vlan_filtering 1`). An access port has one VLAN, untagged. What
leaves the port is shaped by a token bucket on it, what enters it by one on a device of its own
(ifb), to which it is redirected. Only qdiscs with the mark below, and filters with the preference,
are ours.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from monitoring import port_reasons
from monitoring.port_blocks import PortSetting
from monitoring.port_reasons import Reason, because

# What the kernel allows for a name, less what a shell or a command might take for something else.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,14}")
MARK = "4d43:"
PREFERENCE = 4243
BYTES_PER_MEGABIT = 125_000
# Devices that a renter's cable or guest hangs on; a bond, a tunnel or a VLAN carries others too.
KINDS = (None, "veth", "tun", "dummy")
# What the kernel puts on a device by itself.
DEFAULT_QDISCS = frozenset({"noqueue", "noop", "pfifo_fast", "pfifo", "fq_codel", "fq", "mq"})
_INFO = ("UNTAGGED", "Egress Untagged")


Number = Annotated[int, Field(ge=1, le=4094)]


class _Inner(BaseModel):
    vlan_filtering: int | None = None


class _Kinds(BaseModel):
    info_kind: str | None = None
    info_slave_kind: str | None = None
    info_data: _Inner = _Inner()


class Link(BaseModel):
    """A device as `ip -json -details link show` tells it."""

    ifindex: int
    flags: list[str]
    master: str | None = None
    linkinfo: _Kinds = _Kinds()


class _VlanRow(BaseModel):
    vlan: Number
    vlanEnd: Number | None = None  # noqa: N815  # as `bridge` writes it
    flags: list[str] = []


class _VlanPort(BaseModel):
    vlans: list[_VlanRow] = []


class _Qdisc(BaseModel):
    kind: str
    handle: str = ""
    root: bool = False
    options: dict[str, Any] = {}


LINKS = TypeAdapter(list[Link])
_VLANS = TypeAdapter(list[_VlanPort])
_QDISCS = TypeAdapter(list[_Qdisc])


@dataclass(frozen=True, slots=True)
class Told:
    """What the host printed of a port; the JSON of what it does not have is empty."""

    link: Link
    bridge: Link | None
    vlans: str
    qdiscs: str
    filters: str
    # Of the device through which what enters is led.
    inward_qdiscs: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Vlan:
    """A VLAN of a port."""

    number: int
    is_pvid: bool
    is_untagged: bool

    @property
    def words(self) -> str:
        """As `bridge vlan add` takes it."""
        marks = f"{' pvid' if self.is_pvid else ''}{' untagged' if self.is_untagged else ''}"
        return f"vid {self.number}{marks}"


@dataclass(frozen=True, slots=True)
class Shaping:
    """What limits a port, in Mbps; None where nothing of ours does."""

    out: int | None = None
    inward: int | None = None
    has_inward_device: bool = False
    has_classifier: bool = False
    has_filter: bool = False
    # Somebody else's queues or filters.
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class BridgePort:
    """A port as it is."""

    name: str
    index: int
    kind: str | None
    bridge: str | None
    keeps_vlans_apart: bool
    is_up: bool
    vlans: tuple[Vlan, ...]
    shaping: Shaping

    @property
    def inward(self) -> str:
        """The device through which what enters the port is led."""
        return inward_device(self.index)

    @property
    def text(self) -> str:
        """The port in lines that people read."""
        shaping = self.shaping
        return "\n".join(
            (
                f"{self.name}: {'up' if self.is_up else 'down'}, bridge {self.bridge or '-'}",
                *(f" vlan {vlan.words}" for vlan in self.vlans),
                *([f" out {shaping.out} Mbps"] if shaping.out else []),
                *([f" in {shaping.inward} Mbps"] if shaping.inward else []),
                "",
            )
        )


def inward_device(index: int) -> str:
    """The name of the ifb device of the port with this ifindex."""
    return f"mcin{index}"


def read(name: str, told: Told) -> BridgePort:
    """The port of what was printed; raises ValueError where that is no JSON of these tools."""
    link, bridge = told.link, told.bridge
    is_slave = link.linkinfo.info_slave_kind == "bridge"
    return BridgePort(
        name,
        link.ifindex,
        link.linkinfo.info_kind,
        link.master if is_slave else None,
        bridge is not None and bridge.linkinfo.info_data.vlan_filtering == 1,
        "UP" in link.flags,
        tuple(sorted(_vlans(told.vlans))),
        _shaping(told, inward_device(link.ifindex)),
    )


def _vlans(text: str) -> list[Vlan]:
    # Of a range the ends: two VLANs are a trunk already, and a host may claim ranges without end.
    return [
        Vlan(number, "PVID" in row.flags, any(flag in _INFO for flag in row.flags))
        for port in _VLANS.validate_json(text or "[]")
        for row in port.vlans
        for number in {row.vlan, row.vlanEnd or row.vlan}
    ]


def _shaping(told: Told, inward: str) -> Shaping:
    outward = _QDISCS.validate_json(told.qdiscs or "[]")
    preferences = set(re.findall(r"\bpref (\d+)\b", told.filters))
    ours = str(PREFERENCE)
    foreign_root = any(
        q.root and q.handle != MARK and q.kind not in DEFAULT_QDISCS for q in outward
    )
    has_filter = ours in preferences and re.search(rf"\b{inward}\b", told.filters) is not None
    rate = _rate(_QDISCS.validate_json(told.inward_qdiscs or "[]"))
    return Shaping(
        out=_rate(outward),
        inward=rate if has_filter else None,
        has_inward_device=bool(told.inward_qdiscs.strip()),
        has_classifier=any(q.kind == "clsact" for q in outward),
        has_filter=has_filter,
        is_foreign=foreign_root
        or bool(preferences - {ours})
        or any(q.kind == "ingress" for q in outward),
    )


def _rate(qdiscs: list[_Qdisc]) -> int | None:
    """Mbps of our token bucket; a rate that is no number of Mbps is none of ours."""
    for qdisc in qdiscs:
        rate = qdisc.options.get("rate")
        if qdisc.handle == MARK and qdisc.kind == "tbf" and isinstance(rate, int):
            return rate // BYTES_PER_MEGABIT if rate % BYTES_PER_MEGABIT == 0 else -1
    return None


def guard(port: BridgePort, neighbours: str, setting: PortSetting) -> Reason | None:
    """Why the port must not be touched; None where nothing stands against it."""
    is_access = len(port.vlans) < 2 and all(v.is_pvid and v.is_untagged for v in port.vlans)
    limits = setting.mbps is not None
    against = (
        (setting.vlan not in setting.known_vlans, port_reasons.VLAN),
        (port.bridge is None, port_reasons.NO_BRIDGE),
        (not port.keeps_vlans_apart, port_reasons.NO_FILTERING),
        (port.kind not in KINDS, port_reasons.ROUTED),
        (not is_access, port_reasons.TRUNK),
        (limits and port.shaping.is_foreign, port_reasons.FOREIGN),
        (_has_network(neighbours), port_reasons.NEIGHBOUR),
    )
    found = next((template for stands, template in against if stands), None)
    return because(found, port=port.name, vlan=setting.vlan) if found else None


def _has_network(told: str) -> bool:
    """Whether `lldpctl -f keyvalue` tells of a neighbour that bridges or routes."""
    return re.search(r"\.chassis\.(Bridge|Router)\.enabled=on\s*$", told, re.MULTILINE) is not None


def render(port: BridgePort, setting: PortSetting) -> list[str]:
    """What is to be carried out; nothing where the port is as it should be.

    A port is taken down before it changes its VLAN and brought up after.
    """
    name, wanted = shlex.quote(port.name), Vlan(setting.vlan, True, True)
    moves = [f"bridge vlan del dev {name} vid {v.number}" for v in port.vlans if v != wanted]
    if wanted not in port.vlans:
        moves.append(f"bridge vlan add dev {name} {wanted.words}")
    changes = [*moves, *_shape(port, setting.mbps if setting.is_on else None)]
    down, up = f"ip link set dev {name} down", f"ip link set dev {name} up"
    if not setting.is_on:
        return [*([down] if port.is_up else []), *changes]
    goes_down = port.is_up and bool(moves)
    is_opened = goes_down or not port.is_up
    return [*([down] if goes_down else []), *changes, *([up] if is_opened else [])]


def _bucket(device: str, mbps: int) -> str:
    # Ten milliseconds at full rate, and never less than a few frames.
    burst = max(mbps * BYTES_PER_MEGABIT // 100, 32_000)
    return (
        f"tc qdisc replace dev {device} root handle {MARK}"
        f" tbf rate {mbps}mbit burst {burst} latency 50ms"
    )


def _shape(port: BridgePort, mbps: int | None) -> list[str]:
    has, name = port.shaping, shlex.quote(port.name)
    commands = []
    if has.out != mbps:
        commands.append(_bucket(name, mbps) if mbps else _unbucket(name))
    if has.inward != mbps and mbps:
        if not has.has_inward_device:
            commands.append(f"ip link add {port.inward} type ifb")
        commands += [f"ip link set dev {port.inward} up", _bucket(port.inward, mbps)]
        if not has.has_classifier:
            commands.append(f"tc qdisc add dev {name} clsact")
        if not has.has_filter:
            commands.append(_redirect(name, port.inward))
    elif mbps is None:
        commands += _unled(port)
    return commands


def _unbucket(name: str) -> str:
    return f"tc qdisc del dev {name} root handle {MARK}"


def _redirect(name: str, inward: str) -> str:
    return (
        f"tc filter add dev {name} ingress protocol all pref {PREFERENCE}"
        f" u32 match u32 0 0 action mirred egress redirect dev {inward}"
    )


def _unled(port: BridgePort) -> list[str]:
    """Take away what leads inward."""
    has, name, commands = port.shaping, shlex.quote(port.name), []
    if has.has_filter:
        commands.append(f"tc filter del dev {name} ingress pref {PREFERENCE}")
    if has.has_inward_device:
        commands.append(f"ip link del {port.inward}")
    return commands


def undoing(before: BridgePort, setting: PortSetting) -> list[str]:
    """What brings the port back from wherever a change stopped; each may fail without harm."""
    name = shlex.quote(before.name)
    commands = [f"ip link set dev {name} down"]
    if setting.vlan not in {vlan.number for vlan in before.vlans}:
        commands.append(f"bridge vlan del dev {name} vid {setting.vlan}")
    commands += [f"bridge vlan add dev {name} {vlan.words}" for vlan in before.vlans]
    if _shape(before, setting.mbps if setting.is_on else None):
        commands += _unshape(before)
    if before.is_up:
        commands.append(f"ip link set dev {name} up")
    return commands


def _unshape(before: BridgePort) -> list[str]:
    name, was = shlex.quote(before.name), before.shaping
    commands = [_bucket(name, was.out) if was.out else _unbucket(name)]
    if was.inward:
        commands += [
            f"ip link add {before.inward} type ifb",
            f"ip link set dev {before.inward} up",
            _bucket(before.inward, was.inward),
            f"tc qdisc add dev {name} clsact",
            f"tc filter del dev {name} ingress pref {PREFERENCE}",
            _redirect(name, before.inward),
        ]
    else:
        commands.append(f"tc filter del dev {name} ingress pref {PREFERENCE}")
        if not was.has_inward_device:
            commands.append(f"ip link del {before.inward}")
        if not was.has_classifier:
            commands.append(f"tc qdisc del dev {name} clsact")
    return commands
