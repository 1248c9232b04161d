"""A configuration as blocks that can be compared: what means nothing is left out or settled.

Only comparing works on this form; a device is never sent any of it. Left out are comments, the
times and sizes that a device prints around its configuration and its `ntp clock-period`. Settled
are the line breaks of certificates and secrets that are encrypted reversibly: the same secret,
encrypted anew, is the same.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitoring import config_secrets, config_tree
from monitoring.statements import Statement

# What stands around a configuration, or in it, and differs at every look.
_NOISE = re.compile(
    r"^(?:ntp clock-period \d+|Building configuration\.*|Current configuration ?: ?\d+ bytes.*"
    r"|Using \d+ out of \d+ bytes.*|Uncompressed configuration from .*|\S+ uptime is .*"
    r"|Running configuration:|Startup configuration:.*|;.*|#.*)$",
    re.IGNORECASE,
)
# Where the first line that fits decides: there a moved line is a change.
_ORDERED = re.compile(
    r"^(?:(?:inactive: )?(?:filter|policy-statement|from-zone|rule-set|policy-options) "
    r"|(?:ip|ipv6|mac|role-based) (?:ipv6 )?access-list |access-list |policy-map "
    r"|aaa group server |event manager applet "
    r"|/(?:ip|ipv6) firewall (?:filter|nat|mangle|raw)|/interface bridge (?:filter|nat)"
    r"|/routing filter|/queue simple)",
    re.IGNORECASE,
)
_FLAT_LIST = re.compile(r"^(?P<head>access-list \S+) \S", re.IGNORECASE)
_CERTIFICATE = re.compile(r"^certificate\b", re.IGNORECASE)
_JUNOS_REMARK = re.compile(r"/\*.*?\*/", re.S)
# `## SECRET-DATA` and the like behind a statement.
_JUNOS_NOTE = re.compile(r"(?<=[;{}])\s*##.*$")
# Deeper than any platform nests; a text that does is kept flat from there on.
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Block:
    """A statement and what stands beneath it; `line` to `last` are its own lines, from 1.

    `words` are what is compared. They may hold secrets: show the lines of the redacted text.
    """

    words: str
    line: int
    last: int
    children: tuple["Block", ...] = ()

    @property
    def is_ordered(self) -> bool:
        """Whether the order of what stands beneath has a meaning."""
        return _ORDERED.match(self.words) is not None

    def everywhere(self) -> Iterator["Block"]:
        """It and all that stands beneath it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.everywhere()


def blocks(platform: str, text: str) -> tuple[Block, ...]:
    """The outermost blocks of a configuration. Never raises, whatever the text is."""
    text = text.replace("\r", "")
    if platform == "mikrotik_routeros":
        return _sections(text)
    if platform == "juniper_junos":
        return _braces(text)
    tree = config_tree.parse(text, platform)
    lines = tree.source.split("\n")
    found = _converted(tree.statements, _ends(tree.statements, lines), lines, depth=0)
    return tuple(_gathered(found))


def _ends(statements: Iterable[Statement], lines: Sequence[str]) -> dict[int, int]:
    """The last line of each opaque text, by its first: what comes before the next statement."""
    order = list(_flat(statements))
    following = [statement.line for statement in order[1:]] + [len(lines) + 1]
    ends = {}
    for statement, begins in zip(order, following, strict=False):
        if statement.opaque:
            last = begins - 1
            while last > statement.line and lines[last - 1].strip() in ("", "!"):
                last -= 1
            ends[statement.line] = last
    return ends


