"""The policies against a configuration file, offline."""

import json
from collections.abc import Iterable
from typing import Any

from config.errors import Invalid
from monitoring import policy
from monitoring.policy import Finding, Result, Rule
from monitoring.rules import Source

# What a file can tell; ports and host keys only the device itself shows.
_IN_A_FILE = frozenset({Source.CONFIG, Source.SSHD})


class NoRules(Invalid):
    """No rule speaks of this platform; choose one of those named."""


def audit(text: str, platform: str, rules: Iterable[Rule] | None = None) -> list[Finding]:
    """What the rules for `platform` find in a configuration, or in the output of `sshd -T`.

    Evidence is without secrets. Raises NoRules where no rule speaks of the platform.
    """
    known = list(policy.load() if rules is None else rules)
    applicable = [
        rule for rule in known if platform in rule.platforms and rule.evidence in _IN_A_FILE
    ]
    if not applicable:
        raise NoRules(
            "No rule speaks of '{platform}'; choose one of {platforms}.",
            platform=platform,
            platforms=sorted(
                {name for rule in known if rule.evidence in _IN_A_FILE for name in rule.platforms}
            ),
        )
    return policy.evaluate(applicable, policy.evidence_from(platform, text))


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether any rule is broken: the command then exits with 1."""
    return any(finding.result is Result.FAIL for finding in findings)


def as_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """`{"findings": [{"rule", "result", "severity", "evidence", "reason"}]}`, for JSON."""
    return {
        "findings": [
            {
                "rule": finding.rule,
                "result": finding.result.value,
                "severity": finding.severity.value,
                "evidence": list(finding.evidence),
                "reason": finding.reason,
            }
            for finding in findings
        ]
    }


def as_json(findings: Iterable[Finding]) -> str:
    """The same as text, for people and pipes."""
    return json.dumps(as_document(findings), ensure_ascii=False, indent=2)
