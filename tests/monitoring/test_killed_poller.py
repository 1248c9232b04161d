"""A worker killed in mid-cycle: the next one goes on, nothing is read twice or invented."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from config.database import db, transaction
from monitoring import polling
from monitoring.models import Device, DeviceStateRow, Outage, ReadingRow
from monitoring.polling import PollPlan
from tests import build
from tests.monitoring import agents
from tests.monitoring.agents import hostile
from tests.monitoring.test_polling import KEYRING, a_device, busy_port

DEVICES = 40
# Half a minute between polls; ten starts a second, so that there is a middle to be killed in.
PLAN = PollPlan(starts_per_second=10.0, portion=4, timeout_seconds=1.0)
POLLER = """
import sys
from config.settings import Settings
from monitoring import polling
from portal.app import create_app
from tests.monitoring.test_killed_poller import KEYRING, PLAN
app = create_app(Settings(database_url=sys.argv[1], data=sys.argv[2], log_level="ERROR"))
with app.app_context():
    polling.poll_site(None, KEYRING, PLAN)
"""


def kept() -> dict[int, int]:
    """How many readings of each device there are."""
    db.session.rollback()
    query = sa.select(ReadingRow.device_id, sa.func.count()).group_by(ReadingRow.device_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def test_the_next_worker_asks_those_that_were_not_written(
    house: Any, database_url: str, tmp_path: Path
) -> None:
    with hostile(agents.table_agent(busy_port(7))) as port:
        with transaction():
            site = build.a_site()
            ids = [a_device(port.port, name=f"d{n:02}", site=site).id for n in range(DEVICES)]
        url = str(db.engine.url.render_as_string(hide_password=False)) or database_url
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", POLLER, url, str(tmp_path)],
            cwd=Path(__file__).parents[2],
        )
        until = time.monotonic() + 60
        while len(kept()) < DEVICES // 4:
            assert worker.poll() is None, "the poller ended before it could be killed"
            assert time.monotonic() < until, "the poller wrote nothing"
            time.sleep(0.02)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        before = kept()
        assert 0 < len(before) < DEVICES
        until = time.monotonic() + 30
        while (summary := polling.poll_site(None, KEYRING, PLAN)).elsewhere:
            assert time.monotonic() < until, "the lock of the dead was not freed"
            time.sleep(0.1)
    assert summary.asked == DEVICES - len(before)
    assert kept() == dict.fromkeys(ids, 1)
    assert db.session.scalar(sa.select(sa.func.count(Outage.id))) == 0
    states = sa.select(sa.func.count(DeviceStateRow.id))
    assert db.session.scalar(states) == DEVICES
    assert all(device.misses == 0 for device in db.session.scalars(sa.select(Device)))


def test_two_workers_never_ask_one_device_twice(house: Any, tmp_path: Path) -> None:
    with hostile(agents.table_agent(busy_port(7))) as port:
        with transaction():
            site = build.a_site()
            ids = [a_device(port.port, name=f"d{n:02}", site=site).id for n in range(DEVICES)]
        url = db.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-W", "ignore", "-c", POLLER, url, str(tmp_path)]
        home = Path(__file__).parents[2]
        workers = [subprocess.Popen(command, cwd=home) for _ in range(2)]
        assert [worker.wait(90) for worker in workers] == [0, 0]
    assert kept() == dict.fromkeys(ids, 1)
