"""What changes hands at the counter, in what state, and how assets are looked after."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models.bookings import Line
from rental.models.occupancies import Closure
from rental.models.people import Member
from rental.models.resources import Asset, AssetCondition, Resource


class Movement(Base):
    """Pieces of a line that left the counter, and came back: one asset, or some of a pool.

    `resource_id` is what really went: a kit's piece, or what stands in for the resource booked.
    """

    __tablename__ = "movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("asset_id IS NULL OR quantity = 1", name="an_asset_is_one_piece"),
        CheckConstraint(
            "returned_at IS NULL OR handed_over_at <= returned_at", name="returned_after"
        ),
        # An asset is in one place at a time.
        Index(
            "uq_movement_asset_out",
            "asset_id",
            unique=True,
            postgresql_where=text("returned_at IS NULL"),
        ),
        Index("ix_movement_out", "line_id", postgresql_where=text("returned_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"))
    # What was booked, where an equal model went in its place.
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    quantity: Mapped[int] = mapped_column(default=1)
    handed_over_at: Mapped[datetime] = mapped_column(default=now)
    handed_over_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    returned_at: Mapped[datetime | None]
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # In what state it came back; nothing while it is out.
    condition: Mapped[AssetCondition | None]
    note: Mapped[str | None] = mapped_column(String(500))

    line: Mapped[Line] = relationship()
    resource: Mapped[Resource] = relationship(foreign_keys=[resource_id])
    instead_of: Mapped[Resource | None] = relationship(foreign_keys=[instead_of_id])
    asset: Mapped[Asset | None] = relationship()


class DamageKind(StrEnum):
    """What happened to it."""

    DAMAGED = "damaged"
    LOST = "lost"


class Damage(Base):
    """Pieces that came back broken, or did not come back."""

    __tablename__ = "damage"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(ForeignKey("movement.id"), index=True)
    kind: Mapped[DamageKind]
    quantity: Mapped[int] = mapped_column(default=1)
    description: Mapped[str] = mapped_column(String(1000))
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reported_at: Mapped[datetime] = mapped_column(default=now)

    movement: Mapped[Movement] = relationship()


class MaintenancePlan(Base):
    """What has to be done to a resource, or to one asset of it, every so many days."""

    __tablename__ = "maintenance_plan"
    __table_args__ = (CheckConstraint("every_days > 0", name="every_days_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    instructions: Mapped[str | None] = mapped_column(String(2000))
    every_days: Mapped[int]
    next_due_on: Mapped[date] = mapped_column(index=True)
    is_active: Mapped[bool] = mapped_column(default=True)

    resource: Mapped[Resource] = relationship()
    asset: Mapped[Asset | None] = relationship()


class ServiceKind(StrEnum):
    """What was done."""

    MAINTENANCE = "maintenance"
    INSPECTION = "inspection"
    REPAIR = "repair"


class ServiceRecord(Base):
    """One entry of the service history. While it has no end, the piece is off the calendar."""

    __tablename__ = "service_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_plan.id"))
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("closure.id"))
    kind: Mapped[ServiceKind]
    began_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(2000))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    resource: Mapped[Resource] = relationship()
    asset: Mapped[Asset | None] = relationship()
    plan: Mapped[MaintenancePlan | None] = relationship()
    closure: Mapped[Closure | None] = relationship()
    member: Mapped[Member | None] = relationship()
