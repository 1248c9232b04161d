"""What became of trying the login that a device left the factory with."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.endpoints import Endpoint


class TryResult(StrEnum):
    """What a device did with the factory login."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    # It asks for no login, answers otherwise, or nobody knows what it answered.
    UNCLEAR = "unclear"


class FactoryTry(Base):
    """One attempt that an operator asked for. It is made once, whatever becomes of the worker.

    `tried_at` is written before the login is sent: a row with it and without `result` is that of a
    worker that died meanwhile, and is never sent again.
    """

    __tablename__ = "factory_try"
    __table_args__ = (
        # One waits, or none.
        Index(
            "uq_factory_try_waiting",
            "endpoint_id",
            unique=True,
            postgresql_where=text("tried_at IS NULL"),
        ),
        Index("ix_factory_try_endpoint_id", "endpoint_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("endpoint.id", ondelete="CASCADE"))
    vendor: Mapped[str] = mapped_column(String(80))
    username: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    tried_at: Mapped[datetime | None]
    result: Mapped[TryResult | None]
    # Why it is unclear, in a sentence.
    told: Mapped[str | None] = mapped_column(Text)

    endpoint: Mapped[Endpoint] = relationship()
