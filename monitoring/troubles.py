"""The work list of IT operations: everything that is not well now, in the order of its risk.

Outages, problems and violations in one list: what touches a running event first, then by severity
and age; what nobody is woken for stands last.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring import enforcing, exposure, problems, risks
from monitoring.exposure import GRAVITY, LiveUse, Quiet
from monitoring.models import Device, Outage, Problem, Violation, ViolationStatus
from monitoring.risk import Exposure
from monitoring.rules import Severity

STANDING = (ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED)


class TroubleKind(StrEnum):
    """What is recorded of it."""

    OUTAGE = "outage"
    PROBLEM = "problem"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to look after; `severity` is one step up while an event runs on the device.

    A violation's is where its rule says so.
    """

    kind: TroubleKind
    record: Outage | Problem | Violation
    device: Device
    severity: Severity
    since: datetime
    uses: tuple[LiveUse, ...] = ()
    quiet: Quiet | None = None

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody looks after it."""
        return self.record.acknowledged_at is not None

    @property
    def risk(self) -> tuple[int, int, int, datetime]:
        """The order of the list: quiet last, live first, by severity, the oldest first."""
        return (
            self.quiet is not None,
            not self.uses,
            GRAVITY.index(self.severity),
            self.since,
        )


def all_(at: datetime) -> list[Trouble]:
    """Everything that is not well at this moment, the greatest risk first."""
    found = list(_found())
    uses = exposure.live_uses(at) if found else {}
    quiet = exposure.quiet({one.device.id: one.device for one in found}.values(), at)
    exposed = _exposed(found, at)
    return sorted((_weighed(one, uses, quiet, exposed) for one in found), key=lambda one: one.risk)


def _exposed(found: Iterable[Trouble], at: datetime) -> set[int]:
    """The devices that the Internet reaches, of those whose rules ask for it."""
    wanted = {
        one.device.id
        for one in found
        if isinstance(one.record, Violation) and enforcing.is_exposure_asked(one.record.rule)
    }
    stances = risks.stances(wanted, at)
    return {each for each, stance in stances.items() if Exposure.PUBLIC in stance.exposures}


def _weighed(
    one: Trouble,
    uses: Mapping[int, list[LiveUse]],
    quiet: Mapping[int, Quiet],
    exposed: set[int],
) -> Trouble:
    live = tuple(uses.get(one.device.id, ()))
    is_raised = bool(live)
    if isinstance(one.record, Violation):
        is_raised = enforcing.is_raised(
            one.record.rule, is_live=bool(live), is_exposed=one.device.id in exposed
        )
    return Trouble(
        one.kind,
        one.record,
        one.device,
        exposure.raised(one.severity, is_live=is_raised),
        one.since,
        live,
        quiet.get(one.device.id),
    )


def _found() -> Iterator[Trouble]:
    outages = sa.select(Outage).options(joinedload(Outage.device)).where(Outage.ended_at.is_(None))
    for outage in db.session.scalars(outages):
        yield Trouble(TroubleKind.OUTAGE, outage, outage.device, Severity.HIGH, outage.began_at)
    for problem in problems.open_all():
        yield Trouble(
            TroubleKind.PROBLEM, problem, problem.device, problem.severity, problem.opened_at
        )
    violations = (
        sa.select(Violation)
        .options(joinedload(Violation.device))
        .where(Violation.status.in_(STANDING))
    )
    for violation in db.session.scalars(violations):
        yield Trouble(
            TroubleKind.VIOLATION,
            violation,
            violation.device,
            violation.severity,
            violation.opened_at,
        )
