"""Files of bookings that were taken in: the same one is taken once."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from rental.models import Member


class ImportedFile(Base):
    """A file by the SHA-256 of its bytes: who took it in, when, and what came of it."""

    __tablename__ = "imported_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    filename: Mapped[str] = mapped_column(String(200))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    booking_count: Mapped[int]
    line_count: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(default=now)

    member: Mapped[Member] = relationship()
