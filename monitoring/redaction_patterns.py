"""The words before a secret, by family of platforms: what `redaction` takes out of a line.

Each pattern names what stays and the secret itself; `_TYPE` is how a secret says it is encoded.
What lies between two words of a statement is bounded: a hostile line costs its length, not its
square.
"""

import re
from dataclasses import dataclass

REMOVED = "<removed>"

# A quoted text, or what reaches to the next space (Junos ends it with a semicolon).
_VALUE = r'(?:"(?:[^"\\\n]|\\.)*"|\S+?(?=;?(?:\s|$)))'
# A number before the secret says how it is encoded: `password 7 0822455D0A16`.
_TYPE = (
    r"(?: (?:[0-9]|8a|sha512|sha256|sha1|md5|plaintext|encrypted|clear|hidden|ascii-text|ascii"
    r"|hexadecimal|hex)(?=\s+\S))*+"
)
_SNMP_WORDS = r"(?:ro|rw|view|group|ipv6|unrestricted|restricted|operator|manager)\b"

# Most lines of a configuration hold none of these, and so no secret.
_HINTS = (
    "pass", "pwd", "secret", "key", "auth", "community", "psk", "token", "snmp", "enable", "user",
    "tacacs", "radius", "pin", "spi", "com2sec", "sink", "usm", "def", "trap", "proxy", "wpa",
    "machine", "bindpw", "rootpw", "eap", "ntlm", "rsa", "pkcs", "ecdsa", "grub", "mysql",
    "mariadb", "mosquitto", "ldap", "ascii-text", "hexadecimal", "curl", "bearer", "--", '"', " 7",
    "\t7", "$", ":", "=", "<", "}",
)  # fmt: skip


