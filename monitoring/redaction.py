"""Takes the secrets out of a configuration before it is stored, shown or compared.

A rule names the words before a secret and the secret itself; what is found becomes `<removed>`.
The lines keep their number and order, and a second run changes nothing. Where it is unclear
whether a word is a secret it goes: a configuration with a gap is better than a leaked key.
"""

import re
from itertools import pairwise

from monitoring.redaction_patterns import (
    ALL,
    ANY,
    EVERYWHERE,
    FAMILIES,
    JUNOS_IN_SNMP,
    REMOVED,
    ROUTEROS_SECRET,
    ROUTEROS_VARIABLE,
    Pattern,
    may_hold_secrets,
)

__all__ = ["REMOVED", "redact"]

_PASSES = 8
_INDENTED = frozenset({"cisco_ios", "cisco_xe", "arista_eos"})

_PEM = re.compile(r"-----BEGIN (?!PUBLIC|CERTIFICATE REQUEST)[A-Z0-9 ]+-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]+-----")
_CERTIFICATE = re.compile(
    r"^\s*certificate\s+(?:ca |self-signed |ca-cert )?[0-9A-Fa-f]{2,}", re.IGNORECASE
)
_CERTIFICATE_END = re.compile(r"^\s*quit\s*$")
_KEY_CHAIN = re.compile(r"^\s*key chain\b", re.IGNORECASE)
_KEY_ID = re.compile(r"^\s+key [0-9A-Fa-f]+\s*$", re.IGNORECASE)
_SNMP_USER = re.compile(r"^\s*(?:no )?(?:snmp-server user|snmpv3 user|createUser)\b", re.IGNORECASE)
_ALGORITHM = re.compile(
    r"(?:md5|sha(?:-?\d{1,3}){0,2}|3?des(?:56)?|aes(?:-?\d{3})?|128|192|256|0|7)$", re.IGNORECASE
)
# `createUser` takes keys in place of words: master keys, localized keys.
_GIVEN_KEY = ("-m", "-l")
_PIECES = re.compile(r'"[^"]*"|\S+|\s+')
_ROUTEROS_END = re.compile(r"(?<=[^\\\r]\n)|(?<=[^\\]\r\n)")
# What is a secret in one section alone, by the name it has there.
_ROUTEROS_SECTIONS = {
    section: re.compile(
        rf"(?P<before>\b{name}=(?:\\\r?\n\s*)?)"
        r'(?P<secret>"(?:[^"\\]|\\(?:.|\r?\n))*"|[^\s"\\]+)'
    )
    for section, name in (
        ("/snmp community", "name"),
        ("/container envs", "value"),
        ("/zerotier", "identity"),
    )
}


def redact(platform: str, text: str) -> str:
    """`text` with every secret replaced by `<removed>`; an unknown platform takes every rule.

    The result has the lines of the input, and redacting it again gives it back unchanged.
    """
    if platform == "mikrotik_routeros" or platform not in FAMILIES:
        text = _routeros(text)
    walk = _Walk(FAMILIES.get(platform, ALL), indented=platform in _INDENTED)
    return "\n".join(walk.line(line) for line in text.split("\n"))


class _Walk:
    """Goes down the lines and knows in which block it stands."""

    def __init__(self, patterns: tuple[Pattern, ...], *, indented: bool) -> None:
        self.patterns = patterns
        self.indented = indented
        self.until: re.Pattern[str] | None = None
        self.in_key_chain = False
        self.in_snmp = False

    def line(self, whole: str) -> str:
        """One line without its line feed; a carriage return stays where it is."""
        body = whole.rstrip("\r")
        # One space stands for any indentation: thousands of them would cost every rule dearly.
        lead = body[: len(body) - len(body.lstrip())]
        short = lead[:1] + body[len(lead) :]
        clean = self._in_text(short) if self.until else self._body(short)
        return lead + clean.removeprefix(lead[:1]) + whole[len(body) :]

    def _in_text(self, body: str) -> str:
        """A line of a key or a certificate."""
        if self.until is None or self.until.search(body):
            self.until = None
            return body
        return re.sub(r"\S.*\S|\S", REMOVED, body)

    def _body(self, body: str) -> str:
        begins = _PEM.search(body)
        if begins:
            if _PEM_END.search(body):
                return REMOVED
            self.until = _PEM_END
            return body[: begins.end()] + (REMOVED if body[begins.end() :].strip() else "")
        if _CERTIFICATE.match(body):
            self.until = _CERTIFICATE_END
            return body
        self._note_block(body)
        if self.in_key_chain and _KEY_ID.match(body):
            return body
        return self._statement(body)

    def _statement(self, body: str) -> str:
        """Repeat until nothing changes: the rules of several platforms may meet in one line."""
        if not self.in_snmp and not may_hold_secrets(body):
            return body
        for _ in range(_PASSES):
            clean = self._once(body)
            if clean == body:
                break
            body = clean
        return body

    def _once(self, body: str) -> str:
        known = [pattern for pattern in self.patterns if pattern.fits(body)]
        if self.in_snmp:
            known.extend(JUNOS_IN_SNMP)
        if _SNMP_USER.match(body):
            body = _without_user_keys(body)
        for pattern in (*(known or ANY), *EVERYWHERE):
            body = pattern.apply(body)
        return body

    def _note_block(self, body: str) -> None:
        if body and not body[0].isspace():
            self.in_key_chain = bool(_KEY_CHAIN.match(body))
        if not self.indented and re.match(r"\s*snmp\s*\{", body):
            self.in_snmp = True
        elif body.startswith("}"):
            self.in_snmp = False


def _without_user_keys(line: str) -> str:
    """An SNMPv3 user without its authentication and privacy keys."""
    pieces = _PIECES.findall(line)
    expects = False
    for at, piece in enumerate(pieces):
        word = piece.strip('"')
        if not word or piece.isspace():
            continue
        if word.lower() in ("auth", "priv", "auth-key", "priv-key") and at > 4:
            expects = True
        elif expects and not (_ALGORITHM.match(word) and at + 2 < len(pieces)):
            pieces[at], expects = REMOVED, False
    if line.lstrip().lower().startswith("createuser"):
        return _without_created_keys(pieces)
    return "".join(pieces)


def _without_created_keys(pieces: list[str]) -> str:
    """net-snmp's `createUser NAME SHA "secret" AES "secret"`: whatever follows an algorithm."""
    words = [at for at, piece in enumerate(pieces) if piece.strip()]
    for before, at in pairwise(words[1:]):
        is_named = _ALGORITHM.match(pieces[before]) or pieces[before] in _GIVEN_KEY
        if is_named and not _ALGORITHM.match(pieces[at]) and pieces[at] not in _GIVEN_KEY:
            pieces[at] = REMOVED
    return "".join(pieces)


def _routeros(text: str) -> str:
    """RouterOS writes name=value and breaks long lines with a backslash, also inside values."""
    text = ROUTEROS_SECRET.sub(_without_value, text)
    text = ROUTEROS_VARIABLE.sub(_without_value, text)
    out: list[str] = []
    secret: re.Pattern[str] | None = None
    for statement in _ROUTEROS_END.split(text):
        if statement.startswith("/"):
            found = (
                p for section, p in _ROUTEROS_SECTIONS.items() if statement.startswith(section)
            )
            secret = next(found, None)
        out.append(secret.sub(_without_value, statement) if secret else statement)
    return "".join(out)


def _without_value(found: re.Match[str]) -> str:
    breaks = len(re.findall(r"\n", found["secret"]))
    return found["before"] + REMOVED + f"\\\n{REMOVED}" * breaks
