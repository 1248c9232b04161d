"""Envelope encryption of one row: its own data key seals, the key-encryption key wraps that.

Everything is bound, as associated data, to the row it belongs to: a ciphertext that was copied
into another row does not open. AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["InvalidTag", "decrypt", "encrypt", "new_key"]

NONCE = 12


def new_key() -> bytes:
    """A data key of 256 bits."""
    return AESGCM.generate_key(bit_length=256)


def encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """The nonce and what is sealed with it."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """What was sealed; raises InvalidTag where it was altered or is of another row."""
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound)
