"""SNMPv3 in bytes for users who sign, and encrypt with AES: RFC 3414, RFC 3826, RFC 7860.

Who signs by MD5 or encrypts by DES, who does not sign at all, and engines that were never met are
left to gufo. Boots and time of an engine are taken from signed messages only.
"""

import hashlib
import hmac
import os
import time
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms
from cryptography.hazmat.primitives.ciphers.modes import ECB

from monitoring.probes import codec
from monitoring.probes.codec import (
    OCTETS,
    REPORT,
    SEQUENCE,
    Garbled,
    length,
    opened,
    tlv,
)
from monitoring.probes.logins import AuthProtocol, PrivacyProtocol, SnmpUser
from monitoring.probes.usm_envelopes import (
    NUMBER,
    USM,
    VERSION_3,
    Envelope,
    Likeness,
    Sealed,
    envelope,
)

SIGNED, ENCRYPTED, REPORTABLE = 1, 2, 4
MOST_BYTES = codec.whole_number(65_507)
# Up to the number: 17 octets of number, size, flags and the way to be safe follow.
HEAD = VERSION_3 + b"\x30\x11" + NUMBER
# Name of the hash, and how many octets of the signature travel.
HASHES: Final = {
    AuthProtocol.SHA: ("sha1", 12),
    AuthProtocol.SHA224: ("sha224", 16),
    AuthProtocol.SHA256: ("sha256", 24),
    AuthProtocol.SHA384: ("sha384", 32),
    AuthProtocol.SHA512: ("sha512", 48),
}
AES_OCTETS = {PrivacyProtocol.AES128: 16, PrivacyProtocol.AES192: 24, PrivacyProtocol.AES256: 32}
NOT_IN_TIME = codec.object_id("1.3.6.1.6.3.15.1.1.2.0")
MEGABYTE = 1 << 20
# An older message of the same boot is a replay (RFC 3414, 2.2.3).
WINDOW_SECONDS = 150


class NotInTime(Exception):  # noqa: N818  # it says what happened, as the house's refusals do
    """The engine signed that our idea of its clock is wrong; now it is right: ask again."""


class Reported(Exception):  # noqa: N818
    """The engine signed that it refuses to answer, for a reason that gufo will name."""


class Forged(Exception):  # noqa: N818
    """Not signed by whom it names, or by a clock that went back: as good as never come."""


