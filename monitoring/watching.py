"""Judges what devices told: opens, refreshes and clears their problems. Part of the one writer.

All devices of a cycle are judged in memory; only what is not well is read, written or loaded.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from math import isnan
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config.database import db
from monitoring import problems, rates
from monitoring.arrays import among
from monitoring.models import Device, DeviceRole, Platform, Problem, WatchState
from monitoring.probes.reading import Reading
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from monitoring.suspects import Suspicion
from monitoring.thresholds import Level, decide
from monitoring.watches import ThresholdFile, Values, Watch, shipped, watches

SEVERITIES = {Level.WARNING: Severity.MEDIUM, Level.CRITICAL: Severity.HIGH}
NAN = float("nan")
Numbers = Sequence[float]


@dataclass(frozen=True, slots=True)
class Told:
    """What a device told, and what is needed of the device to judge it."""

    device_id: int
    role: DeviceRole
    platform: Platform
    reading: Reading


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the judgement of one value stands."""

    level: Level = Level.WELL
    recent: tuple[Level, ...] = ()
    openings: tuple[datetime, ...] = ()
    is_flapping: bool = False

    @property
    def shown(self) -> Level:
        """The level of the problem: what flaps is not over while it is well for a moment."""
        return max(self.level, Level.WARNING) if self.is_flapping else self.level

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to remember."""
        return (
            not self.level and not self.is_flapping and not any(self.recent) and (not self.openings)
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one poll made of one value."""

    told: Told
    watch: Watch
    value: float
    before: Standing
    after: Standing


# Layouts never change under their digest, so what was found once stays true.
_known: dict[tuple[str, DeviceRole, Platform], Suspicion] = {}
KNOWN_LIMIT = 20_000


@dataclass(slots=True)
class Memory:
    """The last readings, for changes a second. A worker that begins anew waits for two."""

    limit: int = 20_000
    _known: OrderedDict[int, tuple[str, datetime, float | None, Numbers]] = field(
        default_factory=OrderedDict
    )

    def swap(self, told: Told) -> tuple[Numbers, Numbers | None, float]:
        """The values now, those before and the seconds between; remembers the new ones."""
        reading = told.reading
        digest, now = reading.layout.digest, numbers(reading.values)
        before = self._known.pop(told.device_id, None)
        self._known[told.device_id] = (digest, reading.at, reading.uptime_seconds, now)
        while len(self._known) > self.limit:
            self._known.popitem(last=False)
        if before is None or before[0] != digest:
            return now, None, 0.0
        seconds = rates.elapsed(
            rates.Count(before[1], before[2], None, None),
            rates.Count(reading.at, reading.uptime_seconds, None, None),
        )
        return (now, None, 0.0) if seconds is None else (now, before[3], seconds)


def numbers(values: Values) -> Numbers:
    """The values as plain doubles; what was not told is NaN."""
    try:
        return array("d", cast("Sequence[float]", values))
    except TypeError:
        return array("d", (NAN if value is None else value for value in values))


_memory = Memory()


def judge(told: Sequence[Told], *, memory: Memory | None = None) -> list[Verdict]:
    """Judge these readings and write what follows; the verdicts that changed something.

    The caller holds the devices' locks and commits.
    """
    if not told:
        return []
    file = shipped()
    standing = _standing([each.device_id for each in told])
    verdicts = [
        verdict
        for each in told
        for verdict in _judged(each, file, standing.get(each.device_id, {}), memory or _memory)
    ]
    _keep(verdicts)
    _gone(told, file, standing)
    changed = [v for v in verdicts if v.after.shown or v.before.shown]
    _tell(changed)
    return changed


def _judged(
    told: Told, file: ThresholdFile, standing: Mapping[tuple[str, str], Standing], memory: Memory
) -> Iterator[Verdict]:
    now, was, seconds = memory.swap(told)
    suspicion = _of(told, file)
    # What stands is followed until it is forgotten, also while it is well.
    suspects = suspicion.watches if standing else suspicion.found(now, was, seconds)
    if not suspects:
        return
    before = None if was is None else [None if isnan(value) else value for value in was]
    for watch in suspects:
        value = watch.value(told.reading.values, before, seconds)
        if value is None:
            continue
        mark = watch.limits.level(value)
        state = standing.get((watch.kind, watch.subject))
        if state is None:
            if not mark:
                continue
            state = Standing()
        yield Verdict(told, watch, value, state, _after(state, mark, watch, file, told.reading.at))