def may_hold_secrets(line: str) -> bool:
    """Whether to look at the line: quick, and true of every line that a pattern fits."""
    lower = line.lower()
    return any(hint in lower for hint in _HINTS)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`before` stays; the `secret` group of the match is removed."""

    pattern: re.Pattern[str]

    def apply(self, line: str) -> str:
        """The line without its secret."""
        return self.pattern.sub(self._without, line)

    def fits(self, line: str) -> bool:
        """Whether the line holds such a secret."""
        return self.pattern.search(line) is not None

    @staticmethod
    def _without(found: re.Match[str]) -> str:
        start, end = found.span("secret")
        offset = found.start()
        return found[0][: start - offset] + REMOVED + found[0][end - offset :]


# Written "…" in the words before a secret.
_GAP = ".{0,300}?"


def _line(before: str, secret: str = _VALUE) -> Pattern:
    spaced = before.replace(" ", r"\s+").replace("…", _GAP)
    return Pattern(re.compile(rf"{spaced}\s+(?P<secret>{secret})", re.IGNORECASE))


_REST = r"\S.*?(?=\s*$)"

EVERYWHERE = (
    # Crypt hashes of any system: $1$, $5$, $6$, $8$, $9$, $14$, $2b$, $y$, $sha512$ …
    Pattern(
        re.compile(r"(?P<secret>\$(?:\d{1,2}|2[abxy]|y|7|gy|apr1|sha\d+|argon2\w*)\$[^\s\";:,]+)")
    ),
    # A password may hold an "@": what stands before the last one goes.
    Pattern(re.compile(r"://[^/\s:@]+:(?P<secret>[^/\s]+)@")),
    # The last part of where a stream is pushed to is its key.
    Pattern(re.compile(r"\brtmps?://[^\s/]+/[^\s/]+/(?P<secret>[^\s;\"'<>]+)")),
    Pattern(re.compile(r"\bhooks\.slack\.com/services/\S+/(?P<secret>[^\s/\"']+)")),
    Pattern(re.compile(r"/bot\d+:(?P<secret>[\w-]{20,})")),
    Pattern(
        re.compile(
            r"<[\w:-]*(?:password|passphrase|secret|token|stream-?key)>(?P<secret>[^<]+)<",
            re.IGNORECASE,
        )
    ),
    # A login before a host without a scheme, and those that are given to programs.
    Pattern(re.compile(r"(?<![\w/:])[\w.+-]+:(?P<secret>[^\s:/@]+)@(?=[\w\[])")),
    Pattern(re.compile(r"\bcurl\b.{0,300}?\s(?:-u|--user)[\s=]+[^\s:]+:(?P<secret>[^\s\"\\]+)")),
    Pattern(re.compile(r"\bauthorization:\s*\w+\s+(?P<secret>[^\s\"'\\]+)", re.IGNORECASE)),
    Pattern(re.compile(r"\bBearer\s+(?P<secret>[\w.~+/=-]{12,})")),
    # What type 7 encodes, whatever stands before it: two digits of salt, and octets.
    Pattern(re.compile(r"\s7\s+(?P<secret>[0-5]\d(?:[0-9A-F]{2}){3,})(?=[\s;]|$)")),
    Pattern(
        re.compile(
            r"\b(?:[\w.-]*?(?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key"
            r"|access[-_]?key|stream[-_]?key|pre-?shared-?key|psk|md5-key"
            r"|auth(?:entication)?[-_]?key|community"
            r"|(?<![a-z])pass|(?<![a-z])pwd))"
            rf"[\"']?\s*[=:]\s*(?!{REMOVED}|\\\s*$)(?P<secret>{_VALUE})",
            re.IGNORECASE,
        )
    ),
)

_IOS = (
    _line(
        rf"^\s*(?:no )?enable(?: algorithm-type \S+)? (?:secret|password)(?: level \d+)?{_TYPE}",
        _REST,
    ),
    _line(rf"^\s*(?:no )?username \S+(?: …)? (?:password|secret|masked-secret){_TYPE}", _REST),
    _line(rf"^\s*(?:no )?snmp-server community(?: [0-9](?=\s+(?!{_SNMP_WORDS})\S))?"),
    _line(r"^\s*(?:no )?snmp-server (?:mib )?community-map"),
    _line(r"^\s*(?:no )?snmp-server host\b… community"),
    _line(
        r"^\s*(?:no )?snmp-server host \S+(?: (?:use-)?vrf \S+)?(?: (?:traps?|informs?))?"
        r"(?: version (?:1|2c|3(?: (?:auth|noauth|priv))?))?(?! community| use-vrf| version)"
    ),
    _line(
        rf"^\s*(?:no )?(?:tacacs|radius)(?:-server)?\b(?:…)? (?:pac )?(?:encrypted-)?key{_TYPE}",
        _REST,
    ),
    _line(rf"(?<!ntp\x20)\b(?:server-private|server|client)\b… (?:server-)?key{_TYPE}", _REST),
    _line(
        rf"^\s*(?:pac |server-|encrypted-)?key{_TYPE}",
        r"(?!chain\b|config-key\b)\S.*?(?=\s*$)",
    ),
    _line(rf"\bkey config-key(?: password-encrypt)?{_TYPE}", _REST),
    _line(
        rf"\bkey-(?:octet-)?string{_TYPE}", rf'"[^"]*"|\S+(?=\s+cryptographic-algorithm\b)|{_REST}'
    ),
    _line(rf"\bcrypto isakmp key{_TYPE}"),
    _line(rf"\bpre-shared-key (?:address|hostname|ipv6)\b… key{_TYPE}"),
    _line(
        rf"\bpre-shared-key(?! (?:address|hostname|ipv6)\b)(?: (?:local|remote))?(?: key)?{_TYPE}"
    ),
    _line(rf"(?<!pre-)\bshared-key{_TYPE}", _REST),
    _line(rf"\bauthentication key{_TYPE}"),
    _line(rf"\bauthentication key-id \d+\b… key{_TYPE}"),
    _line(rf"^\s*authentication (?:text|md5 key-string){_TYPE}"),
    _line(rf"\bauthentication mode hmac-sha-256{_TYPE}"),
    _line(rf"\bnhrp authentication{_TYPE}"),
    _line(rf"\bldp password (?:option \d+ for \S+|fallback){_TYPE}"),
    _line(rf"\bmsdp\b… password peer \S+{_TYPE}"),
    _line(rf"\bipsec spi \d+ esp (?:3?des|aes-cbc(?: (?:128|192|256))?)(?: passphrase)?{_TYPE}"),
    _line(
        r"\bipsec spi \d+(?: esp \S+(?: (?:128|192|256))?(?: passphrase)?(?: [07])?(?: \S+)??)?"
        rf" (?:md5|sha1)(?: passphrase)?{_TYPE}"
    ),
    _line(
        rf"\b(?:peerpassword|url-hash-key|encryption-key|encrypted-key|key-value|idtoken){_TYPE}"
    ),
    _line(r"^\s*(?:no )?snmpv3 community\b… name"),
    _line(r"^\s*pin", r"\d\S*"),
    Pattern(re.compile(r"-(?:cv|ingest)auth=key,(?P<secret>[^\s,]*)")),
    _line(
        rf"\b(?:message-digest-key|authentication-key) \d+ (?:md5|hmac-\S+|cmac-\S+|sha\d*){_TYPE}"
    ),
    _line(rf"\bauthentication-key(?! \d+ (?:md5|hmac|cmac|sha)){_TYPE}"),
    _line(
        rf"\b(?:standby|vrrp|glbp)\b… authentication(?: (?:text|md5 key-string))?{_TYPE}",
        rf"(?!md5\b|text\b|key-chain\b){_VALUE}",
    ),
    _line(rf"\b(?:area-password|domain-password|isis password|passphrase|wpa-passphrase){_TYPE}"),
    _line(rf"\b(?:wpa-psk|wpa2-psk|psk set-key|wep key|shared-secret){_TYPE}", _REST),
)
# Words that say something about passwords: how long, how kept, asked for by whom.
_ABOUT_PASSWORDS = (
    r"(?:encryption|recovery|required|manager|operator|user-name|strength-check|complexity"
    r"|(?:minimum|maximum)-[a-z-]+|format\s+(?:sha\d+|md5|des)|keyboard-interactive)\b|\{\s*$"
)
# What no line above knows: any word after `password` or `secret`.
ANY = (
    _line(
        r"(?<![\w-])(?:password|passwd)(?: (?:manager|operator|all))?"
        rf"(?: user-name {_VALUE})?{_TYPE}",
        rf"(?!{_ABOUT_PASSWORDS}|[=:]\s){_VALUE}",
    ),
    _line(rf"(?<![\w-])secret{_TYPE}", rf"(?![=:]\s){_VALUE}"),
)

_JUNOS = (
    Pattern(re.compile(r"(?P<secret>\"[^\"]*\")(?=.{0,300}##\s*SECRET-DATA)")),
    _line(r"\b(?:encrypted-password|plain-text-password-value|hello-authentication-key)"),
    _line(r"\bauthentication-key \d+ type \S+ value"),
    _line(r"\bauthentication-key(?! \d+ type)"),
    _line(
        r"\b(?:privacy-key|authentication-password|privacy-password|secret)",
        rf"(?![=:]\s){_VALUE}",
    ),
    _line(r"\b(?:simple-password|preshared-key|ascii-text|hexadecimal|passphrase)"),
    _line(r"\bmd5 \d+ key"),
    _line(
        r"^\s*(?:set|delete|deactivate|activate|protect|unprotect|replace|rename|copy|insert)\b…"
        r"(?<=\s)snmp (?:… )?(?:community|trap-group)"
    ),
    _line(r"^\s*(?:set system license keys )?key(?= \")"),
)
JUNOS_IN_SNMP = (_line(r"^\s*(?:inactive:\s+)?(?:community|trap-group)"),)

_LINUX = (
    _line(r"^\s*(?:rocommunity|rwcommunity|trapcommunity)6?"),
    _line(r"^\s*com2sec6?(?: -Cn \S+)? \S+ \S+"),
    _line(r"^\s*(?:trapsink|trap2sink|informsink) \S+"),
    _line(r"^\s*usmUser(?: \d+ \d+)?", _REST),
    _line(r"^\s*def(?:Community|(?:Auth|Priv)?(?:Passphrase|MasterKey|LocalizedKey))"),
    # Options that carry a community or a key, one after another.
    _line(
        r"\b(?:trapsess|proxy|snmp(?:get|walk|bulk\w+|set|trap|inform|status))\b…(?<=\s)"
        r"-(?:c|A|X|3[mMkK])",
        rf"(?!{REMOVED}){_VALUE}",
    ),
    _line(r"^\s*(?:wpa-psk|wpa_passphrase|machine … password)"),
    _line(
        r"(?<![\w-])(?:requirepass|masterauth|bindpw|rootpw|\w+_(?:pass|passwd|password|secret))",
        rf"(?![=:]){_VALUE}",
    ),
    _line(rf"\bmessage-digest-key \d+ md5{_TYPE}"),
    # strongSwan's and pppd's files of secrets, Postfix's of relays, Apache's and GRUB's hashes.
    _line(r":\s*(?:PSK|EAP|XAUTH|NTLM|(?:PIN|RSA|ECDSA|PKCS8|PKCS12) \S+)", r'"[^"]*"|0[sx]\S+'),
    _line(r"^\s*\S+ \S+", r'"[^"]*"(?=\s+(?:\*|-|[\d.]+)\s*$)'),
    Pattern(re.compile(r"^\s*\[[\w.-]+\](?::\d+)?\s+[^\s:]+:(?P<secret>\S+)\s*$")),
    Pattern(re.compile(r"\{(?:S?SHA\d*|S?MD5|CRYPT)\}(?P<secret>[^\s:,]+)", re.IGNORECASE)),
    Pattern(re.compile(r"\bgrub\.pbkdf2\.sha\d+\.\d+\.(?P<secret>\S+)")),
    # Programs that are given one.
    Pattern(re.compile(r"\b(?:mysql|mariadb)\S*\s(?:.{0,300}?\s)?-p(?P<secret>[^\s-]\S*)")),
    Pattern(re.compile(r"\bsshpass\s+-p\s*(?P<secret>\S+)")),
    Pattern(re.compile(r"\bmosquitto_\w+\s(?:.{0,300}?\s)?-P\s+(?P<secret>\S+)")),
    Pattern(re.compile(r"\bldap\w+\s(?:.{0,300}?\s)?-w\s+(?P<secret>\S+)")),
    Pattern(re.compile(r"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+(?P<secret>\S+)")),
    Pattern(re.compile(r"^[a-z_][\w.-]*:(?P<secret>[^\s:*!<][^\s:]{7,}):\d*:\d*:\d*:")),
    _line(r"(?:--?(?:password|passphrase|token|secret))", r"(?!-)\S+"),
)

FAMILIES: dict[str, tuple[Pattern, ...]] = {
    "cisco_ios": _IOS,
    "cisco_xe": _IOS,
    "cisco_nxos": _IOS,
    "arista_eos": _IOS,
    "hp_procurve": _IOS,
    "juniper_junos": _JUNOS,
    "mikrotik_routeros": (),
    "linux": _LINUX,
}
ALL = (*_IOS, *_JUNOS, *_LINUX)

ROUTEROS_SECRET = re.compile(
    r"\b(?P<before>[\w.-]*(?:password|passphrase|secret|pre-shared-key|preshared-key|private-key|psk"
    r"|auth-key|authentication-key|md5-key|trap-community|static-key-\d|token"
    r"|(?<![\w.-])(?:key|cak|pin))=(?:\\\r?\n\s*)?)"
    r'(?P<secret>"(?:[^"\\]|\\(?:.|\r?\n))*"|[^\s"\\]+)',
    re.IGNORECASE,
)
# A variable of a script, whose source stands in quotes with its own quotes escaped.
ROUTEROS_VARIABLE = re.compile(
    r"(?P<before>:(?:local|global|set)\s+(?:\\?\")?\w*(?:pass|pwd|secret|token|key|psk)\w*(?:\\?\")?\s+)"
    r'(?P<secret>\\"(?:[^"\\\n]|\\[^"\n])*\\"|"[^"\n]*"|[^\s"\\;]+)',
    re.IGNORECASE,
)
