"""The one writer of polls: readings by COPY, devices in one statement, outages one by one.

What is ordinary is done for all devices at once; only a device whose state changed is loaded.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import discovery, fragments, outages, readings, states, watching
from monitoring.arrays import among, array
from monitoring.exposition import Facts
from monitoring.health import Judgement, Poll, Thresholds, Verdict, judge, pause
from monitoring.models import Device, DeviceRole, DeviceStatus, Platform
from monitoring.probes.outcomes import FailureKind, Outcome
from monitoring.probes.reading import OPER, PORT_VALUES, Reading
from rental.models import Site


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written."""

    readings: int
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class _Before:
    """The device's state before this poll."""

    status: DeviceStatus
    misses: int
    recent: list[Any]
    last_poll_at: datetime | None
    ports_state: int | None
    role: DeviceRole
    platform: Platform
    name: str
    site: str
    address: str
    last_answer_at: datetime | None
    uptime_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """One outcome and what it means for its device."""

    outcome: Outcome
    before: _Before
    judgement: Judgement
    misses: int
    status: DeviceStatus
    # The last poll before a silence of ours that was too long to know what happened meanwhile.
    unknown_from: datetime | None = None

    @property
    def device_id(self) -> int:
        """Whose outcome it is."""
        return self.outcome.target.device_id

    def facts(self) -> Facts:
        """The device as it is now."""
        outcome, before = self.outcome, self.before
        reading = outcome.reading
        uptime = before.uptime_seconds if reading is None else reading.uptime_seconds
        return Facts(
            name=before.name,
            site=before.site,
            role=before.role,
            platform=before.platform,
            address=before.address,
            status=self.status,
            last_poll_at=outcome.at,
            last_answer_at=before.last_answer_at if reading is None else outcome.at,
            misses=self.misses,
            poll_seconds=outcome.seconds,
            uptime_seconds=before.uptime_seconds if uptime is None else uptime,
        )


def record(outcomes: Iterable[Outcome], interval: timedelta, thresholds: Thresholds) -> Recorded:
    """Write what came of a poll. An outcome older than what is recorded is left out."""
    by_device = {outcome.target.device_id: outcome for outcome in outcomes}
    before = _lock(by_device)
    judged = [
        _judged(outcome, before[device_id], interval, thresholds)
        for device_id, outcome in sorted(by_device.items())
        if device_id in before and _is_news(outcome, before[device_id])
    ]
    if not judged:
        return Recorded(0, 0, 0)
    layout_ids = _layout_ids([j.outcome for j in judged])
    answered = [(j.outcome, layout_ids[j.device_id]) for j in judged if j.outcome.reading]
    kept = readings.store(answered)
    _update(judged, layout_ids, interval, thresholds)
    states.turn([change for change in map(_change, judged) if change is not None])
    _learn([j.outcome for j in judged])
    fragments.keep([fragments.Told(j.device_id, j.facts(), j.outcome.reading) for j in judged])
    # The rows changed behind the session's back.
    db.session.expire_all()
    watching.judge(
        [
            watching.Told(j.device_id, j.before.role, j.before.platform, j.outcome.reading)
            for j in judged
            if j.outcome.reading
        ]
    )
    closed = [j for j in judged if j.judgement.verdict is Verdict.CLEARED]
    opened = [j for j in judged if j.judgement.verdict is Verdict.FIRED]
    _close(closed)
    _open(opened)
    still_down = [j.device_id for j in judged if j.misses and j.before.status is DeviceStatus.DOWN]
    if still_down:
        outages.reassign(still_down)
    return Recorded(kept, len(opened), len(closed))


def _lock(device_ids: Iterable[int]) -> dict[int, _Before]:
    """The devices' states, locked in id order until the transaction ends."""
    rows = db.session.execute(
        sa.select(
            Device.id,
            Device.status,
            Device.misses,
            Device.recent,
            Device.last_poll_at,
            Device.ports_state,
            Device.role,
            Device.platform,
            Device.name,
            Site.slug,
            Device.address,
            Device.last_answer_at,
            Device.uptime_seconds,
        )
        .join(Site, Site.id == Device.site_id)
        .where(among(Device.id, device_ids), Device.is_enabled)
        .order_by(Device.id)
        .with_for_update(of=Device)
    )
    return {row[0]: _Before(*row[1:]) for row in rows}


