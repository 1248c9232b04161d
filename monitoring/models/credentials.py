"""Credentials of devices, sealed: the database alone opens none of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from config.clock import now
from config.database import Base


class CredentialKind(StrEnum):
    """What a credential opens."""

    SNMP_V2C = "snmp_v2c"
    SNMP_V3 = "snmp_v3"
    SSH = "ssh"


class Credential(Base):
    """One login, encrypted with a data key of its own, which the key-encryption key wraps."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Bound into both ciphertexts, so that they open in no other row.
    context: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[CredentialKind]
    key_id: Mapped[str] = mapped_column(String(16), index=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(default=now)

    def __repr__(self) -> str:
        """Name and kind; never what is inside."""
        return f"<Credential {self.name!r} {self.kind}>"
