"""Roll-ups of readings: one row a device and bucket, its statistics in one array."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Double, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class RollupLevel(StrEnum):
    """How long a bucket is."""

    FIVE_MINUTES = "five_minutes"
    HOUR = "hour"


class RolledRow:
    """What both levels keep of a bucket, which begins at `starts_at`.

    `stats` follow `monitoring.rolling.series_of` of the layout: mean, lowest and highest of each
    series, in bit/s, percent or the unit of the sensor; NULL is what was not measured. Where the
    layout changed within a bucket it has a row of each.
    """

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    layout_id: Mapped[int] = mapped_column(ForeignKey("layout.id"), primary_key=True)
    polls: Mapped[int]
    stats: Mapped[list[float | None]] = mapped_column(ARRAY(REAL))


class FiveMinuteRow(RolledRow, Base):
    """A bucket of five minutes, with the octet counters of each interface at its last poll.

    `counters` are in and out of each interface of the layout as the device told them at `last_at`,
    when it had been up for `uptime_seconds`: what is charged by the 95th percentile starts there.
    """

    __tablename__ = "rollup_five_minutes"
    __table_args__ = ({"postgresql_partition_by": "RANGE (starts_at)"},)

    last_at: Mapped[datetime]
    uptime_seconds: Mapped[float | None]
    counters: Mapped[list[float | None]] = mapped_column(ARRAY(Double))


class HourRow(RolledRow, Base):
    """A bucket of an hour, made of those of five minutes, weighed by their polls."""

    __tablename__ = "rollup_hour"
    __table_args__ = ({"postgresql_partition_by": "RANGE (starts_at)"},)


class RollupProgress(Base):
    """Up to when a level is rolled up. Its rows and this change in one transaction."""

    __tablename__ = "rollup_progress"

    level: Mapped[RollupLevel] = mapped_column(primary_key=True)
    rolled_until: Mapped[datetime]