def _layout_ids(outcomes: Sequence[Outcome]) -> dict[int, int]:
    """The rows of the layouts by device; only what was found anew is looked up or added."""
    found, unsure = {}, {}
    for outcome in outcomes:
        reading, target = outcome.reading, outcome.target
        if reading is None:
            continue
        if target.layout_id is not None and reading.layout is target.layout:
            found[target.device_id] = target.layout_id
        else:
            unsure[target.device_id] = reading.layout
    ids = discovery.keep(unsure.values())
    return found | {device_id: ids[layout.digest] for device_id, layout in unsure.items()}


def _is_news(outcome: Outcome, before: _Before) -> bool:
    """Whether it is newer than what is recorded, or the clock was set back since that was."""
    last = before.last_poll_at
    return last is None or outcome.at > last or last > clock.now()


def _judged(
    outcome: Outcome, before: _Before, interval: timedelta, thresholds: Thresholds
) -> _Judged:
    is_down = before.status is DeviceStatus.DOWN
    polls = [Poll(datetime.fromtimestamp(at, UTC), bool(lost)) for at, lost in before.recent]
    # What lies ahead was written before the clock was set back: no outage begins tomorrow.
    polls = [poll for poll in polls if poll.at < outcome.at]
    if outcome.failure is not None and outcome.failure.kind is FailureKind.INTERNAL:
        # A fault of ours says nothing about the device.
        steady = Judgement(Verdict.STEADY, None, tuple(polls))
        return _Judged(outcome, before, steady, before.misses, before.status)
    due_after = pause(interval, before.misses, thresholds.fire.count)
    unknown_from = states.unasked_since(before.last_poll_at, outcome.at, due_after)
    if unknown_from is not None:
        # Polls of yesterday say nothing about today.
        polls.clear()
    is_lost = outcome.reading is None
    polls.append(Poll(outcome.at, is_lost))
    judgement = judge(polls, is_down=is_down, thresholds=thresholds)
    misses = before.misses + 1 if is_lost else 0
    status = _status(outcome, before, judgement)
    return _Judged(outcome, before, judgement, misses, status, unknown_from)


def _change(each: _Judged) -> states.Change | None:
    """What the device's history gains by this poll, if anything."""
    is_first = each.before.last_poll_at is None
    if each.status is each.before.status and each.unknown_from is None and not is_first:
        return None
    since = each.judgement.since or each.outcome.at
    return states.Change(each.device_id, each.status, since, each.unknown_from)


def _status(outcome: Outcome, before: _Before, judgement: Judgement) -> DeviceStatus:
    if judgement.verdict is Verdict.FIRED:
        return DeviceStatus.DOWN
    if before.status is DeviceStatus.DOWN and judgement.verdict is Verdict.STEADY:
        return DeviceStatus.DOWN
    reading = outcome.reading
    if reading is None:
        never = before.status is DeviceStatus.UNKNOWN
        return DeviceStatus.UNKNOWN if never else DeviceStatus.DEGRADED
    is_partial = any(problem.startswith("partial:") for problem in reading.problems)
    return DeviceStatus.DEGRADED if is_partial else DeviceStatus.UP


