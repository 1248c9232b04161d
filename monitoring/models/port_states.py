"""What ports of circuits are switched to, for whom, and every change that was made or refused."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.access_ports import AccessPort
from rental.models import Line


class PortStatus(StrEnum):
    """How a port stands against what bookings want of it."""

    WAITING = "waiting"
    SETTLED = "settled"
    PLANNED = "planned"
    FAILED = "failed"


class PortState(Base):
    """What bookings want of a port now, and what was last seen to hold.

    `is_on` is the last state that was verified on the device itself; None before the first time.
    """

    __tablename__ = "port_state"
    __table_args__ = (
        CheckConstraint("(line_id IS NULL) OR (vlan IS NOT NULL)", name="on_in_a_vlan"),
    )

    port_id: Mapped[int] = mapped_column(
        ForeignKey("access_port.id", ondelete="CASCADE"), primary_key=True
    )
    line_id: Mapped[int | None] = mapped_column(
        ForeignKey("line.id", ondelete="SET NULL"), index=True
    )
    vlan: Mapped[int | None]
    status: Mapped[PortStatus] = mapped_column(default=PortStatus.WAITING)
    is_on: Mapped[bool | None]
    verified_at: Mapped[datetime | None]
    # Why it is not what it should be: sentences with their values (`monitoring.port_reasons`).
    reasons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]

    port: Mapped[AccessPort] = relationship()
    line: Mapped[Line | None] = relationship()


class PortChange(Base):
    """One attempt to switch a port: what was typed, how it ended, and the counters then."""

    __tablename__ = "port_change"
    __table_args__ = (Index("ix_port_change_port_id_at", "port_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    port_id: Mapped[int] = mapped_column(ForeignKey("access_port.id", ondelete="CASCADE"))
    line_id: Mapped[int | None] = mapped_column(
        ForeignKey("line.id", ondelete="SET NULL"), index=True
    )
    # The booking's reference outlives the line.
    reference: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(default=now)
    is_on: Mapped[bool]
    vlan: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24))
    commands: Mapped[list[Any]] = mapped_column(default=list)
    # The port's block before, without secrets.
    before: Mapped[str] = mapped_column(Text, default="")
    reasons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    has_dead_man: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[float]
    # The octet counters of the last poll.
    in_octets: Mapped[float | None]
    out_octets: Mapped[float | None]

    port: Mapped[AccessPort] = relationship()
