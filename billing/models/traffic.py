"""Metered bandwidth: what was agreed for a line, and the sealed evidence of each month."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.charges import Charge
from config.clock import now
from config.database import Base
from rental.models import Booking, Line, Member


class MeteredLine(Base):
    """The definition that a line is metered by; frozen, whatever the files say later."""

    __tablename__ = "metered_line"

    line_id: Mapped[int] = mapped_column(
        ForeignKey("line.id", ondelete="CASCADE"), primary_key=True
    )
    definition: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime] = mapped_column(default=now)

    line: Mapped[Line] = relationship()


class TrafficState(StrEnum):
    """What became of the evidence of one month."""

    # Too little was measured: finance says whether it is charged all the same.
    WAITING = "waiting"
    CHARGED = "charged"
    # Nothing lies beyond what is committed.
    WITHIN = "within"
    WITHDRAWN = "withdrawn"


class TrafficEvidence(Base):
    """The buckets of one line in one month, sealed: a trigger lets nobody change or delete them.

    `content` is what `sha256` was made of, compressed; `seal` binds it to the evidence before it.
    """

    __tablename__ = "traffic_evidence"
    __table_args__ = (
        # One live evidence for one month of a line.
        Index(
            "uq_traffic_evidence_month",
            "line_id",
            "starts_at",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index("ix_traffic_evidence_waiting", "id", postgresql_where=text("state = 'waiting'")),
        CheckConstraint("measured BETWEEN 0 AND expected", name="measured_within_expected"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("state <> 'charged' OR charge_id IS NOT NULL", name="charged_has_charge"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id", ondelete="SET NULL"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    definition: Mapped[dict[str, Any]]
    # Deferred: lists of evidence do not carry megabytes.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    previous_seal: Mapped[str] = mapped_column(String(64), default="")
    seal: Mapped[str] = mapped_column(String(64), unique=True)
    expected: Mapped[int]
    measured: Mapped[int]
    resets: Mapped[int] = mapped_column(default=0)
    capped: Mapped[int] = mapped_column(default=0)
    index_bps: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[TrafficState]
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)
    sealed_at: Mapped[datetime] = mapped_column(default=now)
    sealed_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str | None] = mapped_column(String(500))

    booking: Mapped[Booking] = relationship()
    line: Mapped[Line | None] = relationship()
    charge: Mapped[Charge | None] = relationship()
    sealed_by: Mapped[Member | None] = relationship()