UPDATE = sa.text(
    """
    UPDATE device SET
        status = new.status, misses = new.misses, recent = CAST(new.recent AS jsonb),
        last_poll_at = new.at, next_poll_at = new.next_at, poll_seconds = new.seconds,
        failure = new.failure,
        last_answer_at = CASE WHEN new.failure IS NULL THEN new.at ELSE last_answer_at END,
        problems = CASE WHEN new.failure IS NULL
                        THEN CAST(new.problems AS jsonb) ELSE device.problems END,
        uptime_seconds = COALESCE(new.uptime, uptime_seconds),
        layout_id = COALESCE(new.layout, layout_id),
        ports_state = COALESCE(new.ports, device.ports_state),
        discovered_at = CASE WHEN new.discovered = 1 THEN new.at
                             WHEN new.discovered = -1 THEN NULL ELSE discovered_at END
    FROM unnest(
        CAST(:id AS int[]), CAST(:status AS text[]), CAST(:misses AS int[]),
        CAST(:recent AS text[]), CAST(:at AS timestamptz[]), CAST(:next_at AS timestamptz[]),
        CAST(:seconds AS float8[]), CAST(:failure AS text[]), CAST(:problems AS text[]),
        CAST(:uptime AS float8[]), CAST(:layout AS int[]), CAST(:ports AS bigint[]),
        CAST(:discovered AS int[])
    ) AS new(id, status, misses, recent, at, next_at, seconds, failure, problems,
             uptime, layout, ports, discovered)
    WHERE device.id = new.id
    """
)


def _update(
    judged: Sequence[_Judged],
    layout_ids: Mapping[int, int],
    interval: timedelta,
    thresholds: Thresholds,
) -> None:
    rows = [_row(each, layout_ids, interval, thresholds) for each in judged]
    db.session.execute(UPDATE, {name: array([row[name] for row in rows]) for name in rows[0]})


def _row(
    each: _Judged, layout_ids: Mapping[int, int], interval: timedelta, thresholds: Thresholds
) -> dict[str, Any]:
    outcome, reading, failure = each.outcome, each.outcome.reading, each.outcome.failure
    ports = None if reading is None else ports_state(reading)
    return {
        "id": each.device_id,
        "status": each.status.value,
        "misses": each.misses,
        "recent": json.dumps([[p.at.timestamp(), int(p.is_lost)] for p in each.judgement.recent]),
        "at": outcome.at,
        "next_at": outcome.at + pause(interval, each.misses, thresholds.fire.count),
        "seconds": outcome.seconds,
        "failure": None if failure is None else f"{failure.kind}: {failure.message}",
        "problems": json.dumps(reading.problems if reading else ()),
        "uptime": reading.uptime_seconds if reading else None,
        "layout": layout_ids.get(each.device_id),
        "ports": ports,
        "discovered": _discovered(outcome, ports, each.before.ports_state),
    }


def _discovered(outcome: Outcome, ports: int | None, ports_before: int | None) -> int:
    """1: just discovered; -1: discover at the next poll, for a port changed state; 0: neither."""
    if outcome.was_discovered and outcome.reading is not None:
        return 1 if outcome.reading.layout.is_complete else -1
    if ports is not None and ports_before is not None and ports != ports_before:
        return -1
    return 0


def ports_state(reading: Reading) -> int:
    """A checksum of the ports' operational states."""
    told = reading.values[OPER : len(reading.layout.ports) * PORT_VALUES : PORT_VALUES]
    if None in told:
        told = [-1 if state is None else state for state in told]
    return zlib.crc32(struct.pack(f"{len(told)}d", *told))


def _learn(outcomes: Iterable[Outcome]) -> None:
    """Name and description, where they were asked for."""
    found = [
        {
            "device": outcome.target.device_id,
            "sys_name": outcome.reading.layout.name,
            "sys_descr": outcome.reading.layout.description,
            "object_id": outcome.reading.layout.object_id,
        }
        for outcome in outcomes
        if outcome.was_discovered and outcome.reading is not None
    ]
    if found:
        db.session.connection().execute(
            sa.update(Device).where(Device.id == sa.bindparam("device")), found
        )


def _close(judged: Sequence[_Judged]) -> None:
    ended = []
    for each in judged:
        outage = outages.find_open(db.session.get_one(Device, each.device_id))
        if outage is not None and each.judgement.since is not None:
            ended.append((outage, each.judgement.since))
    outages.close_all(ended)


def _open(judged: Sequence[_Judged]) -> None:
    for each in judged:
        failure = each.outcome.failure
        if each.judgement.since is None or failure is None:
            continue
        evidence = {
            "kind": failure.kind.value,
            "message": failure.message,
            "lost_polls": [poll.at.isoformat() for poll in each.judgement.recent],
        }
        outages.open_(db.session.get_one(Device, each.device_id), each.judgement.since, evidence)
