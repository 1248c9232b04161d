"""Settles secrets that devices encrypt reversibly, so that comparing sees only another secret.

Cisco type 7 and Junos $9$ are encodings with a random salt that anybody can undo (neither vendor
claims otherwise): the same secret typed again looks different. Here they become the secret itself,
in memory and for comparing alone. Type 6 is AES under a key of the device and changes whenever
that key does: what stands there is not compared. Hashes (types 5, 8, 9) are left as they are.
"""

import re

# The published constant of type 7, and the alphabet of $9$ in its four families.
_XLAT = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"
_FAMILIES = ("QzF3n6/9CAtpu0O", "B1IREhcSyrleKvMW8LXx", "7N-dVbwsY2g4oaJZGUDj", "iHkq.mPf5T")
_ALPHABET = "".join(_FAMILIES)
_PLACE = {letter: at for at, letter in enumerate(_ALPHABET)}
_PADDING = {letter: 3 - family for family, row in enumerate(_FAMILIES) for letter in row}
_WEIGHTS = (
    (1, 4, 32), (1, 16, 32), (1, 8, 32), (1, 64), (1, 32), (1, 4, 16, 128), (1, 32, 64),
)  # fmt: skip
_BEFORE = r"(?:password|secret|key|key-string|md5|text|community|pre-shared-key|passphrase)"
_TYPE_7 = re.compile(rf"\b{_BEFORE} 7 (?P<code>\d\d(?:[0-9A-Fa-f]{{2}})+)(?= |$)")
_TYPE_6 = re.compile(rf"(?P<before>\b{_BEFORE} 6) \S+")
_JUNOS = re.compile(r'"\$9\$(?P<code>[^"$\s]{4,})"')


def settled(words: str) -> str:
    """The words with every reversible secret in the one form that means the same."""
    if " 7 " in words:
        words = _TYPE_7.sub(_without_salt, words)
    if " 6 " in words:
        words = _TYPE_6.sub(r"\g<before> <encrypted by the device>", words)
    if "$9$" in words:
        words = _JUNOS.sub(_without_padding, words)
    return words


def _without_salt(found: re.Match[str]) -> str:
    plain = type_7(found["code"])
    return found[0] if plain is None else found[0].replace(found["code"], f"plain {plain}")


def _without_padding(found: re.Match[str]) -> str:
    plain = junos_9(found["code"])
    return found[0] if plain is None else f'"plain {plain}"'


def type_7(code: str) -> str | None:
    """What a type 7 secret stands for; None where it is none."""
    salt = int(code[:2])
    if salt >= len(_XLAT):
        return None
    secret = bytes.fromhex(code[2:])
    plain = bytes(byte ^ _XLAT[(salt + at) % len(_XLAT)] for at, byte in enumerate(secret))
    return plain.decode("latin-1")


def junos_9(code: str) -> str | None:
    """What a Junos $9$ secret stands for, without its prefix; None where it is none."""
    if any(letter not in _PLACE for letter in code):
        return None
    last, rest = code[0], code[1 + _PADDING[code[0]] :]
    plain: list[str] = []
    while rest:
        weights = _WEIGHTS[len(plain) % len(_WEIGHTS)]
        if len(rest) < len(weights):
            return None
        total = 0
        for weight, letter in zip(weights, rest, strict=False):
            total += weight * ((_PLACE[letter] - _PLACE[last]) % len(_ALPHABET) - 1)
            last = letter
        plain.append(chr(total % 256))
        rest = rest[len(weights) :]
    return "".join(plain)
