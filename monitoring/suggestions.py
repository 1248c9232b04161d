"""What a device that was found is suggested as: name, kind, platform, vendor. Pure functions.

The device type that fits says it first (`role`, `platform`, `vendor` of `config/profiles`), then
the words of sysDescr, then the layers of sysServices. An operator looks at it before it is added.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar

from monitoring.models import DeviceRole, Platform
from monitoring.probes.profiles import Profile

Word = TypeVar("Word")

LONGEST_NAME = 80
# Words of sysDescr → what runs there; the first that fits.
PLATFORMS = (
    (r"NX-?OS|Nexus Operating System", Platform.CISCO_NXOS),
    (r"IOS[- ]XE", Platform.CISCO_XE),
    (r"Cisco (IOS|Internetwork)", Platform.CISCO_IOS),
    (r"Arista", Platform.ARISTA_EOS),
    (r"JUNOS|Juniper", Platform.JUNIPER_JUNOS),
    (r"RouterOS", Platform.MIKROTIK_ROUTEROS),
    (r"ProCurve|Aruba (JL|J9)", Platform.HP_PROCURVE),
    (r"\bLinux\b", Platform.LINUX),
)
# Words of sysDescr → what it is for; where nothing fits, the layers say it.
ROLES = (
    (r"encoder|\bHEVC\b|\bH\.26[45]\b", DeviceRole.ENCODER),
    (r"camera|\bPTZ\b", DeviceRole.CAMERA),
    (r"\bUPS\b|uninterruptible", DeviceRole.UPS),
    (r"router|\bISR\b|\bASR\b|\bMX\d|\bSRX", DeviceRole.ROUTER),
    (r"switch|catalyst|nexus", DeviceRole.SWITCH),
    (r"\bLinux\b|Windows|ESXi|server", DeviceRole.SERVER),
)
# RFC 3418: a layer L that a system serves counts 2^(L-1).
LAYER_2, LAYER_3, LAYER_7 = 2, 4, 64


@dataclass(frozen=True, slots=True)
class Told:
    """What a device says of itself."""

    address: str
    name: str | None = None
    description: str | None = None
    object_id: str | None = None
    services: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What it may be added as; `type` is the title of the device type that fits."""

    name: str
    role: DeviceRole
    platform: Platform
    vendor: str | None = None
    type: str | None = None


def suggest(told: Told, profiles: Iterable[Profile]) -> Suggestion:
    """What a device is best taken for."""
    words = told.description or ""
    fits = next((each for each in profiles if each.recognise.fits(told.object_id, words)), None)
    said_role, said_platform = _first(ROLES, words), _first(PLATFORMS, words)
    role = DeviceRole(fits.role) if fits is not None and fits.role else None
    if role is DeviceRole.SWITCH and said_role is DeviceRole.ROUTER:
        # A type may speak for switches and routers of one maker.
        role = said_role
    platform = Platform(fits.platform) if fits is not None and fits.platform else None
    if platform is Platform.CISCO_IOS and said_platform is not None:
        platform = said_platform
    return Suggestion(
        name_of(told),
        role or said_role or _by_layers(told.services),
        platform or said_platform or Platform.GENERIC,
        fits.vendor if fits is not None else None,
        fits.title if fits is not None else None,
    )


def name_of(told: Told) -> str:
    """Its own name without its domain, or its address where it has none."""
    name = (told.name or "").strip()
    if not _is_address(name):
        name = name.partition(".")[0].strip()
    return name[:LONGEST_NAME] or told.address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _first(words: Iterable[tuple[str, Word]], text: str) -> Word | None:
    return next((found for word, found in words if re.search(word, text, re.IGNORECASE)), None)


def _by_layers(services: int | None) -> DeviceRole:
    layers = services or 0
    if layers & LAYER_3 and layers & LAYER_7:
        return DeviceRole.ROUTER
    if layers & LAYER_2:
        return DeviceRole.SWITCH
    if layers & LAYER_3:
        return DeviceRole.ROUTER
    return DeviceRole.SERVER if layers & LAYER_7 else DeviceRole.OTHER
