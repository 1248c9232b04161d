"""What the demo's devices went through in the last weeks: a few outages."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from config.database import db
from monitoring import states
from monitoring.models import Device, DeviceStatus
from monitoring.states import Change

# Device, days ago, hour of the day, and how long it was gone.
OUTAGES = (
    ("ENC-02", 19, 3.0, timedelta(hours=2, minutes=10)),
    ("ENC-02", 6, 8.5, timedelta(minutes=7)),
    ("SW-PRESS-02", 12, 1.25, timedelta(minutes=24)),
    ("RT-UPLINK-01", 4, 14.0, timedelta(minutes=3, seconds=40)),
    ("CAM-03", 15, 2.0, timedelta(hours=9)),
)
WEEKS = timedelta(weeks=4)


def add(now: datetime) -> None:
    """Write the histories; the first poll goes on from there."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    devices = {one.name: one for one in db.session.scalars(sa.select(Device).order_by(Device.id))}
    states.turn([Change(one.id, DeviceStatus.UP, now - WEEKS) for one in devices.values()])
    for name, days, hour, gone in sorted(OUTAGES, key=lambda one: -one[1]):
        began = midnight - timedelta(days=days) + timedelta(hours=hour)
        _fell(devices[name], began, gone)


def _fell(device: Device, began: datetime, gone: timedelta) -> None:
    states.turn([Change(device.id, DeviceStatus.DOWN, began)])
    states.turn([Change(device.id, DeviceStatus.UP, began + gone)])
