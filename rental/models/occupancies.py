"""What takes stock: occupancies, closures; and what a renter was deprived of."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.bookings import Line
from rental.models.people import Unit
from rental.models.resources import Resource


class Occupancy(Base):
    """The row that takes stock for a period, turnaround included.

    A trigger of the database (`occupancy_guard`) locks the resource, adds up all that overlaps
    (closures included) and refuses with SQLSTATE 23P01 what would exceed the stock.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)"
            " AND lower_inc(during) AND NOT upper_inc(during)",
            name="during_is_half_open",
        ),
        Index(
            "ix_occupancy_resource_during",
            text("int4range(resource_id, resource_id, '[]')"),
            "during",
            postgresql_using="gist",
        ),
        # A day of all resources is found by time alone, however long the history is.
        Index("ix_occupancy_during", "during", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)

    line: Mapped[Line] = relationship()


class ClosureKind(StrEnum):
    """Why something is off the calendar."""

    MAINTENANCE = "maintenance"
    QUARANTINE = "quarantine"
    HOLIDAY = "holiday"
    # Gear that should be back and is not: it counts as out until it is.
    OVERDUE = "overdue"
    # Kept for some units. It takes no stock; whoever is not excepted is refused by name.
    RESERVED = "reserved"


class Closure(Base):
    """A resource taken off the calendar. It may lie over bookings made before it."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(
            "ix_closure_resource_during",
            text("int4range(resource_id, resource_id, '[]')"),
            "during",
            postgresql_using="gist",
        ),
        # What is closed at this moment, of the whole house.
        Index("ix_closure_during", "during", postgresql_using="gist"),
        # One open closure for one cause: enforcement may run twice.
        Index(
            "uq_closure_open_cause",
            "resource_id",
            "cause",
            unique=True,
            postgresql_where=text("reopened_at IS NULL AND cause IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    kind: Mapped[ClosureKind]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    # None closes the whole stock.
    quantity: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(500))
    # Who asked for it, in words of the floor above: "violation:12".
    cause: Mapped[str | None] = mapped_column(String(80))
    closed_at: Mapped[datetime] = mapped_column(default=now)
    reopened_at: Mapped[datetime | None]

    resource: Mapped[Resource] = relationship()
    exceptions: Mapped[list["ClosureException"]] = relationship(cascade="all, delete-orphan")


class ClosureException(Base):
    """A unit that may book in spite of a reserved closure."""

    __tablename__ = "closure_exception"

    closure_id: Mapped[int] = mapped_column(
        ForeignKey("closure.id", ondelete="CASCADE"), primary_key=True
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)

    unit: Mapped[Unit] = relationship()


class InterruptionFault(StrEnum):
    """Whose doing an interruption was; until somebody says otherwise it is the Centre's."""

    CENTRE = "centre"
    RENTER = "renter"
    MAINTENANCE = "maintenance"
    FORCE_MAJEURE = "force_majeure"


class Interruption(Base):
    """A renter was deprived of a resource for a time."""

    __tablename__ = "interruption"
    __table_args__ = (
        Index(
            "uq_interruption_open_cause",
            "resource_id",
            "cause",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("ended_at IS NULL OR began_at <= ended_at", name="begins_before_it_ends"),
        CheckConstraint(
            "fault = 'centre' OR (fault_reason IS NOT NULL AND judged_at IS NOT NULL)",
            name="another_fault_has_a_reason",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    cause: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    fault: Mapped[InterruptionFault] = mapped_column(
        default=InterruptionFault.CENTRE, server_default="centre"
    )
    # The word of whoever judged it, and when it was given.
    fault_reason: Mapped[str | None] = mapped_column(String(500))
    judged_at: Mapped[datetime | None]

    resource: Mapped[Resource] = relationship()
