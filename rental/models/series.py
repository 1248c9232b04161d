"""A series: bookings made by one recurrence rule."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.people import Member, Unit


class OnConflict(StrEnum):
    """What becomes of a series some of whose dates are taken."""

    REFUSE = "refuse"
    SKIP = "skip"


class Series(Base):
    """One recurrence rule of a unit. A change of time splits it: the past stays with the old."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("reconfirm_weeks IS NULL OR reconfirm_weeks > 0", name="weeks_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    rrule: Mapped[str] = mapped_column(String(500))
    # DTSTART: the start of the first date, and the zone on whose wall clock the rule runs.
    first_at: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64))
    on_conflict: Mapped[OnConflict] = mapped_column(default=OnConflict.REFUSE)
    # Starts of dates taken out by hand (EXDATE) and of dates that were taken, as ISO 8601 in UTC.
    removed: Mapped[list[Any]] = mapped_column(default=list)
    skipped: Mapped[list[Any]] = mapped_column(default=list)
    # What a date consists of, from which date on: `{"from": …, "title": …, "lines": […]}`, a line's
    # times as seconds on the wall clock from the date's start.
    templates: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    # The series this one was split from.
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    # A long series is confirmed again every so many weeks; what lies beyond is let go unless it is.
    reconfirm_weeks: Mapped[int | None]
    reconfirmed_until: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    unit: Mapped[Unit] = relationship(lazy="joined")
    member: Mapped[Member] = relationship()
