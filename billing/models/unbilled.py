"""What went over a circuit that nobody had booked: measured, sealed, and decided by finance."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.charges import Charge
from config.clock import now
from config.database import Base
from rental.models import Booking, Member, Resource
from rental.period import Period


class UseState(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    CHARGED = "charged"
    # Nothing is asked of anybody, for a reason.
    DISMISSED = "dismissed"
    # A booking made late takes all of its time.
    COVERED = "covered"


class UnbilledUse(Base):
    """One unbroken run of traffic on one port, sealed: a trigger lets nobody change what it says.

    `run` is the number that monitoring gave it, once. `content` is what `sha256` was made of,
    compressed; `seal` binds it to the use of the same circuit before it. Octets are those of the
    measured buckets.
    """

    __tablename__ = "unbilled_use"
    __table_args__ = (
        Index("ix_unbilled_use_waiting", "id", postgresql_where=text("state = 'waiting'")),
        CheckConstraint("measured BETWEEN 0 AND expected", name="measured_within_expected"),
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("in_octets >= 0 AND out_octets >= 0", name="octets_not_negative"),
        CheckConstraint("(state = 'charged') = (charge_id IS NOT NULL)", name="charged_has_charge"),
        CheckConstraint(
            "state <> 'dismissed' OR reason IS NOT NULL", name="dismissed_for_a_reason"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(unique=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    device: Mapped[str] = mapped_column(String(120))
    port: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    in_octets: Mapped[int] = mapped_column(BigInteger)
    out_octets: Mapped[int] = mapped_column(BigInteger)
    index_bps: Mapped[int] = mapped_column(BigInteger)
    definition: Mapped[dict[str, Any]]
    # Deferred: lists do not carry the buckets.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    previous_seal: Mapped[str] = mapped_column(String(64), default="")
    seal: Mapped[str] = mapped_column(String(64), unique=True)
    expected: Mapped[int]
    measured: Mapped[int]
    sealed_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[UseState] = mapped_column(default=UseState.WAITING)
    # On which it was charged, or which covers it.
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)
    reason: Mapped[str | None] = mapped_column(String(500))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    decided_at: Mapped[datetime | None]

    resource: Mapped[Resource] = relationship(lazy="joined")
    booking: Mapped[Booking | None] = relationship()
    charge: Mapped[Charge | None] = relationship()
    decided_by: Mapped[Member | None] = relationship()

    @property
    def period(self) -> Period:
        """From its first loud bucket to the end of its last."""
        return Period(self.starts_at, self.ends_at)

    @property
    def octets(self) -> int:
        """Both directions together."""
        return self.in_octets + self.out_octets
