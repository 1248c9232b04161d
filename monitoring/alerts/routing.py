"""Who is due to be told of which stage of an alert. Pure: the same rows, the same answer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitoring.alerts.policy import AlertPolicy, Route, Tell
from monitoring.models import DeviceRole
from monitoring.models.alerts import AlertKind
from monitoring.rules import Severity

GRAVITY = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True, slots=True)
class Told:
    """That a receiver was told of a stage before."""

    channel: str
    to: str
    stage: str
    severity: Severity
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """An alert as routing sees it."""

    kind: AlertKind
    severity: Severity
    opened_at: datetime
    role: DeviceRole | None = None
    site: str | None = None
    is_live: bool = False
    is_quiet: bool = False
    is_acknowledged: bool = False
    resolved_at: datetime | None = None
    told: Sequence[Told] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A receiver (an address, `on-call`, `operators`, or nothing) is due to hear of a stage."""

    channel: str
    to: str
    stage: str


def due(case: Case, policy: AlertPolicy, at: datetime, zone: ZoneInfo) -> list[Due]:
    """Everything that is due for an alert at this instant; nothing twice.

    The end is told to whoever was told of the beginning, also while it is quiet.
    """
    if case.resolved_at is not None:
        return list(_ends(case, policy))
    if case.is_quiet:
        return []
    found: dict[tuple[str, str], Due] = {}
    for route in policy.routes:
        if not _fits(route, case) or (route.hours and not route.hours.hold(at.astimezone(zone))):
            continue
        for one in (*_firsts(route, case), *_repeats(route, case, at), *_steps(route, case, at)):
            found.setdefault((one.channel, one.to), one)
    return list(found.values())


def _fits(route: Route, case: Case) -> bool:
    return (
        case.kind in route.kinds
        and case.severity in route.severities
        and (not route.roles or case.role in route.roles)
        and (not route.sites or case.site in route.sites)
        and (case.is_live or not route.live_only)
    )


def _receivers(tells: Iterable[Tell]) -> Iterator[tuple[str, str]]:
    for tell in tells:
        for to in tell.to or ("",):
            yield tell.channel, to


def _of(case: Case, channel: str, to: str) -> list[Told]:
    return [told for told in case.told if (told.channel, told.to) == (channel, to)]


def _firsts(route: Route, case: Case) -> Iterator[Due]:
    """At once; and again when it has become graver than what was told."""
    for channel, to in _receivers(route.tell):
        told = _of(case, channel, to)
        if not told:
            yield Due(channel, to, "opened")
        elif GRAVITY.index(case.severity) < min(GRAVITY.index(one.severity) for one in told):
            yield Due(channel, to, f"raised:{case.severity}")


def _repeats(route: Route, case: Case, at: datetime) -> Iterator[Due]:
    if route.repeat_minutes is None or case.is_acknowledged:
        return
    for channel, to in _receivers(route.tell):
        told = _of(case, channel, to)
        if told and at - max(one.at for one in told) >= timedelta(minutes=route.repeat_minutes):
            count = sum(one.stage.startswith("repeat:") for one in told)
            yield Due(channel, to, f"repeat:{count + 1}")


def _steps(route: Route, case: Case, at: datetime) -> Iterator[Due]:
    """Escalation counts from the first telling: nobody can answer what nobody was told."""
    if case.is_acknowledged or not case.told:
        return
    first = min(told.at for told in case.told)
    for number, step in enumerate(route.escalate, 1):
        if at - first < timedelta(minutes=step.after_minutes):
            continue
        for channel, to in _receivers(step.tell):
            stage = f"escalated:{number}"
            if not any(one.stage.startswith(stage) for one in _of(case, channel, to)):
                yield Due(channel, to, stage)


def _ends(case: Case, policy: AlertPolicy) -> Iterator[Due]:
    if not any(route.resolved for route in policy.routes):
        return
    for channel, to in dict.fromkeys((told.channel, told.to) for told in case.told):
        if policy.channel(channel) is None:
            continue
        if not any(told.stage == "resolved" for told in _of(case, channel, to)):
            yield Due(channel, to, "resolved")
