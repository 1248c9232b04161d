"""The envelope of an SNMPv3 message (RFC 3412, 6; RFC 3414, 2.4): read, but not believed yet."""

from dataclasses import dataclass, field

from monitoring.probes.codec import INTEGER, OCTETS, SEQUENCE, Garbled, opened, small

VERSION_3 = b"\x02\x01\x03"
USM = b"\x02\x01\x03"
NUMBER = b"\x02\x04"


@dataclass(slots=True)
class Sealed:
    """A v3 message by its number: whether it is worth reading is for its seal to say."""

    number: int
    raw: bytes = field(repr=False)
    # Where the outermost sequence begins.
    at: int


def unwrapped(raw: bytes) -> Sealed:
    """The number of a v3 message, all that is read before its question is known; raises Garbled."""
    at, end = opened(raw, 0, SEQUENCE, len(raw))
    if end != len(raw) or raw[at : at + 3] != VERSION_3 or raw[at + 5 : at + 7] != NUMBER:
        raise Garbled("no whole message of version 3 with a number of ours")
    return Sealed(int.from_bytes(raw[at + 7 : at + 11], "big"), raw, at)


@dataclass(slots=True)
class Envelope:
    """What stands around a v3 message, not believed yet: values, and where they stand."""

    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    clock: slice
    signature: slice
    salt: slice
    body: int


def envelope(raw: bytes) -> Envelope:
    """The envelope of a v3 message; raises Garbled."""
    at, end = opened(raw, 0, SEQUENCE, len(raw))
    head, after = opened(raw, at + 3, SEQUENCE, end)
    _, head = small(raw, head, after)
    _, head = small(raw, head, after)
    start, head = opened(raw, head, OCTETS, after)
    if head - start != 1 or raw[head:after] != USM:
        raise Garbled("no flags, or another way to be safe")
    flags = raw[start]
    start, body = opened(raw, after, OCTETS, end)
    at, stop = opened(raw, start, SEQUENCE, body)
    if stop != body:
        raise Garbled("something stands behind the signature")
    start, at = opened(raw, at, OCTETS, stop)
    engine = raw[start:at]
    boots, at = small(raw, at, stop)
    clock = opened(raw, at, INTEGER, stop)[0]
    seconds, at = small(raw, at, stop)
    start, after = opened(raw, at, OCTETS, stop)
    signature = slice(*opened(raw, after, OCTETS, stop))
    salt = slice(*opened(raw, signature.stop, OCTETS, stop))
    if salt.stop != stop:
        raise Garbled("something stands behind the salt")
    if boots < 0 or seconds < 0:
        raise Garbled("a clock before its beginning")
    place = slice(clock, at)
    return Envelope(flags, engine, boots, seconds, raw[start:after], place, signature, salt, body)


@dataclass(frozen=True, slots=True)
class Likeness:
    """An envelope seen before: all its octets but number, time, signature and salt, in order."""

    parts: tuple[tuple[int, int, bytes], ...]
    seen: Envelope
    at: int

    @classmethod
    def of(cls, raw: bytes, at: int, seen: Envelope) -> "Likeness":
        """Learn from a message whose signature was right."""
        places = (
            (at, at + 7),
            (at + 11, seen.clock.start),
            (seen.clock.stop, seen.signature.start),
            (seen.signature.stop, seen.salt.start),
        )
        return cls(tuple((start, stop, raw[start:stop]) for start, stop in places), seen, at)

    def again(self, raw: bytes, at: int) -> Envelope | None:
        """The envelope of a message that looks alike; None where it does not."""
        if at != self.at:
            return None
        for start, stop, octets in self.parts:
            if raw[start:stop] != octets:
                return None
        seen = self.seen
        seconds = int.from_bytes(raw[seen.clock], "big", signed=True)
        if seconds < 0 or seen.body > len(raw):
            return None
        seen.time = seconds
        return seen
