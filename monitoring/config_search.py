"""Searches the newest configuration of every device, without secrets: which lines say this.

What is searched was redacted when it was kept, so no question can find out a secret. A regular
expression runs in a process of its own with a time limit (`line_grep`).
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from config.database import db
from monitoring import config_blocks, config_diff, config_versions, redaction
from monitoring.credentials import Keyring
from monitoring.errors import BadSearch, VersionUnreadable
from monitoring.models import ConfigSource, ConfigVersion, Device

LONGEST = 200
SECONDS = 5.0
# Lines told of one device; a device of which more fit is told to have more.
MOST_LINES = 20
# Texts are handed to the searching process in portions of about so many characters.
PORTION = 4_000_000
GREP = Path(__file__).with_name("line_grep.py")


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that fits, without secrets, and the blocks it stands in, the outermost first."""

    line: int
    text: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A device of which lines fit."""

    version: ConfigVersion
    lines: tuple[int, ...]

    @property
    def has_more(self) -> bool:
        """Whether more lines fit than are told."""
        return len(self.lines) > MOST_LINES


def hits(match: Match, keyring: Keyring) -> list[Hit]:
    """The lines with their paths."""
    platform = match.version.device.platform.value
    shown = config_versions.shown_when_kept(match.version, keyring)
    lines = shown.split("\n")
    above = config_blocks.paths(config_blocks.blocks(platform, shown))
    found = []
    for number in match.lines[:MOST_LINES]:
        path = above.get(number, ())
        clean = _redacted(platform, lines, [*(block.line for block in path), number])
        # By today's rules something in it is a secret: that it fits would tell of it.
        if clean[-1] == lines[number - 1]:
            heads = [config_diff.head(block, lines) for block in path]
            found.append(Hit(number, clean[-1].strip(), tuple(heads)))
    return found


def _redacted(platform: str, lines: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """Some lines by the rules of today; the blocks above say what stands in them."""
    return redaction.redact(platform, "\n".join(lines[n - 1] for n in numbers)).split("\n")


@dataclass(frozen=True, slots=True)
class Found:
    """Where lines fit, by name of the device; how many were searched, and which cannot be read."""

    matches: list[Match]
    searched: int
    unreadable: list[str]


def search(asked: str, keyring: Keyring, *, is_pattern: bool = False) -> Found:
    """Every device whose newest configuration has the text, or a line that fits the pattern.

    Upper and lower case are one. Raises BadSearch for what is no pattern or takes too long.
    """
    asked = asked.strip()
    if not 2 <= len(asked) <= LONGEST:
        raise BadSearch("Type 2 to {most} characters to search for.", words={"most": LONGEST})
    if is_pattern:
        _check(asked)
    matches: list[Match] = []
    unreadable: list[str] = []
    searched, ends_at = 0, time.monotonic() + SECONDS
    for portion in _portions(keyring, unreadable):
        searched += len(portion)
        texts = [text for _, text in portion]
        lines = _by_pattern(asked, texts, ends_at) if is_pattern else _by_text(asked, texts)
        matches += [
            Match(version, tuple(numbers))
            for (version, _), numbers in zip(portion, lines, strict=True)
            if numbers
        ]
    matches.sort(key=lambda one: one.version.device.name.casefold())
    return Found(matches, searched, sorted(unreadable))


def _check(pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as wrong:
        raise BadSearch(
            "This is no regular expression: {problem}. Correct it, or search for plain text.",
            words={"problem": str(wrong)[:100]},
        ) from wrong


Portion = list[tuple[ConfigVersion, str]]


def _portions(keyring: Keyring, unreadable: list[str]) -> Iterator[Portion]:
    """The newest versions with their texts, some at a time: not all of them are held at once."""
    portion: Portion = []
    size = 0
    for version in newest():
        try:
            text = config_versions.shown_when_kept(version, keyring)
        except VersionUnreadable:
            unreadable.append(version.device.name)
            continue
        portion.append((version, text))
        size += len(text)
        if size > PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def newest() -> Iterator[ConfigVersion]:
    """The newest running configuration of each device in use, without what has secrets."""
    ids = (
        sa.select(ConfigVersion.id)
        .where(ConfigVersion.source == ConfigSource.RUNNING)
        .distinct(ConfigVersion.device_id)
        .order_by(ConfigVersion.device_id, ConfigVersion.number.desc())
    )
    query = (
        sa.select(ConfigVersion)
        .join(ConfigVersion.device)
        .options(
            contains_eager(ConfigVersion.device),
            sa.orm.defer(ConfigVersion.sealed),
        )
        .where(ConfigVersion.id.in_(ids), Device.retired_at.is_(None))
        .order_by(ConfigVersion.id)
    )
    return iter(db.session.scalars(query.execution_options(yield_per=100)))


def _by_text(asked: str, texts: Sequence[str]) -> list[list[int]]:
    wanted = asked.casefold()
    found = []
    for text in texts:
        lines: list[int] = []
        # Most texts do not have it at all: then no line is looked at.
        if wanted in text.casefold():
            for number, line in enumerate(text.split("\n"), start=1):
                if len(lines) <= MOST_LINES and wanted in line.casefold():
                    lines.append(number)
        found.append(lines)
    return found


def _by_pattern(pattern: str, texts: Sequence[str], ends_at: float) -> list[list[int]]:
    """As another process finds them; it is killed when the time is up."""
    asked = json.dumps({"pattern": pattern, "texts": texts, "most": MOST_LINES + 1})
    try:
        done = subprocess.run(  # our own file; what is asked goes by standard input
            [sys.executable, "-I", "-S", str(GREP)],
            input=asked,
            capture_output=True,
            encoding="utf-8",
            timeout=max(0.1, ends_at - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired as wrong:
        raise BadSearch(
            "The pattern takes too long. Write it more narrowly: name words, and use fewer "
            "stars and pluses inside one another."
        ) from wrong
    if done.returncode != 0:
        raise BadSearch("The pattern takes too much memory or time; write it more narrowly.")
    lines: list[list[int]] = json.loads(done.stdout)
    return lines
