"""Roll-ups as stored: made stretch by stretch, each once, though a worker dies in between.

How far a level is rolled stands in a row that is locked while a stretch is rolled; the buckets and
the new mark are committed together. Readings that come later than `LATE` are kept, not rolled.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy.dialects.postgresql import insert

from config.database import db, transaction
from monitoring import discovery, readings, rolling
from monitoring.models import FiveMinuteRow, HourRow, RollupLevel, RollupProgress
from monitoring.probes.reading import IN_OCTETS, OUT_OCTETS, PORT_VALUES, Layout, Reading
from monitoring.rates import LONGEST_GAP_SECONDS
from monitoring.rolling import FIVE_MINUTES, HOUR, Bucket, Told

# A poll is written within seconds; a bucket is closed when its last poll has had this long.
LATE = timedelta(minutes=2)
# What is rolled in one transaction at most.
STRETCH = {RollupLevel.FIVE_MINUTES: HOUR, RollupLevel.HOUR: timedelta(hours=12)}
SPAN = {RollupLevel.FIVE_MINUTES: FIVE_MINUTES, RollupLevel.HOUR: HOUR}
# How many rows travel from the database at once.
PORTION = 500

ARRAY_OF_REALS, REAL = 1021, 700  # PostgreSQL's type numbers

FIVE_MINUTE_COLUMNS = (
    ("device_id", "int4"),
    ("starts_at", "timestamptz"),
    ("layout_id", "int4"),
    ("polls", "int4"),
    ("stats", "float4[]"),
    ("last_at", "timestamptz"),
    ("uptime_seconds", "float8"),
    ("counters", "float8[]"),
)
HOUR_COLUMNS = FIVE_MINUTE_COLUMNS[:5]

# Each device's own index: the readings of the stretch, and the one before it.
READINGS = """
SELECT device.id, told.layout_id, told.at, told.uptime_seconds, told.values
FROM device CROSS JOIN LATERAL (
    (SELECT * FROM reading WHERE device_id = device.id AND at < %(since)s AND at >= %(before)s
     ORDER BY at DESC LIMIT 1)
    UNION ALL
    SELECT * FROM reading WHERE device_id = device.id AND at >= %(since)s AND at < %(until)s
) AS told
ORDER BY device.id, told.at
"""
BUCKETS = """
SELECT device.id, told.layout_id, told.starts_at, told.polls, told.stats
FROM device CROSS JOIN LATERAL (
    SELECT * FROM rollup_five_minutes
    WHERE device_id = device.id AND starts_at >= %(since)s AND starts_at < %(until)s
) AS told
ORDER BY device.id, told.starts_at
"""
OLDEST = """
SELECT min(first.at) FROM device CROSS JOIN LATERAL (
    SELECT at FROM reading WHERE device_id = device.id ORDER BY at LIMIT 1) AS first
"""


class Reals(list[float | None]):
    """Numbers to be written as PostgreSQL's `real`, half as long as a double."""


class _RealsDumper(Dumper):
    format = Format.BINARY
    oid = ARRAY_OF_REALS

    def dump(self, obj: Reals) -> bytes:
        """Dimensions, whether NULLs occur, element type, length, first subscript, elements."""
        parts = [struct.pack(">iiiii", 1, int(None in obj), REAL, len(obj), 1)]
        parts.extend(
            b"\xff\xff\xff\xff" if each is None else struct.pack(">if", 4, each) for each in obj
        )
        return b"".join(parts)


def advance(level: RollupLevel, now: datetime) -> int | None:
    """Roll up the next stretch; how many buckets, None where there is nothing to do.

    An edge: it commits. Nothing is done while another is at it.
    """
    roll: dict[RollupLevel, Callable[[datetime, datetime], int]] = {
        RollupLevel.FIVE_MINUTES: _roll_readings,
        RollupLevel.HOUR: _roll_buckets,
    }
    with transaction():
        since, closed = _mark(level, now), _closed(level, now)
        if since is None or closed is None or since >= closed:
            return None
        until = min(since + STRETCH[level], closed)
        made = roll[level](since, until)
        db.session.execute(
            sa.update(RollupProgress)
            .where(RollupProgress.level == level)
            .values(rolled_until=until)
        )
    return made


def rolled_until(level: RollupLevel) -> datetime | None:
    """Up to when a level is rolled; None before its first bucket."""
    return db.session.scalar(
        sa.select(RollupProgress.rolled_until).where(RollupProgress.level == level)
    )


