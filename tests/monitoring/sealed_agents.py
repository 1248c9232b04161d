"""A small SNMPv3 agent of one user, whose clock and engine a test may set as it likes."""

import copy
import time
from dataclasses import dataclass

from monitoring.probes import codec, usm, usm_envelopes
from monitoring.probes.logins import SnmpUser
from monitoring.probes.usm import Seal
from monitoring.probes.usm_envelopes import Sealed
from tests.monitoring import agents
from tests.monitoring.agents import Reply

STATISTICS = "1.3.6.1.6.3.15.1.1"
WRONG_LEVEL, NOT_IN_TIME, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST, WRONG_KEY = (
    f"{STATISTICS}.{place}.0" for place in range(1, 7)
)


def clocked(seal: Seal, boots: int, seconds: int) -> Seal:
    """The same keys under this clock."""
    same = copy.copy(seal)
    same._boots, same._time, same._at, same._second = boots, seconds, time.monotonic(), -1
    return same


def number_of(raw: bytes) -> Sealed:
    """A message and its number, of whatever length: gufo's are as short as they can be."""
    at, end = codec.opened(raw, 0, codec.SEQUENCE, len(raw))
    head, _ = codec.opened(raw, at + 3, codec.SEQUENCE, end)
    return Sealed(codec.small(raw, head, end)[0], raw, at)


def report(why: str, number: int = 0) -> bytes:
    """A REPORT that says one counter."""
    binding = agents.tlv(0x30, agents.oid(why) + agents.integer(1, 0x41))
    body = agents.integer(number) + agents.integer(0) * 2 + agents.tlv(0x30, binding)
    return agents.tlv(codec.REPORT, body)


def unsigned(pdu: bytes, asked: Sealed, engine: bytes, clock: tuple[int, int]) -> bytes:
    """An answer that anybody can write who saw the question."""
    head = agents.integer(asked.number) + usm.MOST_BYTES + b"\x04\x01\x00" + usm_envelopes.USM
    told = agents.tlv(0x04, engine) + agents.integer(clock[0]) + agents.integer(clock[1])
    safe = agents.tlv(
        0x30, told + agents.tlv(0x04, usm_envelopes.envelope(asked.raw).user) + b"\x04\x00" * 2
    )
    scoped = agents.tlv(0x30, agents.tlv(0x04, engine) + b"\x04\x00" + pdu)
    whole = usm_envelopes.VERSION_3 + agents.tlv(0x30, head) + agents.tlv(0x04, safe) + scoped
    return agents.tlv(0x30, whole)


@dataclass
class SealedAgent:
    """Answers as `table` does over v2c, to those who sign and know the time."""

    table: Reply
    login: SnmpUser
    engine: bytes
    boots: int = 4
    seconds: int = 9000
    # Requests that were answered, and those that were refused.
    answered: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        """Make the keys once."""
        self.seal = Seal(self.login, self.engine)

    def move_to(self, engine: bytes) -> None:
        """Another engine under the same address."""
        self.engine, self.seal = engine, Seal(self.login, engine)

    def __call__(self, raw: bytes) -> bytes | None:
        """An answer, or a report as RFC 3414 (3.2) has it."""
        sealed = number_of(raw)
        asked = usm_envelopes.envelope(raw)
        if asked.engine != self.engine:
            return self._unsigned(sealed, UNKNOWN_ENGINE)
        if asked.user != self.login.name.encode():
            return self._unsigned(sealed, UNKNOWN_USER)
        told = clocked(self.seal, self.boots, self.seconds)
        theirs = copy.copy(self.seal)
        theirs.forget_clock()
        try:
            pdu = theirs.opened(sealed)
        except usm.Forged:
            return self._unsigned(sealed, WRONG_DIGEST)
        if asked.boots != self.boots or abs(asked.time - self.seconds) > 150:
            self.refused += 1
            return told.wrapped(report(NOT_IN_TIME), sealed.number)
        self.answered += 1
        plain = self.table(codec.wrapped(pdu, b"c"))
        return (
            None
            if plain is None
            else told.wrapped(plain[plain.index(b"\x04\x01c") + 3 :], sealed.number)
        )

    def _unsigned(self, sealed: Sealed, why: str) -> bytes:
        self.refused += 1
        return unsigned(report(why), sealed, self.engine, (self.boots, self.seconds))
