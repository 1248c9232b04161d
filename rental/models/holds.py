"""Claims short of a booking: ranked holds, and the waitlist of a taken date."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.bookings import Booking, EventKind
from rental.models.people import Member, Unit
from rental.models.resources import Resource


class HoldStatus(StrEnum):
    """Where a hold stands: converted into a booking, lapsed by time, or released by its unit."""

    STANDING = "standing"
    CONVERTED = "converted"
    LAPSED = "lapsed"
    RELEASED = "released"


class Hold(Base):
    """A tentative claim on a date. It takes no stock; its rank is its place among the standing."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        Index("ix_hold_due", "expires_at", postgresql_where=text("status = 'standing'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    title: Mapped[str] = mapped_column(String(200))
    event_kind: Mapped[EventKind]
    status: Mapped[HoldStatus] = mapped_column(default=HoldStatus.STANDING)
    # The span of all lines.
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    placed_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    # Somebody wants the date: from then on the holder has until `expires_at` to decide.
    challenged_at: Mapped[datetime | None]
    # When its unit was told that it has become first.
    told_first_at: Mapped[datetime | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)

    unit: Mapped[Unit] = relationship(lazy="joined")
    member: Mapped[Member] = relationship()
    booking: Mapped[Booking | None] = relationship()
    lines: Mapped[list["HoldLine"]] = relationship(
        back_populates="hold", order_by="HoldLine.id", cascade="all, delete-orphan"
    )


class HoldLine(Base):
    """One resource of a hold: how many, from when until when."""

    __tablename__ = "hold_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        Index("ix_hold_line_resource_ends_at", "resource_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("hold.id", ondelete="CASCADE"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    hold: Mapped[Hold] = relationship(back_populates="lines")
    resource: Mapped[Resource] = relationship()


class WaitStatus(StrEnum):
    """Where a place on the waitlist stands; `offered` bears a hold of its own."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class WaitlistEntry(Base):
    """A unit that wants a taken date, in the order in which it asked."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        Index(
            "ix_waitlist_entry_waiting",
            "resource_id",
            "starts_at",
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(String(200))
    event_kind: Mapped[EventKind]
    status: Mapped[WaitStatus] = mapped_column(default=WaitStatus.WAITING)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    offered_at: Mapped[datetime | None]
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))

    unit: Mapped[Unit] = relationship(lazy="joined")
    member: Mapped[Member] = relationship()
    resource: Mapped[Resource] = relationship()
    hold: Mapped[Hold | None] = relationship()
