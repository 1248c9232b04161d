"""Which values of a device are judged, and by which thresholds of `config/health`. Pure.

The file is matched against a layout once; a poll then only compares numbers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config import documents
from monitoring.models import DeviceRole, Platform
from monitoring.probes.gauges import Gauge
from monitoring.probes.reading import (
    ADMIN,
    IN_ERRORS,
    IN_OCTETS,
    OPER,
    OUT_ERRORS,
    OUT_OCTETS,
    PORT_VALUES,
    Layout,
    Port,
)
from monitoring.probes.values import SENSOR_LIMIT, TICKS
from monitoring.thresholds import Damping, Level, Limits, Patience

FOLDER = documents.HOME / "health"
Values = Sequence[float | None]


class Subject(StrEnum):
    """What of a device a threshold judges."""

    SENSOR = "sensor"
    PROCESSOR = "processor"
    STORAGE = "storage"
    INTERFACE_DOWN = "interface_down"
    INTERFACE_USE = "interface_use"
    INTERFACE_ERRORS = "interface_errors"


class Threshold(BaseModel):
    """One entry: which values it fits, and from where on they are a problem.

    Percent for processors, storage and the use of an interface; packets a second for errors; 1 for
    an interface that is enabled and down; a sensor's own unit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: Subject
    roles: tuple[DeviceRole, ...] = ()
    platforms: tuple[Platform, ...] = ()
    # Of a sensor: temperature, voltage, charge …
    kinds: tuple[str, ...] = ()
    name: str | None = None
    # Of an interface: what its administrator wrote there.
    alias: str | None = None
    limits: Limits
    patience: Patience = Patience()
    source: str = Field(min_length=1)

    @field_validator("name", "alias")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as wrong:
                raise ValueError(f"not a regular expression: {wrong}") from wrong
        return pattern

    @model_validator(mode="after")
    def _about_what_it_fits(self) -> Self:
        if self.kinds and self.of is not Subject.SENSOR:
            raise ValueError("only sensors have `kinds`")
        if self.alias and not self.of.startswith("interface"):
            raise ValueError("only interfaces have an `alias`")
        return self

    def fits(self, name: str | None, *, kind: str = "", alias: str | None = None) -> bool:
        """Whether it judges the thing of this name."""
        return (
            (not self.kinds or kind in self.kinds)
            and (self.name is None or re.search(self.name, name or "") is not None)
            and (self.alias is None or re.search(self.alias, alias or "") is not None)
        )


class DampingTerms(BaseModel):
    """From when on a value that comes and goes is told once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openings: int = Field(default=4, ge=2, le=20)
    within_minutes: int = Field(default=60, ge=1, le=1440)
    calm_minutes: int = Field(default=30, ge=1, le=1440)

    @property
    def damping(self) -> Damping:
        """The same as spans."""
        return Damping(
            self.openings,
            timedelta(minutes=self.within_minutes),
            timedelta(minutes=self.calm_minutes),
        )


class ThresholdFile(BaseModel):
    """A file of `config/health`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thresholds: tuple[Threshold, ...]
    damping: DampingTerms = DampingTerms()


