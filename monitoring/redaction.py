"""Takes the secrets out of a configuration before it is stored, shown or compared.

A rule names the words before a secret and the secret itself; what is found becomes `<removed>`.
The lines keep their number and order, and a second run changes nothing. Where it is unclear
whether a word is a secret it goes: a configuration with a gap is better than a leaked key.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

REMOVED = "<removed>"

# A quoted text, or what reaches to the next space (Junos ends it with a semicolon).
_VALUE = r'(?:"(?:[^"\\\n]|\\.)*"|\S+?(?=;?(?:\s|$)))'
# A number before the secret says how it is encoded: `password 7 0822455D0A16`.
_TYPE = (
    r"(?: (?:[0-9]|sha512|sha256|sha1|md5|plaintext|encrypted|clear|hidden|ascii-text|ascii"
    r"|hexadecimal|hex)(?=\s+\S))*+"
)
_SNMP_WORDS = r"(?:ro|rw|view|group|ipv6|unrestricted|restricted|operator|manager)\b"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`before` stays; the `secret` group of the match is removed."""

    pattern: re.Pattern[str]

    def apply(self, line: str) -> str:
        return self.pattern.sub(self._without, line)

    def fits(self, line: str) -> bool:
        return self.pattern.search(line) is not None

    @staticmethod
    def _without(found: re.Match[str]) -> str:
        start, end = found.span("secret")
        offset = found.start()
        return found[0][: start - offset] + REMOVED + found[0][end - offset :]


def _line(before: str, secret: str = _VALUE) -> _Pattern:
    spaced = before.replace(" ", r"\s+")
    return _Pattern(re.compile(rf"{spaced}\s+(?P<secret>{secret})", re.IGNORECASE))


_REST = r"\S.*?(?=\s*$)"

_EVERYWHERE = (
    # Crypt hashes of any system: $1$, $5$, $6$, $8$, $9$, $14$, $2b$, $y$, $sha512$ …
    _Pattern(re.compile(r"(?P<secret>\$(?:\d{1,2}|2[abxy]|y|7|gy|sha\d+|argon2\w*)\$[^\s\";:,]+)")),
    _Pattern(re.compile(r"://[^/\s:@]+:(?P<secret>[^/\s@]+)@")),
    _Pattern(
        re.compile(
            r"\b(?:[\w.-]*?(?:password|passwd|passphrase|secret|token|api[-_]?key|private-?key"
            r"|pre-?shared-?key|psk|md5-key|auth(?:entication)?-key|community))"
            rf"\s*[=:]\s*(?!{REMOVED}|\\\s*$)(?P<secret>{_VALUE})",
            re.IGNORECASE,
        )
    ),
)

_IOS = (
    _line(
        rf"^\s*(?:no )?enable(?: algorithm-type \S+)? (?:secret|password)(?: level \d+)?{_TYPE}",
        _REST,
    ),
    _line(rf"^\s*(?:no )?username \S+(?: .*?)? (?:password|secret|masked-secret){_TYPE}", _REST),
    _line(rf"^\s*(?:no )?snmp-server community(?: [0-9](?=\s+(?!{_SNMP_WORDS})\S))?"),
    _line(r"^\s*(?:no )?snmp-server (?:mib )?community-map"),
    _line(r"^\s*(?:no )?snmp-server host\b.*? community"),
    _line(
        r"^\s*(?:no )?snmp-server host \S+(?: (?:use-)?vrf \S+)?(?: (?:traps?|informs?))?"
        r"(?: version (?:1|2c|3(?: (?:auth|noauth|priv))?))?(?! community| use-vrf| version)"
    ),
    _line(
        rf"^\s*(?:no )?(?:tacacs|radius)(?:-server)?\b(?:.*?)? (?:pac )?(?:encrypted-)?key{_TYPE}",
        _REST,
    ),
    _line(rf"\b(?:server-private|server|client)\b.*? (?:server-)?key{_TYPE}", _REST),
    _line(rf"^\s*(?:pac |server-|encrypted-)?key{_TYPE}", r"(?!chain\b|config-key\b)\S.*?(?=\s*$)"),
    _line(rf"\bkey config-key(?: password-encrypt)?{_TYPE}", _REST),
    _line(rf"\bkey-string{_TYPE}", _REST),
    _line(rf"\bcrypto isakmp key{_TYPE}"),
    _line(
        r"\bpre-shared-key(?: (?:local|remote))?"
        rf"(?: address \S+(?: \d\S+)?(?: key)?)?(?: key)?{_TYPE}"
    ),
    _line(
        rf"\b(?:message-digest-key|authentication-key) \d+ (?:md5|hmac-\S+|cmac-\S+|sha\d*){_TYPE}"
    ),
    _line(rf"\bauthentication-key(?! \d+ (?:md5|hmac|cmac|sha)){_TYPE}"),
    _line(
        rf"\b(?:standby|vrrp|glbp)\b.*? authentication(?: (?:text|md5 key-string))?{_TYPE}",
        rf"(?!md5\b|text\b){_VALUE}",
    ),
    _line(rf"\b(?:area-password|domain-password|isis password|passphrase|wpa-passphrase){_TYPE}"),
    _line(rf"\b(?:wpa-psk|wpa2-psk|psk set-key|wep key|shared-secret){_TYPE}", _REST),
)
# What no line above knows: any word after `password` or `secret`.
_ANY = (
    _line(
        r"(?<![\w-])(?:password|passwd)(?: (?:manager|operator|all))?"
        rf"(?: user-name {_VALUE})?{_TYPE}",
        rf"(?!encryption\b|recovery\b|required\b|manager\b|operator\b|user-name\b){_VALUE}",
    ),
    _line(rf"(?<![\w-])secret{_TYPE}"),
)

