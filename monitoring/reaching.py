"""The round of endpoints: read who is due, ask all of them at once, write what came.

No transaction is open while endpoints are asked. Who asks those of a site holds an advisory lock
for it, as with polls, so that no endpoint is asked twice at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock, logs
from config.database import db, transaction
from monitoring import endpoint_rules, endpoints, problems, site_locks, tls_evidence
from monitoring.models import Device, DeviceStatus, Endpoint, EndpointStatus
from monitoring.probes import reach
from monitoring.probes.reached import Goal, Reached, Rules
from monitoring.problems import NewProblem
from monitoring.rules import Severity
from monitoring.thresholds import Patience, Strikes

log = logs.get(__name__)

# With a site's id beside it: whoever holds this advisory lock asks the site's endpoints.
REACH_LOCK = 0x4D43_0052
KEPT = 60
PORTION = 100
# What is due within a breath is due now: the clock does not tick to the second.
SLACK = timedelta(seconds=2)


@dataclass(slots=True)
class Round:
    """What one round did."""

    asked: int = 0
    faults: int = 0
    seconds: float = 0.0


def reach_site(site_id: int, rules: Rules | None = None) -> Round:
    """Ask the site's endpoints that are due and write what came. An edge: it commits."""
    began, told = clock.now(), Round()
    with site_locks.held(REACH_LOCK, site_id) as is_mine:
        if is_mine:
            with transaction():
                goals = due(site_id, began)
            if goals:
                asyncio.run(_round(goals, rules or Rules(), told))
    told.seconds = (clock.now() - began).total_seconds()
    return told


def due(site_id: int, at: datetime) -> list[Goal]:
    """What is to be asked of a site's endpoints at this moment."""
    query = (
        sa.select(Endpoint)
        .join(Endpoint.device)
        .options(joinedload(Endpoint.device))
        .where(
            Device.site_id == site_id,
            Device.is_enabled,
            Endpoint.is_enabled,
            sa.or_(
                Endpoint.next_probe_at.is_(None),
                Endpoint.next_probe_at <= at + SLACK,
                # The clock was set back.
                Endpoint.last_probe_at > at,
            ),
        )
        .order_by(Endpoint.id)
    )
    return [
        replace(goal(each), asks_versions=tls_evidence.wants_versions(each, at))
        for each in db.session.scalars(query)
    ]


def goal(endpoint: Endpoint) -> Goal:
    """The endpoint as the probes want it."""
    return Goal(
        kind=endpoint.kind,
        host=endpoint.asked_host,
        port=endpoint.port,
        path=endpoint.path,
        server_name=endpoint.server_name,
        is_secure=endpoint.is_secure,
        expects_open=endpoint.expects_open,
        expected_status=endpoint.expected_status,
        expected_word=endpoint.expected_word,
        seconds=endpoint.timeout_seconds,
        endpoint_id=endpoint.id,
    )


async def _round(goals: Sequence[Goal], rules: Rules, told: Round) -> None:
    portion: list[Reached] = []
    async for reached in reach.reach_all(goals, rules):
        portion.append(reached)
        told.asked += 1
        told.faults += reached.fault is not None
        if len(portion) >= PORTION:
            _write(portion)
            portion = []
    _write(portion)


def _write(portion: Sequence[Reached]) -> None:
    with transaction():
        record(portion, clock.now())


def record(found: Sequence[Reached], at: datetime) -> None:
    """Write what came of asking; opens and clears problems. The caller commits."""
    by_id = {each.goal.endpoint_id: each for each in found}
    rows = db.session.scalars(
        sa.select(Endpoint)
        .where(Endpoint.id.in_(by_id))
        .options(joinedload(Endpoint.device))
        .order_by(Endpoint.id)
        .with_for_update(of=Endpoint)
        .execution_options(populate_existing=True)
    )
    for endpoint in rows:
        reached = by_id[endpoint.id]
        # Changed while it was asked: the answer is another endpoint's.
        if goal(endpoint) == reached.goal and endpoint.is_enabled:
            _note(endpoint, reached, at)
            _tell(endpoint, at)
            _tell_certificate(endpoint, at)
    db.session.flush()


def _note(endpoint: Endpoint, reached: Reached, at: datetime) -> None:
    took = None if reached.fault else round(reached.seconds * 1000, 1)
    endpoint.recent = [*endpoint.recent, [round(at.timestamp()), took]][-KEPT:]
    endpoint.fault = reached.fault.value if reached.fault else None
    endpoint.failure = reached.sentence or None
    # What a silent host showed before is still the last that is known of it.
    if reached.facts or not reached.fault:
        endpoint.facts = tls_evidence.remembered(endpoint.facts, reached.facts, at)
    endpoint.last_probe_at = at
    endpoint.next_probe_at = at + timedelta(seconds=endpoint.interval_seconds)
    after = endpoint_rules.status(
        endpoint.status, endpoint.recent, endpoint.slow_ms, _patience(endpoint)
    )
    if after is not endpoint.status:
        endpoint.status, endpoint.status_since = after, at


def _patience(endpoint: Endpoint) -> Patience:
    return Patience(
        fire=Strikes(count=endpoint.fire_count, of=endpoint.fire_of),
        clear=Strikes(count=endpoint.clear_count, of=endpoint.clear_count),
    )


def _tell(endpoint: Endpoint, at: datetime) -> None:
    """Open, refresh or clear the problem. A device that is down has its outage for it."""
    standing = endpoints.open_problem(endpoint, endpoints.PROBLEM)
    if endpoint.status not in (EndpointStatus.DOWN, EndpointStatus.SLOW):
        if standing is not None:
            problems.clear(standing, at=at)
        return
    is_gone = endpoint.device.status is DeviceStatus.DOWN and endpoint.host is None
    if standing is None and is_gone:
        return
    is_down = endpoint.status is EndpointStatus.DOWN
    problems.open_(
        endpoint.device,
        NewProblem(
            endpoints.PROBLEM,
            endpoint.name,
            Severity.HIGH if is_down else Severity.MEDIUM,
            value=None if is_down else endpoint.latency_ms,
            threshold=None if is_down else endpoint.slow_ms,
            evidence={
                "endpoint": endpoint.id,
                "address": endpoint.address,
                "status": endpoint.status.value,
                "fault": endpoint.fault,
                "failure": endpoint.failure,
            },
        ),
        at=at,
    )


def _tell_certificate(endpoint: Endpoint, at: datetime) -> None:
    shown = endpoint.facts.get("certificate")
    if shown is None:
        return
    verdict = endpoint_rules.judge(shown, at, needs_trust=endpoint.needs_trust)
    standing = endpoints.open_problem(endpoint, endpoints.CERTIFICATE)
    if not verdict.flaws:
        if standing is not None:
            problems.clear(standing, at=at)
        return
    problems.open_(
        endpoint.device,
        NewProblem(
            endpoints.CERTIFICATE,
            endpoint.name,
            verdict.severity,
            value=round(verdict.days_left, 1),
            threshold=endpoint_rules.SOON.days,
            evidence={
                "endpoint": endpoint.id,
                "flaws": [flaw.value for flaw in verdict.flaws],
                "ends_at": shown["ends_at"],
                "trust": shown["trust"],
                "weak": shown["weak"],
            },
        ),
        at=at,
    )
