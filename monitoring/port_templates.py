"""`config/switching/*.yml`: how ports of a platform without a driver are switched. Pure.

An operator adds a platform by writing such a file; `docs/guide/ports.md` shows how.
"""

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from config import documents
from monitoring import port_reasons
from monitoring.port_blocks import PortSetting
from monitoring.port_reasons import Reason, because

log = logging.getLogger(__name__)

FOLDER = documents.HOME / "switching"
# Whatever a file allows: nothing that could be a second word, or a command of its own.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9/.:_\-]{0,39}")

# Platforms of the inventory that netmiko knows and that have no driver.
Templated = Literal["cisco_nxos", "hp_procurve", "juniper_junos", "mikrotik_routeros"]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from wrong  # what pydantic wants
    return text


def _places(command: str) -> set[str]:
    """The places of a command; raises ValueError where they are more than plain names."""
    found = set()
    for _text, place, shape, conversion in Formatter().parse(command):
        if place is None:
            continue
        if shape or conversion or not re.fullmatch(r"[a-z]+", place):
            raise ValueError("a place is a plain name such as {port}")  # what pydantic wants
        found.add(place)
    return found


def _command(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("a command is one line of visible signs")  # what pydantic wants
    _places(text)
    return text


Pattern = Annotated[str, AfterValidator(_pattern), Field(min_length=1)]
Command = Annotated[str, AfterValidator(_command), Field(min_length=1, max_length=200)]
Commands = tuple[Command, ...]


class _Model(BaseModel):
    """Knows every key; takes no value for another."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _hold(key: str, commands: Commands, needed: set[str], known: set[str]) -> None:
    found = {place for command in commands for place in _places(command)}
    if found - known:
        wrong = ", ".join(sorted(found - known))
        raise ValueError(f"`{key}` does not know the places {wrong}")  # what pydantic wants
    if needed - found:
        lacks = ", ".join(sorted(needed - found))
        raise ValueError(f"`{key}` speaks of no {lacks}")  # what pydantic wants


class Showing(_Model):
    """What is asked: of the port itself, and of who is connected to it."""

    port: Commands = Field(min_length=1)
    neighbours: Commands = Field(min_length=1)

    @model_validator(mode="after")
    def _of_the_port(self) -> Self:
        _hold("port", self.port, {"port"}, {"port"})
        _hold("neighbours", self.neighbours, {"port"}, {"port"})
        return self


class Reading(_Model):
    """How the answers are read: regular expressions, `^` and `$` are those of a line."""

    # Where the answer names the port, as (?P<port>…).
    exists: Pattern
    # One of them: what is there of a port that is on, or of one that is off.
    is_on: Pattern | None = None
    is_off: Pattern | None = None
    # The VLAN without a tag, as (?P<vlan>…).
    vlan: Pattern
    trunk: Pattern
    routed: Pattern
    # How a neighbour is told that is a bridge or a router.
    network: Pattern
    # How the device complains of a command.
    complaint: Pattern

    @model_validator(mode="after")
    def _groups(self) -> Self:
        if (self.is_on is None) == (self.is_off is None):
            raise ValueError("give `is_on` or `is_off`")  # what pydantic wants
        for name, pattern in (("port", self.exists), ("vlan", self.vlan)):
            if name not in re.compile(pattern).groupindex:
                raise ValueError(f"a pattern lacks (?P<{name}>…)")  # what pydantic wants
        return self


class DeadMan(_Model):
    """How the platform takes a change back by itself unless it is confirmed."""

    # Typed behind the change, before configuration mode is left.
    arm: Command
    # Typed outside of configuration mode, once the port was read back.
    confirm: Commands = Field(min_length=1)
    # Before it was armed, in configuration mode: throw away what was typed.
    discard: Commands = Field(min_length=1)
    # After it was armed, outside of configuration mode: go back at once.
    undo: Commands = Field(min_length=1)

    @model_validator(mode="after")
    def _for_minutes(self) -> Self:
        _hold("arm", (self.arm,), {"minutes"}, {"minutes"})
        for key in ("confirm", "discard", "undo"):
            _hold(key, getattr(self, key), set(), set())
        return self


class Typing(_Model):
    """What is typed."""

    begin: Commands = ()
    shut: Commands = Field(min_length=1)
    place: Commands = Field(min_length=1)
    open: Commands = Field(min_length=1)
    end: Commands = ()
    dead_man: DeadMan | None = None
    save: Commands = ()

    @model_validator(mode="after")
    def _known_places(self) -> Self:
        _hold("place", self.place, {"port", "vlan"}, {"port", "vlan"})
        for key in ("shut", "open"):
            _hold(key, getattr(self, key), {"port"}, {"port"})
        for key in ("begin", "end", "save"):
            _hold(key, getattr(self, key), set(), set())
        return self


class PortTemplate(_Model):
    """One file of `config/switching`."""

    platform: Templated
    title: str = Field(min_length=1, max_length=80)
    source: str = Field(min_length=1)
    sample: bool = Field(default=False, strict=True)
    enabled: bool = Field(strict=True)
    # What a port may be called, from its first to its last sign.
    name: Pattern
    show: Showing
    read: Reading
    type: Typing

    def names(self, interface: str) -> bool:
        """Whether it is the name of a port that this platform's commands may hold."""
        return bool(NAME.fullmatch(interface) and re.fullmatch(self.name, interface))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a port stands."""

    is_on: bool
    vlan: int


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None


def complaint(template: PortTemplate, told: str) -> str | None:
    """The line with which the device complains, if it does."""
    found = re.search(template.read.complaint, told, re.MULTILINE)
    if found is None:
        return None
    start, end = told.rfind("\n", 0, found.start()) + 1, told.find("\n", found.end())
    return told[start : end if end >= 0 else None].strip()[:300]


def read(template: PortTemplate, told: str, interface: str) -> Standing | None:
    """How the port stands; None where its VLAN cannot be told, or it has more than one."""
    how = template.read
    vlans = {found["vlan"] for found in re.finditer(how.vlan, told, re.MULTILINE)}
    vlan = vlans.pop() if len(vlans) == 1 else ""
    if not _exists(template, told, interface) or not re.fullmatch(r"[0-9]{1,4}", vlan or ""):
        return None
    is_on = _found(how.is_on, told) if how.is_on else not _found(how.is_off or "", told)
    return Standing(is_on, int(vlan))


def _exists(template: PortTemplate, told: str, interface: str) -> bool:
    named = re.finditer(template.read.exists, told, re.MULTILINE)
    names = {(found["port"] or "").lower() for found in named}
    return names == {interface.lower()}


def guard(
    template: PortTemplate, told: str, neighbours: list[str], setting: PortSetting
) -> Reason | None:
    """Why the port must not be touched; None where nothing stands against it."""
    name, how = setting.interface, template.read
    against = (
        (not template.names(name), port_reasons.NAME),
        (not _exists(template, told, name), port_reasons.NO_PORT),
        (setting.vlan not in setting.known_vlans, port_reasons.VLAN),
        (_found(how.trunk, told), port_reasons.TRUNK),
        (_found(how.routed, told), port_reasons.ROUTED),
        (read(template, told, name) is None, port_reasons.UNREAD),
        (any(_found(how.network, one) for one in neighbours), port_reasons.NEIGHBOUR),
    )
    found = next((sentence for stands, sentence in against if stands), None)
    return because(found, port=name, vlan=setting.vlan) if found else None


def render(template: PortTemplate, now: Standing, wanted: Standing, interface: str) -> list[str]:
    """What is to be typed; nothing where the port is as it should be.

    A port is shut before it changes its VLAN and opened after.
    """
    typing, moves = template.type, now.vlan != wanted.vlan
    shuts = now.is_on and (moves or not wanted.is_on)
    opens = wanted.is_on and (shuts or not now.is_on)
    steps = ((shuts, typing.shut), (moves, typing.place), (opens, typing.open))
    return [
        command.format(port=interface, vlan=wanted.vlan)
        for is_needed, commands in steps
        if is_needed
        for command in commands
    ]


@lru_cache
def by_platform(folder: Path) -> dict[str, PortTemplate]:
    """The templates that are enabled, read once.

    A file with a mistake, and every file of a platform that has two, is left out and logged: its
    ports are refused, other platforms go on.
    """
    found: dict[str, PortTemplate] = {}
    doubles = set()
    for path in sorted(folder.glob("*.yml")):
        try:
            template = documents.read(path, PortTemplate)
        except documents.BadDocument as wrong:
            log.error("a template of ports is left out: %s", wrong.message)
            continue
        if template.enabled and template.platform in found:
            doubles.add(template.platform)
        elif template.enabled:
            found[template.platform] = template
    for platform in doubles:
        log.error("templates of ports are left out: %s has two that are enabled", platform)
    return {name: one for name, one in found.items() if name not in doubles}
