"""Workers' part in remediations: check, apply what was approved, look whether it cured, go back.

Nothing is applied unless a second check would change just what was approved. A worker that dies
half way leaves a remediation that is `applying`: whoever comes next looks at the device and either
finds the rule kept or takes the change back. The host has a dead man's switch of its own.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from config import clock, logs
from config.database import db, transaction
from monitoring import asking, evidence, exposure, policy, problems, remediations, site_locks
from monitoring.asking import Asked
from monitoring.credentials import Keyring
from monitoring.evidence import Collected
from monitoring.models import (
    Device,
    FindingRow,
    Problem,
    Remediation,
    RemediationStatus,
    Violation,
    ViolationStatus,
)
from monitoring.probes import playbooks
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.playbooks import Play, Played
from monitoring.problems import NewProblem
from monitoring.rules import PLAYBOOKS, Result, Severity
from rental import journal

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock remedies the site's devices.
REMEDY_LOCK = 0x4D43_0064
PROBLEM = "remediation"
MOST_THREADS = 4
WORK = (RemediationStatus.PLANNED, RemediationStatus.APPROVED, RemediationStatus.APPLYING)


@dataclass(frozen=True, slots=True)
class Job:
    """One remediation to go on with: at which step, on which device, by which playbook."""

    remediation_id: int
    status: RemediationStatus
    asked: Asked
    host: str
    playbook: str
    variables: Mapping[str, Any]
    approved_digest: str | None
    rule: str


@dataclass(slots=True)
class Summary:
    """What a round did, by the state each remediation came to."""

    ended: dict[str, int] = field(default_factory=dict)

    def note(self, status: RemediationStatus) -> None:
        """Count one."""
        self.ended[status.value] = self.ended.get(status.value, 0) + 1


@dataclass(frozen=True, slots=True)
class Terms:
    """How an installation has it: only checks or more, and where variables of hosts lie."""

    may_apply: bool = False
    hosts_folder: Path | None = None


def remedy_site(site_id: int, keyring: Keyring, terms: Terms) -> Summary:
    """Go on with the site's remediations. An edge: it commits.

    Devices are asked outside any transaction, several at once, each of them one thing at a time.
    """
    summary = Summary()
    with site_locks.held(REMEDY_LOCK, site_id) as is_mine:
        if not is_mine:
            return summary
        with transaction():
            jobs = due(site_id, keyring, clock.now(), may_apply=terms.may_apply)
        if jobs:
            with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="remedy") as pool:
                steps = pool.map(lambda job: _first_run(job, terms.hosts_folder), jobs)
                for job, played in zip(jobs, steps, strict=True):
                    summary.note(_go_on(job, played, terms.hosts_folder))
    return summary


def due(site_id: int, keyring: Keyring, at: datetime, *, may_apply: bool = True) -> list[Job]:
    """The remediations to go on with: of each device the oldest; none during its live event."""
    rows = db.session.scalars(
        sa.select(Remediation)
        .join(Remediation.device)
        .where(
            Device.site_id == site_id,
            Device.is_enabled,
            Remediation.status.in_(WORK if may_apply else WORK[:1]),
        )
        .order_by(Remediation.id)
    ).all()
    live = exposure.live_uses(at) if rows else {}
    found: dict[int, Job] = {}
    for row in rows:
        if row.device_id in found or _must_wait(row, live):
            continue
        found[row.device_id] = Job(
            row.id,
            row.status,
            asking.asked(row.device, keyring),
            remediations.host_name(row.device),
            row.playbook,
            {**row.variables, "remedy_id": str(row.id)},
            row.approved_digest,
            row.rule,
        )
    return list(found.values())


def _must_wait(row: Remediation, live: Mapping[int, list[exposure.LiveUse]]) -> bool:
    """A live event is not cut without a person who said so; to look is always allowed."""
    if row.status is not RemediationStatus.APPROVED or row.is_during_events:
        return False
    uses = live.get(row.device_id, [])
    row.reason = f"waits until {uses[0].reference} is over" if uses else None
    return bool(uses)


def _first_run(job: Job, hosts_folder: Path | None) -> Played | Failure | None:
    """The check that every step begins with; None where a worker died while it was applied."""
    if job.status is RemediationStatus.APPLYING:
        return None
    return _run(job, hosts_folder, is_check=True)


def _run(
    job: Job, hosts_folder: Path | None, *, is_check: bool = False, action: str = "apply"
) -> Played | Failure:
    target = job.asked.target()
    if isinstance(target, Failure):
        return target
    if target.is_legacy:
        return Failure(FailureKind.INTERNAL, "playbooks do not reach devices that need legacy SSH")
    path = PLAYBOOKS / f"{job.playbook}.yml"
    play = Play(path, {**job.variables, "remedy_action": action}, hosts_folder)
    try:
        return playbooks.run(play, target, job.host, is_check=is_check)
    except Exception as broken:  # a fault of ours is a failure of this remediation alone
        log.exception("a playbook broke off", remediation=job.remediation_id)
        return Failure(FailureKind.INTERNAL, f"broke off: {type(broken).__name__}")


def _go_on(
    job: Job, played: Played | Failure | None, hosts_folder: Path | None
) -> RemediationStatus:
    if played is None:
        return _verify(job, hosts_folder, has_died=True)
    with transaction():
        status = _checked(job, played)
    if status is not RemediationStatus.APPLYING:
        return status
    applied = _run(job, hosts_folder)
    failure = applied.message if isinstance(applied, Failure) else applied.failure
    if failure is None:
        return _verify(job, hosts_folder)
    if isinstance(applied, Played) and applied.has_gone_back:
        return _end(job, RemediationStatus.ROLLED_BACK, failure)
    return _take_back(job, hosts_folder, failure)


def _checked(job: Job, played: Played | Failure) -> RemediationStatus:
    """What a check means for the row: `applying` only where it is just what was approved."""
    row = db.session.get(Remediation, job.remediation_id, with_for_update=True)
    if row is None or row.status is not job.status:
        # Withdrawn while the device was asked.
        return row.status if row is not None else RemediationStatus.WITHDRAWN
    failure = played.message if isinstance(played, Failure) else played.failure
    row.checked_at = clock.now()
    if failure is not None or isinstance(played, Failure):
        return _ended(row, RemediationStatus.FAILED, failure)
    if not played.changes:
        return _ended(row, RemediationStatus.UNCHANGED, "there is nothing to change")
    row.artefact, row.digest = remediations.artefact(played.changes, row.playbook)
    if row.status is RemediationStatus.PLANNED:
        row.move_to(RemediationStatus.CHECKED)
    elif row.digest == row.approved_digest:
        row.move_to(RemediationStatus.APPLYING)
        row.began_at = clock.now()
        journal.record(row.violation, "remediation_begun", by=None)
    else:
        row.move_to(RemediationStatus.CHECKED)
        row.approved_by_id = row.approved_at = row.approved_digest = None
        row.reason = "it would change something else than what was approved; approve it anew"
        journal.record(row.violation, "remediation_differs", by=None)
    db.session.flush()
    return row.status


def _verify(job: Job, hosts_folder: Path | None, *, has_died: bool = False) -> RemediationStatus:
    """Look at the device: the rule is kept and no other broke, or all goes back."""
    before = _results(job.asked.device_id)
    collected = evidence.collect(job.asked)
    with transaction():
        _record(collected)
    after = _results(job.asked.device_id)
    broken = sorted(
        rule
        for rule, result in after.items()
        if result is Result.FAIL and before.get(rule) is Result.PASS
    )
    if after.get(job.rule) is Result.PASS and not broken:
        return _end(job, RemediationStatus.VERIFIED, None)
    reason = (
        f"it broke {', '.join(broken)}"
        if broken
        else f"{job.rule} is {after.get(job.rule, Result.UNKNOWN).value} after it"
    )
    if has_died:
        reason = f"the worker died half way; {reason}"
    return _take_back(job, hosts_folder, reason)


def _record(collected: Collected) -> None:
    device = db.session.get(Device, collected.device_id)
    if device is not None:
        evidence.record(device, collected, policy.load())


def _results(device_id: int) -> dict[str, Result]:
    with transaction():
        rows = db.session.scalars(sa.select(FindingRow).where(FindingRow.device_id == device_id))
        return {row.rule: row.result for row in rows}


def _take_back(job: Job, hosts_folder: Path | None, reason: str) -> RemediationStatus:
    went = _run(job, hosts_folder, action="roll_back")
    failure = went.message if isinstance(went, Failure) else went.failure
    if failure is not None:
        return _end(
            job, RemediationStatus.FAILED, f"{reason}; it could not be taken back: {failure}"
        )
    collected = evidence.collect(job.asked)
    with transaction():
        _record(collected)
    return _end(job, RemediationStatus.ROLLED_BACK, reason)


def _end(job: Job, status: RemediationStatus, reason: str | None) -> RemediationStatus:
    with transaction():
        row = db.session.get(Remediation, job.remediation_id, with_for_update=True)
        return _ended(row, status, reason) if row is not None else status


def _ended(row: Remediation, status: RemediationStatus, reason: str | None) -> RemediationStatus:
    row.move_to(status)
    row.reason = reason
    db.session.flush()
    journal.record(row.violation, f"remediation_{status.value}", by=None, reason=reason)
    if status in (RemediationStatus.FAILED, RemediationStatus.ROLLED_BACK):
        new = NewProblem(PROBLEM, row.rule, Severity.HIGH, evidence={"reason": reason})
        problems.open_(row.device, new)
    else:
        _clear_problem(row)
    return status


def _clear_problem(row: Remediation) -> None:
    open_ = sa.select(Problem).where(
        Problem.device_id == row.device_id,
        Problem.kind == PROBLEM,
        Problem.subject == row.rule,
        Problem.cleared_at.is_(None),
    )
    for problem in db.session.scalars(open_):
        problems.clear(problem, at=clock.now())


def plan_wanted(site_id: int, rules: list[str]) -> int:
    """Plan what policies ask for on their own, of these rules; how many were planned."""
    wanted = db.session.scalars(
        sa.select(Violation)
        .join(Violation.device)
        .where(
            Device.site_id == site_id,
            Violation.rule.in_(rules),
            Violation.status.in_((ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED)),
            ~sa.exists().where(Remediation.violation_id == Violation.id),
        )
        .order_by(Violation.id)
    ).all()
    for violation in wanted:
        if remediations.remedy_of(violation) is not None:
            remediations.plan(violation, by=None)
    return len(wanted)