def _of(told: Told, file: ThresholdFile) -> Suspicion:
    layout = told.reading.layout
    key = (layout.digest, told.role, told.platform)
    if key not in _known:
        if len(_known) >= KNOWN_LIMIT:
            _known.clear()
        _known[key] = _suspicion(watches(layout, told.role, told.platform, file))
    return _known[key]


@lru_cache(maxsize=1024)
def _suspicion(watched: tuple[Watch, ...]) -> Suspicion:
    """Devices of one kind are watched alike, whatever is written at their interfaces."""
    return Suspicion.of(watched)


def _after(was: Standing, mark: Level, watch: Watch, file: ThresholdFile, at: datetime) -> Standing:
    recent = (*was.recent, mark)[-watch.patience.memory :]
    level = decide(was.level, recent, watch.patience)
    damping = file.damping.damping
    openings = tuple(damping.remembered(was.openings, at))
    if level and not was.level:
        openings = (*openings, at)
    flaps = damping.flaps(openings, at, flapped=was.is_flapping)
    return Standing(level, recent, openings, flaps)


def _standing(device_ids: Sequence[int]) -> dict[int, dict[tuple[str, str], Standing]]:
    found: dict[int, dict[tuple[str, str], Standing]] = {}
    query = sa.select(WatchState).where(among(WatchState.device_id, device_ids))
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        found.setdefault(row.device_id, {})[row.kind, row.subject] = Standing(
            Level(row.level),
            tuple(Level(mark) for mark in row.recent),
            tuple(row.openings),
            row.is_flapping,
        )
        db.session.expunge(row)
    return found


def _keep(verdicts: Iterable[Verdict]) -> None:
    kept, quiet = [], []
    for each in verdicts:
        key = (each.told.device_id, each.watch.kind.value, each.watch.subject)
        if each.after.is_quiet:
            quiet.append(key)
        elif each.after != each.before:
            kept.append((key, each.after))
    _forget(quiet)
    if kept:
        statement = insert(WatchState)
        db.session.execute(
            statement.on_conflict_do_update(
                index_elements=["device_id", "kind", "subject"],
                set_={
                    name: statement.excluded[name]
                    for name in ("level", "recent", "openings", "is_flapping")
                },
            ),
            [
                {
                    "device_id": device_id,
                    "kind": kind,
                    "subject": subject,
                    "level": int(after.level),
                    "recent": list(map(int, after.recent)),
                    "openings": list(after.openings),
                    "is_flapping": after.is_flapping,
                }
                for (device_id, kind, subject), after in kept
            ],
        )


def _forget(keys: Sequence[tuple[int, str, str]]) -> None:
    if keys:
        mine = sa.tuple_(WatchState.device_id, WatchState.kind, WatchState.subject)
        db.session.execute(sa.delete(WatchState).where(mine.in_(keys)))


def _gone(
    told: Sequence[Told],
    file: ThresholdFile,
    standing: Mapping[int, Mapping[tuple[str, str], Standing]],
) -> None:
    """What a device no longer has, or nobody judges any more, is no problem any more."""
    for each in told:
        known = standing.get(each.device_id)
        if not known:
            continue
        judged = {(watch.kind, watch.subject) for watch in _of(each, file).watches}
        gone = [key for key in known if key not in judged]
        _forget([(each.device_id, *key) for key in gone])
        for key in gone:
            problem = _open_problem(each.device_id, key)
            if problem is not None:
                problems.clear(problem, at=each.reading.at)


def _tell(changed: Sequence[Verdict]) -> None:
    for each in sorted(changed, key=lambda one: one.told.device_id):
        level, at = each.after.shown, each.told.reading.at
        if level:
            device = db.session.get_one(Device, each.told.device_id)
            problems.open_(device, _problem(each, level), at=at)
            continue
        problem = _open_problem(each.told.device_id, (each.watch.kind, each.watch.subject))
        if problem is not None:
            problems.clear(problem, at=at)


def _problem(verdict: Verdict, level: Level) -> NewProblem:
    watch = verdict.watch
    new = NewProblem(
        watch.kind.value,
        watch.subject,
        SEVERITIES[level],
        value=verdict.value,
        threshold=watch.limits.passed(level),
        evidence={"direction": watch.limits.direction},
    )
    if verdict.after.is_flapping:
        openings = [at.isoformat() for at in verdict.after.openings]
        return replace(new, evidence={**new.evidence, "flapping": openings})
    return new


def _open_problem(device_id: int, key: tuple[str, str]) -> Problem | None:
    return db.session.scalar(
        sa.select(Problem).where(
            Problem.device_id == device_id,
            Problem.kind == key[0],
            Problem.subject == key[1],
            Problem.cleared_at.is_(None),
        )
    )
