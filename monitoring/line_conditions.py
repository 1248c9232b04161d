"""Conditions over the statements of a configuration: there, not there, how many, how much. Pure."""

import re

from monitoring.rules import AtLeast, Number, Present, Result
from monitoring.verdicts import Evidence, Verdict, first_group, missing, passing, unseen


def absent(pattern: re.Pattern[str], evidence: Evidence) -> Verdict:
    """No statement at any depth fits; a comment and a banner are none."""
    if evidence.config is None:
        return unseen(evidence, "config")
    # At any depth: a line that slipped into a block by its indentation counts all the same.
    found = evidence.config.fitting(pattern)
    if found:
        return Verdict(Result.FAIL, evidence.lines(found))
    return passing(evidence.config)


def present(wanted: Present, evidence: Evidence) -> Verdict:
    """An outermost statement fits."""
    if evidence.config is None:
        return unseen(evidence, "config")
    found = evidence.config.blocks(wanted.line)
    if found:
        return Verdict(Result.PASS, evidence.lines(found))
    return missing(evidence.config, wanted.if_missing, "the configuration does not say")


def at_least(wanted: AtLeast, evidence: Evidence) -> Verdict:
    """So many different statements fit."""
    if evidence.config is None:
        return unseen(evidence, "config")
    found = evidence.config.blocks(wanted.line)
    different = {first_group(wanted.line, statement) for statement in found}
    if len(different) >= wanted.count:
        return Verdict(Result.PASS, evidence.lines(found))
    verdict = missing(
        evidence.config, Result.FAIL, f"{len(different)} of at least {wanted.count} are there"
    )
    return Verdict(verdict.result, evidence.lines(found), verdict.reason)


def number(wanted: Number, evidence: Evidence) -> Verdict:
    """Every number that is stated, or the default, lies within the bounds."""
    if evidence.config is None:
        return unseen(evidence, "config")
    found = evidence.config.fitting(wanted.line)
    if not found and wanted.default is not None:
        holds = Result.PASS if wanted.hold(wanted.default) else Result.FAIL
        return missing(evidence.config, holds, f"the default is {wanted.default}")
    if not found:
        return missing(evidence.config, wanted.if_missing, "the configuration does not say")
    outside = [s for s in found if not _is_within(first_group(wanted.line, s), wanted)]
    if outside:
        return Verdict(Result.FAIL, evidence.lines(outside))
    return Verdict(Result.PASS, evidence.lines(found))


def _is_within(digits: str, wanted: Number) -> bool:
    return digits.isdecimal() and wanted.hold(int(digits))


def banner(kind: str, evidence: Evidence) -> Verdict:
    """A banner of the kind says something; what it says is for people and fits no pattern."""
    if evidence.config is None:
        return unseen(evidence, "config")
    heads = [
        s for s in evidence.config.top() if s.opaque and s.words.casefold() == f"banner {kind}"
    ]
    # The last one counts, as on the device.
    if heads and any(letter.isalnum() for letter in heads[-1].body):
        return passing(evidence.config, evidence.lines(heads[-1:]))
    return missing(evidence.config, Result.FAIL, f"there is no {kind} banner, or it is empty")
