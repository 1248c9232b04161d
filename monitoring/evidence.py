"""Collects what devices show of themselves, judges it, and writes what follows.

`collect` asks one device and touches no database; `record` writes all that follows in the caller's
transaction; `collect_site` does both for a site: many threads fetch, one writer writes.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock, logs
from config.database import db, transaction
from monitoring import (
    asking,
    conditions,
    enforcement,
    hostkeys,
    key_strength,
    linux_evidence,
    linux_upkeep,
    login_evidence,
    policy,
    redaction,
    tls_evidence,
    unbooked,
    violations,
)
from monitoring.asking import Asked
from monitoring.credentials import Keyring
from monitoring.models import ConfigRound, Device, EvidenceRecord, FindingRow, Platform
from monitoring.policy import Evidence, Finding, Result, Rule
from monitoring.probes import calls, communities, tcp
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.rules import Source

T = TypeVar("T")
log = logs.get(__name__)

# AAA servers choke on more sessions at once.
MOST_THREADS = 8
TELNET = 23


@dataclass(frozen=True, slots=True)
class Collected:
    """What one device showed, without secrets in `texts`; and what it did not, in `failures`."""

    device_id: int
    at: datetime
    evidence: Evidence
    shown_key: PinnedKey | None = None
    texts: Mapping[Source, str] = field(default_factory=dict)
    failures: Mapping[Source, Failure] = field(default_factory=dict)


def collect(device: Asked) -> Collected:
    """Ask one device over SSH. Never raises for what the device does; reaches no database."""
    if device.host_key is None:
        return _unapproved(device)
    target = device.target()
    if isinstance(target, Failure):
        return _failed(device, target)
    if device.platform == Platform.LINUX.value:
        return _collect_host(device, target)
    return _collect_config(device, target)


def _unapproved(device: Asked) -> Collected:
    """Nobody has approved a key: look at the one it shows, and ask nothing."""
    key = calls.read_host_key(device.address, device.port, is_legacy=device.is_legacy)
    if isinstance(key, Failure):
        return _failed(device, key)
    failure = Failure(
        FailureKind.HOST_KEY_UNAPPROVED,
        f"the host key {key.fingerprint} is not approved; compare it and approve it",
    )
    return _failed(device, failure, shown=key)


def _failed(device: Asked, failure: Failure, *, shown: PinnedKey | None = None) -> Collected:
    """Nothing could be read. A changed key is a fact of its own, and a grave one."""
    is_pinned = None
    if failure.kind is FailureKind.HOST_KEY_CHANGED:
        is_pinned = False
        key = calls.read_host_key(device.address, device.port, is_legacy=device.is_legacy)
        shown = key if isinstance(key, PinnedKey) else None
    missing = {source.value: failure.message for source in Source}
    return Collected(
        device.device_id,
        clock.now(),
        Evidence(device.platform, host_key_is_pinned=is_pinned, missing=missing),
        shown,
        failures={_main_source(device.platform): failure},
    )


def _main_source(platform: str) -> Source:
    return Source.SSHD if platform == Platform.LINUX.value else Source.CONFIG


def _strength(key: PinnedKey | None) -> tuple[str, int] | None:
    length = key_strength.bits(key.algorithm, key.key) if key is not None else None
    return None if key is None or length is None else (key.algorithm, length)


def _collect_config(device: Asked, target: SshTarget) -> Collected:
    text = calls.read_config(target)
    if isinstance(text, Failure):
        return _failed(device, text)
    tree, shown = conditions.read_config(device.platform, text)
    evidence = Evidence(
        device.platform,
        config=tree,
        shown=shown,
        open_ports=tcp.open_ports(device.address, [TELNET]),
        host_key_is_pinned=True,
        host_key=_strength(device.host_key),
    )
    return Collected(
        device.device_id, clock.now(), evidence, device.host_key, {Source.CONFIG: "\n".join(shown)}
    )


def _collect_host(device: Asked, target: SshTarget) -> Collected:
    host = calls.read_host(target)
    if isinstance(host, Failure):
        return _failed(device, host)
    texts = {
        Source.SSHD: host.sshd,
        Source.PORTS: host.ports,
        Source.SERVICES: host.services,
        Source.UPDATES: host.updates,
    }
    told = {source: text for source, text in texts.items() if isinstance(text, str)}
    failures = {source: text for source, text in texts.items() if isinstance(text, Failure)}
    evidence = Evidence(
        device.platform,
        sshd=_read(linux_evidence.sshd_options, told.get(Source.SSHD)),
        listeners=_read(linux_evidence.listeners, told.get(Source.PORTS)),
        services=_read(linux_upkeep.services, told.get(Source.SERVICES)),
        upkeep=_read(linux_upkeep.upkeep, told.get(Source.UPDATES)),
        host_key_is_pinned=True,
        host_key=_strength(device.host_key),
        communities=communities.answered(device.address, device.snmp_port),
        missing={source.value: failure.message for source, failure in failures.items()},
    )
    kept = {source: redaction.redact(device.platform, text) for source, text in told.items()}
    return Collected(device.device_id, clock.now(), evidence, device.host_key, kept, failures)


def _read(read: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else read(text)


def record(
    device: Device, collected: Collected, rules: Sequence[Rule] | None = None
) -> list[Finding]:
    """Write evidence, findings, violations and closures, all in the caller's transaction."""
    # One writer a device: a second collection of the same one waits here.
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    _keep_texts(collected)
    if collected.shown_key is not None:
        key = collected.shown_key
        hostkeys.note(device, key.algorithm, key.key, at=collected.at)
    applicable = speaking_of(device, policy.load() if rules is None else rules)
    unsaved = db.session.scalar(
        sa.select(ConfigRound.unsaved_lines).where(ConfigRound.device_id == device.id)
    )
    seen = replace(
        collected.evidence,
        snmp=_polled(device),
        unsaved_lines=unsaved,
        port_traffic=unbooked.traffic_of(device, collected.at),
        tls=tls_evidence.of(device, collected.at),
        logins=login_evidence.of(device, collected.at),
    )
    found = judge(device, applicable, seen, collected.at)
    _withdraw(device, [rule.id for rule in applicable], collected.at)
    enforcement.settle(device, at=collected.at)
    return found


