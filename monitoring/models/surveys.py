"""Surveys of networks that somebody asked for, and the devices that answered."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.credentials import Credential
from monitoring.models.devices import Device
from rental.models import Member, Site


class SurveyEnd(StrEnum):
    """How a survey ended."""

    DONE = "done"
    CANCELLED = "cancelled"
    # The worker of the site may not ask this network.
    NOT_ALLOWED = "not_allowed"
    # No credential could be opened with the keys of the worker.
    LOCKED = "locked"
    BROKE_OFF = "broke_off"


class Survey(Base):
    """One look through a network: waits for a worker of the site, then goes on by portions."""

    __tablename__ = "survey"
    __table_args__ = (
        # One at a time in a site: who presses twice, or two who press at once, look at the same.
        Index(
            "uq_survey_going_on",
            "site_id",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
        CheckConstraint("snmp_port BETWEEN 1 AND 65535", name="port_exists"),
        CheckConstraint("total BETWEEN 1 AND 1024", name="bounded"),
        CheckConstraint("asked BETWEEN 0 AND total", name="asked_of_total"),
        CheckConstraint("(finished_at IS NULL) = (ended IS NULL)", name="ends_somehow"),
        CheckConstraint("ended <> 'done' OR asked = total", name="done_is_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    network: Mapped[str] = mapped_column(String(43))
    snmp_port: Mapped[int] = mapped_column(default=161)
    # Ids of credentials, tried one after the other.
    credential_ids: Mapped[list[Any]]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now)
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    ended: Mapped[SurveyEnd | None]
    # Addresses, and how many of them were asked so far, in their sequence.
    total: Mapped[int]
    asked: Mapped[int] = mapped_column(default=0)

    site: Mapped[Site] = relationship()
    asked_by: Mapped[Member | None] = relationship()
    candidates: Mapped[list["Candidate"]] = relationship(
        order_by="Candidate.id", back_populates="survey", passive_deletes=True
    )


class Candidate(Base):
    """An address that answered: what it says of itself, or why it cannot be read."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("survey_id", "address"),
        CheckConstraint("fault IS NULL OR device_id IS NULL", name="faulty_is_no_device"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(45))
    # What it answered to.
    credential_id: Mapped[int | None] = mapped_column(
        ForeignKey("credential.id", ondelete="SET NULL"), index=True
    )
    sys_name: Mapped[str | None] = mapped_column(Text)
    sys_descr: Mapped[str | None] = mapped_column(Text)
    object_id: Mapped[str | None] = mapped_column(Text)
    sys_services: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(Text)
    # The device that was added from it.
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)

    survey: Mapped[Survey] = relationship(back_populates="candidates")
    credential: Mapped[Credential | None] = relationship()
    device: Mapped[Device | None] = relationship()
