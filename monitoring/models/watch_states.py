"""Where the judgement of a value stands between two polls; well values have no row."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, UtcDateTime


class WatchState(Base):
    """The last polls of one value of a device, and how bad it is by them."""

    __tablename__ = "watch_state"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("device.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    # `thresholds.Level` by number: of the problem, and of the last polls, oldest first.
    level: Mapped[int] = mapped_column(default=0)
    recent: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    # When it opened lately, and whether that is so often that it flaps.
    openings: Mapped[list[datetime]] = mapped_column(ARRAY(UtcDateTime), default=list)
    is_flapping: Mapped[bool] = mapped_column(default=False)
