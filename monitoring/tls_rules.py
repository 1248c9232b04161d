"""Judges the rules about TLS by what a round of endpoints saw; no login to the device is needed.

Who is judged anew: a device of which its endpoints now say something else than its findings, or
whose findings are older than an hour, and one that has lost its last secure endpoint.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import enforcement, evidence, policy, tls_evidence
from monitoring.models import Device, Endpoint, FindingRow
from monitoring.policy import Evidence, Finding, Rule
from monitoring.rules import Condition, Result, Severity, Source

FRESH = timedelta(hours=1)
PORTION = 200
# Of these nothing follows but a finding.
CALM = (Result.PASS, Result.UNKNOWN, Result.NOT_APPLICABLE)
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
        found = due(site_id, asked, at, since)
        _still_say_so(found.same, asked, at)
    for device_id in found.anew:
        with transaction():
            device = db.session.get(Device, device_id)
            # Deleted meanwhile.
            if device is not None:
                record(device, clock.now(), rules)
    return len(found.anew)


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


@dataclass(frozen=True, slots=True)
class Due:
    """Devices by id: whom to judge anew, and of whom the same good or unknown still holds."""

    anew: tuple[int, ...]
    same: tuple[int, ...]


def due(site_id: int, asked: Sequence[Rule], at: datetime, since: datetime | None = None) -> Due:
    """Whom a site's endpoints say something new of: three queries, however many there are.

    A site that is judged for the first time is judged in portions.
    """
    watched = _watched(site_id)
    kept = _kept(site_id, [rule.id for rule in asked], watched)
    old = {
        device_id: _judged_at(kept.get(device_id, {}))
        for device_id, one in watched.items()
        if not _is_fresh(_mine(asked, one.platform), kept.get(device_id, {}), at)
    }
    looked_at = [each for each, one in watched.items() if each in old or one.is_new(since)]
    showing = tls_evidence.by_device(looked_at, at) if looked_at else {}
    changed = {
        device_id
        for device_id, seen in showing.items()
        if device_id in kept
        and _differ(asked, Evidence(watched[device_id].platform, tls=seen), kept[device_id])
    }
    same = {each for each in old if each in kept and each not in changed and _is_calm(kept[each])}
    again = sorted(old.keys() - changed - same, key=lambda each: old[each])[:PORTION]
    gone = kept.keys() - watched.keys()
    return Due(tuple(sorted({*changed, *again, *gone})), tuple(sorted(same)))


def _still_say_so(device_ids: Sequence[int], asked: Sequence[Rule], at: datetime) -> None:
    """Move the time on where nothing follows; who was judged meanwhile is left alone."""
    if not device_ids:
        return
    db.session.execute(
        sa.update(FindingRow)
        .where(
            FindingRow.device_id.in_(device_ids),
            FindingRow.rule.in_([rule.id for rule in asked]),
            FindingRow.result.in_(CALM),
            FindingRow.at < at,
        )
        .values(at=at)
        .execution_options(synchronize_session=False)
    )


class Kept(NamedTuple):
    """What a rule said last of a device."""

    rule: str
    result: Result
    severity: Severity
    evidence: list[Any]
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Watched:
    """A device with secure endpoints, and when one of them was asked last."""

    platform: str
    asked_at: datetime | None

    def is_new(self, since: datetime | None) -> bool:
        """Whether one was asked since then."""
        return since is None or (self.asked_at is not None and self.asked_at >= since)


def _watched(site_id: int) -> dict[int, _Watched]:
    query = (
        sa.select(Device.id, Device.platform, sa.func.max(Endpoint.last_probe_at))
        .join(Endpoint, Endpoint.device_id == Device.id)
        .where(Device.site_id == site_id, Device.is_enabled, tls_evidence.SECURE)
        .group_by(Device.id, Device.platform)
    )
    rows = db.session.execute(query).tuples()
    return {device_id: _Watched(platform.value, at) for device_id, platform, at in rows}


def _kept(site_id: int, rules: Sequence[str], watched: Iterable[int]) -> dict[int, dict[str, Kept]]:
    """What the rules said last: of the devices that are watched, and of those that were."""
    speaks = sa.or_(
        FindingRow.device_id.in_(list(watched)), FindingRow.result != Result.NOT_APPLICABLE
    )
    query = (
        sa.select(
            FindingRow.device_id,
            FindingRow.rule,
            FindingRow.result,
            FindingRow.severity,
            FindingRow.evidence,
            FindingRow.reason,
            FindingRow.at,
        )
        .join(Device, Device.id == FindingRow.device_id)
        .where(Device.site_id == site_id, Device.is_enabled, FindingRow.rule.in_(rules), speaks)
    )
    found: dict[int, dict[str, Kept]] = {}
    for device_id, *said in db.session.execute(query):
        kept = Kept(*said)
        found.setdefault(device_id, {})[kept.rule] = kept
    return found


def _mine(asked: Sequence[Rule], platform: str) -> list[Rule]:
    return [rule for rule in asked if platform in rule.platforms]


def _is_fresh(mine: Sequence[Rule], kept: Mapping[str, Kept], at: datetime) -> bool:
    """Whether every rule has spoken within the hour; what lies ahead is of a clock set back."""
    return all(
        rule.id in kept and at - FRESH < kept[rule.id].at <= at + tls_evidence.SLACK
        for rule in mine
    )


def _judged_at(kept: Mapping[str, Kept]) -> datetime:
    return min((row.at for row in kept.values()), default=datetime.min.replace(tzinfo=UTC))


def _is_calm(kept: Mapping[str, Kept]) -> bool:
    return all(row.result in CALM for row in kept.values())


def _differ(asked: Sequence[Rule], seen: Evidence, kept: Mapping[str, Kept]) -> bool:
    """Whether a rule says something else of what is seen now than it said last."""
    found = policy.evaluate(_mine(asked, seen.platform), seen)
    return any(each.rule not in kept or _differs(each, kept[each.rule]) for each in found)


def _differs(finding: Finding, row: Kept) -> bool:
    was = Result.FAIL if row.result is Result.WAIVED else row.result
    return (finding.result, finding.severity, list(finding.evidence), finding.reason) != (
        was,
        row.severity,
        row.evidence,
        row.reason,
    )
