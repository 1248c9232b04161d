"""What came of switching ports, as rows: the state, every change, and problems where it failed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import port_reasons, problems, readings, redaction
from monitoring.asking import Asked
from monitoring.circuits import Rental
from monitoring.models import AccessPort, PortChange, PortState, PortStatus, Problem
from monitoring.port_blocks import PortSetting
from monitoring.port_reasons import Reason, because
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.switched import Switched, SwitchOutcome
from monitoring.problems import NewProblem
from monitoring.rates import Count
from monitoring.rules import Severity
from rental.models import Line

PROBLEM = "access_port"
# How often a port that is as it should be is looked at all the same.
VERIFY = timedelta(hours=1)
# After a failure: again after a minute, two, four … at most ten, so that a start is not missed.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=10)
OF_FAILURE = {
    FailureKind.TIMEOUT: port_reasons.SILENT,
    FailureKind.REFUSED: port_reasons.CLOSED,
    FailureKind.AUTHENTICATION: port_reasons.LOGIN,
    FailureKind.OUTDATED: port_reasons.OUTDATED,
    FailureKind.HOST_KEY_CHANGED: port_reasons.KEY_CHANGED,
    FailureKind.HOST_KEY_UNAPPROVED: port_reasons.KEY_NEW,
}
DONE = frozenset({SwitchOutcome.UNCHANGED, SwitchOutcome.APPLIED})


@dataclass(frozen=True, slots=True)
class Task:
    """One port to be settled: whom to ask, what it should be, and for which booking."""

    port_id: int
    asked: Asked
    setting: PortSetting
    line_id: int | None
    reference: str | None


def gravity(rental: Rental | Line, at: datetime) -> Severity:
    """Critical while the rental runs."""
    return Severity.CRITICAL if rental.starts_at <= at < rental.ends_at else Severity.HIGH


def is_well(found: Switched | Failure) -> bool:
    """Whether the port is what it should be."""
    return isinstance(found, Switched) and found.outcome in DONE


def is_planned(found: Switched | Failure) -> bool:
    """Whether only a trial was wanted."""
    return isinstance(found, Switched) and found.outcome is SwitchOutcome.PLANNED


def reason_of(failure: Failure) -> Reason:
    """Why nothing was learnt of the port."""
    return because(OF_FAILURE.get(failure.kind, port_reasons.BROKEN), told=failure.message)


def record(task: Task, found: Switched | Failure, seconds: float) -> None:
    """Write what came: the state, the change, and a problem where it failed. The caller commits."""
    at = clock.now()
    port = db.session.get(AccessPort, task.port_id)
    state = db.session.get(PortState, task.port_id, with_for_update=True)
    if port is None or state is None:
        return
    switched = (
        found
        if isinstance(found, Switched)
        else Switched(SwitchOutcome.FAILED, reasons=(reason_of(found),))
    )
    if switched.outcome is not SwitchOutcome.UNCHANGED:
        _note_change(port, task, switched, seconds)
    if is_well(found):
        state.is_on, state.verified_at, state.reasons = task.setting.is_on, at, []
        state.status, state.attempts, state.next_at = PortStatus.SETTLED, 0, at + VERIFY
        clear(port.device_id, port.interface, at)
    elif is_planned(found):
        state.status, state.reasons, state.next_at = PortStatus.PLANNED, [], at + VERIFY
    else:
        state.status, state.reasons = PortStatus.FAILED, _as_json(switched)
        state.attempts += 1
        pause = min(FIRST_PAUSE * 2 ** min(state.attempts - 1, 8), LONGEST_PAUSE)
        state.next_at = at + pause
        _open_problem(port, task, switched, at)
    db.session.flush()


def _open_problem(port: AccessPort, task: Task, switched: Switched, at: datetime) -> None:
    line = db.session.get(Line, task.line_id) if task.line_id else None
    severity = gravity(line, at) if line is not None else Severity.HIGH
    what = "on" if task.setting.is_on else "off"
    evidence_ = {
        "wanted": what,
        "reason": switched.reason,
        "reasons": _as_json(switched),
        "booking": task.reference,
    }
    problems.open_(
        port.device, NewProblem(PROBLEM, port.interface, severity, evidence=evidence_), at=at
    )


def clear(device_id: int, subject: str, at: datetime) -> None:
    """End the open problem of a port, if there is one."""
    open_ = sa.select(Problem).where(
        Problem.device_id == device_id,
        Problem.kind == PROBLEM,
        Problem.subject == subject,
        Problem.cleared_at.is_(None),
    )
    for problem in db.session.scalars(open_):
        problems.clear(problem, at=at)


def clear_others(
    device_ids: Iterable[int], words: str, stand: Collection[tuple[int, str]], at: datetime
) -> None:
    """End the problems of ports of these devices that say `words`, but for those that stand."""
    open_ = sa.select(Problem).where(
        Problem.device_id.in_(list(device_ids)),
        Problem.kind == PROBLEM,
        Problem.subject.contains(words, autoescape=True),
        Problem.cleared_at.is_(None),
    )
    for problem in db.session.scalars(open_):
        if (problem.device_id, problem.subject) not in stand:
            problems.clear(problem, at=at)


def _note_change(port: AccessPort, task: Task, found: Switched, seconds: float) -> None:
    counters = _counters(port)
    db.session.add(
        PortChange(
            port_id=port.id,
            line_id=task.line_id,
            reference=task.reference,
            is_on=task.setting.is_on,
            vlan=task.setting.vlan,
            outcome=found.outcome.value,
            commands=list(found.commands),
            before=redaction.redact(task.asked.platform, found.before),
            reasons=_as_json(found),
            has_dead_man=found.has_dead_man,
            seconds=round(seconds, 3),
            in_octets=counters.in_octets if counters else None,
            out_octets=counters.out_octets if counters else None,
        )
    )


def _as_json(found: Switched) -> list[dict[str, Any]]:
    return [reason.as_json() for reason in found.reasons]


def _counters(port: AccessPort) -> Count | None:
    """The octet counters of the last poll: where a rental's traffic begins or ends."""
    latest = readings.latest(port.device)
    if latest is None:
        return None
    names = {p.index for p in latest.layout.ports if port.interface in (p.name, p.description)}
    return next((readings.count_of(latest, index) for index in names), None)
