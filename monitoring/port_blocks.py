"""The configuration of one switch port: may it be touched, what is to be typed, does it hold. Pure.

For Cisco IOS and IOS-XE. Only lines that a booking decides are touched: mode, VLAN, negotiation
and whether the port is shut; whatever else stands in the block is the operators'.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitoring import config_tree

PLATFORMS = frozenset({"cisco_ios", "cisco_xe"})
# What an interface may be called; anything else might be a command of its own.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9\-]{1,30} ?\d+(/\d+){0,3}(\.\d+)?")
TRUNK = re.compile(r"^switchport mode (trunk|dynamic)|^switchport trunk ", re.IGNORECASE)
ROUTED = re.compile(
    r"^(no switchport$|ip address |ipv6 address |channel-group |vrf )", re.IGNORECASE
)
# LLDP and CDP name bridges and routers with these letters.
NETWORK = re.compile(
    r"(?:Enabled|System) Capabilities:.*\b[BR]\b|Capabilities:.*\b(?:Switch|Router)\b"
)


@dataclass(frozen=True, slots=True)
class PortSetting:
    """What one port should be. `vlan` is where it stands, on or off; `known_vlans` may be used."""

    interface: str
    is_on: bool
    vlan: int
    known_vlans: frozenset[int]


def guard(block: str, neighbours: Iterable[str], setting: PortSetting) -> str | None:
    """Why the port must not be touched, as a sentence; None where nothing stands against it."""
    name, lines = setting.interface, statements(block, setting.interface)
    if lines is None:
        return f"the device has no interface {name}"
    against = (
        (not NAME.fullmatch(name), f"{name} is no name of an interface"),
        (
            setting.vlan not in setting.known_vlans,
            f"VLAN {setting.vlan} is neither one of the renters' nor the parking VLAN",
        ),
        (
            any(TRUNK.match(line) for line in lines),
            f"{name} is a trunk; only access ports are switched",
        ),
        (
            any(ROUTED.match(line) for line in lines),
            f"{name} is a routed port or part of a bundle",
        ),
        (
            any(NETWORK.search(told) for told in neighbours),
            f"a switch or router is connected to {name}",
        ),
    )
    return next((reason for stands, reason in against if stands), None)


def statements(block: str, interface: str) -> list[str] | None:
    """The lines inside the interface's block; None where there is no such block."""
    wanted = "".join(interface.lower().split())
    for statement in config_tree.parse(block, "cisco_ios").statements:
        head, _, name = statement.words.partition(" ")
        if head.lower() == "interface" and "".join(name.lower().split()) == wanted:
            return [child.words for child in statement.children]
    return None


def render(block: str, setting: PortSetting) -> list[str]:
    """What is to be typed inside the interface; nothing where it is as it should be.

    A port is shut before it changes its VLAN and opened after.
    """
    lines = [line.lower() for line in statements(block, setting.interface) or []]
    is_shut = "shutdown" in lines
    commands = []
    if "switchport mode access" not in lines:
        commands.append("switchport mode access")
    if f"switchport access vlan {setting.vlan}" not in lines:
        commands.append(f"switchport access vlan {setting.vlan}")
    if "switchport nonegotiate" not in lines:
        commands.append("switchport nonegotiate")
    if not setting.is_on:
        return [*([] if is_shut else ["shutdown"]), *commands]
    if commands and not is_shut:
        commands.insert(0, "shutdown")
        is_shut = True
    return [*commands, *(["no shutdown"] if is_shut else [])]


def missing(block: str, setting: PortSetting) -> list[str]:
    """What does not hold although it was typed; nothing where the port is as it should be."""
    return render(block, setting)


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
