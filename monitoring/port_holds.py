"""Ports that a broken rule keeps shut, and who lacks them: told before the event, as a problem.

What runs is never cut: a rental that is on when the rule is broken stays on until it ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from config.database import db
from monitoring import enforcement, port_reasons, port_records, problems
from monitoring.circuits import Rental
from monitoring.models import AccessPort, PortState, Problem, Violation
from monitoring.port_reasons import Reason, because
from monitoring.problems import NewProblem
from monitoring.rules import Enforce
from rental.models import Line

KEPT_SHUT = "kept shut for"


def held(ports: Sequence[AccessPort]) -> dict[int, list[str]]:
    """The ports that are kept shut, by id, each with the rules that its device breaks."""
    query = sa.select(Violation).where(
        Violation.device_id.in_({port.device_id for port in ports}),
        Violation.status.in_(enforcement.STANDING),
    )
    broken: dict[int, set[str]] = {}
    for violation in db.session.scalars(query):
        if enforcement.wants(violation, Enforce.SHUT_PORT):
            broken.setdefault(violation.device_id, set()).add(violation.rule)
    return {port.id: sorted(broken[port.device_id]) for port in ports if port.device_id in broken}


def tell(
    ports: Sequence[AccessPort],
    rules: Mapping[int, list[str]],
    lacking: Iterable[tuple[Rental, str]],
    at: datetime,
) -> None:
    """Open a problem of the switch for each rental that a held port is kept from; clear others.

    `rules` is what `held` found of the ports; `lacking` are rentals and their bookings' references.
    """
    first: dict[int, AccessPort] = {}
    for port in ports:
        if port.id in rules:
            first.setdefault(port.resource_id, port)
    stand: set[tuple[int, str]] = set()
    for rental, reference in lacking:
        at_fault = first.get(rental.resource_id)
        if at_fault is None or rental.ends_at <= at:
            continue
        subject = _subject(at_fault.resource.code, reference)
        stand.add((at_fault.device_id, subject))
        reason = _because(port_reasons.KEPT_SHUT, rules[at_fault.id])
        evidence = {
            "wanted": "on",
            "reason": str(reason),
            "booking": reference,
            "reasons": [reason.as_json()],
        }
        severity = port_records.gravity(rental, at)
        new = NewProblem(port_records.PROBLEM, subject, severity, evidence=evidence)
        problems.open_(at_fault.device, new, at=at)
    port_records.clear_others({port.device_id for port in ports}, KEPT_SHUT, stand, at)


def clear(port: AccessPort, at: datetime) -> None:
    """End what was told of the port's circuit; where another port of it is held a round retells."""
    words = f"{port.resource.code}: {KEPT_SHUT} "
    port_records.clear_others([port.device_id], words, (), at)


def of_port(port: AccessPort, state: PortState | None) -> Reason | None:
    """Why a port is kept shut, or will be after the booking that runs on it; None where it is not.

    `state` is what is known of the port.
    """
    rules = held([port]).get(port.id) if port.is_managed else None
    if not rules:
        return None
    is_kept = state is None or state.line_id is None
    return _because(port_reasons.KEPT_SHUT if is_kept else port_reasons.SHUT_AFTER, rules)


def of_line(line: Line) -> Problem | None:
    """The open problem of a line that is not switched on because a rule is broken."""
    query = sa.select(Problem).where(
        Problem.kind == port_records.PROBLEM,
        Problem.subject == _subject(line.resource.code, line.booking.reference),
        Problem.cleared_at.is_(None),
    )
    return db.session.scalars(query.order_by(Problem.id)).first()


def is_of(subject: str, code: str, reference: str) -> bool:
    """Whether the subject of a problem says that this booking's line of this circuit is held."""
    return subject == _subject(code, reference)


def _subject(code: str, reference: str) -> str:
    return f"{code}: {KEPT_SHUT} {reference}"


def _because(template: str, rules: Iterable[str]) -> Reason:
    return because(template, rules=", ".join(rules))
