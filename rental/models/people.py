"""Sites, units and the members who act for them."""

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base


class Role(StrEnum):
    """What a member does; one table in the portal says what each may."""

    MEMBER = "member"
    HEAD = "head"
    DESK = "desk"
    FINANCE = "finance"
    OPERATOR = "operator"
    DIRECTOR = "director"
    ADMINISTRATOR = "administrator"


class UnitClass(StrEnum):
    """The class of a unit decides its rate (political duty, partner, everybody else)."""

    POLITICAL = "political"
    PARTNER = "partner"
    OTHER = "other"


class Site(Base):
    """A place with resources, a time zone and, perhaps, a worker of its own."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(64), default="Asia/Ho_Chi_Minh")

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone in which the site's wall clocks run."""
        return ZoneInfo(self.zone)


class Unit(Base):
    """An organisation that rents. The Centre's own unit has the staff."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("personal_id ~ '^[0-9]{12}$'", name="personal_id_has_12_digits"),
        CheckConstraint("invoice_name <> ''", name="invoice_name_says_something"),
        CheckConstraint("no_code_reason <> ''", name="no_code_for_a_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_class: Mapped[UnitClass] = mapped_column(default=UnitClass.OTHER)
    is_centre: Mapped[bool] = mapped_column(default=False)
    tax_code: Mapped[str | None] = mapped_column(String(14))
    budget_code: Mapped[str | None] = mapped_column(String(20))
    # A person's 12 digits, where a person takes the invoice.
    personal_id: Mapped[str | None] = mapped_column(String(12))
    # The name on invoices, where it is not the short one.
    invoice_name: Mapped[str | None] = mapped_column(String(400))
    invoice_email: Mapped[str | None] = mapped_column(String(200))
    # Why the unit gave no code, as finance noted it.
    no_code_reason: Mapped[str | None] = mapped_column(String(400))
    address: Mapped[str | None] = mapped_column(String(400))
    email: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))

    members: Mapped[list["Member"]] = relationship(back_populates="unit")


class Member(Base):
    """A person of a unit, who signs in by e-mail."""

    __tablename__ = "member"
    __table_args__ = (Index("uq_member_email_lower", text("lower(email)"), unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    email: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(default=Role.MEMBER)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(5), default="vi")
    is_active: Mapped[bool] = mapped_column(default=True)
    # Raised when the password changes or the member signs out everywhere: old cookies die.
    session_epoch: Mapped[int] = mapped_column(default=0)
    last_seen_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship(back_populates="members", lazy="joined")
