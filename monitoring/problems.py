"""Problems: opened once while they last, refreshed, acknowledged by a person, cleared."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring.errors import ProblemOver, UnknownProblem
from monitoring.models import Device, Problem
from monitoring.rules import Severity
from monitoring.signals import problem_cleared, problem_opened
from rental import journal
from rental.models import Member


@dataclass(frozen=True, slots=True)
class NewProblem:
    """What is wrong, of what, and how much it matters. `value` and `threshold` are in its unit."""

    kind: str
    subject: str
    severity: Severity
    value: float | None = None
    threshold: float | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def open_(device: Device, new: NewProblem, *, at: datetime | None = None) -> Problem:
    """Note a problem; while it is open a second call refreshes its value, severity and evidence."""
    instant = at or clock.now()
    added = db.session.scalar(
        insert(Problem)
        .values(
            device_id=device.id,
            kind=new.kind,
            subject=new.subject,
            severity=new.severity,
            opened_at=instant,
            refreshed_at=instant,
            value=new.value,
            threshold=new.threshold,
            evidence=new.evidence,
        )
        .on_conflict_do_nothing(
            index_elements=["device_id", "kind", "subject"],
            index_where=sa.text("cleared_at IS NULL"),
        )
        .returning(Problem.id)
    )
    if added is not None:
        problem = db.session.get_one(Problem, added)
        problem_opened.send(problem)
        return problem
    problem = db.session.scalars(
        _open_of(device).where(Problem.kind == new.kind, Problem.subject == new.subject)
    ).one()
    problem.severity, problem.refreshed_at = new.severity, instant
    problem.value, problem.threshold, problem.evidence = new.value, new.threshold, new.evidence
    db.session.flush()
    return problem


def clear(problem: Problem, *, at: datetime | None = None) -> None:
    """Note that it is over; a second call changes nothing."""
    if problem.cleared_at is not None:
        return
    problem.cleared_at = max(at or clock.now(), problem.opened_at)
    db.session.flush()
    problem_cleared.send(problem)


def acknowledge(problem: Problem, *, by: Member, note: str = "") -> None:
    """A person looks after it; raises ProblemOver where it is over already."""
    locked = db.session.execute(
        sa.select(Problem)
        .where(Problem.id == problem.id)
        .with_for_update(of=Problem)
        .execution_options(populate_existing=True)
    ).scalar_one()
    if locked.cleared_at is not None:
        raise ProblemOver
    locked.acknowledged_at, locked.acknowledged_by_id = clock.now(), by.id
    locked.note = note.strip() or None
    db.session.flush()
    journal.record(locked, "acknowledged", by=by, note=locked.note)


def get(problem_id: int) -> Problem:
    """The problem of this id; raises UnknownProblem."""
    problem = db.session.get(Problem, problem_id)
    if problem is None:
        raise UnknownProblem
    return problem


def of(device: Device, *, limit: int = 100) -> list[Problem]:
    """A device's problems: the open ones first, then the newest."""
    query = (
        sa.select(Problem)
        .where(Problem.device_id == device.id)
        .order_by(Problem.cleared_at.is_not(None), Problem.opened_at.desc(), Problem.id.desc())
    )
    return list(db.session.scalars(query.limit(limit)))


def open_all() -> list[Problem]:
    """Every open problem with its device, the newest first."""
    query = (
        sa.select(Problem)
        .options(joinedload(Problem.device))
        .where(Problem.cleared_at.is_(None))
        .order_by(Problem.opened_at.desc(), Problem.id.desc())
    )
    return list(db.session.scalars(query))


def clear_all(device: Device, kinds: Sequence[str] = (), *, at: datetime | None = None) -> None:
    """Note that all open problems of a device are over, or those of some kinds."""
    query = _open_of(device)
    if kinds:
        query = query.where(Problem.kind.in_(kinds))
    for problem in db.session.scalars(query.order_by(Problem.id)).all():
        clear(problem, at=at)


def _open_of(device: Device) -> sa.Select[tuple[Problem]]:
    return sa.select(Problem).where(Problem.device_id == device.id, Problem.cleared_at.is_(None))
