"""What a probe signs in with: SNMP communities, SNMPv3 users and SSH logins.

The secrets are left out of every `repr`, so that no log and no traceback shows them.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from monitoring.errors import BadLogin


class AuthProtocol(StrEnum):
    """How an SNMPv3 message is signed (RFC 3414, RFC 7860)."""

    MD5 = "md5"
    SHA = "sha"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class PrivacyProtocol(StrEnum):
    """How an SNMPv3 message is encrypted (RFC 3414, RFC 3826)."""

    DES = "des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"


class CommunityVersion(StrEnum):
    """The versions of SNMP that know communities (RFC 1157, RFC 1901)."""

    V1 = "v1"
    V2C = "v2c"


@dataclass(frozen=True, slots=True)
class SnmpCommunity:
    """The community of SNMP v1 or v2c, which is a password that travels in clear."""

    community: str = field(repr=False, default="public")
    version: CommunityVersion = CommunityVersion.V2C


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of SNMPv3: noAuth without passwords, auth with one, authPriv with both."""

    name: str
    auth_protocol: AuthProtocol = AuthProtocol.SHA
    auth_password: str | None = field(repr=False, default=None)
    privacy_protocol: PrivacyProtocol = PrivacyProtocol.AES128
    privacy_password: str | None = field(repr=False, default=None)

    def __post_init__(self) -> None:
        """Refuse what RFC 3414 refuses: privacy without a signature, passwords under 8 octets."""
        if self.privacy_password and not self.auth_password:
            raise BadLogin("SNMPv3 encrypts only signed messages; give an authentication password.")
        for password in (self.auth_password, self.privacy_password):
            if password is not None and len(password.encode()) < 8:
                raise BadLogin("An SNMPv3 password has 8 characters or more.")


@dataclass(frozen=True, slots=True)
class SshLogin:
    """A login for SSH: a password, a private key (OpenSSH or PEM text), or both."""

    username: str
    password: str | None = field(repr=False, default=None)
    private_key: str | None = field(repr=False, default=None)
    enable_password: str | None = field(repr=False, default=None)


SnmpLogin: TypeAlias = SnmpCommunity | SnmpUser
Login: TypeAlias = SnmpCommunity | SnmpUser | SshLogin
