"""What is known of a device, and what was said of it: three-valued, and never lenient. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.config_tree import ConfigTree, Statement
from monitoring.linux_evidence import Listener, SshdOptions
from monitoring.linux_upkeep import Upkeep
from monitoring.rules import Result


@dataclass(frozen=True, slots=True)
class PortTraffic:
    """A port that hands out a circuit: what it carries that nobody booked, in words."""

    port: str
    # Whether its traffic was measured lately.
    is_measured: bool = True
    unbooked: str = ""


@dataclass(frozen=True, slots=True)
class CertificateShown:
    """What a certificate says, and what is wrong with it.

    `distrust` is why no authority vouches for it, empty where one does; `weak` names its key or
    digest where they are too weak.
    """

    begins_at: datetime
    ends_at: datetime
    distrust: str = ""
    # Whether it names the host.
    is_named: bool = True
    weak: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsShown:
    """What one secure endpoint of a device showed last, judged at the moment `at`.

    Without a certificate `failure` says why; `offers` tells of the versions of TLS that were tried
    lately whether each is offered.
    """

    endpoint: str
    at: datetime
    certificate: CertificateShown | None = None
    # Not where an operator marked the certificate as the device's own.
    needs_trust: bool = True
    offers: Mapping[str, bool] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class LoginTried:
    """What a page of a device did last with its factory login, judged at the moment `at`.

    `result` is `accepted`, `refused` or `unclear`; then `told` says why.
    """

    endpoint: str
    user: str
    tried_at: datetime
    at: datetime
    result: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one device. A source that is None was not seen; `missing` may say why."""

    platform: str
    config: ConfigTree | None = None
    # The lines of the configuration without their secrets: the only ones a finding may show.
    shown: tuple[str, ...] = ()
    sshd: SshdOptions | None = None
    listeners: tuple[Listener, ...] | None = None
    # TCP ports that were tried from outside, and whether they answered.
    open_ports: Mapping[int, bool] | None = None
    # Whether the host key is the approved one; None where none is approved or none was seen.
    host_key_is_pinned: bool | None = None
    # The algorithm and the length in bits of the key that the SSH server showed.
    host_key: tuple[str, int] | None = None
    # Lines in which the running configuration differs from the one that a restart brings.
    unsaved_lines: int | None = None
    # The ports that hand out circuits, and what the poller measured on them.
    port_traffic: tuple[PortTraffic, ...] | None = None
    # What the device's secure endpoints showed last.
    tls: tuple[TlsShown, ...] | None = None
    # What became of its factory login, where an operator had it tried.
    logins: tuple[LoginTried, ...] | None = None
    # The services of a Linux host that are active, and what waits to be installed there.
    services: frozenset[str] | None = None
    upkeep: Upkeep | None = None
    # Communities that were tried, and whether the agent answered to them.
    communities: Mapping[str, bool] | None = None
    # What the poller read last: `sysName`, `sysDescr`.
    snmp: Mapping[str, str] | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    def lines(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """The statements as the device wrote them, without secrets."""
        return tuple(self.shown[statement.line - 1] for statement in statements)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result, the evidence for it, and a sentence where the evidence is something missing."""

    result: Result
    lines: tuple[str, ...] = ()
    reason: str = ""


def unseen(evidence: Evidence, source: str) -> Verdict:
    """Unknown, with the reason why nothing of the source was seen."""
    return Verdict(
        Result.UNKNOWN, reason=evidence.missing.get(source, f"no evidence was collected: {source}")
    )


def passing(tree: ConfigTree, lines: tuple[str, ...] = ()) -> Verdict:
    """A pass, unless the rest of the configuration was not seen."""
    if tree.problem:
        return Verdict(Result.UNKNOWN, lines, tree.problem)
    return Verdict(Result.PASS, lines)


def missing(tree: ConfigTree, result: Result, reason: str) -> Verdict:
    """Something is not there, unless it stands in the part that was not seen."""
    if tree.problem:
        return Verdict(Result.UNKNOWN, reason=tree.problem)
    return Verdict(result, reason=reason)


def first_group(pattern: re.Pattern[str], statement: Statement) -> str:
    """What the first group of the pattern found, or all of it without a group."""
    found = pattern.search(statement.words)
    if found is None:
        return ""
    return (found[1] if pattern.groups else found[0]).casefold()


def _combined(verdicts: Iterable[Verdict], order: tuple[Result, ...]) -> Verdict:
    """The first result of `order` that occurs decides, with all that speaks for it."""
    taking_part = [v for v in verdicts if v.result is not Result.NOT_APPLICABLE]
    for result in order:
        speaking = [v for v in taking_part if v.result is result]
        if speaking:
            lines = dict.fromkeys(line for v in speaking for line in v.lines)
            reasons = dict.fromkeys(v.reason for v in speaking if v.reason)
            return Verdict(result, tuple(lines), "; ".join(reasons))
    return Verdict(Result.NOT_APPLICABLE)


def all_(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them; the unknown is worse than a pass."""
    return _combined(verdicts, (Result.FAIL, Result.UNKNOWN, Result.PASS))


def any_(verdicts: Iterable[Verdict]) -> Verdict:
    """The best of them; the unknown is better than a failure."""
    return _combined(verdicts, (Result.PASS, Result.UNKNOWN, Result.FAIL))
