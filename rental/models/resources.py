"""What can be rented: halls, equipment, circuits, what they consist of, and their assets."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from rental.models.people import Site, Unit


class ResourceKind(StrEnum):
    """The three kinds of rentable thing."""

    HALL = "hall"
    EQUIPMENT = "equipment"
    CIRCUIT = "circuit"


class AssetCondition(StrEnum):
    """In what state an asset came back last."""

    GOOD = "good"
    WORN = "worn"
    DAMAGED = "damaged"
    LOST = "lost"


class Resource(Base):
    """A rentable thing and how many of it exist (`stock`)."""

    __tablename__ = "resource"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint(
            "turnaround_before_minutes BETWEEN 0 AND 2880"
            " AND turnaround_after_minutes BETWEEN 0 AND 2880",
            name="turnaround_within_two_days",
        ),
        CheckConstraint("NOT is_uplink OR kind = 'circuit'", name="uplink_is_a_circuit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    kind: Mapped[ResourceKind]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
    category: Mapped[str | None] = mapped_column(String(80))
    stock: Mapped[int] = mapped_column(default=1)
    turnaround_before_minutes: Mapped[int] = mapped_column(default=0)
    turnaround_after_minutes: Mapped[int] = mapped_column(default=0)
    seats: Mapped[int | None]
    mbps: Mapped[int | None]
    # What a circuit's ports let through where nothing keeps them to `mbps`; None: it is kept.
    unshaped_mbps: Mapped[int | None]
    # Circuits take their Mbps of it as a part; its stock is its Mbps. Nobody rents it by itself.
    is_uplink: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The rate's key in the tariff lists; without one the resource is priced by its kind's rate.
    tariff: Mapped[str | None] = mapped_column(String(60))
    is_retired: Mapped[bool] = mapped_column(default=False)
    # The unit it belongs to, whose head must agree before others have it; nobody's is the Centre's.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)

    site: Mapped[Site] = relationship(lazy="joined")
    owner: Mapped[Unit | None] = relationship()
    parts: Mapped[list["Part"]] = relationship(
        foreign_keys="Part.whole_id", back_populates="whole", cascade="all, delete-orphan"
    )
    assets: Mapped[list["Asset"]] = relationship(
        back_populates="resource", order_by="Asset.tag", cascade="all, delete-orphan"
    )

    @property
    def turnaround_minutes(self) -> int:
        """The gap that must stand between two bookings: the larger turnaround, not the sum."""
        return max(self.turnaround_before_minutes, self.turnaround_after_minutes)


class Part(Base):
    """A component of a resource: a combined hall's room, a kit's pieces."""

    __tablename__ = "part"
    __table_args__ = (
        UniqueConstraint("whole_id", "part_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("whole_id <> part_id", name="not_of_itself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    whole_id: Mapped[int] = mapped_column(ForeignKey("resource.id", ondelete="CASCADE"))
    part_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)

    whole: Mapped[Resource] = relationship(foreign_keys=[whole_id], back_populates="parts")
    part: Mapped[Resource] = relationship(foreign_keys=[part_id])


class Asset(Base):
    """One serialised piece of an equipment resource."""

    __tablename__ = "asset"

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    tag: Mapped[str] = mapped_column(String(40), unique=True)
    serial: Mapped[str | None] = mapped_column(String(80))
    condition: Mapped[AssetCondition] = mapped_column(default=AssetCondition.GOOD)

    resource: Mapped[Resource] = relationship(back_populates="assets")
