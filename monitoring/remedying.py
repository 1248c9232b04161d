"""Workers' part in remediations: check, apply what was approved, look whether it cured, go back.

Nothing is applied unless a second check would change just what was approved. A worker that dies
half way leaves a remediation that is `applying`: whoever comes next takes back what the host has
not confirmed, and else looks at the device and either finds the rule kept or takes the change back.
The host has a dead man's switch of its own.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from config import clock, logs
from config.database import db, transaction
from monitoring import (
    asking,
    evidence,
    exposure,
    policy,
    port_reasons,
    problems,
    remediations,
    remedy_reasons,
    site_locks,
)
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
from monitoring.reasons import Reason, because, in_english
from monitoring.rules import PLAYBOOKS, Result, Severity
from rental import journal

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock remedies the site's devices.
REMEDY_LOCK = 0x4D43_0064
PROBLEM = "remediation"
MOST_THREADS = 4
# How long a host that a worker left half way is waited for before somebody must look after it.
PATIENCE = timedelta(hours=1)
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
    began_at: datetime | None
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
        if left := playbooks.clear_left_folders():
            log.warning("folders of killed workers deleted", count=left)
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
            row.began_at,
            row.rule,
        )
    return list(found.values())


def _must_wait(row: Remediation, live: Mapping[int, list[exposure.LiveUse]]) -> bool:
    """A live event is not cut without a person who said so; to look is always allowed."""
    if row.status is not RemediationStatus.APPROVED or row.is_during_events:
        return False
    uses = live.get(row.device_id, [])
    row.because(*(because(remedy_reasons.WAITS, booking=use.reference) for use in uses[:1]))
    return bool(uses)


def _first_run(job: Job, hosts_folder: Path | None) -> Played:
    """What every step begins with: a check, or a settling where a worker died as it applied."""
    if job.status is RemediationStatus.APPLYING:
        return _run(job, hosts_folder, action="settle")
    return _run(job, hosts_folder, is_check=True)


def _run(
    job: Job, hosts_folder: Path | None, *, is_check: bool = False, action: str = "apply"
) -> Played:
    target = job.asked.target()
    if isinstance(target, Failure):
        is_new = target.kind is FailureKind.HOST_KEY_UNAPPROVED
        return Played(reason=because(port_reasons.KEY_NEW if is_new else remedy_reasons.NO_LOGIN))
    if target.is_legacy:
        return Played(reason=because(remedy_reasons.LEGACY))
    path = PLAYBOOKS / f"{job.playbook}.yml"
    play = Play(path, {**job.variables, "remedy_action": action}, hosts_folder)
    try:
        return playbooks.run(play, target, job.host, is_check=is_check)
    except Exception as broken:  # a fault of ours is a failure of this remediation alone
        log.exception("a playbook broke off", remediation=job.remediation_id)
        return Played(reason=because(remedy_reasons.BROKE_OFF, told=type(broken).__name__))


def _go_on(job: Job, played: Played, hosts_folder: Path | None) -> RemediationStatus:
    if job.status is RemediationStatus.APPLYING:
        return _settle(job, played, hosts_folder)
    with transaction():
        status = _checked(job, played)
    if status is not RemediationStatus.APPLYING:
        return status
    applied = _run(job, hosts_folder)
    if applied.reason is None:
        return _verify(job, hosts_folder)
    if applied.has_gone_back:
        return _end(job, RemediationStatus.ROLLED_BACK, applied.reason)
    return _take_back(job, hosts_folder, applied.reason)


def _settle(job: Job, settled: Played, hosts_folder: Path | None) -> RemediationStatus:
    """What a worker left that died: kept only where the host had confirmed it and it cures."""
    died = because(remedy_reasons.DIED)
    if settled.reason is None:
        return _verify(job, hosts_folder, died)
    if settled.has_gone_back:
        collected = evidence.collect(job.asked)
        with transaction():
            _record(collected)
        return _end(job, RemediationStatus.ROLLED_BACK, died, settled.reason)
    is_patient = job.began_at is not None and clock.now() - job.began_at < PATIENCE
    if settled.is_unreachable and is_patient:
        with transaction():
            row = db.session.get_one(Remediation, job.remediation_id)
            row.because(died, settled.reason, because(remedy_reasons.TRIED_AGAIN))
        return RemediationStatus.APPLYING
    return _take_back(job, hosts_folder, died, settled.reason)


def _checked(job: Job, played: Played) -> RemediationStatus:
    """What a check means for the row: `applying` only where it is just what was approved."""
    row = db.session.get(Remediation, job.remediation_id, with_for_update=True)
    if row is None or row.status is not job.status:
        # Withdrawn while the device was asked.
        return row.status if row is not None else RemediationStatus.WITHDRAWN
    row.checked_at = clock.now()
    if played.reason is not None:
        return _ended(row, RemediationStatus.FAILED, played.reason)
    if not played.changes:
        return _ended(row, RemediationStatus.UNCHANGED, because(remedy_reasons.NOTHING))
    row.artefact, row.digest = remediations.artefact(played.changes, row.playbook)
    if row.status is RemediationStatus.PLANNED:
        row.move_to(RemediationStatus.CHECKED)
    elif row.digest == row.approved_digest:
        _begin(row)
    else:
        row.move_to(RemediationStatus.CHECKED)
        row.approved_by_id = row.approved_at = row.approved_digest = None
        row.because(because(remedy_reasons.DIFFERS))
        journal.record(row.violation, "remediation_differs", by=None)
    db.session.flush()
    return row.status


def _begin(row: Remediation) -> None:
    """From here on whoever comes next knows what held before."""
    row.move_to(RemediationStatus.APPLYING)
    row.began_at = clock.now()
    row.kept_before = _kept(row.device_id)
    journal.record(row.violation, "remediation_begun", by=None)


def _verify(job: Job, hosts_folder: Path | None, *said: Reason) -> RemediationStatus:
    """Look at the device: the rule is kept and no other broke, or all goes back."""
    collected = evidence.collect(job.asked)
    with transaction():
        row = db.session.get_one(Remediation, job.remediation_id)
        before = set(row.kept_before or ())
        _record(collected)
        after = _results(job.asked.device_id)
    result = after.get(job.rule, Result.UNKNOWN)
    broken = sorted(rule for rule in before if after.get(rule) is Result.FAIL)
    if result is Result.PASS and not broken:
        return _end(job, RemediationStatus.VERIFIED, *said)
    if broken:
        return _take_back(
            job, hosts_folder, *said, because(remedy_reasons.BROKE, rules=", ".join(broken))
        )
    is_broken = result is Result.FAIL
    template = remedy_reasons.STILL_BROKEN if is_broken else remedy_reasons.UNSEEN
    return _take_back(job, hosts_folder, *said, because(template, rule=job.rule))


def _record(collected: Collected) -> None:
    device = db.session.get(Device, collected.device_id)
    if device is not None:
        evidence.record(device, collected, policy.load())


def _results(device_id: int) -> dict[str, Result]:
    rows = db.session.scalars(sa.select(FindingRow).where(FindingRow.device_id == device_id))
    return {row.rule: row.result for row in rows}


def _kept(device_id: int) -> list[str]:
    return sorted(rule for rule, result in _results(device_id).items() if result is Result.PASS)


def _take_back(job: Job, hosts_folder: Path | None, *reasons: Reason) -> RemediationStatus:
    with transaction():
        row = db.session.get_one(Remediation, job.remediation_id)
        told = [each.as_json() for each in reasons]
        journal.record(row.violation, "remediation_going_back", by=None, reasons=told)
    went = _run(job, hosts_folder, action="roll_back")
    if went.reason is not None:
        not_back = because(remedy_reasons.NOT_BACK)
        return _end(job, RemediationStatus.FAILED, *reasons, not_back, went.reason)
    collected = evidence.collect(job.asked)
    with transaction():
        _record(collected)
    return _end(job, RemediationStatus.ROLLED_BACK, *reasons)


def _end(job: Job, status: RemediationStatus, *reasons: Reason) -> RemediationStatus:
    with transaction():
        row = db.session.get(Remediation, job.remediation_id, with_for_update=True)
        return _ended(row, status, *reasons) if row is not None else status


def _ended(row: Remediation, status: RemediationStatus, *reasons: Reason) -> RemediationStatus:
    row.move_to(status)
    row.because(*reasons)
    db.session.flush()
    told = {"reasons": row.reasons} if reasons else {}
    journal.record(row.violation, f"remediation_{status.value}", by=None, **told)
    if status in (RemediationStatus.FAILED, RemediationStatus.ROLLED_BACK):
        said = {"remediation": row.id, "reason": in_english(reasons), **told}
        problems.open_(row.device, NewProblem(PROBLEM, row.rule, Severity.HIGH, evidence=said))
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