@lru_cache
def shipped(folder: Path = FOLDER) -> ThresholdFile:
    """All files of the folder as one, in name order; the last one's damping holds."""
    files = documents.read_folder(folder, ThresholdFile)
    return ThresholdFile(
        thresholds=tuple(one for file in files for one in file.thresholds),
        damping=files[-1].damping if files else DampingTerms(),
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """One value that is judged: where it stands in a reading, and by what.

    The value is `values[at]`, times `factor`; a share of `values[over]` in percent; or a change a
    second of `values[at]` (and `values[over]`, the greater or both) since the reading before.
    """

    kind: Subject
    subject: str
    limits: Limits
    patience: Patience
    at: int
    over: int | None = None
    factor: float = 1.0
    # Of a state: how bad each of its numbers is. Of a number: what means "unknown".
    states: tuple[tuple[int, float], ...] = ()
    nothing: tuple[int, ...] = ()

    def value(self, values: Values, before: Values | None, seconds: float) -> float | None:
        """The value of this reading in the unit of the limits; None where it was not told."""
        told = values[self.at]
        if told is None or told in self.nothing:
            return None
        if self.states:
            return dict(self.states).get(int(told))
        if self.kind in (Subject.SENSOR, Subject.PROCESSOR):
            return None if abs(told) >= SENSOR_LIMIT else told * self.factor
        other = None if self.over is None else values[self.over]
        if self.kind is Subject.STORAGE:
            # Past 2³¹ units some agents send a negative number.
            used, size = (n + TICKS if n and n < 0 else n for n in (told, other))
            return (used or 0) * 100 / size if size else None
        if self.kind is Subject.INTERFACE_DOWN:
            return float(other == 1 and told == 2)  # IF-MIB: up, down
        return self._rate(told, other, before, seconds)

    def _rate(
        self, told: float, other: float | None, before: Values | None, seconds: float
    ) -> float | None:
        if before is None or seconds <= 0:
            return None
        was, other_was = before[self.at], None if self.over is None else before[self.over]
        rises = [
            new - old
            for new, old in ((told, was), (other, other_was))
            if new is not None and old is not None and new >= old
        ]
        if not rises:
            return None
        rise = max(rises) if self.kind is Subject.INTERFACE_USE else sum(rises)
        return rise * self.factor / seconds


def watches(
    layout: Layout, role: DeviceRole, platform: Platform, file: ThresholdFile
) -> tuple[Watch, ...]:
    """What of a device of this layout is judged; the first entry that fits a value judges it."""
    entries = [
        one
        for one in file.thresholds
        if (not one.roles or role in one.roles) and (not one.platforms or platform in one.platforms)
    ]
    found: dict[tuple[Subject, str], Watch] = {}
    for watch in (*_ports(layout, entries), *_rest(layout, entries)):
        count, subject = 1, watch.subject
        while (watch.kind, subject) in found:
            count += 1
            subject = f"{watch.subject} #{count}"
        found[watch.kind, subject] = replace(watch, subject=subject)
    return tuple(found.values())


def _ports(layout: Layout, entries: Sequence[Threshold]) -> Iterator[Watch]:
    for place, port in enumerate(layout.ports):
        start = place * PORT_VALUES
        subject = _named(port.name, f"ifIndex {port.index}")
        places = {
            Subject.INTERFACE_DOWN: (start + OPER, start + ADMIN, 1.0),
            Subject.INTERFACE_ERRORS: (start + IN_ERRORS, start + OUT_ERRORS, 1.0),
        }
        if port.speed_bps:
            use = 800 / port.speed_bps
            places[Subject.INTERFACE_USE] = (start + IN_OCTETS, start + OUT_OCTETS, use)
        for kind, (at, over, factor) in places.items():
            entry = _entry_for_port(entries, kind, port)
            if entry is not None:
                yield Watch(kind, subject, entry.limits, entry.patience, at, over, factor)


def _entry_for_port(entries: Sequence[Threshold], kind: Subject, port: Port) -> Threshold | None:
    fitting = (e for e in entries if e.of is kind and e.fits(port.name, alias=port.alias))
    return next(fitting, None)


def _rest(layout: Layout, entries: Sequence[Threshold]) -> Iterator[Watch]:
    at = len(layout.ports) * PORT_VALUES

    def entry(kind: Subject, name: str | None, of: str = "") -> Threshold | None:
        return next((e for e in entries if e.of is kind and e.fits(name, kind=of)), None)

    for core in layout.cores:
        if found := entry(Subject.PROCESSOR, core.name):
            subject = f"{_named(core.name, 'processor')} {core.index}"
            yield Watch(Subject.PROCESSOR, subject, found.limits, found.patience, at)
        at += 1
    for store in layout.stores:
        # Size stands first, use behind it.
        if found := entry(Subject.STORAGE, store.name):
            subject = _named(store.name, f"storage {store.index}")
            yield Watch(Subject.STORAGE, subject, found.limits, found.patience, at + 1, at)
        at += 2
    for gauge in layout.gauges:
        if watch := _sensor(gauge, at, entry(Subject.SENSOR, gauge.name, gauge.kind)):
            yield watch
        at += 1


# How bad a state is, as a number that limits can judge.
BADNESS = {Level.WELL: 0.0, Level.WARNING: 1.0, Level.CRITICAL: 2.0}
STATE_LIMITS = Limits(warning=BADNESS[Level.WARNING], critical=BADNESS[Level.CRITICAL])


def _sensor(gauge: Gauge, at: int, entry: Threshold | None) -> Watch | None:
    """What its profile says of a sensor goes before what `config/health` says of its kind."""
    if not gauge.is_available:
        return None
    subject = _named(gauge.name, gauge.oid)
    patience = entry.patience if entry else Patience()
    if gauge.states:
        judged = {s.value: BADNESS[s.level] for s in gauge.states if s.level in BADNESS}
        watch = Watch(Subject.SENSOR, subject, STATE_LIMITS, patience, at)
        return replace(watch, states=tuple(sorted(judged.items()))) if judged else None
    limits = gauge.limits or (entry.limits if entry else None)
    if limits is None:
        return None
    watch = Watch(Subject.SENSOR, subject, limits, patience, at, None, gauge.factor)
    return replace(watch, nothing=gauge.nothing)


def _named(name: str | None, otherwise: str) -> str:
    return (name or otherwise)[:190]
