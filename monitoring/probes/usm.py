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
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from monitoring.probes import codec
from monitoring.probes.codec import OCTETS, REPORT, SEQUENCE, Garbled, opened, small, tlv
from monitoring.probes.logins import AuthProtocol, PrivacyProtocol, SnmpUser

VERSION_3 = b"\x02\x01\x03"
SIGNED, ENCRYPTED, REPORTABLE = 1, 2, 4
MOST_BYTES = codec.whole_number(65_507)
USM = b"\x02\x01\x03"
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


@dataclass(frozen=True, slots=True)
class Sealed:
    """A v3 message taken out of its envelope, not believed yet."""

    number: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    signature: slice
    salt: bytes
    body: slice
    raw: bytes = field(repr=False)


def unwrapped(raw: bytes) -> Sealed:
    """The fields of a v3 message; raises Garbled."""
    at, end = opened(raw, 0, SEQUENCE, len(raw))
    if end != len(raw) or raw[at : at + 3] != VERSION_3:
        raise Garbled("no whole message of version 3")
    head, after = opened(raw, at + 3, SEQUENCE, end)
    number, head = small(raw, head, after)
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
    seconds, at = small(raw, at, stop)
    start, at = opened(raw, at, OCTETS, stop)
    user = raw[start:at]
    start, at = opened(raw, at, OCTETS, stop)
    signature = slice(start, at)
    start, at = opened(raw, at, OCTETS, stop)
    if at != stop:
        raise Garbled("something stands behind the salt")
    if boots < 0 or seconds < 0:
        raise Garbled("a clock before its beginning")
    salt, rest = raw[start:at], slice(body, end)
    return Sealed(number, flags, engine, boots, seconds, user, signature, salt, rest, raw)


def localised(name: str, password: str, engine: bytes) -> bytes:
    """The key of a password for one engine (RFC 3414, A.2)."""
    octets = password.encode()
    long = (octets * (MEGABYTE // len(octets) + 1))[:MEGABYTE]
    master = hashlib.new(name, long, usedforsecurity=False).digest()
    return hashlib.new(name, master + engine + master, usedforsecurity=False).digest()


@dataclass(slots=True)
class Seal:
    """Keys of a user at one engine, and the engine's clock; it outlives many polls."""

    login: SnmpUser
    engine: bytes
    _hash: str = field(init=False)
    _signature_octets: int = field(init=False)
    _auth_key: bytes = field(init=False, repr=False)
    _privacy_key: bytes | None = field(init=False, repr=False, default=None)
    _boots: int = 0
    _time: int = 0
    # When the engine told its clock; None before it did. Boots may be 0 of one that never counts.
    _at: float | None = None
    _salt: int = field(default_factory=lambda: int.from_bytes(os.urandom(8), "big"))

    def __post_init__(self) -> None:
        """Make the keys, which is the expensive part."""
        login = self.login
        self._hash, self._signature_octets = HASHES[login.auth_protocol]
        self._auth_key = localised(self._hash, login.auth_password or "", self.engine)
        if login.privacy_password is not None:
            key = localised(self._hash, login.privacy_password, self.engine)
            self._privacy_key = key[: AES_OCTETS[login.privacy_protocol]]

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
        scoped = tlv(SEQUENCE, tlv(OCTETS, self.engine) + b"\x04\x00" + pdu)
        flags, salt, body = SIGNED | REPORTABLE, b"", scoped
        if self._privacy_key is not None:
            self._salt = (self._salt + 1) & 0xFFFF_FFFF_FFFF_FFFF
            flags, salt = flags | ENCRYPTED, self._salt.to_bytes(8, "big")
            body = tlv(OCTETS, self._cipher(self._boots, seconds, salt).encryptor().update(scoped))
        head = tlv(
            SEQUENCE,
            b"\x02\x04" + number.to_bytes(4, "big") + MOST_BYTES + bytes((4, 1, flags)) + USM,
        )
        empty = bytes(self._signature_octets)
        tail = tlv(OCTETS, salt)
        safe = tlv(
            SEQUENCE,
            tlv(OCTETS, self.engine)
            + codec.whole_number(self._boots)
            + codec.whole_number(seconds)
            + tlv(OCTETS, self.login.name.encode())
            + tlv(OCTETS, empty)
            + tail,
        )
        raw = tlv(SEQUENCE, VERSION_3 + head + tlv(OCTETS, safe) + body)
        place = len(raw) - len(body) - len(tail) - len(empty)
        return raw[:place] + self._signature(raw) + raw[place + len(empty) :]

    def opened(self, sealed: Sealed) -> bytes:
        """The PDU of a response; raises Forged, NotInTime, Reported or Garbled."""
        # Reports about unknown engines and users are not signed, and anybody can write one.
        if sealed.engine != self.engine or sealed.user != self.login.name.encode():
            raise Forged
        if not sealed.flags & SIGNED:
            raise Forged
        raw, place = sealed.raw, sealed.signature
        told = raw[place]
        bare = raw[: place.start] + bytes(len(told)) + raw[place.stop :]
        if not hmac.compare_digest(told, self._signature(bare)):
            raise Forged
        self._set_clock(sealed)
        pdu = self._scoped(sealed)
        if pdu[:1] == bytes((REPORT,)):
            raise NotInTime if NOT_IN_TIME in pdu else Reported
        if self._privacy_key is not None and not sealed.flags & ENCRYPTED:
            raise Garbled("an answer in clear to an encrypted question")
        return pdu

    def forget_clock(self) -> None:
        """Believe the next signed clock, whatever it says: this one led nowhere."""
        self._boots, self._time, self._at = 0, 0, None

    def _set_clock(self, sealed: Sealed) -> None:
        """Follow the engine's clock, which never goes back (RFC 3414, 3.2, 7b)."""
        now = time.monotonic()
        if self._at is not None:
            about = self._time + int(now - self._at)
            if sealed.boots < self._boots:
                raise Forged
            if sealed.boots == self._boots and sealed.time < about - WINDOW_SECONDS:
                raise Forged
            if (sealed.boots, sealed.time) <= (self._boots, self._time):
                return
        self._boots, self._time, self._at = sealed.boots, sealed.time, now

    def _scoped(self, sealed: Sealed) -> bytes:
        raw = sealed.raw[sealed.body]
        if sealed.flags & ENCRYPTED:
            if self._privacy_key is None or len(sealed.salt) != 8:
                raise Garbled("encrypted, but not for us")
            start, stop = opened(raw, 0, OCTETS, len(raw))
            if stop != len(raw):
                raise Garbled("something stands behind the message")
            cipher = self._cipher(sealed.boots, sealed.time, sealed.salt)
            raw = cipher.decryptor().update(raw[start:stop])
        at, stop = opened(raw, 0, SEQUENCE, len(raw))
        # Some fill the last block of the cipher, though AES in this mode needs none.
        if stop != len(raw) and not sealed.flags & ENCRYPTED:
            raise Garbled("something stands behind the message")
        start, at = opened(raw, at, OCTETS, stop)
        if raw[start:at] != self.engine:
            raise Garbled("another engine's values")
        return raw[opened(raw, at, OCTETS, stop)[1] : stop]

    def _signature(self, raw: bytes) -> bytes:
        return hmac.digest(self._auth_key, raw, self._hash)[: self._signature_octets]

    def _cipher(self, boots: int, seconds: int, salt: bytes) -> Cipher[CFB]:
        start = boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt
        return Cipher(algorithms.AES(self._privacy_key or b""), CFB(start))
