"""How long an SSH public key is. Pure; the wire format is RFC 4253, section 6.6."""

import base64
import binascii

_KNOWN = {
    "ssh-ed25519": 256,
    "ssh-ed448": 456,
    "ecdsa-sha2-nistp256": 256,
    "ecdsa-sha2-nistp384": 384,
    "ecdsa-sha2-nistp521": 521,
}


def bits(algorithm: str, key: str) -> int | None:
    """The length of a base64 key in bits (of RSA and DSA the modulus); None where it is no key."""
    if algorithm in _KNOWN:
        return _KNOWN[algorithm]
    try:
        fields = _fields(base64.b64decode(key, validate=True))
    except (binascii.Error, ValueError):
        return None
    # RSA: name, e, n. DSA: name, p, q, g, y.
    place = {"ssh-rsa": 2, "ssh-dss": 1}.get(algorithm)
    if place is None or len(fields) <= place:
        return None
    return int.from_bytes(fields[place], "big").bit_length()


def _fields(blob: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(blob):
        length = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + length > len(blob):
            raise ValueError("cut short")
        found.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    return found
