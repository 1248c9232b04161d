"""A booking: one event with all it rents."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.people import Member, Unit
from rental.models.resources import Resource
from rental.models.series import Series


class BookingStatus(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    HANDED_OVER = "handed_over"
    RETURNED = "returned"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


# Bookings in these states keep stock; the others have given it back.
HOLDING = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER})


class EventKind(StrEnum):
    """What the event is."""

    PRESS_CONFERENCE = "press_conference"
    CONFERENCE = "conference"
    SEMINAR = "seminar"
    FORUM = "forum"
    EXHIBITION = "exhibition"
    TRAINING = "training"
    BROADCAST = "broadcast"
    OTHER = "other"


class Organiser(StrEnum):
    """Whose event it is; a foreign organiser needs other clearances."""

    DOMESTIC = "domestic"
    FOREIGN = "foreign"


# The words of a booking: of its title and its reference, without what stands between them. One
# expression, so that the index and whoever searches say the same.
MARKS = '-–—/.,:;@_+()&"“”‘’…'
WORDS = (
    "to_tsvector('simple'::regconfig, translate((title::text || ' '::text) || reference::text, "
    f"'{MARKS}'::text, '{' ' * len(MARKS)}'::text))"
)


class Booking(Base):
    """One event of a unit, with a line for each thing it rents."""

    __tablename__ = "booking"
    __table_args__ = (
        Index("ix_booking_unit_id_starts_at", "unit_id", "starts_at"),
        Index("ix_booking_status_starts_at", "status", "starts_at"),
        # What lies ahead, and lists from the newest on, without reading the whole history.
        Index("ix_booking_ends_at", "ends_at"),
        Index("ix_booking_starts_at", "starts_at"),
        # One booking for one date of a series.
        Index(
            "uq_booking_series_date",
            "series_id",
            "series_at",
            unique=True,
            postgresql_where=text("status NOT IN ('cancelled', 'declined', 'expired')"),
        ),
        # Lists by period, and words typed into a search field.
        Index("ix_booking_during", text("tstzrange(starts_at, ends_at)"), postgresql_using="gist"),
        Index("ix_booking_words", text(WORDS), postgresql_using="gin"),
        Index("ix_booking_public", "starts_at", postgresql_where=text("is_public")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    title: Mapped[str] = mapped_column(String(200))
    event_kind: Mapped[EventKind]
    organiser: Mapped[Organiser] = mapped_column(default=Organiser.DOMESTIC)
    attendees: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(String(2000))
    status: Mapped[BookingStatus] = mapped_column(default=BookingStatus.REQUESTED)
    reason: Mapped[str | None] = mapped_column(String(500))
    # The span of all lines, kept by the bookings room, so that lists sort without a join.
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    requested_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    # The series it belongs to and the date by the rule, which stays when the booking moves.
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    series_at: Mapped[datetime | None]
    # Raised by every change that a calendar has to hear of.
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    changed_at: Mapped[datetime] = mapped_column(default=now, server_default=text("now()"))
    # On the public programme, and what it says there beside title, time and hall.
    is_public: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    public_note: Mapped[str | None] = mapped_column(String(1000))
    # A unit asks for it and says whether it may be named there; the desk decides.
    publishing_asked_at: Mapped[datetime | None]
    is_unit_named: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    unit: Mapped[Unit] = relationship(lazy="joined")
    series: Mapped[Series | None] = relationship()
    member: Mapped[Member] = relationship()
    lines: Mapped[list["Line"]] = relationship(
        back_populates="booking", order_by="Line.id", cascade="all, delete-orphan"
    )


class Line(Base):
    """One resource of a booking: how many, from when until when."""

    __tablename__ = "line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    # What is asked for beside it, by the codes of the price list; the lists say what they cost.
    add_ons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))

    booking: Mapped[Booking] = relationship(back_populates="lines")
    resource: Mapped[Resource] = relationship()
