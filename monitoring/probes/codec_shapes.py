"""Answers that look like an answer seen before are read at once instead of value by value.

Two answers to one question have the same shape when they agree in every byte but the numbers: the
same lengths, names and types. A `Shape` holds those bytes as one long integer, so that a single
AND and a comparison check all of them, and then takes all numbers with one `struct.unpack`.
"""

import operator
import struct
from collections.abc import Callable, Sequence
from typing import Any

from monitoring.probes.codec import OPAQUE, WIDEST, Number, Part, Question, opened, walk

# What holds so many octets: struct's unsigned types. Three, five and so on are read together with
# fixed octets before them (the tag, the length, the end of the name), which are then taken off.
WIDTHS = {1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 8: 8, 9: 8}
LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}
SHAPES = 4096

from_bytes = int.from_bytes
sub = operator.sub
Numbers = tuple[Number, ...]


class Shape:
    """The bytes that do not change in answers to one question, and where the numbers stand."""

    __slots__ = ("_fixed", "_mask", "_offsets", "_pick", "_size", "_unpack", "turn")

    def __init__(self, pdu: bytes, parts: Sequence[Part]) -> None:
        """Learn from a response that was read strictly."""
        self.turn = 0
        self._size = len(pdu)
        mask = bytearray(b"\xff" * len(pdu))
        number_at = opened(pdu, 0, pdu[0], len(pdu))[0] + 2
        mask[number_at : number_at + 4] = bytes(4)
        letters, places, at = [">"], list[int](), 0
        offsets: list[int] = []
        for part in parts:
            mask[part.start : part.start + part.size] = bytes(part.size)
            if part.tag not in WIDEST:
                places.append(-1)
                continue
            # The first bit says whether a number is negative or has an octet more: it stays.
            is_widest = part.size == WIDEST[part.tag] and part.size & 1
            mask[part.start] = 0xFF if is_widest else 0x80
            width = WIDTHS[part.size]
            begin = part.start + part.size - width
            letters.append(f"{begin - at}x{LETTERS[width]}")
            seen = from_bytes(pdu[begin : begin + width], "big")
            places.append(len(offsets))
            offsets.append(seen - int(part.value or 0))
            at = begin + width
        letters.append(f"{len(pdu) - at}x")
        self._mask = from_bytes(mask, "big")
        self._fixed = from_bytes(pdu, "big") & self._mask
        self._unpack = struct.Struct("".join(letters)).unpack
        self._offsets = tuple(offsets) if any(offsets) else None
        # With a place more than is wanted: a picker of one place would give no tuple.
        self._pick: Callable[[Any], Any] | None = (
            operator.itemgetter(*places, -1) if -1 in places else None
        )

    def read(self, pdu: bytes) -> Numbers | None:
        """The numbers of this answer in the question's order; None where it has another shape."""
        if len(pdu) != self._size or from_bytes(pdu, "big") & self._mask != self._fixed:
            return None
        found: Numbers = self._unpack(pdu)
        if self._offsets is not None:
            found = tuple(map(sub, found, self._offsets))
        if self._pick is not None:
            found = self._pick((*found, None))[:-1]
        return found


class Shapes:
    """The shapes met so far; devices whose answers look alike share one."""

    def __init__(self, limit: int = SHAPES) -> None:
        """Keep at most `limit` shapes, those that are in use."""
        self._known: dict[tuple[Question, bytes], Shape] = {}
        self._limit = limit
        self.turn = 0
        self.walked = 0

    def turn_over(self) -> None:
        """A new cycle: if it is full, drop what the last one did not use."""
        if len(self._known) >= self._limit:
            self._known = {k: shape for k, shape in self._known.items() if shape.turn == self.turn}
        self.turn += 1

    def read(
        self, pdu: bytes, question: Question, number: int, before: Shape | None
    ) -> tuple[Numbers, Shape | None]:
        """The numbers of a response and its shape, given the shape of the last; raises Garbled."""
        if before is not None:
            found = before.read(pdu)
            if found is not None:
                before.turn = self.turn
                return found, before
        parts = walk(pdu, question, number)
        self.walked += 1
        return tuple(part.value for part in parts), self._shape(pdu, parts, question)

    def _shape(self, pdu: bytes, parts: Sequence[Part], question: Question) -> Shape | None:
        if any(part.tag == OPAQUE for part in parts):
            return None
        key = (question, _signature(pdu, parts))
        shape = self._known.get(key)
        if shape is None and len(self._known) < self._limit:
            shape = self._known[key] = Shape(pdu, parts)
        if shape is not None:
            shape.turn = self.turn
        return shape


def _signature(pdu: bytes, parts: Sequence[Part]) -> bytes:
    """What two answers of one shape have in common: types, lengths, and the sign of each number."""
    told = bytearray(len(pdu).to_bytes(4, "big"))
    for part in parts:
        told += part.tag.to_bytes(1, "big") + part.start.to_bytes(3, "big")
        told.append(pdu[part.start] & 0x80 if part.size else 0)
    return bytes(told)