def speaking_of(device: Device, rules: Sequence[Rule]) -> list[Rule]:
    """The rules for the device's platform."""
    return [rule for rule in rules if device.platform.value in rule.platforms]


def judge(device: Device, rules: Sequence[Rule], seen: Evidence, at: datetime) -> list[Finding]:
    """What the rules find in evidence, kept, with the violations that follow."""
    found = policy.evaluate(rules, seen, waived=violations.waived_rules(device, at=at))
    for finding in found:
        _keep_finding(device, finding, at)
        _follow(device, finding, at)
    return found


def _polled(device: Device) -> dict[str, str] | None:
    """What the poller read last; None of a device that never answered it."""
    if device.last_answer_at is None:
        return None
    read = {"sysName": device.sys_name, "sysDescr": device.sys_descr}
    return {name: value for name, value in read.items() if value is not None}


def _follow(device: Device, finding: Finding, at: datetime) -> None:
    """What a finding does to violations; the unknown changes nothing, for good or ill."""
    if finding.result in (Result.FAIL, Result.WAIVED):
        violations.open_or_refresh(device, finding, at=at)
    elif finding.result in (Result.PASS, Result.NOT_APPLICABLE):
        standing = violations.find_open(device, finding.rule)
        if standing is not None:
            violations.resolve(standing, at=at)


def _withdraw(device: Device, rules: Sequence[str], at: datetime) -> None:
    """What a rule said that operators have since taken away holds no longer."""
    db.session.execute(
        sa.delete(FindingRow).where(
            FindingRow.device_id == device.id, FindingRow.rule.not_in(rules)
        )
    )
    for violation in violations.all_(statuses=violations.STANDING, device=device, limit=1000):
        if violation.rule not in rules:
            violations.resolve(violation, at=at)


def _keep_texts(collected: Collected) -> None:
    for source, text in collected.texts.items():
        _keep(collected, source, text, None)
    for source, failure in collected.failures.items():
        _keep(collected, source, None, f"{failure.kind.value}: {failure.message}")


def _keep(collected: Collected, source: Source, text: str | None, failure: str | None) -> None:
    """Keep a text once: where it is what the last one was, only the time moves on."""
    # PostgreSQL keeps no NUL.
    text = text.replace("\0", "") if text is not None else None
    digest = hashlib.sha256(
        (text if text is not None else f"failure {failure}").encode()
    ).hexdigest()
    last = latest(collected.device_id, source)
    if last is not None and last.digest == digest:
        last.last_at = collected.at
        db.session.flush()
        return
    db.session.add(
        EvidenceRecord(
            device_id=collected.device_id,
            source=source,
            at=collected.at,
            last_at=collected.at,
            text=text,
            failure=failure,
            digest=digest,
        )
    )
    db.session.flush()