def _mark(level: RollupLevel, now: datetime) -> datetime | None:
    """Where to go on, locked; None while another is at it, or before the first reading."""
    locked = (
        sa.select(RollupProgress.rolled_until)
        .where(RollupProgress.level == level)
        .with_for_update(skip_locked=True)
    )
    found = db.session.scalar(locked)
    if found is not None or rolled_until(level) is not None:
        return found
    first = db.session.scalar(sa.text(OLDEST))
    if first is None or first > now:
        return None
    start = rolling.floor(first, SPAN[level])
    db.session.execute(
        insert(RollupProgress).values(level=level, rolled_until=start).on_conflict_do_nothing()
    )
    return db.session.scalar(locked)


def _closed(level: RollupLevel, now: datetime) -> datetime | None:
    """Up to when the buckets of a level are closed."""
    if level is RollupLevel.FIVE_MINUTES:
        return rolling.floor(now - LATE, FIVE_MINUTES)
    until = rolled_until(RollupLevel.FIVE_MINUTES)
    return None if until is None else rolling.floor(until, HOUR)


def _roll_readings(since: datetime, until: datetime) -> int:
    before = since - timedelta(seconds=LONGEST_GAP_SECONDS)
    asked = {"since": since, "until": until, "before": before}
    layouts: dict[int, Layout] = {}

    def rows() -> Iterator[tuple[Any, ...]]:
        for device_id, told in _by_device(READINGS, asked):
            for bucket in rolling.rolled([_told(row, layouts) for row in told], since):
                yield *_row(device_id, bucket), *_counters(bucket)

    return write_rows(FiveMinuteRow.__tablename__, FIVE_MINUTE_COLUMNS, rows())


def _roll_buckets(since: datetime, until: datetime) -> int:
    asked = {"since": since, "until": until}

    def rows() -> Iterator[tuple[Any, ...]]:
        for device_id, told in _by_device(BUCKETS, asked):
            for bucket in rolling.joined([_bucket(row) for row in told], HOUR):
                yield _row(device_id, bucket)

    return write_rows(HourRow.__tablename__, HOUR_COLUMNS, rows())


def _row(device_id: int, bucket: Bucket) -> tuple[Any, ...]:
    return device_id, bucket.starts_at, bucket.layout_id, bucket.polls, Reals(bucket.stats)


def _counters(bucket: Bucket) -> tuple[Any, ...]:
    last = bucket.last
    if last is None:
        raise ValueError("a bucket of readings has a last one")
    octets = [
        last.values[place * PORT_VALUES + counter]
        for place in range(len(last.layout.ports))
        for counter in (IN_OCTETS, OUT_OCTETS)
    ]
    return last.at, last.uptime_seconds, octets


def _told(row: tuple[Any, ...], layouts: dict[int, Layout]) -> Told:
    _, layout_id, at, uptime_seconds, values = row
    if layout_id not in layouts:
        layouts |= discovery.layouts([layout_id])
    return Told(layout_id, Reading(layouts[layout_id], at, uptime_seconds, values))


def _bucket(row: tuple[Any, ...]) -> Bucket:
    _, layout_id, starts_at, polls, stats = row
    return Bucket(starts_at, layout_id, polls, stats)


def _by_device(
    query: str, asked: dict[str, datetime]
) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """The rows of each device; one device at a time is in memory."""
    with readings.driver().cursor("rolled_up", binary=True) as cursor:
        cursor.itersize = PORTION
        cursor.execute(query.encode(), asked)
        for device_id, rows in groupby(cursor, key=lambda row: row[0]):
            yield device_id, list(rows)


def write_rows(
    table: str, columns: tuple[tuple[str, str], ...], rows: Iterable[tuple[Any, ...]]
) -> int:
    """Copy rows into a table of roll-ups; how many.

    In portions: one connection cannot read and write at once, and memory has an end.
    """
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    copying = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), names
    )
    written = 0
    coming = iter(rows)
    while portion := list(islice(coming, PORTION)):
        with readings.driver().cursor() as cursor:
            cursor.adapters.register_dumper(Reals, _RealsDumper)
            cursor.adapters.register_dumper(list, readings.Doubles)
            with cursor.copy(copying) as copy:
                copy.set_types([kind for _, kind in columns])
                for row in portion:
                    copy.write_row(row)
        written += len(portion)
    return written
