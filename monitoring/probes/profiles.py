"""`config/profiles/*.yml`: how a kind of device is recognised, and what more it is asked for.

An operator adds a device type by writing such a file; `docs/guide/device-types.md` shows how.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from config import documents
from monitoring.probes.gauges import State
from monitoring.thresholds import Level, Limits

log = logging.getLogger(__name__)

FOLDER = documents.HOME / "profiles"
# What changes nothing of what devices are asked.
SUGGESTED = {"role", "platform", "vendor"}
PLACES = frozenset({"name", "index", "1", "2", "3", "4"})

Kind = Literal[
    "processor", "temperature", "humidity", "voltage", "current", "power", "energy", "frequency",
    "fan", "airflow", "load", "charge", "duration", "memory", "storage", "state", "count",
    "signal", "bitrate", "other",
]  # fmt: skip
# What a device of this type is suggested as when it is found: the words of the inventory.
Role = Literal["encoder", "switch", "router", "ups", "camera", "server", "other"]
System = Literal[
    "cisco_ios", "cisco_xe", "cisco_nxos", "arista_eos", "juniper_junos", "mikrotik_routeros",
    "hp_procurve", "linux", "generic",
]  # fmt: skip
Unit = Literal[
    "celsius", "percent", "volts", "amperes", "watts", "volt amperes", "kilowatt hours", "hertz",
    "rpm", "cubic metres per minute", "seconds", "minutes", "days", "bytes", "bits per second",
    "dBm", "decibels", "pages", "sessions", "packets",
]  # fmt: skip


class _Model(BaseModel):
    """Knows every key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _oid(text: str) -> str:
    if re.fullmatch(r"1\.(?:\d{1,10}\.)+\d{1,10}", text) is None:
        raise ValueError(f"{text!r} is no OID in numbers, such as 1.3.6.1.2.1.1.1.0")
    if any(int(part) >= 2**32 for part in text.split(".")):
        raise ValueError("a part of an OID is below 4294967296")
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"not a regular expression: {wrong}") from wrong
    return text


def _template(text: str) -> str:
    try:
        places = {place for _, place, _, _ in Formatter().parse(text) if place is not None}
    except ValueError as wrong:
        raise ValueError(f"the braces do not pair: {wrong}") from wrong
    if places - PLACES:
        raise ValueError(f"knows the places {{{'}, {'.join(sorted(PLACES))}}} only")
    return text


Oid = Annotated[str, AfterValidator(_oid)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Template = Annotated[str, AfterValidator(_template), Field(min_length=1, max_length=120)]
Word = Annotated[str, Field(min_length=1, max_length=60)]


class States(_Model):
    """What the numbers of a state mean, and which of them are well."""

    well: dict[int, Word] = {}
    warning: dict[int, Word] = {}
    critical: dict[int, Word] = {}
    # Told and never judged.
    unjudged: dict[int, Word] = {}

    @model_validator(mode="after")
    def _once(self) -> Self:
        numbers = [state.value for state in self.all()]
        if not numbers:
            raise ValueError("name at least one state")
        if len(set(numbers)) < len(numbers):
            raise ValueError("a number is one state, not two")
        return self

    def all(self) -> tuple[State, ...]:
        """Every state, by its number."""
        groups: tuple[tuple[dict[int, str], Level | None], ...] = (
            (self.well, Level.WELL),
            (self.warning, Level.WARNING),
            (self.critical, Level.CRITICAL),
            (self.unjudged, None),
        )
        found = [State(n, word, level) for group, level in groups for n, word in group.items()]
        return tuple(sorted(found, key=lambda state: state.value))


class _Measure(_Model):
    """What a number is: kind, unit, scale, states, thresholds."""

    oid: Oid
    name: Template
    kind: Kind
    unit: Unit | None = None
    exponent: int = Field(default=0, ge=-12, le=12)
    multiplier: float = Field(default=1.0, gt=0, le=1e12)
    # The value is told in percent of what stands at these OIDs together.
    share_of: tuple[Oid, ...] = ()
    nothing: tuple[int, ...] = ()
    states: States | None = None
    limits: Limits | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.kind == "state") != (self.states is not None):
            raise ValueError("a `state`, and nothing else, has `states`")
        if self.states is not None and (self.unit or self.limits or self.share_of):
            raise ValueError("a state has no unit, no limits and no share")
        if self.share_of and self.unit != "percent":
            raise ValueError("a share is told in percent")
        if self.kind == "processor" and (self.unit != "percent" or self.limits is not None):
            raise ValueError("a processor is told in percent, and judged by config/health")
        if self.kind == "processor" and (self.exponent or self.multiplier != 1 or self.share_of):
            raise ValueError("the load of a processor is told in whole percent")
        return self


