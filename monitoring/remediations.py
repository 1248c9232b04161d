"""Remediations: planned for a violation, approved by the digest of what they would change.

Workers check and apply them: see `monitoring.remedying`.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from config import clock
from config.database import bounded_count, db
from monitoring import redaction, rules, violations
from monitoring.errors import (
    NoRemedy,
    OtherDigest,
    RemediationMovedOn,
    SecondPerson,
    UnknownRemediation,
)
from monitoring.models import Device, Remediation, RemediationStatus, Violation
from monitoring.models.remediations import STANDING
from monitoring.probes.playbooks import Change
from monitoring.rules import Remedy, Rule
from rental import journal
from rental.models import Member

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def remedy_of(violation: Violation, book: Sequence[Rule] | None = None) -> Remedy | None:
    """What the rule says is to be done about it on this platform, if it says so."""
    known = rules.load() if book is None else book
    rule = next((each for each in known if each.id == violation.rule), None)
    return rule.remedy_on(violation.device.platform.value) if rule else None


def plan(violation: Violation, *, by: Member | None) -> Remediation:
    """Have a worker say what would be changed; the one that stands already, if there is one.

    `by` is None where a policy asks for it. Raises NoRemedy where the rule has none, or where the
    violation is over.
    """
    remedy = remedy_of(violation)
    if remedy is None or violation.status not in violations.STANDING:
        raise NoRemedy
    by_id = by.id if by is not None else None
    new_id = db.session.scalar(
        insert(Remediation)
        .values(
            device_id=violation.device_id,
            violation_id=violation.id,
            rule=violation.rule,
            playbook=remedy.playbook,
            variables=dict(remedy.variables),
            is_risky=remedy.risky,
            status=RemediationStatus.PLANNED,
            planned_by_id=by_id,
            planned_at=clock.now(),
            artefact=[],
        )
        .on_conflict_do_nothing(
            index_elements=["violation_id"],
            index_where=sa.text("status IN ('planned', 'checked', 'approved', 'applying')"),
        )
        .returning(Remediation.id)
    )
    if new_id is not None:
        remediation = get(new_id)
        journal.record(violation, "remediation_planned", by=by, playbook=remedy.playbook)
        return remediation
    standing = find_standing(violation)
    if standing is None:
        raise RemediationMovedOn
    return standing


def approve(
    remediation: Remediation, *, digest: str, by: Member, is_during_events: bool = False
) -> bool:
    """Let what the digest stands for be applied; whether nobody else is to approve it.

    A risky one takes two people: who asked for it, and another. Where a policy asked, the first
    who approves has asked. Raises OtherDigest where it would change something else by now,
    SecondPerson where the same person asked, RemediationMovedOn where it is not to be approved.
    """
    by_id = by.id
    _lock(remediation)
    if remediation.status is not RemediationStatus.CHECKED:
        raise RemediationMovedOn
    if digest != remediation.digest:
        raise OtherDigest
    if remediation.is_risky and remediation.planned_by_id is None:
        remediation.planned_by_id = by_id
        db.session.flush()
        journal.record(remediation.violation, "remediation_taken_up", by=by, digest=digest[:12])
        return False
    if remediation.is_risky and remediation.planned_by_id == by_id:
        raise SecondPerson
    remediation.approved_by_id, remediation.approved_at = by_id, clock.now()
    remediation.approved_digest, remediation.is_during_events = digest, is_during_events
    remediation.move_to(RemediationStatus.APPROVED)
    remediation.because()
    db.session.flush()
    journal.record(remediation.violation, "remediation_approved", by=by, digest=digest[:12])
    return True


def check_again(remediation: Remediation, *, by: Member) -> None:
    """Have a worker look anew; raises RemediationMovedOn where it is not waiting for approval."""
    by_id = by.id
    _lock(remediation)
    remediation.move_to(RemediationStatus.PLANNED)
    remediation.planned_by_id = by_id
    remediation.artefact, remediation.digest = [], None
    remediation.because()
    db.session.flush()


def withdraw(remediation: Remediation, *, by: Member) -> None:
    """Do not do it after all; raises RemediationMovedOn once it is being applied."""
    _lock(remediation)
    remediation.move_to(RemediationStatus.WITHDRAWN)
    # What it waited for is waited for no more.
    remediation.because()
    db.session.flush()
    journal.record(remediation.violation, "remediation_withdrawn", by=by)


def _lock(remediation: Remediation) -> None:
    """The row as it is now, until the commit: two colleagues decide one after the other."""
    db.session.flush()
    db.session.refresh(remediation, with_for_update={"of": Remediation})


def artefact(changes: Sequence[Change], playbook: str) -> tuple[list[dict[str, str]], str]:
    """What would change without its secrets, and the digest that is approved."""
    shown = [
        {
            "task": each.task,
            "path": each.path,
            "before": redaction.redact("linux", each.before),
            "after": redaction.redact("linux", each.after),
        }
        for each in changes
    ]
    said = {"changes": shown, "playbook": _digest_of(playbook)}
    return shown, hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _digest_of(playbook: str) -> str:
    """Of all that a run reads: who changes a playbook must have it approved anew."""
    texts = [path.read_bytes() for path in sorted(rules.PLAYBOOKS.rglob("*.yml"))]
    return hashlib.sha256(b"\0".join([playbook.encode(), *texts])).hexdigest()


def get(remediation_id: int) -> Remediation:
    """The remediation of this id; raises UnknownRemediation."""
    found = db.session.get(Remediation, remediation_id)
    if found is None:
        raise UnknownRemediation
    return found


def find_standing(violation: Violation) -> Remediation | None:
    """The one of a violation that has not ended, if any."""
    return db.session.scalar(
        sa.select(Remediation).where(
            Remediation.violation_id == violation.id, Remediation.status.in_(STANDING)
        )
    )


def of_violation(violation: Violation) -> list[Remediation]:
    """All of a violation, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Remediation)
            .where(Remediation.violation_id == violation.id)
            .order_by(Remediation.id.desc())
        )
    )


