"""Judges one condition of a rule against evidence: three-valued, and never lenient.

What could not be seen is unknown. A statement that must be absent and was found is a failure even
in half a configuration; one that was not found is a pass only where the whole was seen.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitoring import config_tree, linux_evidence, redaction
from monitoring.config_tree import ConfigTree, Statement
from monitoring.linux_evidence import Listener, SshdOptions
from monitoring.rules import (
    AtLeast,
    Condition,
    EveryBlock,
    Number,
    Present,
    Result,
    SshdOption,
)


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


def _unseen(evidence: Evidence, source: str) -> Verdict:
    return Verdict(
        Result.UNKNOWN, reason=evidence.missing.get(source, f"no evidence was collected: {source}")
    )


def _passing(tree: ConfigTree, lines: tuple[str, ...] = ()) -> Verdict:
    """A pass, unless the rest of the configuration was not seen."""
    if tree.problem:
        return Verdict(Result.UNKNOWN, lines, tree.problem)
    return Verdict(Result.PASS, lines)


def _missing(tree: ConfigTree, result: Result, reason: str) -> Verdict:
    """Something is not there, unless it stands in the part that was not seen."""
    if tree.problem:
        return Verdict(Result.UNKNOWN, reason=tree.problem)
    return Verdict(result, reason=reason)


def _absent(pattern: re.Pattern[str], evidence: Evidence) -> Verdict:
    if evidence.config is None:
        return _unseen(evidence, "config")
    # At any depth: a line that slipped into a block by its indentation counts all the same.
    found = [s for s in evidence.config.everywhere() if s.matches(pattern)]
    if found:
        return Verdict(Result.FAIL, evidence.lines(found))
    return _passing(evidence.config)


def _present(wanted: Present, evidence: Evidence) -> Verdict:
    if evidence.config is None:
        return _unseen(evidence, "config")
    found = evidence.config.blocks(wanted.line)
    if found:
        return Verdict(Result.PASS, evidence.lines(found))
    return _missing(evidence.config, wanted.if_missing, "the configuration does not say")


def _at_least(wanted: AtLeast, evidence: Evidence) -> Verdict:
    if evidence.config is None:
        return _unseen(evidence, "config")
    found = evidence.config.blocks(wanted.line)
    different = {_first_group(wanted.line, statement) for statement in found}
    if len(different) >= wanted.count:
        return Verdict(Result.PASS, evidence.lines(found))
    verdict = _missing(
        evidence.config, Result.FAIL, f"{len(different)} of at least {wanted.count} are there"
    )
    return Verdict(verdict.result, evidence.lines(found), verdict.reason)


def _first_group(pattern: re.Pattern[str], statement: Statement) -> str:
    found = pattern.search(statement.words)
    if found is None:
        return ""
    return (found[1] if pattern.groups else found[0]).casefold()


def _every_block(wanted: EveryBlock, evidence: Evidence) -> Verdict:
    if evidence.config is None:
        return _unseen(evidence, "config")
    blocks = [
        block
        for block in evidence.config.blocks(wanted.head)
        if wanted.where is None or _inside(block, wanted.where)
    ]
    if not blocks:
        return _missing(evidence.config, wanted.if_none, "no such block is configured")
    verdicts = [_block(block, wanted, evidence) for block in blocks]
    verdict = _all(verdicts)
    if verdict.result is Result.PASS:
        return _passing(evidence.config, verdict.lines)
    return verdict


def _block(block: Statement, wanted: EveryBlock, evidence: Evidence) -> Verdict:
    """One block; its head is always shown, so that the line below it has a place."""
    broken = [line for pattern in wanted.must_not for line in _inside(block, pattern)]
    if broken:
        return Verdict(Result.FAIL, evidence.lines([block, *broken]))
    held: list[Statement] = []
    for pattern in wanted.must:
        lines = _inside(block, pattern)
        if not lines:
            about = _inside(block, wanted.about) if wanted.about else []
            reason = "" if about else f"“{block.words}” lacks the line"
            return Verdict(Result.FAIL, evidence.lines([block, *about]), reason)
        held += lines
    return Verdict(Result.PASS, evidence.lines([block, *held]))


def _inside(block: Statement, pattern: re.Pattern[str]) -> list[Statement]:
    return [line for line in config_tree.effective(block.children) if line.matches(pattern)]


def _number(wanted: Number, evidence: Evidence) -> Verdict:
    if evidence.config is None:
        return _unseen(evidence, "config")
    found = [s for s in evidence.config.everywhere() if s.matches(wanted.line)]
    if not found:
        return _missing(evidence.config, wanted.if_missing, "the configuration does not say")
    outside = [s for s in found if not _within(_first_group(wanted.line, s), wanted)]
    if outside:
        return Verdict(Result.FAIL, evidence.lines(outside))
    return Verdict(Result.PASS, evidence.lines(found))


def _within(digits: str, wanted: Number) -> bool:
    value = int(digits)
    return (wanted.at_most is None or value <= wanted.at_most) and (
        wanted.at_least is None or value >= wanted.at_least
    )


def _sshd_option(wanted: SshdOption, evidence: Evidence) -> Verdict:
    if evidence.sshd is None:
        return _unseen(evidence, "sshd")
    values = evidence.sshd.values(wanted.key)
    broken = [pair for pair in values if not _accepts(wanted, pair[1])]
    if broken:
        return Verdict(Result.FAIL, _sshd_lines(wanted.key, broken))
    # An option under Match alone says nothing of everybody else.
    if not any(where == "" for where, _ in values):
        reason = evidence.sshd.problem or f"{wanted.key} is not stated"
        return Verdict(Result.UNKNOWN, _sshd_lines(wanted.key, values), reason)
    if evidence.sshd.problem:
        return Verdict(Result.UNKNOWN, _sshd_lines(wanted.key, values), evidence.sshd.problem)
    return Verdict(Result.PASS, _sshd_lines(wanted.key, values))


def _sshd_lines(key: str, values: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"{key.lower()} {value}" + (f" (Match {where})" if where else "") for where, value in values
    )


def _accepts(wanted: SshdOption, value: str) -> bool:
    if wanted.at_most is not None:
        return value.isdecimal() and int(value) <= wanted.at_most
    accepted = wanted.one_of or (wanted.equals or "",)
    return value.lower() in {word.lower() for word in accepted}


def _ports_within(allowed: tuple[int, ...], evidence: Evidence) -> Verdict:
    if evidence.listeners is None:
        return _unseen(evidence, "ports")
    outside = [
        port for port in evidence.listeners if port.is_reachable and port.port not in allowed
    ]
    if outside:
        return Verdict(Result.FAIL, tuple(map(str, outside)))
    return Verdict(Result.PASS, tuple(map(str, evidence.listeners)))


def _port_closed(port: int, evidence: Evidence) -> Verdict:
    """Tried from outside; where nobody tried, the condition does not take part."""
    if evidence.open_ports is None or port not in evidence.open_ports:
        return Verdict(Result.NOT_APPLICABLE)
    if evidence.open_ports[port]:
        return Verdict(Result.FAIL, (f"tcp/{port} answers",))
    return Verdict(Result.PASS, (f"tcp/{port} is closed",))


def _host_key(_: str, evidence: Evidence) -> Verdict:
    if evidence.host_key_is_pinned is None:
        return _unseen(evidence, "host_key")
    if evidence.host_key_is_pinned:
        return Verdict(Result.PASS)
    reason = evidence.missing.get("host_key", "the host key is not the approved one")
    return Verdict(Result.FAIL, (reason,))


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


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    return _combined(verdicts, (Result.FAIL, Result.UNKNOWN, Result.PASS))


def _any(verdicts: Iterable[Verdict]) -> Verdict:
    return _combined(verdicts, (Result.PASS, Result.UNKNOWN, Result.FAIL))


def _not(condition: Condition, evidence: Evidence) -> Verdict:
    verdict = judge(condition, evidence)
    opposite = {Result.PASS: Result.FAIL, Result.FAIL: Result.PASS}
    return Verdict(opposite.get(verdict.result, verdict.result), verdict.lines, verdict.reason)


_JUDGES: dict[str, Callable[[Any, Evidence], Verdict]] = {
    "absent": _absent,
    "present": _present,
    "at_least": _at_least,
    "every_block": _every_block,
    "number": _number,
    "sshd_option": _sshd_option,
    "ports_within": _ports_within,
    "port_closed": _port_closed,
    "host_key": _host_key,
    "all_of": lambda many, evidence: _all([judge(one, evidence) for one in many]),
    "any_of": lambda many, evidence: _any([judge(one, evidence) for one in many]),
    "not_": _not,
}
