"""Readings are kept by week: partitions come ahead of time and go when all of them is old."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from config import clock, embedded
from config.database import db, transaction
from monitoring import discovery, partitions, readings
from monitoring.models import Device, ReadingRow
from monitoring.partitions import READINGS, Parted
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Reading
from portal import schema
from tests.monitoring.test_polling import a_device

WEEK = timedelta(days=7)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tidy(house) -> Iterator[None]:
    """No partition outlives its test: they are tables, not rows."""
    yield
    db.session.rollback()
    db.session.execute(sa.text("DELETE FROM reading"))
    db.session.commit()
    partitions.drop_before(READINGS, datetime(9000, 1, 1, tzinfo=UTC))


def keep(device: Device, *moments: datetime) -> None:
    """A reading at each of these moments."""
    layout = Layout(name="sw")
    with transaction():
        row_id = discovery.keep([layout])[layout.digest]
        # Looked up before: while rows are copied in, the connection answers no other question.
        target = Target("", device_id=device.id)
        readings.store(
            [(Outcome(target, at, 0.1, Reading(layout, at, 5.0, ())), row_id) for at in moments]
        )


def moments_in(table: str) -> list[datetime]:
    query = sa.text(f'SELECT at FROM "{table}" ORDER BY at')
    return list(db.session.scalars(query))


@pytest.mark.parametrize(
    ("last", "at", "days", "found"),
    [
        (None, MONDAY + timedelta(days=2), 7, ["1123_20261130", "1130_20261207"]),
        # What an older table ended with is made up to the next Monday.
        (datetime(2026, 11, 27, tzinfo=UTC), MONDAY, 7, ["1127_20261130", "1130_20261207"]),
        (MONDAY + WEEK, MONDAY, 7, ["1130_20261207", "1207_20261214"]),
    ],
)
def test_partitions_go_on_where_the_last_ends(last, at, days, found):
    names = [one.name for one in partitions.wanted(Parted("t", days), last, at)]
    assert names[:2] == [f"t_p2026{name}" for name in found]
    assert len(names) <= partitions.READY + 1


def test_a_clock_far_ahead_makes_a_bounded_number_of_partitions():
    far = MONDAY + 5200 * WEEK
    assert len(list(partitions.wanted(READINGS, MONDAY, far))) == partitions.MOST


def test_enough_that_stand_ready_are_left_alone():
    ready = MONDAY + (partitions.READY + 1) * WEEK
    assert list(partitions.wanted(READINGS, ready, MONDAY)) == []


def test_readings_that_strayed_move_into_their_week_when_it_is_made(house):
    with transaction():
        device = a_device(1161)
    now = clock.now()
    keep(device, now, now + timedelta(days=3650))
    assert partitions.count_strays(READINGS) == 2
    first, *_ = partitions.make_ahead(READINGS, now)
    assert moments_in(first) == [now]
    # A clock that stood ten years ahead is for a person to look at.
    assert partitions.count_strays(READINGS) == 1
    keep(device, now + timedelta(seconds=30))
    assert len(moments_in(first)) == 2
    assert partitions.make_ahead(READINGS, now) == []


def test_a_week_is_dropped_when_all_of_it_is_old_and_not_before(house):
    with transaction():
        device = a_device(1161)
    partitions.make_ahead(READINGS, MONDAY)
    keep(device, MONDAY - 2 * WEEK, MONDAY, MONDAY + WEEK)
    assert partitions.drop_before(READINGS, MONDAY + WEEK - timedelta(seconds=1)) == []
    # What lies before every partition goes with the old.
    assert moments_in("reading") == [MONDAY, MONDAY + WEEK]
    dropped = partitions.drop_before(READINGS, MONDAY + WEEK)
    assert dropped == ["reading_p20261123_20261130"]
    assert moments_in("reading") == [MONDAY + WEEK]
    assert readings.latest(device).at == MONDAY + WEEK


def test_a_round_that_meets_others_at_work_leaves_it_to_the_next(house, database_url, monkeypatch):
    monkeypatch.setattr(partitions, "PATIENCE", "50ms")
    address = database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address) as link:
        link.execute("SELECT 1 FROM device FOR UPDATE")
        assert partitions.make_ahead(READINGS, MONDAY) == []
    assert partitions.make_ahead(READINGS, MONDAY)


def test_deleting_a_device_takes_its_readings_from_every_week(house):
    with transaction():
        device = a_device(1161)
    partitions.make_ahead(READINGS, MONDAY)
    keep(device, MONDAY, MONDAY + WEEK, MONDAY + 500 * WEEK)
    with transaction():
        db.session.execute(sa.delete(Device))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ReadingRow)) == 0


OLD_ROWS = """
INSERT INTO site (slug, name, zone) VALUES ('s', 'S', 'UTC');
INSERT INTO layout (id, digest, content, found_at) VALUES (1, 'x', '{}', now());
INSERT INTO device (id, site_id, name, role, platform, address, snmp_port, snmp_version, ssh_port,
    is_enabled, status, misses, recent, problems)
SELECT 1, id, 'd', 'other', 'generic', '192.0.2.1', 161, 'v2c', 22, true, 'up', 0, '[]', '[]'
FROM site;
INSERT INTO reading (device_id, at, layout_id, seconds, values)
SELECT 1, now() - n * interval '30 seconds', 1, 0.1, '{1,2}' FROM generate_series(0, 999) AS n;
"""
OLD_PARTITION = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'reading_p0001%'"


def test_an_upgrade_keeps_every_reading_and_rewrites_none(tmp_path: Path):
    with embedded.serve(tmp_path) as url:
        engine = sa.create_engine(url)
        with engine.begin() as link:
            command.upgrade(schema._alembic(link), "0036")
            link.exec_driver_sql(OLD_ROWS)
            file = link.scalar(sa.text("SELECT pg_relation_filenode('reading')"))
        with engine.begin() as link:
            schema.upgrade_on(link)
            (name,) = link.scalars(sa.text(OLD_PARTITION))
            assert link.scalar(sa.text(f"SELECT pg_relation_filenode('{name}')")) == file
            assert link.scalar(sa.text("SELECT count(*) FROM reading")) == 1000
            assert schema.drift(link) == []
        with engine.begin() as link:
            schema.downgrade_on(link, "0036")
            assert link.scalar(sa.text("SELECT count(*) FROM reading")) == 1000
        engine.dispose()
