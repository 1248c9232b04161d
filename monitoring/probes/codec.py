"""SNMP v2c in bytes, for the one request that is asked all day: a GET of known OIDs.

A `Question` is a GET built once, in which only the request's number changes. `walk` reads the
answer strictly: every length, every name and every tag must be what was asked for, or the answer
is not understood (`Garbled`) and the device is asked by gufo instead. BER: X.690; SNMP: RFC 3416.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

SEQUENCE, INTEGER, OCTETS, NULL, OBJECT_ID = 0x30, 0x02, 0x04, 0x05, 0x06
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE = 0x40, 0x41, 0x42, 0x43, 0x44
COUNTER64, UNSIGNED32 = 0x46, 0x47
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
GET, RESPONSE, REPORT = 0xA0, 0xA2, 0xA8
VERSION_2C = b"\x02\x01\x01"

# How many octets each number may take: a Counter64 has a ninth where its first bit is set.
WIDEST = {INTEGER: 8, COUNTER32: 5, GAUGE32: 5, TIME_TICKS: 5, UNSIGNED32: 5, COUNTER64: 9}
ABSENT = frozenset({NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW})
NO_NUMBERS = frozenset({OCTETS, OBJECT_ID, IP_ADDRESS})
# Numbers of requests are four octets long and positive, so that they always fit the same place.
FIRST_NUMBER, NUMBERS = 0x4000_0000, 0x3FFF_FFFF

Number = int | float | None


class Garbled(Exception):  # noqa: N818  # it says what happened, as the house's refusals do
    """The bytes are not the answer that was asked for."""


def _garbled(why: str) -> NoReturn:
    raise Garbled(why)


def length(size: int) -> bytes:
    """A length in its shortest form (X.690, 8.1.3)."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, body: bytes) -> bytes:
    """One tag, length and value."""
    return bytes((tag,)) + length(len(body)) + body