def _flat(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement in the order of the text, without recursion."""
    waiting = list(reversed(list(statements)))
    while waiting:
        statement = waiting.pop()
        yield statement
        waiting.extend(reversed(statement.children))


def _converted(
    statements: Iterable[Statement], ends: dict[int, int], lines: Sequence[str], *, depth: int
) -> list[Block]:
    found = []
    for statement in statements if depth < DEEPEST else _flat(statements):
        words = " ".join(statement.text.split())
        last = ends.get(statement.line, statement.line)
        if _NOISE.match(words) and not statement.children:
            continue
        if statement.opaque:
            words = _text_of(words, lines[statement.line - 1 : last])
        children: list[Block] = []
        if depth < DEEPEST:
            children = _converted(statement.children, ends, lines, depth=depth + 1)
        words = config_secrets.settled(words)
        found.append(Block(words, statement.line, last, tuple(children)))
    return found


def _text_of(head: str, lines: Sequence[str]) -> str:
    """A banner as it is written; a certificate without its line breaks."""
    if _CERTIFICATE.match(head):
        body = "".join("".join(line.split()).upper() for line in lines[1:])
        return f"{head}\n{body.removesuffix('QUIT')}"
    return "\n".join([head, *(line.rstrip() for line in lines)])


def _gathered(found: Iterable[Block]) -> Iterator[Block]:
    """Numbered access lists are written flat: their lines become one block, in their order."""
    lists: dict[str, list[Block]] = {}
    kept: list[Block | str] = []
    for block in found:
        flat = _FLAT_LIST.match(block.words)
        if flat is None:
            kept.append(block)
            continue
        if flat["head"] not in lists:
            kept.append(flat["head"])
        lists.setdefault(flat["head"], []).append(block)
    for one in kept:
        if isinstance(one, Block):
            yield one
        else:
            # No line of its own: it begins where its first line does and ends before it.
            first = lists[one][0].line
            yield Block(one, first, first - 1, tuple(lists[one]))


@dataclass(slots=True)
class _Open:
    """A brace that is not closed yet."""

    words: str
    line: int
    inside: list[Block]

    def closed(self) -> Block:
        return Block(self.words, self.line, self.line, tuple(self.inside))


def _braces(text: str) -> tuple[Block, ...]:
    """Junos as it is written, line by line: inactive parts and groups stand where they stand."""
    top: list[Block] = []
    open_: list[_Open] = []
    too_deep = 0
    text = _JUNOS_REMARK.sub(lambda found: re.sub(r"[^\n]", "", found[0]), text)
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        words = " ".join(_JUNOS_NOTE.sub("", line).split())
        if not words or words.startswith("#"):
            continue
        if words.startswith("}"):
            if too_deep:
                too_deep -= 1
            elif open_:
                block = open_.pop().closed()
                (open_[-1].inside if open_ else top).append(block)
            continue
        settled = config_secrets.settled(words)
        if words.endswith("{") and len(open_) < DEEPEST:
            open_.append(_Open(settled, number, []))
            continue
        too_deep += words.endswith("{")
        (open_[-1].inside if open_ else top).append(Block(settled, number, number))
    while open_:
        block = open_.pop().closed()
        (open_[-1].inside if open_ else top).append(block)
    return tuple(top)


def _sections(text: str) -> tuple[Block, ...]:
    """RouterOS: `/ip address` opens a section; a backslash at the end continues a line."""
    top: list[tuple[str, int, int, list[Block]]] = []
    at, lines = 0, text.split("\n")
    while at < len(lines):
        first = at
        whole = lines[at].strip()
        while whole.endswith("\\") and at + 1 < len(lines):
            at += 1
            whole = whole[:-1] + lines[at].strip()
        at += 1
        words = " ".join(whole.split())
        if not words or _NOISE.match(words):
            continue
        if words.startswith("/") or not top:
            top.append((words, first + 1, at, []))
        else:
            top[-1][3].append(Block(config_secrets.settled(words), first + 1, at))
    return tuple(Block(words, line, last, tuple(children)) for words, line, last, children in top)


def canonical(found: Sequence[Block], *, is_ordered: bool = False) -> str:
    """What a configuration says, in one text: equal for two exactly where they mean the same."""
    parts = [_canonical(block) for block in found]
    return "\n".join(parts if is_ordered else sorted(parts))


def _canonical(block: Block) -> str:
    # A line feed inside words (a banner) must not read as a line of its own.
    words = block.words.replace("\\", "\\\\").replace("\n", "\\n")
    if not block.children:
        return words
    inner = canonical(block.children, is_ordered=block.is_ordered)
    return words + "\n" + "\n".join("\t" + line for line in inner.split("\n"))


def digest(found: Sequence[Block]) -> str:
    """SHA-256 of what a configuration says, in hexadecimal."""
    return hashlib.sha256(canonical(found).encode("utf-8", "surrogatepass")).hexdigest()


def paths(found: Sequence[Block]) -> dict[int, tuple[Block, ...]]:
    """For each line that begins a statement: the blocks it stands in, the outermost first."""
    above: dict[int, tuple[Block, ...]] = {}
    waiting: list[tuple[Block, tuple[Block, ...]]] = [(block, ()) for block in found]
    while waiting:
        block, path = waiting.pop()
        # A gathered list has no line of its own.
        if block.last >= block.line:
            above.update(dict.fromkeys(range(block.line, block.last + 1), path))
        inside = (*path, block)
        waiting.extend((child, inside) for child in block.children)
    return above
