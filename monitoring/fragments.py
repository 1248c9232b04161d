"""Each device's part of `/metrics`: written with its poll, read by whoever answers a scrape.

A part that is missing, or that names the device as it was before somebody changed it, is made on
the fly from the device's row and its last reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring import discovery, readings
from monitoring.arrays import among
from monitoring.exposition import BETWEEN, DEVICE_FAMILIES, EDITION, Facts, part
from monitoring.models import Device, DeviceStatus, MetricFragment, ReadingRow
from monitoring.probes.reading import Layout, Reading
from rental.models import Site

COPY = "COPY metric_fragment (device_id, identity, body) FROM STDIN (FORMAT BINARY)"
TYPES = ("int4", "text", "bytea")
# Devices read at a time: what their text takes is given back before the next ones come.
PORTION = 500

# The device as a part names it, with the list of families the part was written for.
IDENTITY = sa.func.concat_ws(
    "\x1f",
    EDITION,
    Device.name,
    Site.slug,
    sa.type_coerce(Device.role, sa.String),
    sa.type_coerce(Device.platform, sa.String),
    Device.address,
    sa.type_coerce(Device.status, sa.String),
)
FACTS = (
    Device.name,
    Site.slug,
    Device.role,
    Device.platform,
    Device.address,
    Device.status,
    Device.last_poll_at,
    Device.last_answer_at,
    Device.misses,
    Device.poll_seconds,
    Device.uptime_seconds,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A device as it is after its poll, and what it told; None where the poll was lost."""

    device_id: int
    facts: Facts
    reading: Reading | None

    @property
    def identity(self) -> str:
        """The same text as `IDENTITY` in the database."""
        facts = self.facts
        named = (facts.name, facts.site, facts.role.value, facts.platform.value, facts.address)
        return "\x1f".join((str(EDITION), *named, facts.status.value))


def keep(told: Sequence[Told]) -> None:
    """Write the parts of these devices, whose rows are up to date and locked."""
    parts = [
        (each.device_id, each.identity, part(each.facts, each.reading.layout, each.reading.values))
        for each in told
        if each.reading is not None
    ]
    parts += _from_rows([each.device_id for each in told if each.reading is None])
    rewrite([each.device_id for each in told], parts)


Part = tuple[int, str, bytes]


def rewrite(device_ids: Iterable[int], parts: Iterable[Part]) -> None:
    """Put these parts in the place of the devices' older ones."""
    db.session.connection().execute(
        sa.delete(MetricFragment).where(among(MetricFragment.device_id, device_ids))
    )
    with readings.driver().cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(TYPES)
        for row in parts:
            copy.write_row(row)


def _from_rows(device_ids: Sequence[int]) -> list[Part]:
    """Parts made from the stored readings."""
    if not device_ids:
        return []
    rows = db.session.execute(_latest(device_ids)).all()
    layouts = discovery.layouts(row[2] for row in rows if row[2] is not None)
    return [_from_row(row, layouts) for row in rows]


def _from_row(row: Sequence[Any], layouts: Mapping[int, Layout]) -> Part:
    device_id, identity, layout_id, told, *facts = row
    return device_id, identity, part(Facts(*facts), layouts.get(layout_id or 0), told)


def _latest(device_ids: Sequence[int]) -> sa.Select[Any]:
    """These devices with their last readings, without one where a device is down."""
    last = (
        sa.select(ReadingRow.layout_id, ReadingRow.values)
        .where(ReadingRow.device_id == Device.id, Device.status != DeviceStatus.DOWN)
        .order_by(ReadingRow.at.desc())
        .limit(1)
        .lateral("last")
    )
    return (
        sa.select(Device.id, IDENTITY, last.c.layout_id, last.c["values"], *FACTS)
        .join(Site, Site.id == Device.site_id)
        .outerjoin(last, sa.true())
        .where(among(Device.id, device_ids))
        .order_by(Device.id)
    )


def blocks() -> list[list[bytes]]:
    """The blocks of every enabled device by family, in the order of `DEVICE_FAMILIES`."""
    found: list[list[bytes]] = [[] for _ in DEVICE_FAMILIES]
    missing = []
    for device_id, body in _stored():
        if body is None:
            missing.append(device_id)
        else:
            _add(found, body)
    for start in range(0, len(missing), PORTION):
        for _, _, body in _from_rows(missing[start : start + PORTION]):
            _add(found, body)
    return found


def _add(found: list[list[bytes]], body: bytes) -> None:
    for block, whole in zip(body.split(BETWEEN), found, strict=True):
        if block:
            whole.append(block)


def _stored() -> Iterable[tuple[int, bytes | None]]:
    """Every enabled device with its part, None where it has none that is true."""
    query = (
        sa.select(Device.id, MetricFragment.body)
        .join(Site, Site.id == Device.site_id)
        .outerjoin(
            MetricFragment,
            sa.and_(MetricFragment.device_id == Device.id, MetricFragment.identity == IDENTITY),
        )
        .where(Device.is_enabled)
    )
    # In binary: as text every byte would travel as two digits.
    statement = query.compile(db.engine, compile_kwargs={"literal_binds": True}).string
    with readings.driver().cursor("metric_fragments", binary=True) as cursor:
        cursor.itersize = PORTION
        cursor.execute(statement)
        yield from cursor
