"""The rounds that keep readings: rolled up, partitions ahead of time, none that is too old."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import partitions
from monitoring.models import FiveMinuteRow, HourRow, RollupLevel, RollupProgress
from portal import rounds
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rollups import NOON, measured, rows_of

SHORT = RollupLevel.FIVE_MINUTES


@pytest.fixture(autouse=True)
def tidy(service):
    """No partition outlives its test: they are tables, not rows."""
    yield
    db.session.rollback()
    for parted in partitions.ALL:
        partitions.drop_before(parted, datetime(9000, 1, 1, tzinfo=UTC))


def test_the_rounds_roll_up_keep_partitions_and_drop_what_has_served_its_time(service):
    with transaction():
        device = a_device(1161)
    measured(device, range(0, 3600, 60))
    with clock.standing_at(NOON + timedelta(hours=2)):
        rounds.readings.keep_readings()
        rounds.readings.roll_up_readings()
        names = {one.table: [p.name for p in partitions.of(one)] for one in partitions.ALL}
        assert all(len(kept) == partitions.READY + 1 for kept in names.values())
        assert len(rows_of(FiveMinuteRow)) == 12
        assert len(rows_of(HourRow)) == 1
        assert sum(map(partitions.count_strays, partitions.ALL)) == 0
    # 90, 400 and 1 830 days are kept of them.
    for days, left in ((150, (0, 12, 1)), (500, (0, 0, 1)), (2300, (0, 0, 0))):
        with clock.standing_at(NOON + timedelta(days=days)):
            rounds.readings.keep_readings()
        kinds = (partitions.READINGS, partitions.FIVE_MINUTES, partitions.HOURS)
        kept = [
            db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(kind.table)))
            for kind in kinds
        ]
        assert kept == list(left), days
    assert db.session.get(RollupProgress, SHORT).rolled_until == NOON + timedelta(minutes=115)
