"""Configurations of devices by version, sealed: the database alone opens none of them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from monitoring.models.devices import Device


class ConfigSource(StrEnum):
    """Which configuration: the one in force, or the one the device starts with."""

    RUNNING = "running"
    STARTUP = "startup"


class ConfigVersion(Base):
    """One configuration that was in force from `began_at` until it was `seen_at` last."""

    __tablename__ = "config_version"
    __table_args__ = (
        UniqueConstraint("device_id", "source", "number"),
        Index("ix_config_version_key_id_id", "key_id", "id"),
        CheckConstraint("number > 0", name="numbered_from_one"),
        CheckConstraint("seen_at >= began_at", name="seen_after_it_began"),
        CheckConstraint("size_bytes >= 0 AND lines >= 0", name="has_a_size"),
        CheckConstraint("(added IS NULL) = (removed IS NULL)", name="both_counts_or_none"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Bound into the ciphertexts, so that they open in no other row.
    context: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    source: Mapped[ConfigSource]
    # Counts the versions of this source of the device, without gaps when they are made.
    number: Mapped[int]
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    size_bytes: Mapped[int]
    lines: Mapped[int]
    # SHA-256 of the normalised text without its secrets: of those it must tell nothing.
    digest: Mapped[str] = mapped_column(String(64))
    # How many lines came and went since the version before; None for the first.
    added: Mapped[int | None]
    removed: Mapped[int | None]
    # Who changed it last and when, in the device's own words, where the platform tells.
    changed_by: Mapped[str | None] = mapped_column(String(80))
    changed_when: Mapped[str | None] = mapped_column(String(120))

    key_id: Mapped[str] = mapped_column(String(16))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    # The text as the device gave it, and without its secrets; both compressed first.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_shown: Mapped[bytes] = mapped_column(LargeBinary)

    device: Mapped[Device] = relationship()

    def __repr__(self) -> str:
        """Which it is; never what is inside."""
        return f"<ConfigVersion {self.device_id} {self.source} {self.number}>"


class ConfigRound(Base):
    """When a device's configuration is read next, and how the last time ended."""

    __tablename__ = "config_round"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    # The first time it was tried: a device is not late before its first day is over.
    since: Mapped[datetime]
    next_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)
    # Lines in which running and startup differ; None where the platform cannot be asked.
    unsaved_lines: Mapped[int | None]
