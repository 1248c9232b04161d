"""Is it lawful: rules against evidence. Pure; what is collected, kept and enforced is elsewhere."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from monitoring import conditions
from monitoring.conditions import Evidence, evidence_from
from monitoring.rules import Result, Rule, Severity, load

__all__ = ["Evidence", "Finding", "Result", "Rule", "Severity", "evaluate", "evidence_from", "load"]

# Of a switch with hundreds of ports nobody reads every line that is in order.
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found on one device. `evidence` are lines without secrets."""

    rule: str
    result: Result
    severity: Severity
    evidence: tuple[str, ...] = ()
    reason: str = ""


def evaluate(
    rules: Iterable[Rule], evidence: Evidence, *, waived: Collection[str] = ()
) -> list[Finding]:
    """One finding for each rule, in the order of the rules.

    A rule for other platforms is not_applicable; without evidence it is unknown, never a pass; a
    failure of a rule whose id is in `waived` is waived.
    """
    return [_finding(rule, evidence, waived) for rule in rules]


def _finding(rule: Rule, evidence: Evidence, waived: Collection[str]) -> Finding:
    found = Finding(rule.id, Result.NOT_APPLICABLE, rule.severity)
    if evidence.platform not in rule.platforms:
        return found
    if rule.when is not None:
        applies = conditions.judge(rule.when, evidence)
        if applies.result is Result.FAIL:
            return found
        if applies.result is Result.UNKNOWN:
            return replace(found, result=Result.UNKNOWN, reason=applies.reason)
    verdict = conditions.judge(rule.asked_of(evidence.platform), evidence)
    result = verdict.result
    if result is Result.FAIL and rule.id in waived:
        result = Result.WAIVED
    reason = verdict.reason
    if verdict.result is Result.FAIL:
        reason = f"{rule.reason.en} ({reason})" if reason else rule.reason.en
    return replace(found, result=result, evidence=_shortened(verdict.lines), reason=reason)


def _shortened(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= MOST_LINES:
        return lines
    return (*lines[:MOST_LINES], f"… and {len(lines) - MOST_LINES} more lines")
