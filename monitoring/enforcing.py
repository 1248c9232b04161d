"""What is done about a broken rule: as the rule says, or as its severity does."""

from functools import cache

from monitoring import rules
from monitoring.rules import Enforce, Rule, Severity

GRAVE = frozenset({Severity.CRITICAL, Severity.HIGH})


def by_severity(severity: Severity) -> frozenset[Enforce]:
    """What is done about a rule that says nothing of it."""
    steps = {Enforce.NOTIFY}
    return frozenset(steps | {Enforce.QUARANTINE} if severity in GRAVE else steps)


def steps(rule: Rule | None, severity: Severity) -> frozenset[Enforce]:
    """What is done about a rule; one that is no longer on the books follows its severity."""
    if rule is None or rule.enforce is None:
        return by_severity(severity)
    return frozenset(rule.enforce)


def steps_of(rule_id: str, severity: Severity) -> frozenset[Enforce]:
    """The same by the rule's id, from the files as this process first read them."""
    return steps(_book().get(rule_id), severity)


def rules_that(step: Enforce) -> list[str]:
    """The ids of the rules that ask for this themselves."""
    return sorted(each.id for each in _book().values() if step in (each.enforce or ()))


def is_raised(rule_id: str, *, is_live: bool, is_exposed: bool) -> bool:
    """Whether a violation counts one step of severity more.

    While an event runs on the device, unless its rule says what is done and leaves `raise` out; a
    rule that says `raise` counts more on devices that the Internet reaches as well.
    """
    rule = _book().get(rule_id)
    if rule is None or rule.enforce is None:
        return is_live
    return Enforce.RAISE in rule.enforce and (is_live or is_exposed)


def is_exposure_asked(rule_id: str) -> bool:
    """Whether it matters to `is_raised` of this rule who reaches the device."""
    rule = _book().get(rule_id)
    return rule is not None and Enforce.RAISE in (rule.enforce or ())


@cache
def _book() -> dict[str, Rule]:
    return {rule.id: rule for rule in rules.load()}
