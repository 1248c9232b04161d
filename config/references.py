"""References people can read out and type: `BK-4T9Q-W2M7`."""

import secrets

# No 0/O, 1/I/L, 5/S, 8/B, U/V: letters and digits that a telephone confuses.
ALPHABET = "2346789ACDEFGHJKMNPQRTWXYZ"


def new(prefix: str, groups: int = 2) -> str:
    """A random reference, `groups` of four after the prefix (26⁸ for two groups)."""
    blocks = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))
    return "-".join((prefix, *blocks))


def canonical(typed: str) -> str:
    """What a person typed, as we store it: upper case, separators repaired.

    >>> canonical(" bk4t9q w2m7 ")
    'BK-4T9Q-W2M7'
    """
    plain = "".join(c for c in typed.upper() if c.isalnum())
    head, tail = plain[:2], plain[2:]
    return "-".join([head, *(tail[i : i + 4] for i in range(0, len(tail), 4))])
