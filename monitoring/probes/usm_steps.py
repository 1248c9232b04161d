"""Asks an SNMPv3 agent why it refuses: the reports of its user-based security (RFC 3414, 3.2).

A library says "authentication failed"; the agent's report says which counter rose: the user is
unknown, the digest is wrong, the clock is outside the window, the level is not supported. One
signed and unencrypted question is enough to tell them apart; what remains is the privacy password.
"""

import hashlib
import hmac
import secrets
import socket
from dataclasses import dataclass
from enum import StrEnum

from monitoring.probes import codec
from monitoring.probes.codec import GET, INTEGER, NULL, OCTETS, REPORT, SEQUENCE
from monitoring.probes.logins import AuthProtocol, SnmpUser
from monitoring.probes.session import AUTH_KEYS

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
VERSION_3, USM = 3, 3
REPORTABLE, SIGNED = 0x04, 0x01
LARGEST = 65_000
# The hash and how many octets of it a message carries (RFC 3414, 6 and 7; RFC 7860, 4).
DIGESTS: dict[AuthProtocol, tuple[str, int]] = {
    AuthProtocol.MD5: ("md5", 12),
    AuthProtocol.SHA: ("sha1", 12),
    AuthProtocol.SHA224: ("sha224", 16),
    AuthProtocol.SHA256: ("sha256", 24),
    AuthProtocol.SHA384: ("sha384", 32),
    AuthProtocol.SHA512: ("sha512", 48),
}


class Report(StrEnum):
    """Why the agent refused (SNMP-USER-BASED-SM-MIB, usmStats), or that it did not."""

    WRONG_LEVEL = "1.3.6.1.6.3.15.1.1.1.0"
    WRONG_CLOCK = "1.3.6.1.6.3.15.1.1.2.0"
    UNKNOWN_USER = "1.3.6.1.6.3.15.1.1.3.0"
    UNKNOWN_ENGINE = "1.3.6.1.6.3.15.1.1.4.0"
    WRONG_DIGEST = "1.3.6.1.6.3.15.1.1.5.0"
    WRONG_PRIVACY = "1.3.6.1.6.3.15.1.1.6.0"
    ACCEPTED = "accepted"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Engine:
    """Who answers, and what its clock says."""

    id: bytes = b""
    boots: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    engine: Engine
    report: Report


def discover(address: str, port: int, seconds: float = 2.0) -> Engine | None:
    """The engine of an agent: it tells that to everybody (RFC 3414, 4). None where it is silent."""
    answer = _exchanged(address, port, _message(Engine(), b"", None, None), seconds)
    return answer.engine if answer is not None and answer.engine.id else None


def why(address: str, port: int, user: SnmpUser, seconds: float = 2.0) -> Report:
    """What the agent says of a question that `user` signs, where it has a password to sign with."""
    engine = discover(address, port, seconds)
    if engine is None:
        return Report.SILENT
    key = None
    if user.auth_password is not None:
        keys = AUTH_KEYS[user.auth_protocol]
        key = keys.get_localized_key(keys.get_master_key(user.auth_password.encode()), engine.id)
    signed_as = user.auth_protocol if key is not None else None
    message = _message(engine, user.name.encode(), signed_as, key)
    answer = _exchanged(address, port, message, seconds)
    return answer.report if answer is not None else Report.SILENT


def _message(
    engine: Engine, user: bytes, signed_as: AuthProtocol | None, key: bytes | None
) -> bytes:
    number = codec.whole_number(secrets.randbelow(2**30) + 1)
    bare = codec.whole_number(0)
    flags = bytes((REPORTABLE | (SIGNED if signed_as else 0),))
    hash_name, size = DIGESTS[signed_as] if signed_as else ("", 0)
    binding = codec.tlv(SEQUENCE, codec.object_id(SYS_UP_TIME) + codec.tlv(NULL, b""))
    pdu = codec.tlv(GET, number + bare + bare + codec.tlv(SEQUENCE, binding))
    scoped = codec.tlv(SEQUENCE, codec.tlv(OCTETS, engine.id) + codec.tlv(OCTETS, b"") + pdu)
    globals_ = codec.tlv(
        SEQUENCE,
        number + codec.whole_number(LARGEST) + codec.tlv(OCTETS, flags) + codec.whole_number(USM),
    )
    clock = codec.whole_number(engine.boots) + codec.whole_number(engine.time)

    def whole(digest: bytes) -> bytes:
        security = (
            codec.tlv(OCTETS, engine.id)
            + clock
            + codec.tlv(OCTETS, user)
            + codec.tlv(OCTETS, digest)
            + codec.tlv(OCTETS, b"")
        )
        wrapped = codec.tlv(OCTETS, codec.tlv(SEQUENCE, security))
        return codec.tlv(SEQUENCE, codec.whole_number(VERSION_3) + globals_ + wrapped + scoped)

    if key is None:
        return whole(b"")
    return whole(hmac.new(key, whole(bytes(size)), getattr(hashlib, hash_name)).digest()[:size])


def _exchanged(address: str, port: int, message: bytes, seconds: float) -> _Answer | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.settimeout(seconds)
        try:
            link.connect((address, port))
            link.send(message)
            return _read(link.recv(65_535))
        except (OSError, codec.Garbled, IndexError, ValueError):
            # Silent, closed or not SNMPv3: the caller has a sentence for each.
            return None


def _read(raw: bytes) -> _Answer:
    """Engine and report of a message; only a plain one can be read without keys."""
    at, end = codec.opened(raw, 0, SEQUENCE, len(raw))
    _version, at = _part(raw, at, INTEGER, end)
    _header, at = _part(raw, at, SEQUENCE, end)
    security, at = _part(raw, at, OCTETS, end)
    engine = _engine(security)
    scoped, _ = _part(raw, at, SEQUENCE, end)
    _id, at = _part(scoped, 0, OCTETS, len(scoped))
    _name, at = _part(scoped, at, OCTETS, len(scoped))
    if scoped[at] != REPORT:
        return _Answer(engine, Report.ACCEPTED)
    pdu, _ = _part(scoped, at, REPORT, len(scoped))
    for report in Report:
        if report.value[0].isdigit() and codec.object_id(report.value) in pdu:
            return _Answer(engine, report)
    return _Answer(engine, Report.SILENT)


def _engine(security: bytes) -> Engine:
    at, end = codec.opened(security, 0, SEQUENCE, len(security))
    engine_id, at = _part(security, at, OCTETS, end)
    boots, at = _part(security, at, INTEGER, end)
    time, _ = _part(security, at, INTEGER, end)
    return Engine(engine_id, int.from_bytes(boots, "big"), int.from_bytes(time, "big"))


def _part(raw: bytes, at: int, tag: int, end: int) -> tuple[bytes, int]:
    start, stop = codec.opened(raw, at, tag, end)
    return raw[start:stop], stop