def all_(
    statuses: Sequence[RemediationStatus] = (), *, limit: int = 100, offset: int = 0
) -> list[Remediation]:
    """Those in these states (all without any), the newest first, with their devices."""
    return list(
        db.session.scalars(
            sa.select(Remediation)
            .options(joinedload(Remediation.device), joinedload(Remediation.violation))
            .where(*_in(statuses))
            .order_by(Remediation.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def count(statuses: Sequence[RemediationStatus] = (), beyond: int = 0) -> int:
    """How many there are in these states, as `bounded_count` counts."""
    return bounded_count(sa.select(Remediation.id).where(*_in(statuses)), beyond)


def waiting_for(member: Member) -> int:
    """How many were looked at and wait for this member's approval."""
    somebody_else = sa.or_(
        ~Remediation.is_risky,
        Remediation.planned_by_id.is_(None),
        Remediation.planned_by_id != member.id,
    )
    query = sa.select(sa.func.count(Remediation.id))
    checked = Remediation.status == RemediationStatus.CHECKED
    return db.session.scalar(query.where(checked, somebody_else)) or 0


def _in(statuses: Sequence[RemediationStatus]) -> list[sa.ColumnElement[bool]]:
    return [Remediation.status.in_(statuses)] if statuses else []


def inventory(found: Sequence[Device]) -> dict[str, Any]:
    """Devices as a dynamic inventory of Ansible: by site, role and platform; without secrets."""
    groups: dict[str, Any] = {}
    hosts: dict[str, Any] = {}
    for device in found:
        name = host_name(device)
        hosts[name] = {
            "ansible_host": device.address,
            "ansible_port": device.ssh_port,
            "media_center_device": device.id,
            "media_center_name": device.name,
            "media_center_role": device.role.value,
            "media_center_platform": device.platform.value,
            "media_center_site": device.site.slug,
        }
        for group in (
            f"site_{device.site.slug}",
            f"role_{device.role.value}",
            f"platform_{device.platform.value}",
        ):
            groups.setdefault(group.replace("-", "_"), {"hosts": []})["hosts"].append(name)
    return {"_meta": {"hostvars": hosts}, "all": {"children": sorted(groups)}, **groups}


def host_name(device: Device) -> str:
    """What Ansible calls a device: its name, where that could be neither a pattern nor a path."""
    return device.name if PLAIN.fullmatch(device.name) else f"device-{device.id}"
