"""Roll-ups as stored: every stretch once, whoever dies or works beside, and hours of minutes."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from config.database import db, transaction
from monitoring import discovery, partitions, readings, rollups
from monitoring.models import Device, FiveMinuteRow, HourRow, RollupLevel
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Reading
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rolling import ONE_PORT, a_port

NOON = datetime(2026, 11, 27, 5, tzinfo=UTC)
SHORT, LONG = RollupLevel.FIVE_MINUTES, RollupLevel.HOUR


@pytest.fixture(autouse=True)
def tidy(house):
    """No partition outlives its test: they are tables, not rows."""
    yield
    db.session.rollback()
    for parted in partitions.ALL:
        partitions.drop_before(parted, datetime(9000, 1, 1, tzinfo=UTC))


def measured(
    device: Device,
    seconds: range,
    *,
    layout: Layout = ONE_PORT,
    bps: int = 8000,
    rest: tuple[float, ...] = (),
) -> None:
    """A poll at each of these seconds after noon, on ports that carry so much both ways."""
    with transaction():
        row_id = discovery.keep([layout])[layout.digest]
        target = Target("", device_id=device.id)
        outcomes = []
        for second in seconds:
            at, octets = NOON + timedelta(seconds=second), 1e9 + second * bps / 8
            values = [1.0, 1.0, octets, octets, 0.0, 0.0] * len(layout.ports) + [*rest]
            reading = Reading(layout, at, 1e6 + second, values)
            outcomes.append((Outcome(target, at, 0.1, reading), row_id))
        readings.store(outcomes)


def all_rolled(now: datetime) -> int:
    made = 0
    for level in RollupLevel:
        while (more := rollups.advance(level, now)) is not None:
            made += more
    return made


def rows_of(kind: type) -> list:
    db.session.rollback()
    return list(db.session.scalars(sa.select(kind).order_by(kind.starts_at, kind.device_id)))


def test_buckets_of_five_minutes_and_hours_are_made_once(house):
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 7300, 30))
    assert all_rolled(NOON + timedelta(seconds=7330)) == 24 + 2
    short, hours = rows_of(FiveMinuteRow), rows_of(HourRow)
    assert [row.starts_at for row in short[:2]] == [NOON, NOON + timedelta(minutes=5)]
    assert {row.polls for row in short} == {10}
    assert short[5].stats == [8000.0] * 6
    # The octets of in and out at its last poll, as the device told them.
    assert short[0].counters == [1e9 + 270_000] * 2
    assert (short[0].last_at, short[0].uptime_seconds) == (NOON + timedelta(seconds=270), 1e6 + 270)
    assert [(row.polls, row.stats) for row in hours] == [(120, [8000.0] * 6)] * 2
    assert all_rolled(NOON + timedelta(seconds=7330)) == 0


def test_a_bucket_waits_until_its_last_poll_can_have_been_written(house):
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 300, 30))
    assert rollups.advance(SHORT, NOON + timedelta(minutes=5)) is None
    assert rollups.advance(SHORT, NOON + timedelta(minutes=5) + rollups.LATE) == 1
    assert rollups.advance(LONG, NOON + timedelta(minutes=7)) is None, "the hour is not over"


def test_without_readings_there_is_nothing_to_roll(house):
    assert all_rolled(NOON) == 0
    assert rollups.rolled_until(SHORT) is None


def test_a_time_without_polls_has_no_bucket_and_does_not_stop_it(house):
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 60, 30))
    measured(device, range(3 * 86_400, 3 * 86_400 + 60, 30))
    all_rolled(NOON + timedelta(days=4) + rollups.LATE)
    assert [row.starts_at for row in rows_of(HourRow)] == [NOON, NOON + timedelta(days=3)]
    assert rollups.rolled_until(LONG) == NOON + timedelta(days=4)


def test_what_fails_half_way_leaves_nothing_and_is_rolled_again(house, monkeypatch):
    with transaction():
        devices = [a_device(1161, name=f"d{n}") for n in range(3)]
    for device in devices:
        measured(device, range(0, 600, 30))
    real = rollups._counters
    calls = []

    def failing(bucket):
        calls.append(bucket)
        if len(calls) == 5:
            raise OSError("the disk is full")
        return real(bucket)

    monkeypatch.setattr(rollups, "PORTION", 2)
    monkeypatch.setattr(rollups, "_counters", failing)
    now = NOON + timedelta(minutes=20)
    with pytest.raises(OSError, match="disk"):
        rollups.advance(SHORT, now)
    db.session.rollback()
    assert rows_of(FiveMinuteRow) == []
    assert all_rolled(now) == 6
    assert len(rows_of(FiveMinuteRow)) == 6


def test_two_at_once_roll_each_bucket_once(house):
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 7200, 60))
    now = NOON + timedelta(hours=3)
    app, barrier = house, threading.Barrier(4)
    failed = []

    def worker() -> None:
        with app.app_context():
            barrier.wait()
            try:
                for _ in range(6):
                    rollups.advance(SHORT, now)
            except Exception as error:  # noqa: BLE001  # told by the assertion below
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    all_rolled(now)
    assert len(rows_of(FiveMinuteRow)) == 24


def test_a_layout_that_changes_within_a_bucket_gives_it_two_rows(house):
    with transaction():
        device = a_device(1161)
    moved = Layout(ports=(a_port("Gi0/0", 1), a_port("Gi0/1", 2)))
    measured(device, range(0, 270, 30))
    measured(device, range(270, 300, 30), layout=moved)
    all_rolled(NOON + timedelta(hours=2))
    before, after = sorted(rows_of(FiveMinuteRow), key=lambda row: row.last_at)
    assert (before.polls, before.stats) == (9, [8000.0] * 6)
    # Gi0/1 is followed by its name; what is new has no rate yet.
    assert (after.polls, after.stats) == (1, [None] * 6 + [8000.0] * 6)
    assert sorted(row.polls for row in rows_of(HourRow)) == [1, 9]
