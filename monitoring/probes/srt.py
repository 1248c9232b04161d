"""Asks an SRT listener for the induction of its handshake, over UDP.

draft-sharabayko-srt-01, 3.2.1 and 4.3.1: a caller's first packet is answered with a cookie. The
conclusion is never sent, so the listener keeps no connection.
"""

import asyncio
import os
import socket
import struct
from typing import Any

from monitoring.probes.reached import Fault, Faulty, Goal, Rules

HANDSHAKE = 0x80000000
MAGIC = 0x4A17
INDUCTION = 1
HEADER, BODY = 16, 48
MOST_TRIES = 4
PAUSE_SECONDS = 0.4


def induction(socket_id: int, sequence: int) -> bytes:
    """The first packet of a caller."""
    header = struct.pack(">IIII", HANDSHAKE, 0, 0, 0)
    body = struct.pack(">IHHIIIIII", 4, 0, 2, sequence, 1500, 8192, INDUCTION, socket_id, 0)
    return header + body + bytes(16)


class _Answers(asyncio.DatagramProtocol):
    """Keeps the first datagram, or why none can come."""

    def __init__(self) -> None:
        self.first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """From the one address that the socket is connected to."""
        if not self.first.done():
            self.first.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """The host says that nothing listens there."""
        if not self.first.done():
            self.first.set_exception(exc)


async def probe(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:  # noqa: ARG001
    """The version of the listener's handshake; raises Faulty."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    loop = asyncio.get_running_loop()
    transport, answers = await loop.create_datagram_endpoint(
        _Answers, remote_addr=(address, goal.port), family=family
    )
    ours = int.from_bytes(os.urandom(4), "big") & 0x7FFFFFFF
    packet = induction(ours, int.from_bytes(os.urandom(4), "big") & 0x7FFFFFFF)
    try:
        return read(await _asked(transport, answers, packet), ours)
    except ConnectionRefusedError:
        raise Faulty(Fault.REFUSED, "nothing listens on the port") from None
    finally:
        if answers.first.done() and not answers.first.cancelled():
            answers.first.exception()
        transport.abort()


async def _asked(transport: asyncio.DatagramTransport, answers: _Answers, packet: bytes) -> bytes:
    """One packet may get lost; the caller's deadline ends it after the last."""
    for _ in range(MOST_TRIES):
        transport.sendto(packet)
        done, _pending = await asyncio.wait([answers.first], timeout=PAUSE_SECONDS)
        if done:
            break
    return await asyncio.shield(answers.first)


def read(raw: bytes, ours: int) -> dict[str, Any]:
    """What a listener's answer says; raises Faulty where it is none."""
    if len(raw) < HEADER + BODY:
        raise Faulty(Fault.MALFORMED, f"no answer of SRT: {len(raw)} bytes")
    kind, _info, _time, to = struct.unpack(">IIII", raw[:HEADER])
    version, _encryption, extension = struct.unpack(">IHH", raw[HEADER : HEADER + 8])
    turn, _their_id, cookie = struct.unpack(">III", raw[HEADER + 20 : HEADER + 32])
    if kind != HANDSHAKE or to != ours:
        raise Faulty(Fault.MALFORMED, "the answer belongs to another question")
    if turn >= 1000:
        raise Faulty(Fault.UNEXPECTED, f"the listener rejects the caller ({turn})")
    if turn != INDUCTION or not cookie:
        raise Faulty(Fault.MALFORMED, "the answer is no induction")
    return {"handshake": version, "is_srt": extension == MAGIC}
