"""The configuration of one switch port: may it be touched, what is to be typed, does it hold. Pure.

For command lines that write a port as a block: Cisco IOS and IOS-XE, Arista EOS. Only lines that a
booking decides are touched: mode, VLAN, negotiation and whether the port is shut; whatever else
stands in the block is the operators'.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitoring import config_tree, port_reasons
from monitoring.port_reasons import Reason, because


@dataclass(frozen=True, slots=True)
class PortSetting:
    """What one port should be. `vlan` is where it stands, on or off; `known_vlans` may be used.

    `mbps` is what the circuit is rented as; platforms that cannot shape leave it alone.
    """

    interface: str
    is_on: bool
    vlan: int
    known_vlans: frozenset[int]
    mbps: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a platform writes an access port, and how it tells what must not be touched."""

    # What an interface may be called; anything else might be a command of its own.
    name: re.Pattern[str]
    trunk: re.Pattern[str]
    routed: re.Pattern[str]
    # How neighbours are told that are bridges or routers.
    network: re.Pattern[str]
    # What stands in the block of an access port beside `shutdown`, in the order of typing.
    access: tuple[str, ...]


_ROUTED = re.compile(
    r"^(no switchport$|ip address |ipv6 address |channel-group |vrf )", re.IGNORECASE
)
IOS = Dialect(
    name=re.compile(r"[A-Za-z][A-Za-z0-9\-]{1,30} ?\d+(/\d+){0,3}(\.\d+)?"),
    trunk=re.compile(r"^switchport mode (trunk|dynamic)|^switchport trunk ", re.IGNORECASE),
    routed=_ROUTED,
    # LLDP and CDP name bridges and routers with these letters.
    network=re.compile(
        r"(?:Enabled|System) Capabilities:.*\b[BR]\b|Capabilities:.*\b(?:Switch|Router)\b"
    ),
    access=("switchport mode access", "switchport access vlan {vlan}", "switchport nonegotiate"),
)
EOS = Dialect(
    # Neither Port-Channel nor Vlan nor Management: they are no ports of renters.
    name=re.compile(r"Et(hernet)? ?\d+(/\d+){0,3}", re.IGNORECASE),
    # Access is the default and is not written; every other mode carries more than one VLAN.
    trunk=re.compile(r"^switchport mode (?!access$)|^switchport trunk ", re.IGNORECASE),
    routed=_ROUTED,
    # A phone or a server may be able to bridge; who does it has it enabled.
    network=re.compile(r"Enabled Capabilities\s*:.*\b(?:Bridge|Router)\b"),
    access=("switchport access vlan {vlan}",),
)


def guard(
    block: str, neighbours: Iterable[str], setting: PortSetting, dialect: Dialect = IOS
) -> Reason | None:
    """Why the port must not be touched; None where nothing stands against it."""
    name, lines = setting.interface, statements(block, setting.interface)
    if lines is None:
        return because(port_reasons.NO_PORT, port=name)
    against = (
        (not dialect.name.fullmatch(name), port_reasons.NAME),
        (setting.vlan not in setting.known_vlans, port_reasons.VLAN),
        (any(dialect.trunk.match(line) for line in lines), port_reasons.TRUNK),
        (any(dialect.routed.match(line) for line in lines), port_reasons.ROUTED),
        (any(dialect.network.search(told) for told in neighbours), port_reasons.NEIGHBOUR),
    )
    found = next((template for stands, template in against if stands), None)
    return because(found, port=name, vlan=setting.vlan) if found else None


def statements(block: str, interface: str) -> list[str] | None:
    """The lines inside the interface's block; None where there is no such block."""
    wanted = "".join(interface.lower().split())
    for statement in config_tree.parse(block, "cisco_ios").statements:
        head, _, name = statement.words.partition(" ")
        if head.lower() == "interface" and "".join(name.lower().split()) == wanted:
            return [child.words for child in statement.children]
    return None


def render(block: str, setting: PortSetting, dialect: Dialect = IOS) -> list[str]:
    """What is to be typed inside the interface; nothing where it is as it should be.

    A port is shut before it changes its VLAN and opened after.
    """
    lines = [line.lower() for line in statements(block, setting.interface) or []]
    is_shut = "shutdown" in lines
    wanted = [line.format(vlan=setting.vlan) for line in dialect.access]
    commands = [line for line in wanted if line not in lines]
    if not setting.is_on:
        return [*([] if is_shut else ["shutdown"]), *commands]
    if commands and not is_shut:
        commands.insert(0, "shutdown")
        is_shut = True
    return [*commands, *(["no shutdown"] if is_shut else [])]


def missing(block: str, setting: PortSetting, dialect: Dialect = IOS) -> list[str]:
    """What does not hold although it was typed; nothing where the port is as it should be."""
    return render(block, setting, dialect)


def undoing(before: str, after: str, interface: str) -> list[str]:
    """What is to be typed so that the block is again what it was."""
    old = statements(before, interface) or []
    new = statements(after, interface) or []
    taken = [_negated(line) for line in new if line not in old]
    given = [line for line in old if line not in new]
    if "shutdown" not in old and "shutdown" in new:
        taken = [line for line in taken if line != "no shutdown"]
        given.append("no shutdown")
    return [*taken, *given]


def _negated(line: str) -> str:
    return line.removeprefix("no ") if line.startswith("no ") else f"no {line}"


_OURS = re.compile(r"(no )?(shutdown|switchport access vlan \d+)")


def beyond(diff: str, setting: PortSetting) -> list[str]:
    """Lines of a unified diff (EOS `show session-config diffs`) that a port's setting never has."""
    wanted = "".join(f"interface {setting.interface}".lower().split())
    changed = [
        line[1:].strip()
        for line in diff.splitlines()
        if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
    ]
    return [
        line
        for line in changed
        if line not in ("", "!")
        and not _OURS.fullmatch(line)
        and "".join(line.lower().split()) != wanted
    ]
