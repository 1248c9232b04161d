"""Passwords: argon2id, checked in the same time whether or not the member exists."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.errors import Invalid

# 19 MiB and two passes, the figure of the OWASP password storage cheat sheet: eight threads
# signing in at once take 150 MB for a moment, not half a gigabyte.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Somebody unknown costs as much as somebody known.
_NOBODY = _HASHER.hash("the password of nobody")

SHORTEST, LONGEST = 10, 200


class WeakPassword(Invalid):
    """Choose a password of 10 characters or more."""


def hash_password(password: str) -> str:
    """The argon2id hash to keep; raises WeakPassword below 10 or above 200 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword
    return _HASHER.hash(password)


def verify(kept: str | None, password: str) -> bool:
    """Whether the password is the one hashed; `kept` None is nobody, and never matches."""
    try:
        _HASHER.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other costs than today's and should be made anew."""
    return _HASHER.check_needs_rehash(kept)
