"""SSH host keys: noted when a device shows them, trusted when an operator has approved them."""

import base64
import binascii
import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from config import clock
from config.database import db
from monitoring.errors import BadDevice, UnknownHostKey
from monitoring.models import Device, HostKey
from rental import journal
from rental.models import Member


def fingerprint(key: str) -> str:
    """SHA256 of a base64 key as `ssh-keygen -l` prints it; raises BadDevice where it is none."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise BadDevice("A host key is given as known_hosts writes it, in base64.") from wrong
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def note(device: Device, algorithm: str, key: str, *, at: datetime | None = None) -> HostKey:
    """Remember that the device showed this key; it is trusted no more than before."""
    seen_at = at or clock.now()
    return db.session.scalars(
        insert(HostKey)
        .values(
            device_id=device.id,
            algorithm=algorithm,
            key=key,
            fingerprint=fingerprint(key),
            first_seen_at=seen_at,
            last_seen_at=seen_at,
        )
        .on_conflict_do_update(index_elements=["device_id", "key"], set_={"last_seen_at": seen_at})
        .returning(HostKey),
        execution_options={"populate_existing": True},
    ).one()


def approve(device: Device, key: HostKey | str, *, by: Member | None) -> HostKey:
    """From now on the device must show this key; an earlier one is no longer trusted.

    `key` is a noted row, or an OpenSSH public key line (`ssh-ed25519 AAAA…`) known from elsewhere.
    `by` is None only where the installation itself vouches, as for the demo's own devices.
    """
    row = key if isinstance(key, HostKey) else _from_line(device, key)
    if row.device_id != device.id:
        raise UnknownHostKey
    now = clock.now()
    standing = pinned(device)
    if standing is not None and standing.id == row.id:
        return row
    if standing is not None:
        standing.superseded_at = now
        db.session.flush()
    row.approved_at, row.approved_by_id, row.superseded_at = now, by.id if by else None, None
    db.session.flush()
    journal.record(device, "host_key_approved", by=by, fingerprint=row.fingerprint)
    return row


def _from_line(device: Device, line: str) -> HostKey:
    algorithm, _, rest = line.strip().partition(" ")
    key = rest.strip().partition(" ")[0]
    if not key:
        raise BadDevice("A host key is given as `ssh-ed25519 AAAA…`.")
    return note(device, algorithm, key)


def pinned(device: Device) -> HostKey | None:
    """The approved key, if any."""
    return db.session.scalar(
        sa.select(HostKey).where(
            HostKey.device_id == device.id,
            HostKey.approved_at.is_not(None),
            HostKey.superseded_at.is_(None),
        )
    )


def waiting(device: Device) -> list[HostKey]:
    """The keys that the device showed and nobody has approved, newest first."""
    return list(
        db.session.scalars(
            sa.select(HostKey)
            .where(HostKey.device_id == device.id, HostKey.approved_at.is_(None))
            .order_by(HostKey.last_seen_at.desc())
        )
    )


def get(device: Device, key_id: int) -> HostKey:
    """A noted key of the device; raises UnknownHostKey."""
    row = db.session.get(HostKey, key_id)
    if row is None or row.device_id != device.id:
        raise UnknownHostKey
    return row
