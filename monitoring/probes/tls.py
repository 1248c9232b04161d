"""Asks who a TLS server says it is: chain, names, dates, key, and what versions it offers."""

import asyncio
import functools
import hashlib
import ipaddress
import ssl
import time
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from monitoring.probes.links import linked
from monitoring.probes.reached import Fault, Faulty, Goal, Rules, shown

VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
OUTDATED = ("TLSv1", "TLSv1.1")
# OpenSSL may be built without them: then nobody here can tell.
_SPOKEN = {"TLSv1": ssl.HAS_TLSv1, "TLSv1.1": ssl.HAS_TLSv1_1}
# Why a greeting never left this machine.
_OURS = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE")
# Hosts old enough for TLS 1.0 know no RFC 5746 either. Python 3.11 has no name for it.
_LEGACY = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
# Silence says no where a host had so many times as long as its first answer took.
PATIENCE = 4
LEAST_RSA, LEAST_CURVE = 2048, 256
BROKEN_DIGESTS = ("md5", "sha1")
MOST_NAMES = 50
# X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: the dates say so better than the chain.
ABOUT_DATES = (9, 10)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says. `trust` is empty where an authority vouches for it."""

    subject: str
    issuer: str
    names: list[str]
    begins_at: str
    ends_at: str
    key: str
    digest: str
    fingerprint: str
    is_named: bool
    trust: str = ""
    weak: tuple[str, ...] = ()

    def as_facts(self) -> dict[str, Any]:
        """As it is kept."""
        return {**asdict(self), "weak": list(self.weak)}


async def read(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:
    """The certificate as facts, whether it is trusted or not; raises Faulty without any."""
    raw, version = await _shown(goal, address)
    found = certificate(raw, goal.name, await _trust(goal, address, rules))
    return {"certificate": found.as_facts(), "version": version}


async def probe(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:
    """The certificate and the versions of TLS that the server offers."""
    facts = await read(goal, address, rules)
    told = await offers(goal, address)
    offered = [name for name, is_offered in told.items() if is_offered]
    weak = facts["certificate"]["weak"] + [name for name in offered if name in OUTDATED]
    return {
        **facts,
        "versions": offered,
        "offers": told,
        "certificate": {**facts["certificate"], "weak": weak},
    }


async def _shown(goal: Goal, address: str) -> tuple[bytes, str]:
    try:
        async with linked(goal, address, open_context()) as link:
            raw = link.tls.getpeercert(binary_form=True) if link.tls else None
            version = (link.tls.version() if link.tls else None) or ""
    except ssl.SSLError as wrong:
        raise Faulty(Fault.HANDSHAKE, f"no TLS: {wrong.reason or wrong}") from None
    if not raw:
        raise Faulty(Fault.HANDSHAKE, "the server shows no certificate")
    return raw, version


async def _trust(goal: Goal, address: str, rules: Rules) -> str:
    """Why no authority vouches for the certificate; empty where one does."""
    try:
        async with linked(goal, address, strict_context(rules.authorities)):
            return ""
    except ssl.SSLCertVerificationError as wrong:
        return "" if wrong.verify_code in ABOUT_DATES else shown(wrong.verify_message)
    except ssl.SSLError as wrong:
        raise Faulty(Fault.HANDSHAKE, f"no TLS: {wrong.reason or wrong}") from None


async def offers(goal: Goal, address: str) -> dict[str, bool]:
    """Whether the server offers each version of TLS; what could not be told is left out.

    It is greeted once for each, the newest first, an eighth of the goal's seconds at most.
    """
    told: dict[str, bool] = {}
    took: float | None = None
    for name in reversed(tuple(VERSIONS)):
        began = time.monotonic()
        offered = await _offers(goal, address, name, took)
        if offered is not None:
            told[name] = offered
            took = took or time.monotonic() - began
    # Who refuses everything now refuses us, and not a version.
    return dict(sorted(told.items())) if any(told.values()) else {}


async def _offers(goal: Goal, address: str, version: str, took: float | None) -> bool | None:
    """None where it cannot be told; `took` is how long the first answer took, in seconds."""
    if not _SPOKEN.get(version, True):
        return None
    patience = goal.seconds / 8
    try:
        async with asyncio.timeout(patience), linked(goal, address, _context_of(version)):
            return True
    except ssl.SSLError as wrong:
        return None if wrong.reason in _OURS else False
    except TimeoutError:
        # A server that falls silent before an old version does not offer it; a slow one may.
        return False if took is not None and patience >= PATIENCE * took else None
    except ConnectionResetError:
        return False
    except (OSError, Faulty):
        return None


@functools.cache
def open_context() -> ssl.SSLContext:
    """Takes whatever certificate is shown, to look at it: nothing secret is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@functools.cache
def strict_context(authorities: str = "") -> ssl.SSLContext:
    """Takes what an authority vouches for. The name is compared by `certificate`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if authorities:
        context.load_verify_locations(cadata=authorities)
    return context


@functools.cache
def _context_of(version: str) -> ssl.SSLContext:
    """Speaks one version only, so old that OpenSSL must be told to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


def certificate(raw: bytes, name: str, trust: str = "") -> Certificate:
    """A certificate in DER, read; raises Faulty where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = x509.load_der_x509_certificate(raw)
            names, key = _names(found), _key(found)
            digest = found.signature_hash_algorithm
            subject, issuer = found.subject.rfc4514_string(), found.issuer.rfc4514_string()
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType, x509.DuplicateExtension):
        raise Faulty(Fault.HANDSHAKE, "the certificate cannot be read") from None
    weak = _weak_key(found)
    if digest is not None and digest.name in BROKEN_DIGESTS:
        weak = (*weak, digest.name)
    return Certificate(
        subject=shown(subject, 300),
        issuer=shown(issuer, 300),
        names=[shown(each) for each in names[:MOST_NAMES]],
        begins_at=_instant(found.not_valid_before_utc),
        ends_at=_instant(found.not_valid_after_utc),
        key=key,
        digest=digest.name if digest is not None else "",
        fingerprint="SHA256:" + hashlib.sha256(raw).hexdigest(),
        is_named=any(fits(name, each) for each in names),
        trust=trust,
        weak=weak,
    )


def _instant(at: datetime) -> str:
    return at.isoformat()


def _names(found: x509.Certificate) -> list[str]:
    """The names of the subject's alternative names: what RFC 9525 compares, and nothing else."""
    try:
        kept = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [
        *kept.get_values_for_type(x509.DNSName),
        *(str(each) for each in kept.get_values_for_type(x509.IPAddress)),
    ]


def fits(name: str, pattern: str) -> bool:
    """Whether a certificate's name covers a host: whole, or `*` for one label (RFC 9525, 6.3)."""
    wanted, pattern = name.rstrip(".").lower(), pattern.rstrip(".").lower()
    with suppress(ValueError):
        return str(ipaddress.ip_address(wanted)) == pattern
    if not pattern.startswith("*."):
        return wanted == pattern
    label, _dot, above = wanted.partition(".")
    return bool(label) and above == pattern[2:] and "." in above


def _key(found: x509.Certificate) -> str:
    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"{key.curve.name} {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "Ed448"
    return type(key).__name__


def _weak_key(found: x509.Certificate) -> tuple[str, ...]:
    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA:
        return (f"RSA {key.key_size}",)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < LEAST_CURVE:
        return (f"{key.curve.name} {key.key_size}",)
    return ()