def localised(name: str, password: str, engine: bytes) -> bytes:
    """The key of a password for one engine (RFC 3414, A.2)."""
    octets = password.encode()
    long = (octets * (MEGABYTE // len(octets) + 1))[:MEGABYTE]
    master = hashlib.new(name, long, usedforsecurity=False).digest()
    return hashlib.new(name, master + engine + master, usedforsecurity=False).digest()


@dataclass(slots=True, eq=False)
class Seal:
    """Keys of a user at one engine, and the engine's clock; it outlives many polls."""

    login: SnmpUser
    engine: bytes
    # Whether the device may be another by now: then its engine is compared before it is asked.
    is_doubted: bool = False
    _user: bytes = field(init=False)
    _hmac: hmac.HMAC = field(init=False, repr=False)
    _signature_octets: int = field(init=False)
    _aes: algorithms.AES | None = field(init=False, repr=False, default=None)
    _block: CipherContext | None = field(init=False, repr=False, default=None)
    # Engine and context's name, as they stand before every PDU.
    _context: bytes = field(init=False)
    _boots: int = 0
    _time: int = 0
    # When the engine told its clock; None before it did. Boots may be 0 of one that never counts.
    _at: float | None = None
    _salt: int = field(default_factory=lambda: int.from_bytes(os.urandom(8), "big"))
    # What stands between number and signature at this second.
    _second: int = -1
    _front: bytes = b""
    _likeness: Likeness | None = None

    def __post_init__(self) -> None:
        """Make the keys, which is the expensive part."""
        login = self.login
        name, self._signature_octets = HASHES[login.auth_protocol]
        self._user = login.name.encode()
        self._context = tlv(OCTETS, self.engine) + b"\x04\x00"
        self._hmac = hmac.new(
            localised(name, login.auth_password or "", self.engine), digestmod=name
        )
        if login.privacy_password is not None:
            key = localised(name, login.privacy_password, self.engine)
            self._aes = algorithms.AES(key[: AES_OCTETS[login.privacy_protocol]])
            # CFB is a matter of single blocks and XOR: these may be made by one cipher for ever.
            self._block = Cipher(self._aes, ECB()).encryptor()  # noqa: S305

    @staticmethod
    def fits(login: SnmpUser) -> bool:
        """Whether this user is spoken to here: signed, and in clear or by AES with a whole key."""
        if login.auth_password is None or login.auth_protocol not in HASHES:
            return False
        if login.privacy_password is None:
            return True
        octets = AES_OCTETS.get(login.privacy_protocol)
        digest = hashlib.new(HASHES[login.auth_protocol][0], usedforsecurity=False).digest_size
        return octets is not None and octets <= digest

    def wrapped(self, pdu: bytes, number: int) -> bytes:
        """A signed message with this PDU, encrypted where the user encrypts."""
        seconds = 0 if self._at is None else self._time + int(time.monotonic() - self._at)
        if seconds != self._second:
            self._tell(seconds)
        context = self._context
        body = b"\x30" + length(len(context) + len(pdu)) + context + pdu
        tail = b"\x04\x00"
        if self._aes is not None:
            self._salt = (self._salt + 1) & 0xFFFF_FFFF_FFFF_FFFF
            salt = self._salt.to_bytes(8, "big")
            start = CFB(_start(self._boots, seconds, salt))
            body = Cipher(self._aes, start).encryptor().update(body)
            tail = b"\x04\x08" + salt + b"\x04" + length(len(body))
        front = HEAD + number.to_bytes(4, "big") + self._front
        octets = self._signature_octets
        front = b"\x30" + length(len(front) + octets + len(tail) + len(body)) + front
        return front + self._signature(front, bytes(octets), tail, body) + tail + body

    def _tell(self, seconds: int) -> None:
        """Write down what stands between number and signature at this second."""
        octets = self._signature_octets
        flags = SIGNED | REPORTABLE | (ENCRYPTED if self._aes is not None else 0)
        clock = codec.whole_number(self._boots) + codec.whole_number(seconds)
        safe = tlv(OCTETS, self.engine) + clock + tlv(OCTETS, self._user)
        safe += b"\x04" + length(octets)
        size = len(safe) + octets + (2 if self._aes is None else 10)
        safe = b"\x30" + length(size) + safe
        size = len(safe) + octets + (2 if self._aes is None else 10)
        safe = b"\x04" + length(size) + safe
        self._second = seconds
        self._front = MOST_BYTES + bytes((4, 1, flags)) + USM + safe

    def opened(self, sealed: Sealed) -> bytes:
        """The PDU of a response; raises Forged, NotInTime, Reported or Garbled."""
        raw, at = sealed.raw, sealed.at
        likeness = self._likeness
        found = likeness.again(raw, at) if likeness is not None else None
        is_alike = found is not None
        if found is None:
            try:
                found = envelope(raw)
            except Garbled as garbled:
                raise Forged from garbled
        # Reports about unknown engines and users are not signed, and anybody can write one.
        if found.engine != self.engine or found.user != self._user or not found.flags & SIGNED:
            raise Forged
        place = found.signature
        told = raw[place]
        zeros = bytes(len(told))
        if not hmac.compare_digest(
            told, self._signature(raw[: place.start], zeros, raw[place.stop :])
        ):
            raise Forged
        self._set_clock(found)
        pdu = self._scoped(raw, found)
        if pdu[:1] == bytes((REPORT,)):
            raise NotInTime if NOT_IN_TIME in pdu else Reported
        if self._aes is not None and not found.flags & ENCRYPTED:
            raise Garbled("an answer in clear to an encrypted question")
        if not is_alike:
            self._likeness = Likeness.of(raw, at, found)
        return pdu

    def forget_clock(self) -> None:
        """Believe the next signed clock, whatever it says: this one led nowhere."""
        self._boots, self._time, self._at, self._second = 0, 0, None, -1

    def _set_clock(self, told: Envelope) -> None:
        """Follow the engine's clock, which never goes back (RFC 3414, 3.2, 7b)."""
        now = time.monotonic()
        if self._at is not None:
            about = self._time + int(now - self._at)
            if told.boots < self._boots:
                raise Forged
            if told.boots == self._boots and told.time < about - WINDOW_SECONDS:
                raise Forged
            if (told.boots, told.time) <= (self._boots, self._time):
                return
        self._boots, self._time, self._at, self._second = told.boots, told.time, now, -1

    def _scoped(self, raw: bytes, found: Envelope) -> bytes:
        body = raw[found.body :]
        if found.flags & ENCRYPTED:
            salt = raw[found.salt]
            if self._block is None or len(salt) != 8:
                raise Garbled("encrypted, but not for us")
            start, stop = opened(body, 0, OCTETS, len(body))
            if stop != len(body):
                raise Garbled("something stands behind the message")
            body = _deciphered(self._block, body[start:], _start(found.boots, found.time, salt))
        at, stop = opened(body, 0, SEQUENCE, len(body))
        # Some fill the last block of the cipher, though AES in this mode needs none.
        if stop != len(body) and not found.flags & ENCRYPTED:
            raise Garbled("something stands behind the message")
        if body.startswith(self._context, at):
            return body[at + len(self._context) : stop]
        start, at = opened(body, at, OCTETS, stop)
        if body[start:at] != self.engine:
            raise Garbled("another engine's values")
        return body[opened(body, at, OCTETS, stop)[1] : stop]

    def _signature(self, *parts: bytes) -> bytes:
        signing = self._hmac.copy()
        signing.update(b"".join(parts))
        return signing.digest()[: self._signature_octets]


def _start(boots: int, seconds: int, salt: bytes) -> bytes:
    """Where a cipher begins: the engine's clock and the salt (RFC 3826, 3.1.2.1)."""
    return boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt


def _deciphered(block: CipherContext, body: bytes, start: bytes) -> bytes:
    """A text that was encrypted in CFB mode: each block is hidden by the cipher of the one before.

    (NIST SP 800-38A, 6.3). With single blocks no cipher is set up for each message.
    """
    size = len(body)
    if not size:
        return body
    before = (start + body)[: (size + 15) // 16 * 16]
    mask = block.update(before)[:size]
    return (int.from_bytes(body, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
