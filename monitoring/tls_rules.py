"""Judges the rules about TLS by what a round of endpoints saw; no login to the device is needed.

Who is judged anew: a device of which its endpoints now say something else than its findings, or
whose findings are older than an hour, and one that has lost its last secure endpoint.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import enforcement, evidence, policy, tls_evidence
from monitoring.models import Device, Endpoint, FindingRow
from monitoring.policy import Evidence, Finding, Rule
from monitoring.rules import Condition, Result, Source

FRESH = timedelta(hours=1)
PORTION = 200
_COMBINING = ("all_of", "any_of", "not_")


def asking(rules: Iterable[Rule]) -> list[Rule]:
    """The rules that look at TLS and at nothing else: the others wait for a whole collection."""
    return [rule for rule in rules if rule.evidence is Source.TLS and _is_alone(rule)]


def _is_alone(rule: Rule) -> bool:
    asked = [rule.condition, *(each.condition for each in rule.instead.values())]
    asked += [rule.when] if rule.when is not None else []
    return all(kind == "tls" for condition in asked for kind in _kinds(condition))


def _kinds(condition: Condition) -> Iterator[str]:
    if condition.kind not in _COMBINING:
        yield condition.kind
        return
    inner = getattr(condition, condition.kind)
    for each in inner if isinstance(inner, tuple) else (inner,):
        yield from _kinds(each)


def judge_site(site_id: int, rules: Sequence[Rule], *, since: datetime | None = None) -> int:
    """Judge the site's devices whose endpoints say something new; how many were.

    With `since` only answers from then on are looked at, and what is due. An edge: each device is
    committed by itself, so that what one shows never undoes another.
    """
    asked, at = asking(rules), clock.now()
    if not asked:
        return 0
    with transaction():
        devices = due(site_id, asked, at, since)
    for device_id in devices:
        with transaction():
            device = db.session.get(Device, device_id)
            # Deleted meanwhile.
            if device is not None:
                record(device, clock.now(), rules)
    return len(devices)


def record(device: Device, at: datetime, rules: Sequence[Rule]) -> list[Finding]:
    """Write what the rules about TLS find on a device, and what follows from it.

    All in the caller's transaction, one writer a device.
    """
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    asked = evidence.speaking_of(device, asking(rules))
    seen = Evidence(device.platform.value, tls=tls_evidence.of(device, at))
    found = evidence.judge(device, asked, seen, at)
    enforcement.settle(device, at=at)
    return found


def due(
    site_id: int, asked: Sequence[Rule], at: datetime, since: datetime | None = None
) -> list[int]:
    """The devices to judge anew, by id: three queries, however many endpoints a site has."""
    watched = _watched(site_id)
    kept = _kept(site_id, [rule.id for rule in asked], watched)
    old = [
        device_id
        for device_id, one in watched.items()
        if not _is_fresh(_mine(asked, one.platform), kept.get(device_id, {}), at)
    ]
    # A site that is judged for the first time is judged in portions.
    old = sorted(old, key=lambda one: _judged_at(kept.get(one, {})))[:PORTION]
    answered = [
        device_id
        for device_id, one in watched.items()
        if device_id in kept and (since is None or one.asked_at is None or one.asked_at >= since)
    ]
    showing = tls_evidence.by_device(answered, at) if answered else {}
    changed = [
        device_id
        for device_id, seen in showing.items()
        if _says_otherwise(asked, Evidence(watched[device_id].platform, tls=seen), kept[device_id])
    ]
    gone = [device_id for device_id in kept if device_id not in watched]
    return sorted({*old, *changed, *gone})


@dataclass(frozen=True, slots=True)
class _Watched:
    """A device with secure endpoints, and when one of them was asked last."""

    platform: str
    asked_at: datetime | None


def _watched(site_id: int) -> dict[int, _Watched]:
    query = (
        sa.select(Device.id, Device.platform, sa.func.max(Endpoint.last_probe_at))
        .join(Endpoint, Endpoint.device_id == Device.id)
        .where(Device.site_id == site_id, Device.is_enabled, tls_evidence.SECURE)
        .group_by(Device.id, Device.platform)
    )
    rows = db.session.execute(query).tuples()
    return {device_id: _Watched(platform.value, at) for device_id, platform, at in rows}


def _kept(
    site_id: int, rules: Sequence[str], watched: Iterable[int]
) -> dict[int, dict[str, FindingRow]]:
    """What the rules said last: of the devices that are watched, and of those that were."""
    speaks = sa.or_(
        FindingRow.device_id.in_(list(watched)), FindingRow.result != Result.NOT_APPLICABLE
    )
    query = (
        sa.select(FindingRow)
        .join(Device, Device.id == FindingRow.device_id)
        .where(Device.site_id == site_id, Device.is_enabled, FindingRow.rule.in_(rules), speaks)
        .execution_options(populate_existing=True)
    )
    found: dict[int, dict[str, FindingRow]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.device_id, {})[row.rule] = row
    return found


def _mine(asked: Sequence[Rule], platform: str) -> list[Rule]:
    return [rule for rule in asked if platform in rule.platforms]


def _is_fresh(mine: Sequence[Rule], kept: Mapping[str, FindingRow], at: datetime) -> bool:
    """Whether every rule has spoken within the hour; what lies ahead is of a clock set back."""
    return all(
        rule.id in kept and at - FRESH < kept[rule.id].at <= at + tls_evidence.SLACK
        for rule in mine
    )


def _judged_at(kept: Mapping[str, FindingRow]) -> datetime:
    return min((row.at for row in kept.values()), default=datetime.min.replace(tzinfo=UTC))


def _says_otherwise(asked: Sequence[Rule], seen: Evidence, kept: Mapping[str, FindingRow]) -> bool:
    """Whether a rule says something else of what is seen now than it said last."""
    found = policy.evaluate(_mine(asked, seen.platform), seen)
    return any(
        finding.rule not in kept or _differs(finding, kept[finding.rule]) for finding in found
    )


def _differs(finding: Finding, row: FindingRow) -> bool:
    was = Result.FAIL if row.result is Result.WAIVED else row.result
    return (finding.result, finding.severity, list(finding.evidence), finding.reason) != (
        was,
        row.severity,
        row.evidence,
        row.reason,
    )
