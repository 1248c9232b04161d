"""The ports through which rented circuits leave the Centre's network."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base
from monitoring.models.devices import Device
from rental.models import Resource


class AccessPort(Base):
    """A port of a switch or router, by name, and the circuit that is handed out on it.

    Names are followed, not ifIndexes: indexes move when a device boots.
    """

    __tablename__ = "access_port"
    __table_args__ = (UniqueConstraint("device_id", "interface"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"))
    interface: Mapped[str] = mapped_column(String(120))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    # Whether bookings switch it on and off; without it nothing is ever typed on the device.
    is_managed: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The highest speed that a poll has told; a port that is shut tells a low one.
    speed_mbps: Mapped[int | None]
    # What holds it to the circuit's Mbps beside this service, in an operator's words.
    limited_by: Mapped[str | None] = mapped_column(String(200))

    device: Mapped[Device] = relationship(lazy="joined")
    resource: Mapped[Resource] = relationship(lazy="joined")
