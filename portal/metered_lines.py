"""Hands what monitoring measured on a line to billing, which seals and charges it."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from billing import traffic
from billing.metered import CounterReading
from billing.models import MeteredLine, TrafficEvidence, TrafficState
from config.database import db
from monitoring import line_counters
from rental.models import Booking, Line
from rental.period import Period

# Longer ago somebody has decided by hand.
LOOK_BACK = timedelta(days=100)


def measured(line: Line, window: Period) -> list[CounterReading]:
    """The counters of the line's ports around the window; nothing where nobody knows its ports."""
    return [
        CounterReading(one.port, one.at, one.in_octets, one.out_octets, one.speed_bps)
        for port in line_counters.ports_of(line)
        for one in line_counters.of_port(port, window)
    ]


def due(at: datetime) -> list[tuple[int, date]]:
    """Metered lines with the first day of each month that is over, measured and not sealed yet."""
    query = (
        sa.select(Line)
        .join(MeteredLine, MeteredLine.line_id == Line.id)
        .join(Line.booking)
        .where(
            Booking.status.in_(traffic.BILLABLE),
            Line.starts_at < at,
            Line.ends_at > at - LOOK_BACK,
        )
        .order_by(Line.id)
    )
    return [
        (line.id, first)
        for line in db.session.scalars(query)
        for first in _months(line)
        if _is_due(line, first, at)
    ]


def _months(line: Line) -> list[date]:
    zone = line.resource.site.tzinfo
    first = line.starts_at.astimezone(zone).date().replace(day=1)
    last = (line.ends_at - timedelta.resolution).astimezone(zone).date().replace(day=1)
    found = []
    while first <= last:
        found.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    return found


def _is_due(line: Line, first: date, at: datetime) -> bool:
    window = traffic.month_of(line, first).window
    if window.ends_at > at or window.ends_at < at - LOOK_BACK:
        return False
    if not line_counters.is_rolled(window.ends_at + line_counters.AROUND):
        return False
    sealed = sa.select(TrafficEvidence.id).where(
        TrafficEvidence.line_id == line.id,
        TrafficEvidence.starts_at == window.starts_at,
        TrafficEvidence.state != TrafficState.WITHDRAWN,
    )
    return db.session.scalar(sealed.limit(1)) is None and bool(line_counters.ports_of(line))


def seal(line_id: int, first: date) -> TrafficEvidence:
    """Seal what was measured of a month; raises what `billing.traffic.take_in` raises."""
    line = db.session.get_one(Line, line_id)
    window = traffic.month_of(line, first).window
    return traffic.take_in(line, first, measured(line, window), by=None)
