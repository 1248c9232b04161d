"""What `/metrics` says of a device, formatted when its last poll was written."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class MetricFragment(Base):
    """A device's blocks of lines. `identity` is the device as it was named in them.

    The table is not logged: it costs no write-ahead log, and after a crash of the server it is
    empty until the next polls, while scrapes are answered from the readings.
    """

    __tablename__ = "metric_fragment"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    identity: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes]
