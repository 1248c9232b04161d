"""Who must say yes before a booking is confirmed, inside the Centre and outside."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.bookings import Booking
from rental.models.people import Member, Role, Unit


class ApprovalStatus(StrEnum):
    """What was answered."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


class Approval(Base):
    """One yes that a booking needs: of a role of the Centre, or of the unit that owns a thing."""

    __tablename__ = "approval"
    __table_args__ = (
        UniqueConstraint("booking_id", "rule"),
        CheckConstraint("(role IS NULL) <> (unit_id IS NULL)", name="of_a_role_or_a_unit"),
        Index("ix_approval_pending", "role", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"))
    # The rule of `config/approvals` that asks for it, or "owner:<resource code>".
    rule: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role | None]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    status: Mapped[ApprovalStatus] = mapped_column(default=ApprovalStatus.PENDING)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    answered_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(String(500))

    booking: Mapped[Booking] = relationship()
    unit: Mapped[Unit | None] = relationship()
    member: Mapped[Member | None] = relationship()


class ClearanceStatus(StrEnum):
    """Where a clearance stands: its notice lodged, the authority's answer, or an exemption."""

    NEEDED = "needed"
    LODGED = "lodged"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXEMPT = "exempt"


class Clearance(Base):
    """Leave that an event needs before it may be confirmed, by a dated rule of the law."""

    __tablename__ = "clearance"
    __table_args__ = (UniqueConstraint("booking_id", "rule"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id", ondelete="CASCADE"))
    # The rule of `config/clearances` in force when it was asked for.
    rule: Mapped[str] = mapped_column(String(60))
    status: Mapped[ClearanceStatus] = mapped_column(default=ClearanceStatus.NEEDED)
    # The notice must reach the authority before this instant.
    deadline: Mapped[datetime]
    lodged_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    booking: Mapped[Booking] = relationship()
    member: Mapped[Member | None] = relationship()


class AttachmentKind(StrEnum):
    """What a file is for."""

    NOTICE = "notice"
    ANSWER = "answer"
    CONDITION = "condition"
    OTHER = "other"


class Attachment(Base):
    """A file of a booking. The bytes lie in the database, so that any web process has them."""

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("size > 0", name="not_empty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    clearance_id: Mapped[int | None] = mapped_column(ForeignKey("clearance.id"), index=True)
    movement_id: Mapped[int | None] = mapped_column(ForeignKey("movement.id"), index=True)
    kind: Mapped[AttachmentKind] = mapped_column(default=AttachmentKind.OTHER)
    filename: Mapped[str] = mapped_column(String(200))
    # Sniffed from the bytes, never taken from the sender.
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)

    booking: Mapped[Booking] = relationship()
    member: Mapped[Member | None] = relationship()