_JUNOS = (
    _Pattern(re.compile(r"(?P<secret>\"[^\"]*\")(?=.*##\s*SECRET-DATA)")),
    _line(r"\b(?:encrypted-password|plain-text-password-value|hello-authentication-key)"),
    _line(r"\bauthentication-key \d+ type \S+ value"),
    _line(r"\bauthentication-key(?! \d+ type)"),
    _line(r"\b(?:privacy-key|authentication-password|privacy-password|secret)"),
    _line(r"\b(?:simple-password|preshared-key|ascii-text|hexadecimal|passphrase)"),
    _line(r"\bmd5 \d+ key"),
    _line(r"^\s*set snmp (?:.* )?(?:community|trap-group)"),
)
_JUNOS_IN_SNMP = (_line(r"^\s*(?:inactive:\s+)?(?:community|trap-group)"),)

_LINUX = (
    _line(r"^\s*(?:rocommunity|rwcommunity|trapcommunity)6?"),
    _line(r"^\s*com2sec6?(?: -Cn \S+)? \S+ \S+"),
    _line(r"^\s*(?:trapsink|trap2sink|informsink) \S+"),
    _line(r"^\s*(?:wpa-psk|wpa_passphrase|machine .* password)"),
    _Pattern(re.compile(r"^[a-z_][\w.-]*:(?P<secret>[^\s:*!<][^\s:]{7,}):\d*:\d*:\d*:")),
    _line(r"(?:--?(?:password|passphrase|token|secret))", r"(?!-)\S+"),
)

_FAMILIES: dict[str, tuple[_Pattern, ...]] = {
    "cisco_ios": _IOS,
    "cisco_xe": _IOS,
    "cisco_nxos": _IOS,
    "arista_eos": _IOS,
    "hp_procurve": _IOS,
    "juniper_junos": _JUNOS,
    "mikrotik_routeros": (),
    "linux": _LINUX,
}
_ALL = (*_IOS, *_JUNOS, *_LINUX)

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
_PIECES = re.compile(r'"[^"]*"|\S+|\s+')
_ROUTEROS_SECRET = re.compile(
    r"\b(?P<before>[\w.-]*(?:password|passphrase|secret|pre-shared-key|preshared-key|private-key|psk"
    r"|auth-key|authentication-key|md5-key|trap-community|static-key-\d|token)=(?:\\\r?\n\s*)?)"
    r'(?P<secret>"(?:[^"\\]|\\(?:.|\r?\n))*"|[^\s"\\]+)',
    re.IGNORECASE,
)
_ROUTEROS_END = re.compile(r"(?<=[^\\\r]\n)|(?<=[^\\]\r\n)")
_ROUTEROS_COMMUNITY = re.compile(
    r"(?P<before>\bname=(?:\\\r?\n\s*)?)"
    r'(?P<secret>"(?:[^"\\]|\\(?:.|\r?\n))*"|[^\s"\\]+)'
)


def redact(platform: str, text: str) -> str:
    """`text` with every secret replaced by `<removed>`; an unknown platform takes every rule.

    The result has the lines of the input, and redacting it again gives it back unchanged.
    """
    if platform == "mikrotik_routeros" or platform not in _FAMILIES:
        text = _routeros(text)
    walk = _Walk(_FAMILIES.get(platform, _ALL), indented=platform in _INDENTED)
    return "\n".join(walk.line(line) for line in text.split("\n"))


class _Walk:
    """Goes down the lines and knows in which block it stands."""

    def __init__(self, patterns: tuple[_Pattern, ...], *, indented: bool) -> None:
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
        for _ in range(_PASSES):
            clean = self._once(body)
            if clean == body:
                break
            body = clean
        return body

    def _once(self, body: str) -> str:
        known = [pattern for pattern in self.patterns if pattern.fits(body)]
        if self.in_snmp:
            known.extend(_JUNOS_IN_SNMP)
        if _SNMP_USER.match(body):
            body = _without_user_keys(body)
        for pattern in (*(known or _ANY), *_EVERYWHERE):
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
        if _ALGORITHM.match(pieces[before]) and not _ALGORITHM.match(pieces[at]):
            pieces[at] = REMOVED
    return "".join(pieces)


def _routeros(text: str) -> str:
    """RouterOS writes name=value and breaks long lines with a backslash, also inside values."""
    text = _ROUTEROS_SECRET.sub(_without_value, text)
    out: list[str] = []
    in_community = False
    for statement in _ROUTEROS_END.split(text):
        if statement.startswith("/"):
            in_community = statement.startswith("/snmp community")
        out.append(
            _ROUTEROS_COMMUNITY.sub(_without_value, statement) if in_community else statement
        )
    return "".join(out)


def _without_value(found: re.Match[str]) -> str:
    breaks = len(re.findall(r"\n", found["secret"]))
    return found["before"] + REMOVED + f"\\\n{REMOVED}" * breaks
