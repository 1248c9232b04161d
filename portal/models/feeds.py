"""Addresses under which a calendar is read without signing in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Member, Resource


class FeedScope(StrEnum):
    """Whose calendar it is."""

    MEMBER = "member"
    UNIT = "unit"
    RESOURCE = "resource"


class Feed(Base):
    """A private iCalendar feed. Only the SHA-256 of its token is kept."""

    __tablename__ = "feed"
    __table_args__ = (
        CheckConstraint(
            "(scope = 'resource') = (resource_id IS NOT NULL)", name="a_resource_where_it_is_of_one"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Who made it: it shows what this member may see, and dies with the membership.
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    scope: Mapped[FeedScope]
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    # Coarse, to the hour.
    last_read_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)
    resource: Mapped[Resource | None] = relationship()
