"""What happens at an event and who answers for it: the run sheet is made of these."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from rental.models.bookings import Booking
from rental.models.resources import Resource


class ProgrammeEntry(Base):
    """One point of an event's programme."""

    __tablename__ = "programme_entry"
    __table_args__ = (
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="starts_before_it_ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    title: Mapped[str] = mapped_column(String(200))
    # Who speaks or leads.
    lead: Mapped[str | None] = mapped_column(String(200))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))

    booking: Mapped[Booking] = relationship()
    resource: Mapped[Resource | None] = relationship()


class Contact(Base):
    """A person of an event: what they do there and how they are reached."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), index=True
    )
    duty: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(200))

    booking: Mapped[Booking] = relationship()
