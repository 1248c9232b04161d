"""Keeps the tables of readings: rolled up, partitions ahead of time, none that served its time."""

import time
from datetime import timedelta

from config import clock, logs
from config.settings import Settings
from monitoring import partitions, rollups
from monitoring.models import RollupLevel
from monitoring.partitions import Parted
from portal.jobs import queue, settings_here

log = logs.get(__name__)

# A round that has much to catch up leaves the rest to the next.
LONGEST_SECONDS = 20.0


def days_kept(settings: Settings) -> dict[Parted, int]:
    """For how many days each table is kept."""
    return {
        partitions.READINGS: settings.readings_days,
        partitions.FIVE_MINUTES: settings.five_minute_days,
        partitions.HOURS: settings.hourly_days,
    }


@queue.task(name="keep_readings")
def keep_readings() -> None:
    """Make the partitions of the coming time, and drop those that are older than is kept."""
    now, settings = clock.now(), settings_here()
    for parted, days in days_kept(settings).items():
        made = partitions.make_ahead(parted, now)
        dropped = partitions.drop_before(parted, now - timedelta(days=days))
        if made or dropped:
            log.info("partitions kept", table=parted.table, made=made, dropped=dropped)


@queue.task(name="roll_up_readings")
def roll_up_readings() -> None:
    """Roll up what is closed: five minutes first, then hours."""
    started = time.monotonic()
    for level in RollupLevel:
        while time.monotonic() - started < LONGEST_SECONDS:
            if rollups.advance(level, clock.now()) is None:
                break
