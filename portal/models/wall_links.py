"""Addresses under which a screen on a wall shows the centre without signing in."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Member


class WallLink(Base):
    """A screen that shows the wall and nothing else. Only the SHA-256 of its token is kept."""

    __tablename__ = "wall_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Where the screen hangs.
    place: Mapped[str] = mapped_column(String(80))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    # Coarse, to the minute.
    last_seen_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)
