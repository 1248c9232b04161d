"""Alerts: what stands, whom it was told, who is on call, and what nobody is to be told of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from monitoring.rules import Severity
from rental.models import Member, Site


class AlertKind(StrEnum):
    """What it is an alert of."""

    OUTAGE = "outage"
    PROBLEM = "problem"
    VIOLATION = "violation"
    # Of another system, by its Alertmanager.
    RECEIVED = "received"


class Alert(Base):
    """Something that stands and somebody may have to hear of; it ends with its cause."""

    __tablename__ = "alert"
    __table_args__ = (
        # One standing alert a cause: an outage, a problem, a violation or a received alert.
        Index(
            "uq_alert_standing_cause",
            "kind",
            "cause_id",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("ix_alert_standing", "opened_at", postgresql_where=text("resolved_at IS NULL")),
        Index("ix_alert_opened_at", "opened_at"),
        CheckConstraint("resolved_at IS NULL OR opened_at <= resolved_at", name="ends_after"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlertKind]
    cause_id: Mapped[int]
    device_id: Mapped[int | None] = mapped_column(
        ForeignKey("device.id", ondelete="SET NULL"), index=True
    )
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    # Frozen words: of a problem its kind and subject, of a violation its rule.
    device_name: Mapped[str] = mapped_column(String(200), default="")
    what: Mapped[str] = mapped_column(String(80), default="")
    subject: Mapped[str] = mapped_column(String(200), default="")
    # As it weighs now: one step up while an event runs on the device.
    severity: Mapped[Severity]
    # Titles of the events that it touched when it was looked at last.
    events: Mapped[list[Any]] = mapped_column(default=list)
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(default=now)
    acknowledged_at: Mapped[datetime | None]
    # Why nobody is told: parent, maintenance or silence.
    quiet: Mapped[str | None] = mapped_column(String(20))
    resolved_at: Mapped[datetime | None]

    device: Mapped[Device | None] = relationship()
    site: Mapped[Site | None] = relationship()
    tellings: Mapped[list["Telling"]] = relationship(
        back_populates="alert", order_by="Telling.id", cascade="all, delete-orphan"
    )

    @property
    def is_standing(self) -> bool:
        """Whether it is still so."""
        return self.resolved_at is None


class DeliveryStatus(StrEnum):
    """Where a message stands; `failed` is given up after two days and stays to be seen."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Base):
    """One message of one or more alerts to one receiver over one channel."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "due_at", postgresql_where=text("status = 'queued'")),
        Index("ix_delivery_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    # An e-mail address, a chat, or nothing where the channel has one receiver.
    receiver: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(5), default="vi")
    member_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", ondelete="SET NULL"), index=True
    )
    # The facts of the message, frozen; its words are made when it is sent.
    facts: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[DeliveryStatus] = mapped_column(default=DeliveryStatus.QUEUED)
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))

    member: Mapped[Member | None] = relationship()


class Telling(Base):
    """That a receiver is told of one stage of an alert: once, whoever looks."""

    __tablename__ = "telling"
    __table_args__ = (UniqueConstraint("alert_id", "channel", "receiver", "stage"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(40))
    # As the policy says it: `on-call`, `operators`, an address, or nothing.
    receiver: Mapped[str] = mapped_column(String(200), default="")
    # opened, raised:critical, repeat:1, escalated:1, resolved.
    stage: Mapped[str] = mapped_column(String(30))
    severity: Mapped[Severity]
    told_at: Mapped[datetime] = mapped_column(default=now)

    alert: Mapped[Alert] = relationship(back_populates="tellings")


class Silence(Base):
    """Nobody is told of a device, or of a site, for a while; a person says why."""

    __tablename__ = "silence"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        CheckConstraint("num_nonnulls(device_id, site_id) = 1", name="of_a_device_or_a_site"),
        Index("ix_silence_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    reason: Mapped[str] = mapped_column(String(500))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))

    device: Mapped[Device | None] = relationship()
    site: Mapped[Site | None] = relationship()
    member: Mapped[Member] = relationship()


class DutyShift(Base):
    """Who is on call from when until when; one at a time."""

    __tablename__ = "duty_shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_it_ends"),
        ExcludeConstraint(
            (text("tstzrange(starts_at, ends_at)"), "&&"), name="one_on_call", using="gist"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)


class ChannelState(Base):
    """Whether a channel works: when it carried something last, and what went wrong."""

    __tablename__ = "channel_state"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    worked_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(300))
