"""What happened to a device lately and whom it serves, for its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import access_ports, problems, states
from monitoring.exposure import RUNNING
from monitoring.models import Device, DeviceStatus, Problem
from monitoring.states import Stretch
from rental.models import Booking, Line
from rental.period import Period

SPAN = timedelta(days=7)
# The drawing is this wide; a stretch is never thinner than a hair.
WIDTH, HAIR = 1000.0, 1.5
MOST_CHANGES, MOST_LINES = 12, 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a status as it is drawn."""

    status: DeviceStatus
    x: float
    width: float
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    """A week of a device: its states, the changes among them, what is open, who uses it."""

    bars: list[Bar]
    changes: list[Stretch]
    problems: list[Problem]
    lines: list[Line]


def story(device: Device) -> Story:
    """The last seven days of a device, and the bookings that use it now or next."""
    now = clock.now()
    period = Period(now - SPAN, now)
    found = states.of(device, *period)
    return Story(
        bars=[_bar(stretch, period) for stretch in found],
        changes=[one for one in reversed(found) if one.began_at > period.starts_at][:MOST_CHANGES],
        problems=list(problems.of(device)),
        lines=_lines(device, now),
    )


def _bar(stretch: Stretch, period: Period) -> Bar:
    starts_at = max(stretch.began_at, period.starts_at)
    ends_at = min(stretch.ended_at or period.ends_at, period.ends_at)
    width = max((ends_at - starts_at) / SPAN * WIDTH, HAIR)
    x = min((starts_at - period.starts_at) / SPAN * WIDTH, WIDTH - width)
    return Bar(stretch.status, round(x, 1), round(width, 1), stretch.began_at, stretch.ended_at)


def _lines(device: Device, now: datetime) -> list[Line]:
    """Lines of the resource it serves and of the circuits that its ports hand out."""
    wanted = {port.resource_id for port in access_ports.of_device(device).values()}
    if device.resource_id is not None:
        wanted.add(device.resource_id)
    query = (
        sa.select(Line)
        .join(Line.booking)
        .where(Line.resource_id.in_(wanted), Line.ends_at > now, Booking.status.in_(RUNNING))
        .options(joinedload(Line.booking), joinedload(Line.resource))
        .order_by(Line.starts_at, Line.id)
        .limit(MOST_LINES)
    )
    return list(db.session.scalars(query))


FOR_TEMPLATES: dict[str, Any] = {"device_story": story}
