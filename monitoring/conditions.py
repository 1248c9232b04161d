"""Judges one condition of a rule against evidence: three-valued, and never lenient.

What could not be seen is unknown. A statement that must be absent and was found is a failure even
in half a configuration; one that was not found is a pass only where the whole was seen.
"""

from collections.abc import Callable
from typing import Any

from monitoring import (
    block_conditions,
    config_tree,
    line_conditions,
    linux_evidence,
    login_conditions,
    redaction,
    server_conditions,
    tls_conditions,
    upkeep_conditions,
)
from monitoring.config_tree import ConfigTree
from monitoring.rules import Condition, Result
from monitoring.verdicts import Evidence, Verdict, all_, any_

__all__ = ["Evidence", "Verdict", "evidence_from", "judge", "read_config"]


def read_config(platform: str, text: str) -> tuple[ConfigTree, tuple[str, ...]]:
    """The tree of a configuration and its lines without secrets."""
    tree = config_tree.parse(text, platform)
    shown = redaction.redact(platform, tree.source).split("\n")
    return tree, tuple(line.rstrip("\r") for line in shown)


def evidence_from(platform: str, text: str) -> Evidence:
    """Evidence from one file: a configuration, or for linux the output of `sshd -T`."""
    if platform == "linux":
        return Evidence(platform, sshd=linux_evidence.sshd_options(text))
    tree, shown = read_config(platform, text)
    return Evidence(platform, config=tree, shown=shown)


def judge(condition: Condition, evidence: Evidence) -> Verdict:
    """What the evidence says of the condition."""
    return _JUDGES[condition.kind](getattr(condition, condition.kind), evidence)


def _not(condition: Condition, evidence: Evidence) -> Verdict:
    verdict = judge(condition, evidence)
    opposite = {Result.PASS: Result.FAIL, Result.FAIL: Result.PASS}
    return Verdict(opposite.get(verdict.result, verdict.result), verdict.lines, verdict.reason)


_JUDGES: dict[str, Callable[[Any, Evidence], Verdict]] = {
    "absent": line_conditions.absent,
    "present": line_conditions.present,
    "at_least": line_conditions.at_least,
    "number": line_conditions.number,
    "banner": line_conditions.banner,
    "every_block": block_conditions.every_block,
    "covered": block_conditions.covered,
    "sshd_option": server_conditions.sshd_option,
    "ports_within": server_conditions.ports_within,
    "port_closed": server_conditions.port_closed,
    "host_key": server_conditions.host_key,
    "rsa_bits": server_conditions.rsa_bits,
    "saved": server_conditions.saved,
    "unbooked_traffic": server_conditions.unbooked_traffic,
    "tls": tls_conditions.tls,
    "factory_login": login_conditions.factory_login,
    "services_active": upkeep_conditions.services_active,
    "up_to_date": upkeep_conditions.up_to_date,
    "communities_refused": server_conditions.communities_refused,
    "snmp_value": server_conditions.snmp_value,
    "firmware": server_conditions.firmware,
    "all_of": lambda many, evidence: all_([judge(one, evidence) for one in many]),
    "any_of": lambda many, evidence: any_([judge(one, evidence) for one in many]),
    "not_": _not,
}
