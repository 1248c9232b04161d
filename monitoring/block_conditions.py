"""Conditions over blocks of a configuration: interfaces, lines, and the ranges they use. Pure."""

import re
from collections.abc import Iterator

from monitoring.config_tree import Statement
from monitoring.rules import BlockNumber, Covered, EveryBlock, Result
from monitoring.verdicts import Evidence, Verdict, all_, missing, passing, unseen

# VLANs are 1 to 4094; a longer range is a mistake in the text, not a list to write out.
_LONGEST_RANGE = 4096


def every_block(wanted: EveryBlock, evidence: Evidence) -> Verdict:
    """Every block that the condition speaks of holds what it must and nothing that it must not."""
    if evidence.config is None:
        return unseen(evidence, "config")
    blocks = [block for block in evidence.config.blocks(wanted.head) if _is_meant(block, wanted)]
    if not blocks:
        return missing(evidence.config, wanted.if_none, "no such block is configured")
    verdict = all_([_block(block, wanted, evidence) for block in blocks])
    if verdict.result is Result.PASS:
        return passing(evidence.config, verdict.lines)
    return verdict


def _is_meant(block: Statement, wanted: EveryBlock) -> bool:
    if wanted.where is not None and not block.holding(wanted.where):
        return False
    return wanted.where_not is None or not block.holding(wanted.where_not)


def _block(block: Statement, wanted: EveryBlock, evidence: Evidence) -> Verdict:
    """One block; its head is always shown, so that the line below it has a place."""
    broken = [line for pattern in wanted.must_not for line in _forbidden(block, pattern, wanted)]
    if broken:
        return Verdict(Result.FAIL, evidence.lines([block, *broken]))
    held: list[Statement] = []
    for pattern in wanted.must:
        lines = block.holding(pattern)
        if not lines:
            about = block.holding(wanted.about) if wanted.about else []
            reason = "" if about else f"“{block.words}” lacks the line"
            return Verdict(Result.FAIL, evidence.lines([block, *about]), reason)
        held += lines
    numbers = [_number(block, number, evidence) for number in wanted.numbers]
    return all_([*numbers, Verdict(Result.PASS, evidence.lines([block, *held]))])


def _forbidden(block: Statement, pattern: re.Pattern[str], wanted: EveryBlock) -> list[Statement]:
    if wanted.within == "block":
        return block.holding(pattern)
    return [line for line in block.everything() if line.matches(pattern)]


def _number(block: Statement, wanted: BlockNumber, evidence: Evidence) -> Verdict:
    lines = block.holding(wanted.line)
    outside = [line for line in lines if not wanted.hold(_value(line, wanted))]
    if outside:
        return Verdict(Result.FAIL, evidence.lines([block, *outside]))
    if not lines and (wanted.default is None or not wanted.hold(wanted.default)):
        said = "has no default" if wanted.default is None else f"is {wanted.default} unless said"
        reason = f"“{block.words}” does not say the number, which {said}"
        return Verdict(Result.FAIL, evidence.lines([block]), reason)
    return Verdict(Result.PASS, evidence.lines([block, *lines]))


def _value(line: Statement, wanted: BlockNumber) -> int:
    found = wanted.line.search(line.words)
    groups = found.groups(default="0") if found else ()
    return sum(int(digits) * unit for digits, unit in zip(groups, wanted.units, strict=False))


def covered(wanted: Covered, evidence: Evidence) -> Verdict:
    """Every number in use lies in a range that is named."""
    if evidence.config is None:
        return unseen(evidence, "config")
    used = [
        (block, line)
        for block in evidence.config.blocks(wanted.head)
        if wanted.where_not is None or not block.holding(wanted.where_not)
        for line in block.holding(wanted.line)
    ]
    if not used:
        return missing(evidence.config, wanted.if_none, "no such number is in use")
    by = evidence.config.blocks(wanted.by)
    named = {number for statement in by for number in _numbers(wanted.by, statement)}
    bare = [pair for pair in used if not named.issuperset(_numbers(wanted.line, pair[1]))]
    if bare:
        shown = dict.fromkeys(each for pair in bare for each in evidence.lines(pair))
        reason = "the ranges that are named leave these out"
        result = missing(evidence.config, Result.FAIL, reason)
        return Verdict(result.result, (*evidence.lines(by), *shown), result.reason)
    return passing(evidence.config, evidence.lines(by))


def _numbers(pattern: re.Pattern[str], statement: Statement) -> Iterator[int]:
    """The numbers of a list with ranges: `10,20-22` is 10, 20, 21, 22."""
    found = pattern.search(statement.words)
    for part in found[1].split(",") if found else ():
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            end = min(int(last or first), int(first) + _LONGEST_RANGE)
            yield from range(int(first), end + 1)
