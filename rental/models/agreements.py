"""Framework contracts and memoranda with partner units: rates, dates, yearly targets."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from rental.models.bookings import EventKind
from rental.models.people import Unit, UnitClass
from rental.models.resources import ResourceKind


class AgreementKind(StrEnum):
    """A memorandum of cooperation, or a framework contract."""

    MEMORANDUM = "memorandum"
    FRAMEWORK = "framework"


class Agreement(Base):
    """What was agreed with a unit, and from when until when it holds (both days included)."""

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="from_before_to"),
        CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_within_hundred"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # As it stands on the paper: "12/2026".
    number: Mapped[str] = mapped_column(String(60), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[AgreementKind]
    title: Mapped[str] = mapped_column(String(200))
    signed_on: Mapped[date | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    # The class whose rates the unit pays, and what is taken off them.
    rate_class: Mapped[UnitClass | None]
    discount_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2), default=Decimal(0))
    note: Mapped[str | None] = mapped_column(String(2000))
    is_ended: Mapped[bool] = mapped_column(default=False)

    unit: Mapped[Unit] = relationship(lazy="joined")
    targets: Mapped[list["AgreementTarget"]] = relationship(
        back_populates="agreement",
        order_by="(AgreementTarget.year, AgreementTarget.id)",
        cascade="all, delete-orphan",
    )


class TargetMeasure(StrEnum):
    """What a yearly target counts."""

    EVENTS = "events"
    HOURS = "hours"
    ATTENDEES = "attendees"


class AgreementTarget(Base):
    """How much of something the partners mean to do in a calendar year."""

    __tablename__ = "agreement_target"
    __table_args__ = (CheckConstraint("goal > 0", name="goal_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", ondelete="CASCADE"), index=True
    )
    year: Mapped[int]
    measure: Mapped[TargetMeasure]
    # Narrowed to one kind of event or resource, where the paper says so.
    event_kind: Mapped[EventKind | None]
    resource_kind: Mapped[ResourceKind | None]
    goal: Mapped[int]

    agreement: Mapped[Agreement] = relationship(back_populates="targets")
