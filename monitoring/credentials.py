"""Device credentials under envelope encryption.

Each row has a data key of its own (AES-256-GCM), which the key-encryption key wraps. The row's
kind and random context are bound as associated data, so that a ciphertext copied into another row
does not open. The key-encryption key is passed in as a `Keyring`; it is not in the database.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import envelope
from monitoring.errors import (
    BadLogin,
    CredentialExists,
    CredentialInUse,
    CredentialUnreadable,
    UnknownCredential,
)
from monitoring.models import Credential, CredentialKind, Device
from monitoring.probes.logins import (
    AuthProtocol,
    CommunityVersion,
    Login,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
    SshLogin,
)
from rental import journal
from rental.models import Member

KINDS: dict[type, CredentialKind] = {
    SnmpCommunity: CredentialKind.SNMP_V2C,
    SnmpUser: CredentialKind.SNMP_V3,
    SshLogin: CredentialKind.SSH,
}


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key-encryption key in use, and older ones that rows may still be wrapped with."""

    current: bytes = field(repr=False)
    older: tuple[bytes, ...] = field(repr=False, default=())

    def __post_init__(self) -> None:
        """Refuse keys that are not 256 bits."""
        if any(len(key) != 32 for key in (self.current, *self.older)):
            raise BadLogin("A key-encryption key has 32 bytes; write it in URL-safe base64.")

    @classmethod
    def from_text(cls, current: str, *older: str) -> "Keyring":
        """Keys as settings hold them: 32 bytes in URL-safe base64."""
        return cls(_key_from(current), tuple(_key_from(each) for each in older))

    @property
    def key_id(self) -> str:
        """Which key new rows are wrapped with."""
        return key_id(self.current)

    @property
    def known_ids(self) -> list[str]:
        """Every key that the ring holds, by its id."""
        return [key_id(key) for key in (self.current, *self.older)]

    def find(self, wanted: str) -> bytes | None:
        """The key of this id, if the ring holds it."""
        return next((k for k in (self.current, *self.older) if key_id(k) == wanted), None)


