"""What was measured: one row a poll, its values in one array."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class ReadingRow(Base):
    """One answered poll. `values` follow the OIDs of the layout; NULL is what was not told.

    A 64-bit counter above 2⁵³ loses its last bits in a double; a rate does not notice. The table is
    partitioned by week (`monitoring.partitions`).
    """

    __tablename__ = "reading"
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    layout_id: Mapped[int] = mapped_column(ForeignKey("layout.id"))
    seconds: Mapped[float]
    uptime_seconds: Mapped[float | None]
    values: Mapped[list[float | None]] = mapped_column(ARRAY(Double))
    problems: Mapped[list[Any] | None]
