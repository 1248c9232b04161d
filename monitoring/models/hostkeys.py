"""SSH host keys: which were seen, which one an operator approved."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from rental.models import Member


class HostKey(Base):
    """A key that a device showed. Only the approved one, if any, is trusted."""

    __tablename__ = "host_key"
    __table_args__ = (
        UniqueConstraint("device_id", "key"),
        Index(
            "uq_host_key_approved_device",
            "device_id",
            unique=True,
            postgresql_where=text("approved_at IS NOT NULL AND superseded_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    algorithm: Mapped[str] = mapped_column(String(80))
    # As known_hosts writes it: base64 of the public key.
    key: Mapped[str] = mapped_column(Text)
    # As ssh-keygen prints it: SHA256:…
    fingerprint: Mapped[str] = mapped_column(String(80))
    first_seen_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    superseded_at: Mapped[datetime | None]

    device: Mapped[Device] = relationship()
    approved_by: Mapped[Member | None] = relationship()