class Scalar(_Measure):
    """One value at one OID."""

    @model_validator(mode="after")
    def _no_row(self) -> Self:
        if "{" in self.name:
            raise ValueError("one value stands in no row: its name has no places")
        return self


class Column(_Measure):
    """A column of a table: one value a row."""

    # A column that says how many decimal digits each row's number has.
    decimals: Oid | None = None


class Rows(_Model):
    """Which rows of a table count."""

    index: Pattern | None = None
    column: Oid | None = None
    among: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.column is None) != (not self.among):
            raise ValueError("`column` and `among` stand together")
        return self


class Table(_Model):
    """Columns that share their rows, and where the names of the rows stand."""

    # The first of these columns that tells something is {name}.
    names: tuple[Oid, ...] = ()
    # A column whose number is the row of `names`, such as an entPhysicalIndex.
    names_by: Oid | None = None
    # How many parts of the index name a row of `names`; without it, all.
    names_parts: int | None = Field(default=None, ge=1, le=8)
    rows: Rows | None = None
    columns: tuple[Column, ...] = Field(min_length=1)


class Recognition(_Model):
    """How a device of this kind is known: one of these fits."""

    # sysObjectID is this or below it.
    object_ids: tuple[Oid, ...] = ()
    # sysDescr has these words (regular expressions).
    descriptions: tuple[Pattern, ...] = ()
    # The device tells something at one of these OIDs, or right below it.
    answers: tuple[Oid, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.object_ids or self.descriptions or self.answers):
            raise ValueError("give `object_ids`, `descriptions` or `answers`")
        return self

    def fits(self, object_id: str | None, description: str | None) -> bool:
        """Whether a device that introduces itself so is of this kind."""
        own = f"{(object_id or '').lstrip('.')}."
        return any(own.startswith(f"{prefix}.") for prefix in self.object_ids) or any(
            re.search(pattern, description or "") for pattern in self.descriptions
        )


class Profile(_Model):
    """A file of `config/profiles`."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
    title: str = Field(min_length=1, max_length=80)
    recognise: Recognition
    # What is suggested to who adds such a device.
    role: Role | None = None
    platform: System | None = None
    vendor: str | None = Field(default=None, min_length=1, max_length=80)
    # Profiles whose sensors of the same name this one tells better.
    replaces: tuple[str, ...] = ()
    # Tables in the shape of ENTITY-SENSOR-MIB (RFC 3433): the OID of their row.
    entity_sensors: tuple[Oid, ...] = ()
    scalars: tuple[Scalar, ...] = ()
    tables: tuple[Table, ...] = ()
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.scalars or self.tables or self.entity_sensors):
            raise ValueError("give `scalars`, `tables` or `entity_sensors`")
        asked = list(self.oids())
        if len(set(asked)) < len(asked):
            twice = sorted({oid for oid in asked if asked.count(oid) > 1})
            raise ValueError(f"asks twice for {', '.join(twice)}")
        return self

    def oids(self) -> Iterator[str]:
        """Every value it asks for; tables whose rows are chosen may share a column."""
        yield from (scalar.oid for scalar in self.scalars)
        seen: set[tuple[str, Rows | None]] = set()
        for table in self.tables:
            for column in table.columns:
                key = (column.oid, table.rows)
                if table.rows is None or key in seen:
                    yield column.oid
                seen.add(key)


class Shelf:
    """All profiles of a folder, a name for their edition, and what is wrong with the others.

    A file with a mistake is left out and named: it stops neither polling nor the other files.
    """

    def __init__(self, folder: Path) -> None:
        """Read them."""
        found: dict[str, Profile] = {}
        faults: list[str] = []
        for path in sorted(folder.glob("*.yml")):
            try:
                profile = documents.read(path, Profile)
            except documents.BadDocument as wrong:
                faults.append(wrong.message)
                continue
            if profile.name == path.stem:
                found[profile.name] = profile
            else:
                faults.append(f"{path}, line 1, name: the file of this profile is named "
                              f"{profile.name}.yml")  # fmt: skip
        for profile in found.values():
            faults += [
                f"{folder / profile.name}.yml, replaces: there is no profile {name}"
                for name in profile.replaces
                if name not in found
            ]
        self.profiles = tuple(found.values())
        self.faults = tuple(faults)
        text = "\0".join(profile.model_dump_json(exclude=SUGGESTED) for profile in self.profiles)
        self.edition = hashlib.sha256(text.encode()).hexdigest()[:12]


@lru_cache
def shelf(folder: Path = FOLDER) -> Shelf:
    """The profiles of the folder, read once."""
    found = Shelf(folder)
    for fault in found.faults:
        log.error("a profile is left out: %s", fault)
    return found
