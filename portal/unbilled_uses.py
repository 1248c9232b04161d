"""Hands what nobody booked from monitoring to billing, once each, and follows the bookings."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from billing import unbilled
from billing.metered import CounterReading
from billing.models import UnbilledUse, UseState
from billing.unbilled import NewUse
from config.database import db
from monitoring import line_counters, unbooked
from monitoring.models import UnbookedRun
from monitoring.rolling import FIVE_MINUTES
from rental.models import Booking
from rental.period import Period

# Longer ago somebody has decided by hand.
LOOK_BACK = timedelta(days=100)


def due(at: datetime) -> list[int]:
    """The runs that are over, measured to their end and not sealed yet, by number."""
    runs = unbooked.over(since=at - LOOK_BACK)
    sealed = unbilled.sealed_runs(run.id for run in runs)
    return [
        run.id
        for run in runs
        if run.id not in sealed and line_counters.is_rolled(run.until + 2 * FIVE_MINUTES)
    ]


def seal(run_id: int) -> UnbilledUse:
    """Seal a run; raises what `billing.unbilled.take_in` raises."""
    run = db.session.get_one(UnbookedRun, run_id)
    period = Period(run.starts_at, run.until)
    # The port may hand out another circuit by now, or none: its name on the device is enough.
    readings = [
        CounterReading(one.port, one.at, one.in_octets, one.out_octets, one.speed_bps)
        for one in line_counters.of_interface(run.device, run.interface, period)
    ]
    return unbilled.take_in(
        NewUse(run.id, run.resource, run.device.name, run.interface, period), readings
    )


def lately_booked(at: datetime) -> Iterator[tuple[int, int]]:
    """Uses that wait although a booking takes all of their time, with that booking's id."""
    for use in unbilled.in_state(UseState.WAITING, since=at - LOOK_BACK):
        booking_id = _covering(use)
        if booking_id is not None:
            yield use.id, booking_id


def no_longer_booked(at: datetime) -> list[int]:
    """Uses that a booking took and that are nobody's again: it was cancelled or moved."""
    covered = unbilled.in_state(UseState.COVERED, since=at - LOOK_BACK)
    return [use.id for use in covered if _covering(use) is None]


def _covering(use: UnbilledUse) -> int | None:
    run = db.session.get(UnbookedRun, use.run)
    if run is None:
        # Its device is gone, and with it what could be asked; what was decided stands.
        return use.booking_id
    lines = unbooked.covering(run)
    return lines[0].booking_id if lines else None


def overlapping(use: UnbilledUse) -> list[Booking]:
    """The bookings that take a part of a use's time, for whoever decides."""
    run = db.session.get(UnbookedRun, use.run)
    if run is None:
        return []
    ids = {line.booking_id for line in unbooked.touching(run)}
    query = sa.select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)
    return list(db.session.scalars(query))