def latest(device_id: int, source: Source) -> EvidenceRecord | None:
    """The newest record of one source, if any."""
    return db.session.scalar(
        sa.select(EvidenceRecord)
        .where(EvidenceRecord.device_id == device_id, EvidenceRecord.source == source)
        .order_by(EvidenceRecord.at.desc(), EvidenceRecord.id.desc())
        .limit(1)
    )


def _keep_finding(device: Device, finding: Finding, at: datetime) -> None:
    values = {
        "result": finding.result,
        "severity": finding.severity,
        "evidence": [line.replace("\0", "") for line in finding.evidence],
        "reason": finding.reason,
        "at": at,
    }
    db.session.execute(
        insert(FindingRow)
        .values(device_id=device.id, rule=finding.rule, **values)
        .on_conflict_do_update(index_elements=["device_id", "rule"], set_=values)
    )


def findings(device: Device) -> list[FindingRow]:
    """The newest finding of every rule for the device's platform, by rule."""
    return list(
        db.session.scalars(
            sa.select(FindingRow)
            .where(FindingRow.device_id == device.id)
            .order_by(FindingRow.rule)
            .execution_options(populate_existing=True)
        )
    )


def targets(
    site_id: int, keyring: Keyring, *, only: int | None = None, seconds: float = 60.0
) -> list[Asked]:
    """The site's devices that SSH is configured for (or the one of this id), logins opened."""
    rows = db.session.scalars(
        sa.select(Device)
        .where(
            Device.site_id == site_id,
            Device.is_enabled,
            Device.ssh_credential_id.is_not(None),
            *([Device.id == only] if only is not None else []),
        )
        .order_by(Device.id)
    )
    return [asking.asked(device, keyring, seconds=seconds) for device in rows]


def collect_site(
    site_id: int, keyring: Keyring, *, only: int | None = None, seconds: float = 60.0
) -> dict[str, int]:
    """Collect and record the evidence of a site; how many rules passed, failed and so on.

    The network is asked outside any transaction. Each device is written in one of its own, so
    that what one shows never undoes another. Raises nothing for what a device does.
    """
    rules = policy.load()
    with transaction():
        wanted = targets(site_id, keyring, only=only, seconds=seconds)
    totals: dict[str, int] = {}
    with ThreadPoolExecutor(max_workers=MOST_THREADS, thread_name_prefix="evidence") as pool:
        going = {pool.submit(collect, device): device for device in wanted}
        for future in as_completed(going):
            collected = _result(going[future], future)
            for finding in _write(collected, rules):
                totals[finding.result.value] = totals.get(finding.result.value, 0) + 1
    if only is None:
        _withdraw_elsewhere(site_id, rules)
    return totals


def _withdraw_elsewhere(site_id: int, rules: Sequence[Rule]) -> None:
    """Devices without a login are judged by traffic and TLS: rules taken away end there too."""
    left_over = sa.select(FindingRow.device_id).where(
        FindingRow.rule.not_in([rule.id for rule in rules])
    )
    with transaction():
        devices = db.session.scalars(
            sa.select(Device.id).where(
                Device.site_id == site_id,
                Device.ssh_credential_id.is_(None),
                Device.id.in_(left_over),
            )
        ).all()
    for device_id in sorted(devices):
        with transaction():
            device = db.session.get(Device, device_id, with_for_update=True)
            if device is not None:
                _withdraw(device, [rule.id for rule in speaking_of(device, rules)], clock.now())
                enforcement.settle(device)


def _result(device: Asked, future: Future[Collected]) -> Collected:
    """What a thread brought; a fault of ours is a failure of this device alone."""
    wrong = future.exception()
    if wrong is None:
        return future.result()
    log.error(
        "collecting evidence failed", device=device.name, error=type(wrong).__name__, exc_info=wrong
    )
    return _failed(device, Failure(FailureKind.INTERNAL, f"{type(wrong).__name__} in the probe"))


def _write(collected: Collected, rules: Sequence[Rule]) -> list[Finding]:
    try:
        with transaction():
            device = db.session.get(Device, collected.device_id)
            # Deleted while it was being asked.
            return [] if device is None else record(device, collected, rules)
    except sa.exc.DataError as wrong:
        # What one device shows and PostgreSQL cannot keep is no reason to forget the others.
        log.error("evidence_not_kept", device_id=collected.device_id, exc_info=wrong)
        return []