def whole_number(value: int) -> bytes:
    """An INTEGER in its shortest form."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def object_id(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER with its tag and length (X.690, 8.19)."""
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray()
    for number in (first * 40 + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(0x80 | (number & 0x7F))
        body.extend(reversed(septets))
    return tlv(OBJECT_ID, bytes(body))


@dataclass(frozen=True, slots=True)
class Part:
    """One value of an answer: what it is, and where its octets stand."""

    tag: int
    start: int
    size: int
    value: Number


@dataclass(frozen=True, eq=False)
class Question:
    """A GET of some OIDs: all its bytes but the request's number, and the names it asks for."""

    names: tuple[bytes, ...]
    head: bytes = field(repr=False)
    tail: bytes = field(repr=False)

    @classmethod
    def of(cls, oids: Sequence[str]) -> "Question":
        """Build it once."""
        names = tuple(object_id(oid) for oid in oids)
        bindings = b"".join(tlv(SEQUENCE, name + b"\x05\x00") for name in names)
        tail = whole_number(0) * 2 + tlv(SEQUENCE, bindings)
        # 02 04 and the four octets of the number stand before the tail.
        return cls(names, bytes((GET,)) + length(6 + len(tail)) + b"\x02\x04", tail)

    def pdu(self, number: int) -> bytes:
        """The GET under this number."""
        return self.head + number.to_bytes(4, "big") + self.tail


def opened(raw: bytes, at: int, tag: int, end: int) -> tuple[int, int]:
    """Where the value of the element at `at` begins and ends; it must have this tag and fit."""
    if at + 2 > end or raw[at] != tag:
        _garbled(f"no element of type {tag:#x} at {at}")
    size, start = raw[at + 1], at + 2
    if size & 0x80:
        octets = size & 0x7F
        if not 0 < octets <= 4 or start + octets > end:
            _garbled(f"no length at {at}")
        size, start = int.from_bytes(raw[start : start + octets], "big"), start + octets
    if start + size > end:
        _garbled(f"the element at {at} is longer than what holds it")
    return start, start + size


def small(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at`, of four octets at most, and the place after it."""
    start, stop = opened(raw, at, INTEGER, end)
    if not 0 < stop - start <= 4:
        _garbled(f"no small number at {at}")
    return int.from_bytes(raw[start:stop], "big", signed=True), stop


def wrapped(pdu: bytes, community: bytes) -> bytes:
    """A v2c message."""
    return tlv(SEQUENCE, VERSION_2C + tlv(OCTETS, community) + pdu)


@dataclass(frozen=True, slots=True)
class Letter:
    """A v2c message taken out of its envelope: whose it says it is, and its PDU."""

    community: bytes
    number: int
    pdu: bytes


def unwrapped(raw: bytes) -> Letter:
    """The community, request number and PDU of a v2c message; raises Garbled."""
    at, end = opened(raw, 0, SEQUENCE, len(raw))
    if end != len(raw) or raw[at : at + 3] != VERSION_2C:
        _garbled("no whole message of version 2c")
    start, at = opened(raw, at + 3, OCTETS, end)
    pdu = raw[at:]
    return Letter(raw[start:at], number_of(pdu), pdu)


def number_of(pdu: bytes) -> int:
    """The request's number in a response; raises Garbled."""
    place = opened(pdu, 0, RESPONSE, len(pdu))[0]
    if pdu[place : place + 2] != b"\x02\x04":
        _garbled("not a number of ours")
    return int.from_bytes(pdu[place + 2 : place + 6], "big")


def walk(raw: bytes, question: Question, number: int) -> list[Part]:
    """The values of a response to `question`, in its order; raises Garbled."""
    at, end = opened(raw, 0, RESPONSE, len(raw))
    if end != len(raw):
        _garbled("something stands behind the answer")
    if raw[at : at + 2] != b"\x02\x04":
        _garbled("not a number of ours")
    told, at = small(raw, at, end)
    error, at = small(raw, at, end)
    _, at = small(raw, at, end)
    if told != number or error:
        _garbled(f"error {error}" if error else "another request's answer")
    at, stop = opened(raw, at, SEQUENCE, end)
    if stop != end:
        _garbled("something stands behind the values")
    parts = []
    for name in question.names:
        start, after = opened(raw, at, SEQUENCE, end)
        if not raw.startswith(name, start):
            _garbled(f"another name at {start}")
        parts.append(_part(raw, start + len(name), after))
        at = after
    if at != end:
        _garbled("more values than were asked for")
    return parts


def _part(raw: bytes, at: int, end: int) -> Part:
    if at >= end:
        _garbled(f"no value at {at}")
    tag = raw[at]
    start, stop = opened(raw, at, tag, end)
    if stop != end:
        _garbled(f"something stands behind the value at {at}")
    size = stop - start
    if tag in WIDEST:
        return Part(tag, start, size, _number(tag, raw[start:stop]))
    if tag in ABSENT:
        if size:
            _garbled(f"nothing, at length {size}")
        return Part(tag, start, size, None)
    if tag == OPAQUE:
        return Part(tag, start, size, opaque(raw[start:stop]))
    if tag not in NO_NUMBERS:
        _garbled(f"a value of the unknown type {tag:#x}")
    return Part(tag, start, size, None)


def _number(tag: int, body: bytes) -> int:
    widest = WIDEST[tag]
    if not 0 < len(body) <= widest or (len(body) == widest and widest & 1 and body[0]):
        _garbled(f"a number of {len(body)} octets")
    return int.from_bytes(body, "big", signed=tag == INTEGER)


def opaque(body: bytes) -> float | None:
    """A float or double that travels as Opaque (net-snmp's convention, draft-perkins-opaque)."""
    if body[:3] == b"\x9f\x78\x04" and len(body) == 7:
        found = struct.unpack(">f", body[3:])[0]
    elif body[:3] == b"\x9f\x79\x08" and len(body) == 11:
        found = struct.unpack(">d", body[3:])[0]
    else:
        return None
    return float(found) if abs(found) < float("inf") else None
