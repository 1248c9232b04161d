"""Looks over a folder of rules before they judge devices: every mistake, with file and rule."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from config import documents
from monitoring import rule_examples
from monitoring.models import Platform
from monitoring.rule_examples import Example, ExampleFile
from monitoring.rules import (
    FOLDER,
    PLAYBOOKS,
    Condition,
    Enforce,
    Result,
    Rule,
    RuleBook,
    Source,
    Words,
)

PLATFORMS = frozenset(platform.value for platform in Platform)
SWITCHING = PLATFORMS - {Platform.LINUX.value, Platform.GENERIC.value}
# What each kind of condition looks at.
_LOOKS_AT = {
    "sshd_option": Source.SSHD,
    "ports_within": Source.PORTS,
    "host_key": Source.HOST_KEY,
    "rsa_bits": Source.HOST_KEY,
    "saved": Source.STARTUP,
    "communities_refused": Source.SNMP,
    "snmp_value": Source.SNMP,
    "unbooked_traffic": Source.TRAFFIC,
    "tls": Source.TLS,
    "factory_login": Source.LOGIN,
    "services_active": Source.SERVICES,
    "up_to_date": Source.UPDATES,
    "firmware": Source.VERSION,
}
_COMBINING = ("all_of", "any_of", "not_")


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: in which file, of which rule (empty where none can be named), and what."""

    file: str
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}: {self.what}" if self.rule else self.what


@dataclass(slots=True)
class Checked:
    """What a folder holds and what is wrong with it."""

    rules: dict[str, tuple[str, Rule]] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def check(folder: Path | None = None) -> Checked:
    """Read every rule and example of the folder (the shipped one unless given) and try them all."""
    place = folder or FOLDER
    found = Checked()
    for path in sorted(place.glob("*.yml")):
        _read_rules(path, found)
    for path in rule_examples.files(place):
        _read_examples(path, found)
    if not found.rules and not found.faults:
        found.faults.append(Fault(str(place), "", f"{place}: there is no rule here"))
    for file, rule in found.rules.values():
        found.faults += [Fault(file, rule.id, what) for what in _rule(rule)]
        found.faults += [Fault(file, rule.id, what) for what in _lacking(rule, found)]
    return found


def _read_rules(path: Path, found: Checked) -> None:
    try:
        book = documents.read(path, RuleBook)
    except documents.BadDocument as wrong:
        found.faults += [Fault(str(path), "", line) for line in wrong.message.splitlines()]
        return
    for rule in book.rules:
        if rule.id in found.rules:
            first = found.rules[rule.id][0]
            found.faults.append(Fault(str(path), rule.id, f"the id is given in {first} already"))
        else:
            found.rules[rule.id] = (str(path), rule)


def _read_examples(path: Path, found: Checked) -> None:
    try:
        read = documents.read(path, ExampleFile)
    except documents.BadDocument as wrong:
        found.faults += [Fault(str(path), "", line) for line in wrong.message.splitlines()]
        return
    for name, examples in read.examples.items():
        if name not in found.rules:
            found.faults.append(Fault(str(path), name, "there is no rule of this id"))
            continue
        found.examples.setdefault(name, []).extend(examples)
        rule = found.rules[name][1]
        for number, example in enumerate(examples, start=1):
            said = f" ({example.about})" if example.about else ""
            found.faults += [
                Fault(str(path), name, f"example {number}{said}: {what}")
                for what in _tried(rule, example)
            ]


def _tried(rule: Rule, example: Example) -> Iterator[str]:
    strange = set(example.platforms) - set(rule.platforms)
    if strange:
        yield f"the rule does not speak of {', '.join(sorted(strange))}"
        return
    for platform, result, basis in rule_examples.tried(rule, example):
        if result is not example.finding:
            because = f": {basis}" if basis else ""
            yield f"{platform} comes out as {result.value}, not {example.finding.value}{because}"


def _rule(rule: Rule) -> Iterator[str]:
    """What the shape of a file cannot say."""
    unknown = set(rule.platforms) - PLATFORMS
    if unknown:
        yield f"unknown platforms: {', '.join(sorted(unknown))}"
    for name in ("title", "reason", "cure"):
        words: Words = getattr(rule, name)
        if not words.vi.strip() or not words.en.strip() or words.vi.strip() == words.en.strip():
            yield f"{name} is not given in both languages"
    yield from _enforced(rule)
    for platform in rule.platforms:
        looked = {_LOOKS_AT.get(each.kind, Source.CONFIG) for each in _leaves(rule, platform)}
        if rule.evidence not in looked:
            yield f"evidence is {rule.evidence.value}, but no condition on {platform} looks at it"
    if rule.remedy is not None and not (PLAYBOOKS / f"{rule.remedy.playbook}.yml").is_file():
        yield f"there is no playbook {rule.remedy.playbook} in ansible/remedies"
    loose = {
        pattern.pattern
        for platform in rule.platforms
        for leaf in _leaves(rule, platform)
        if leaf.kind not in _LOOKS_AT
        for pattern in _patterns(getattr(leaf, leaf.kind))
        if not pattern.pattern.startswith("^")
    }
    for text in sorted(loose):
        yield f"begin the pattern with ^, or it fits descriptions as well: {text}"


def _enforced(rule: Rule) -> Iterator[str]:
    """What cannot be done about it although it is asked for."""
    asked = rule.enforce or ()
    twice = sorted({step.value for step in asked if asked.count(step) > 1})
    if twice:
        yield f"enforce names {', '.join(twice)} twice"
    if Enforce.SHUT_PORT in asked and not set(rule.platforms) & SWITCHING:
        yield "enforce asks to shut ports, but none of its platforms is a switch's"
    if Enforce.REMEDIATE in asked and rule.remedy is None:
        yield "enforce asks to remediate, but the rule has no remedy"


def _leaves(rule: Rule, platform: str) -> Iterator[Condition]:
    yield from _below(rule.asked_of(platform))


def _below(condition: Condition) -> Iterator[Condition]:
    if condition.kind not in _COMBINING:
        yield condition
        return
    inner = getattr(condition, condition.kind)
    for each in inner if isinstance(inner, tuple) else (inner,):
        yield from _below(each)


def _patterns(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _patterns(getattr(value, name))
    elif isinstance(value, tuple):
        for each in value:
            yield from _patterns(each)


def _lacking(rule: Rule, found: Checked) -> Iterator[str]:
    """A rule shows what it takes and what it refuses, on each of its platforms."""
    examples = found.examples.get(rule.id, [])
    if not examples:
        yield "no example shows what passes and what fails"
        return
    for wanted in (Result.PASS, Result.FAIL):
        shown = {
            platform
            for example in examples
            if example.finding is wanted
            for platform in rule_examples.platforms_of(rule, example)
        }
        bare = [platform for platform in rule.platforms if platform not in shown]
        if bare:
            yield f"no example of {wanted.value} on {', '.join(bare)}"
