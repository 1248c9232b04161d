"""What differs between two configurations, block by block. Pure.

Blocks of the same words are one block; a line that only moved is no change, except where order
has a meaning (access lists and the like). What changed is told under the path of the blocks it
stands in.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from monitoring.config_blocks import Block

# Beyond so many pairs of like lines an ordered block is told as gone and come, not line by line.
MOST_PAIRS = 2_000_000


@dataclass(frozen=True, slots=True)
class Edit:
    """A block that stayed (both), went (`before` alone) or came (`after` alone)."""

    before: Block | None
    after: Block | None
    # Of a block that stayed: its own edits.
    edits: tuple["Edit", ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that went (sign −) or came (+), without secrets, `depth` blocks inside its hunk."""

    sign: str
    depth: int
    text: str
    # Both sides look the same without their secrets: the secret is what changed.
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changes that stand side by side, under the path of the blocks around them."""

    path: tuple[str, ...]
    lines: tuple[ChangedLine, ...]


def edits(
    before: Sequence[Block], after: Sequence[Block], *, is_ordered: bool = False
) -> tuple[Edit, ...]:
    """Every block of both sides: what went, what stayed with its own edits, what came."""
    pairs = _one_after_another(before, after) if is_ordered else _by_words(before, after)
    return tuple(
        Edit(old, new, edits(old.children, new.children, is_ordered=old.is_ordered))
        if old is not None and new is not None
        else Edit(old, new)
        for old, new in pairs
    )


Pair = tuple[Block | None, Block | None]


def _by_words(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Pair]:
    known: dict[str, deque[Block]] = defaultdict(deque)
    for block in before:
        known[block.words].append(block)
    matched = [(known[new.words].popleft() if known[new.words] else None, new) for new in after]
    stayed = {id(old) for old, _ in matched if old is not None}
    yield from ((old, None) for old in before if id(old) not in stayed)
    yield from matched


def _one_after_another(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Pair]:
    same = _alike(before, after)
    yield from zip(before[:same], after[:same], strict=True)
    before, after = before[same:], after[same:]
    end = _alike(before[::-1], after[::-1])
    yield from _middle(before[: len(before) - end], after[: len(after) - end])
    yield from zip(before[len(before) - end :], after[len(after) - end :], strict=True)


def _alike(before: Sequence[Block], after: Sequence[Block]) -> int:
    """How many blocks at the beginning are the same."""
    pairs = zip(before, after, strict=False)
    different = (at for at, (old, new) in enumerate(pairs) if old.words != new.words)
    return next(different, min(len(before), len(after)))


def _middle(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Pair]:
    old, new = [block.words for block in before], [block.words for block in after]
    counted = Counter(new)
    if sum(counted[words] for words in old) > MOST_PAIRS:
        yield from ((block, None) for block in before)
        yield from ((None, block) for block in after)
        return
    for what, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield from zip(before[i:i_end], after[j:j_end], strict=True)
            continue
        yield from ((block, None) for block in before[i:i_end])
        yield from ((None, block) for block in after[j:j_end])


@dataclass(frozen=True, slots=True)
class Sides:
    """The lines of both texts without their secrets: the only ones that are shown."""

    before: Sequence[str]
    after: Sequence[str]


def hunks(told: Sequence[Edit], sides: Sides) -> list[Hunk]:
    """The changes as a page shows them; empty where both sides mean the same."""
    return list(_hunks(told, sides, ()))


def counted(told: Sequence[Edit]) -> tuple[int, int]:
    """How many lines came and how many went."""
    came = went = 0
    for edit in told:
        if edit.before is not None and edit.after is not None:
            inner_came, inner_went = counted(edit.edits)
            came, went = came + inner_came, went + inner_went
        elif edit.after is not None:
            came += _count(edit.after)
        elif edit.before is not None:
            went += _count(edit.before)
    return came, went


def _count(block: Block) -> int:
    return sum(one.last + 1 - one.line for one in block.everywhere())


def _hunks(told: Sequence[Edit], sides: Sides, path: tuple[str, ...]) -> Iterator[Hunk]:
    lines: list[ChangedLine] = []
    for edit in told:
        if edit.before is None or edit.after is None:
            lines.extend(_changed(edit, sides))
    if lines:
        yield Hunk(path, tuple(_with_secrets(lines)))
    for edit in told:
        if edit.before is not None and edit.after is not None and edit.edits:
            yield from _hunks(edit.edits, sides, (*path, head(edit.after, sides.after)))


def head(block: Block, shown: Sequence[str]) -> str:
    """The first line of a block without its secrets; a gathered list has only its name."""
    if block.last < block.line:
        return block.words
    return shown[block.line - 1].strip()


def _changed(edit: Edit, sides: Sides) -> Iterator[ChangedLine]:
    block = edit.after or edit.before
    sign, shown = ("+", sides.after) if edit.after is not None else ("-", sides.before)
    if block is not None:
        yield from _lines(block, shown, sign, depth=0)


def _lines(block: Block, shown: Sequence[str], sign: str, *, depth: int) -> Iterator[ChangedLine]:
    own = shown[block.line - 1 : block.last]
    for at, line in enumerate(own):
        # What follows the first line is text that people wrote; its spaces are theirs.
        yield ChangedLine(sign, depth, line.rstrip() if at else line.strip())
    below = depth + 1 if own else depth
    for child in block.children:
        yield from _lines(child, shown, sign, depth=below)


def _with_secrets(lines: Sequence[ChangedLine]) -> Iterator[ChangedLine]:
    went = {(line.depth, line.text) for line in lines if line.sign == "-"}
    came = {(line.depth, line.text) for line in lines if line.sign == "+"}
    same = {one for one in went & came if "<removed>" in one[1]}
    for line in lines:
        is_secret = (line.depth, line.text) in same
        yield ChangedLine(line.sign, line.depth, line.text, is_secret) if is_secret else line
