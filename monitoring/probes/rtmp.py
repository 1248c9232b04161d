"""Asks an RTMP server to shake hands (C0 to C2) and to accept an application.

Adobe's Real-Time Messaging Protocol, 1.0: sections 5.2 (handshake), 5.3 (chunks), 7.2.1.1
(connect). Nothing is published and nothing is played.
"""

import os
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from monitoring.probes.links import Link, linked
from monitoring.probes.reached import Fault, Faulty, Goal, Rules, shown

VERSION = 3
SHAKE = 1536
CHUNK = 128
SET_CHUNK_SIZE, COMMAND = 1, 20
MOST_MESSAGE = 64 * 1024
MOST_MESSAGES = 50
_TOLD = re.compile(rb"(?:description|code)\x02..([ -~]{3,200}?)(?=\x00|$)", re.S)


async def probe(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:  # noqa: ARG001
    """Whether the server echoes the handshake and takes the application; raises Faulty."""
    async with linked(goal, address) as link:
        facts: dict[str, Any] = {"echo": await _shake(link)}
        application = goal.path.strip("/").partition("/")[0] or "live"
        await link.send(connect(application, f"rtmp://{goal.authority}/{application}"))
        facts["application"] = application
        answer = await _answer(link)
        if not answer.startswith(b"\x02\x00\x07_result"):
            told = [shown(each) for each in _TOLD.findall(answer)]
            raise Faulty(Fault.UNEXPECTED, f"connect is refused: {'; '.join(told)}", facts)
    return facts


async def _shake(link: Link) -> bool:
    ours = bytes(8) + os.urandom(SHAKE - 8)
    await link.send(bytes([VERSION]) + ours)
    first = await link.exactly(1)
    if first[0] != VERSION:
        raise Faulty(Fault.MALFORMED, f"not RTMP: it begins with the byte {first[0]}")
    theirs = await link.exactly(SHAKE)
    await link.send(theirs[:4] + bytes(4) + theirs[8:])
    # Servers with the digest of Flash answer their own: told, and no fault.
    return (await link.exactly(SHAKE))[8:] == ours[8:]


def connect(application: str, url: str) -> bytes:
    """The command `connect` as a message in chunks."""
    wanted = {
        "app": application,
        "type": "nonprivate",
        "flashVer": "FMLE/3.0",
        "tcUrl": url,
    }
    body = _text("connect") + b"\x00" + struct.pack(">d", 1.0) + b"\x03"
    for name, value in wanted.items():
        body += struct.pack(">H", len(name)) + name.encode() + _text(value)
    return message(COMMAND, body + b"\x00\x00\x09")


def message(kind: int, body: bytes, stream: int = 3) -> bytes:
    """A message in chunks of 128 bytes, as both sides begin with."""
    raw = bytes([stream]) + bytes(3) + len(body).to_bytes(3, "big") + bytes([kind]) + bytes(4)
    pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return raw + bytes([0xC0 | stream]).join(pieces)


def _text(value: str) -> bytes:
    raw = value.encode()
    return b"\x02" + struct.pack(">H", len(raw)) + raw


@dataclass(slots=True)
class _Stream:
    """What the last chunk of a chunk stream said, and what came of its message so far."""

    length: int = 0
    kind: int = 0
    is_extended: bool = False
    body: bytearray = field(default_factory=bytearray)


async def _answer(link: Link) -> bytes:
    """The first command that the server sends, its `_result` or `_error`."""
    streams: dict[int, _Stream] = {}
    size = CHUNK
    for _ in range(MOST_MESSAGES):
        kind, body = await _message(link, streams, size)
        if kind == SET_CHUNK_SIZE and len(body) >= 4:
            size = int.from_bytes(body[:4], "big") & 0x7FFFFFFF
            if not 1 <= size <= 0xFFFFFF:
                raise Faulty(Fault.MALFORMED, f"a chunk size of {size}")
        elif kind == COMMAND and body[3:10] in (b"_result", b"_error\x00"):
            return body
    raise Faulty(Fault.MALFORMED, "the server answers everything but the question")


async def _message(link: Link, streams: dict[int, _Stream], size: int) -> tuple[int, bytes]:
    while True:
        stream = await _header(link, streams)
        if stream.length > MOST_MESSAGE:
            raise Faulty(Fault.MALFORMED, f"a message of {stream.length} bytes")
        stream.body += await link.exactly(min(size, stream.length - len(stream.body)))
        if len(stream.body) >= stream.length:
            body, stream.body = bytes(stream.body), bytearray()
            return stream.kind, body


async def _header(link: Link, streams: dict[int, _Stream]) -> _Stream:
    first = (await link.exactly(1))[0]
    form, number = first >> 6, first & 0x3F
    if number == 0:
        number = 64 + (await link.exactly(1))[0]
    elif number == 1:
        low, high = await link.exactly(2)
        number = 64 + low + 256 * high
    if number not in streams:
        if len(streams) >= MOST_MESSAGES or form == 3:
            raise Faulty(Fault.MALFORMED, "a chunk that belongs to no message")
        streams[number] = _Stream()
    stream = streams[number]
    if form < 3:
        time = int.from_bytes(await link.exactly(3), "big")
        stream.is_extended = time == 0xFFFFFF
    if form < 2:
        raw = await link.exactly(4)
        stream.length, stream.kind = int.from_bytes(raw[:3], "big"), raw[3]
    if form == 0:
        await link.exactly(4)
    if stream.is_extended:
        await link.exactly(4)
    return stream
