"""The inventory: what is monitored, where it stands, what it was found to consist of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.credentials import Credential
from rental.models import Asset, Resource, Site


class DeviceRole(StrEnum):
    """What a device is for."""

    ENCODER = "encoder"
    SWITCH = "switch"
    ROUTER = "router"
    UPS = "ups"
    CAMERA = "camera"
    SERVER = "server"
    OTHER = "other"


class Platform(StrEnum):
    """What a device runs; it decides how its configuration is read and judged."""

    CISCO_IOS = "cisco_ios"
    CISCO_XE = "cisco_xe"
    CISCO_NXOS = "cisco_nxos"
    ARISTA_EOS = "arista_eos"
    JUNIPER_JUNOS = "juniper_junos"
    MIKROTIK_ROUTEROS = "mikrotik_routeros"
    HP_PROCURVE = "hp_procurve"
    LINUX = "linux"
    GENERIC = "generic"


class SnmpVersion(StrEnum):
    """Which SNMP a device speaks."""

    V2C = "v2c"
    V3 = "v3"


class DeviceStatus(StrEnum):
    """How a device is, in the eyes of the poller."""

    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class LayoutRow(Base):
    """A layout of interfaces, processors, storage and sensors, kept once under its digest.

    Rows are never changed: a device that changes gets another layout, and its older readings stay
    readable with theirs.
    """

    __tablename__ = "layout"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(default=now)


class Device(Base):
    """A monitored box. Columns below `status` are written by the poller alone."""

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("snmp_port BETWEEN 1 AND 65535", name="snmp_port_exists"),
        CheckConstraint("ssh_port BETWEEN 1 AND 65535", name="ssh_port_exists"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("retired_at IS NULL OR NOT is_enabled", name="retired_is_not_polled"),
        Index("ix_device_due", "site_id", "next_poll_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[DeviceRole] = mapped_column(default=DeviceRole.OTHER)
    platform: Mapped[Platform] = mapped_column(default=Platform.GENERIC)
    address: Mapped[str] = mapped_column(String(45))
    snmp_port: Mapped[int] = mapped_column(default=161)
    snmp_version: Mapped[SnmpVersion] = mapped_column(default=SnmpVersion.V2C)
    ssh_port: Mapped[int] = mapped_column(default=22)
    # It offers nothing newer than SHA-1: asked by a program apart.
    needs_legacy_ssh: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    snmp_credential_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"), index=True)
    ssh_credential_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"), index=True)
    # The device it is reached through: when that is down, this one is silenced.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    # What renters lose when it is down.
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id"), index=True)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    # Out of use for good; it stays for its history.
    retired_at: Mapped[datetime | None]
    # What people know of the box itself; where it stands: room, rack, unit.
    vendor: Mapped[str | None] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(80))
    serial: Mapped[str | None] = mapped_column(String(80), index=True)
    location: Mapped[str | None] = mapped_column(String(160))
    note: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))

    status: Mapped[DeviceStatus] = mapped_column(default=DeviceStatus.UNKNOWN)
    last_poll_at: Mapped[datetime | None]
    last_answer_at: Mapped[datetime | None]
    next_poll_at: Mapped[datetime | None]
    poll_seconds: Mapped[float | None]
    # Polls lost in a row, and the last few polls as [seconds since 1970, lost?].
    misses: Mapped[int] = mapped_column(default=0)
    recent: Mapped[list[Any]] = mapped_column(default=list)
    # Why the last poll failed, in a sentence; and what the last answer lacked.
    failure: Mapped[str | None] = mapped_column(Text)
    problems: Mapped[list[Any]] = mapped_column(default=list)

    sys_name: Mapped[str | None] = mapped_column(Text)
    sys_descr: Mapped[str | None] = mapped_column(Text)
    object_id: Mapped[str | None] = mapped_column(Text)
    uptime_seconds: Mapped[float | None]
    layout_id: Mapped[int | None] = mapped_column(ForeignKey("layout.id"), index=True)
    discovered_at: Mapped[datetime | None]
    # A checksum of its ports' states: when it changes, speeds may have, so discover again.
    ports_state: Mapped[int | None] = mapped_column(BigInteger)

    site: Mapped[Site] = relationship()
    parent: Mapped["Device | None"] = relationship(remote_side="Device.id")
    resource: Mapped[Resource | None] = relationship()
    asset: Mapped[Asset | None] = relationship()
    snmp_credential: Mapped[Credential | None] = relationship(foreign_keys=[snmp_credential_id])
    ssh_credential: Mapped[Credential | None] = relationship(foreign_keys=[ssh_credential_id])
    layout: Mapped[LayoutRow | None] = relationship()

    @property
    def is_unpolled(self) -> bool:
        """Whether nobody asks it by SNMP nor ever did: its state is nothing that is waited for."""
        return self.snmp_credential_id is None and self.status is DeviceStatus.UNKNOWN
