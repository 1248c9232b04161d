"""What is reachable on a device or through it: ports, web pages, streams, certificates."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.clock import now
from config.database import Base
from monitoring.models.devices import Device
from monitoring.probes.reached import EndpointKind


class EndpointStatus(StrEnum):
    """How an endpoint is, in the eyes of the prober."""

    UNKNOWN = "unknown"
    UP = "up"
    SLOW = "slow"
    DOWN = "down"


class Endpoint(Base):
    """One thing to reach. Columns below `status` are written by the prober alone."""

    __tablename__ = "endpoint"
    __table_args__ = (
        # A problem names its endpoint by this name.
        UniqueConstraint("device_id", "name"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port_exists"),
        CheckConstraint("interval_seconds BETWEEN 15 AND 86400", name="interval_is_kept"),
        CheckConstraint("timeout_seconds > 0 AND timeout_seconds <= 30", name="ends_in_time"),
        CheckConstraint(
            "1 <= fire_count AND fire_count <= fire_of AND fire_of <= 20", name="can_fire"
        ),
        CheckConstraint("clear_count BETWEEN 1 AND 20", name="can_clear"),
        CheckConstraint("expected_status BETWEEN 100 AND 599", name="status_exists"),
        Index("ix_endpoint_next_probe_at", "next_probe_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[EndpointKind]
    # Another host than the device itself, by name or number: a platform it streams to.
    host: Mapped[str | None] = mapped_column(String(253))
    port: Mapped[int]
    path: Mapped[str] = mapped_column(String(500), default="")
    # Whom the certificate must name, and what a web server is called.
    server_name: Mapped[str] = mapped_column(String(253), default="")
    is_secure: Mapped[bool] = mapped_column(default=False)
    # Whether an authority must vouch for the certificate: not so for a device's own.
    needs_trust: Mapped[bool] = mapped_column(default=True)
    expects_open: Mapped[bool] = mapped_column(default=True)
    expected_status: Mapped[int | None]
    expected_word: Mapped[str] = mapped_column(String(200), default="")
    interval_seconds: Mapped[int] = mapped_column(default=60)
    timeout_seconds: Mapped[float] = mapped_column(default=5.0)
    # From so many milliseconds on it is slow.
    slow_ms: Mapped[int | None]
    # So many faults of the last few probes fire; so many good ones in a row clear.
    fire_count: Mapped[int] = mapped_column(default=3)
    fire_of: Mapped[int] = mapped_column(default=3)
    clear_count: Mapped[int] = mapped_column(default=2)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    added_at: Mapped[datetime] = mapped_column(default=now)

    status: Mapped[EndpointStatus] = mapped_column(default=EndpointStatus.UNKNOWN)
    status_since: Mapped[datetime | None]
    last_probe_at: Mapped[datetime | None]
    next_probe_at: Mapped[datetime | None]
    # The last probes, oldest first, as [seconds since 1970, milliseconds or nothing for a fault].
    recent: Mapped[list[Any]] = mapped_column(default=list)
    # Why the last probe was a fault, in a word (`Fault`) and in a sentence.
    fault: Mapped[str | None] = mapped_column(String(24))
    failure: Mapped[str | None] = mapped_column(Text)
    # What was seen last: status, server, certificate …
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    device: Mapped[Device] = relationship()

    @property
    def asked_host(self) -> str:
        """Where it is asked: another host, or the device."""
        return self.host or self.device.address

    @property
    def address(self) -> str:
        """As people write it: `rtmp://192.0.2.10:1935/live`."""
        scheme = "https" if self.kind is EndpointKind.HTTP and self.is_secure else self.kind.value
        host = self.asked_host
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{self.port}" + (
            f"/{self.path.lstrip('/')}" if self.path else ""
        )

    @property
    def latency_ms(self) -> float | None:
        """How long the last probe took, None where it was a fault."""
        return self.recent[-1][1] if self.recent else None
