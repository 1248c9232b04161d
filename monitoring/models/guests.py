"""Credentials with which the guests of a booking are let into a Wi-Fi network, sealed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.guest_networks import GuestLogin
from rental.models import Booking


class GuestEnd(StrEnum):
    """Why a credential is void."""

    # The booking was cancelled, returned, or given to nobody.
    RELEASED = "released"
    EXPIRED = "expired"
    # It moved far enough ahead: another is made in time.
    MOVED = "moved"
    REVOKED = "revoked"


class GuestAccess(Base):
    """What a booking's guests join one network with; what is void is forgotten at once.

    The passphrase has a data key of its own, which the key-encryption key wraps, both bound to
    this row. Whether anybody is let in hangs on the booking's lines at that moment.
    """

    __tablename__ = "guest_access"
    __table_args__ = (
        UniqueConstraint("booking_id", "network"),
        Index("ix_guest_access_ends_at", "ends_at"),
        CheckConstraint(
            "(voided_at IS NULL) = (sealed IS NOT NULL)"
            " AND (sealed IS NULL) = (wrapped_key IS NULL)"
            ' AND (voided_at IS NULL) = ("end" IS NULL)',
            name="what_is_void_is_forgotten",
        ),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"))
    # The network's code in config/guests, and its name when the passphrase was made.
    network: Mapped[str] = mapped_column(String(40))
    ssid: Mapped[str] = mapped_column(String(32))
    login: Mapped[GuestLogin]
    is_hidden: Mapped[bool] = mapped_column(default=False)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    devices: Mapped[int]
    # From the first lead to the last lag.
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # Bound into both ciphertexts, so that they open in no other row.
    context: Mapped[UUID] = mapped_column(default=uuid4, unique=True)
    key_id: Mapped[str | None] = mapped_column(String(16), index=True)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(default=now)
    voided_at: Mapped[datetime | None]
    end: Mapped[GuestEnd | None]
    # How often a device was let in, and turned away.
    admitted: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    last_admitted_at: Mapped[datetime | None]

    booking: Mapped[Booking] = relationship()

    def __repr__(self) -> str:
        """Its name and network; never what is inside."""
        return f"<GuestAccess {self.username!r} {self.network!r}>"
