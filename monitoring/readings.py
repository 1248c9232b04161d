"""Readings as stored: kept by COPY, looked up as the latest one or as a series for a chart."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format

from config.database import db
from monitoring import discovery, rates
from monitoring.models import Device, ReadingRow
from monitoring.probes.outcomes import Outcome
from monitoring.probes.reading import IN_OCTETS, OUT_OCTETS, PORT_VALUES, Layout, Reading
from monitoring.rates import Count, Point

COLUMNS = ("device_id", "at", "layout_id", "seconds", "uptime_seconds", "values", "problems")
TYPES = ("int4", "timestamptz", "int4", "float8", "float8", "float8[]", "jsonb")
COPY = sql.SQL("COPY reading ({}) FROM STDIN (FORMAT BINARY)").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
)


ARRAY_OF_DOUBLES, DOUBLE = 1022, 701  # PostgreSQL's type numbers


class Doubles(Dumper):
    """Writes an array of doubles in PostgreSQL's binary form, ten times faster than psycopg."""

    format = Format.BINARY
    oid = ARRAY_OF_DOUBLES

    def dump(self, obj: Sequence[float | None]) -> bytes:
        """Dimensions, whether NULLs occur, element type, length, first subscript, elements."""
        head = struct.pack(">iiiii", 1, int(None in obj), DOUBLE, len(obj), 1)
        if None in obj:
            return head + b"".join(
                b"\xff\xff\xff\xff" if each is None else struct.pack(">id", 8, each) for each in obj
            )
        flat: list[float | None] = [8] * (2 * len(obj))
        flat[1::2] = obj
        return head + struct.pack(">" + "id" * len(obj), *flat)


def store(outcomes: Iterable[tuple[Outcome, int]]) -> int:
    """Keep the readings of these outcomes, each with the row id of its layout; how many."""
    kept = 0
    with driver().cursor() as cursor:
        # For this cursor alone.
        cursor.adapters.register_dumper(list, Doubles)
        with cursor.copy(COPY) as copy:
            copy.set_types(TYPES)
            for outcome, layout_id in outcomes:
                reading = outcome.reading
                if reading is not None:
                    copy.write_row(_row(outcome, reading, layout_id))
                    kept += 1
    return kept


def _row(outcome: Outcome, reading: Reading, layout_id: int) -> tuple[object, ...]:
    return (
        outcome.target.device_id,
        outcome.at,
        layout_id,
        outcome.seconds,
        reading.uptime_seconds,
        list(reading.values),
        list(reading.problems) or None,
    )


def driver() -> psycopg.Connection:
    """The session's own connection, so that COPY is part of its transaction."""
    raw = db.session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"readings are stored through psycopg, not {type(raw).__name__}")
    return raw


def latest(device: Device) -> Reading | None:
    """The last reading of a device, spelled out."""
    rows = _last(device, 1)
    return spelled(rows[0]) if rows else None


def _last(device: Device, count: int) -> list[ReadingRow]:
    return list(
        db.session.scalars(
            sa.select(ReadingRow)
            .where(ReadingRow.device_id == device.id)
            .order_by(ReadingRow.at.desc())
            .limit(count)
        )
    )


def spelled(row: ReadingRow) -> Reading:
    """The stored row with the names of its layout."""
    return Reading(
        layout=discovery.layouts([row.layout_id])[row.layout_id],
        at=row.at,
        uptime_seconds=row.uptime_seconds,
        values=row.values,
        problems=tuple(row.problems or ()),
    )


def current_rates(device: Device) -> dict[int, Point]:
    """Bits per second of each interface (by ifIndex) between the last two readings."""
    rows = _last(device, 2)
    if len(rows) < 2:
        return {}
    after, before = (spelled(row) for row in rows)
    found = {}
    for port in after.layout.ports:
        then = next((p for p in before.layout.ports if p.name == port.name), None)
        if then is not None:
            found[port.index] = rates.between(
                count_of(before, then.index),
                count_of(after, port.index),
                speed_bps=port.speed_bps,
                is_wide=port.is_wide,
            )
    return found


def count_of(reading: Reading, index: int) -> Count:
    """The octet counters of the interface with this ifIndex; None where it is not told."""
    start = reading.layout.offset(index)
    if start is None:
        return Count(reading.at, reading.uptime_seconds, None, None)
    return Count(
        reading.at,
        reading.uptime_seconds,
        reading.values[start + IN_OCTETS],
        reading.values[start + OUT_OCTETS],
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A run of readings under one layout, and where the port's values stand in it."""

    layout_id: int
    start: int
    speed_bps: int | None
    is_wide: bool


def series(
    device: Device, interface: str, since: datetime, until: datetime, *, limit: int = 600
) -> list[Point]:
    """Bits per second of one interface, by its name, in [since, until): at most `limit` points.

    Each point is the average since the reading before it; None where there is no rate. The name is
    followed through layouts, because indexes move.
    """
    points: list[Point] = []
    before: tuple[Count, _Stretch] | None = None
    for count, stretch in _counts(device, interface, since, until):
        if before is not None:
            points.append(
                rates.between(
                    before[0], count, speed_bps=stretch.speed_bps, is_wide=stretch.is_wide
                )
            )
        before = (count, stretch)
    return rates.thinned(points, limit)


def _counts(
    device: Device, interface: str, since: datetime, until: datetime
) -> list[tuple[Count, _Stretch]]:
    within = (
        ReadingRow.device_id == device.id,
        ReadingRow.at >= since,
        ReadingRow.at < until,
    )
    ids = db.session.scalars(sa.select(ReadingRow.layout_id).where(*within).distinct()).all()
    found: list[tuple[Count, _Stretch]] = []
    for layout_id, layout in discovery.layouts(ids).items():
        stretch = _stretch(layout_id, layout, interface)
        if stretch is None:
            continue
        # PostgreSQL counts the elements of an array from 1.
        query = sa.select(
            ReadingRow.at,
            ReadingRow.uptime_seconds,
            ReadingRow.values[stretch.start + IN_OCTETS + 1],
            ReadingRow.values[stretch.start + OUT_OCTETS + 1],
        ).where(*within, ReadingRow.layout_id == layout_id)
        found.extend((Count(*row), stretch) for row in db.session.execute(query))
    return sorted(found, key=lambda pair: pair[0].at)


def _stretch(layout_id: int, layout: Layout, interface: str) -> _Stretch | None:
    for place, port in enumerate(layout.ports):
        if port.name == interface:
            return _Stretch(layout_id, place * PORT_VALUES, port.speed_bps, port.is_wide)
    return None


def between(
    device: Device, since: datetime, until: datetime, *, limit: int = 1000
) -> list[Reading]:
    """The readings of a device in [since, until), oldest first, at most `limit`."""
    rows = db.session.scalars(
        sa.select(ReadingRow)
        .where(ReadingRow.device_id == device.id, ReadingRow.at >= since, ReadingRow.at < until)
        .order_by(ReadingRow.at)
        .limit(limit)
    )
    return [spelled(row) for row in rows]