def _key_from(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as wrong:
        raise BadLogin("A key-encryption key is 32 bytes in URL-safe base64.") from wrong


def key_id(key: bytes) -> str:
    """A name for a key that tells nothing of it."""
    return hashlib.sha256(b"media-center key-encryption key" + key).hexdigest()[:16]


def seal(credential: Credential, login: Login, keyring: Keyring) -> None:
    """Encrypt `login` into the row with a new data key."""
    data_key = envelope.new_key()
    plain = json.dumps(asdict(login)).encode()
    credential.kind = KINDS[type(login)]
    credential.key_id = keyring.key_id
    credential.wrapped_key = envelope.encrypt(keyring.current, data_key, _bound(credential, "key"))
    credential.sealed = envelope.encrypt(data_key, plain, _bound(credential, "login"))
    credential.sealed_at = clock.now()


def open_(credential: Credential, keyring: Keyring) -> Login:
    """Decrypt the row's login, only where devices are asked; raises CredentialUnreadable."""
    data_key = _unwrapped(credential, keyring)
    plain = _decrypt(data_key, credential.sealed, _bound(credential, "login"), credential)
    return _login(credential.kind, json.loads(plain))


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one step of a rotation did: which row, and whether its key was there to unwrap it."""

    row_id: int
    is_done: bool


def rewrap_next(keyring: Keyring, *, beyond: int = 0) -> Rewrapped | None:
    """Wrap the data key of the next row, by id, with the current key; None after the last.

    One row a transaction: whoever is killed leaves whole rows, and the next one goes on.
    """
    credential = db.session.scalar(
        sa.select(Credential)
        .where(Credential.key_id != keyring.key_id, Credential.id > beyond)
        .order_by(Credential.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if credential is None:
        return None
    try:
        data_key = _unwrapped(credential, keyring)
    except CredentialUnreadable:
        return Rewrapped(credential.id, is_done=False)
    credential.key_id = keyring.key_id
    credential.wrapped_key = envelope.encrypt(keyring.current, data_key, _bound(credential, "key"))
    db.session.flush()
    return Rewrapped(credential.id, is_done=True)


def sealed_with() -> dict[str, int]:
    """How many rows each key wraps, by the name of the key."""
    query = sa.select(Credential.key_id, sa.func.count()).group_by(Credential.key_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def add(name: str, login: Login, keyring: Keyring, *, by: Member | None = None) -> Credential:
    """Keep a login under a name; raises CredentialExists."""
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise BadLogin("A credential has a name of 1 to 80 characters.")
    if find(name) is not None:
        raise CredentialExists(
            "Another credential is named {name}; choose another name.", name=name
        )
    row = Credential(name=name, context=uuid4())
    seal(row, login, keyring)
    db.session.add(row)
    db.session.flush()
    journal.record(row, "added", by=by, name=row.name)
    return row


def replace(
    credential: Credential, login: Login, keyring: Keyring, *, by: Member | None = None
) -> None:
    """Give the row another login of the same kind."""
    if KINDS[type(login)] is not credential.kind:
        raise BadLogin(
            "The credential {name} is of kind {kind}; give a login of that kind.",
            name=credential.name,
            kind=credential.kind,
        )
    seal(credential, login, keyring)
    db.session.flush()
    journal.record(credential, "secret_replaced", by=by, name=credential.name)


def remove(credential: Credential, *, by: Member | None) -> None:
    """Forget a login that no device is asked with; raises CredentialInUse."""
    using = sa.or_(
        Device.snmp_credential_id == credential.id, Device.ssh_credential_id == credential.id
    )
    names = db.session.scalars(sa.select(Device.name).where(using).order_by(Device.name)).all()
    if names:
        raise CredentialInUse(
            "The credential {name} is what {devices} are asked with; choose another there first.",
            name=credential.name,
            words={"devices": list(names[:5])},
        )
    journal.record(credential, "removed", by=by, name=credential.name)
    db.session.delete(credential)
    db.session.flush()


def all_() -> list[Credential]:
    """Every credential, by name."""
    return list(db.session.scalars(sa.select(Credential).order_by(Credential.name)))


def find(name: str) -> Credential | None:
    """The credential of this name, if any."""
    return db.session.scalar(sa.select(Credential).where(Credential.name == name))


def get(credential_id: int) -> Credential:
    """The credential of this id; raises UnknownCredential."""
    row = db.session.get(Credential, credential_id)
    if row is None:
        raise UnknownCredential
    return row


def locked(keyring: Keyring) -> list[str]:
    """The names of what is sealed with a key that the ring lacks; nothing is decrypted."""
    query = sa.select(Credential.name, Credential.key_id).order_by(Credential.name)
    found = db.session.execute(query)
    return [name for name, sealed_with in found if keyring.find(sealed_with) is None]


def _unwrapped(credential: Credential, keyring: Keyring) -> bytes:
    key = keyring.find(credential.key_id)
    if key is None:
        raise CredentialUnreadable(
            "The credential {name} is sealed with key {key}, which this installation does not "
            "have; restore that key or enter the credential again.",
            words={"name": credential.name, "key": credential.key_id},
        )
    return _decrypt(key, credential.wrapped_key, _bound(credential, "key"), credential)


def _bound(credential: Credential, purpose: str) -> bytes:
    """What a ciphertext is bound to: its purpose, its row's kind and context."""
    return f"media-center credential {purpose} {credential.kind} {credential.context}".encode()


def _decrypt(key: bytes, sealed: bytes, bound: bytes, credential: Credential) -> bytes:
    try:
        return envelope.decrypt(key, sealed, bound)
    except envelope.InvalidTag as wrong:
        raise CredentialUnreadable(
            "The credential {name} was altered or moved from another row; enter it again.",
            words={"name": credential.name},
        ) from wrong


def _login(kind: CredentialKind, stored: dict[str, Any]) -> Login:
    if kind is CredentialKind.SNMP_V2C:
        version = CommunityVersion(stored.get("version", CommunityVersion.V2C))
        return SnmpCommunity(stored["community"], version)
    if kind is CredentialKind.SSH:
        return SshLogin(**stored)
    return SnmpUser(
        **{
            **stored,
            "auth_protocol": AuthProtocol(stored["auth_protocol"]),
            "privacy_protocol": PrivacyProtocol(stored["privacy_protocol"]),
        }
    )
