"""A worker killed at any step of switching a port: the next round has it as booked, for good."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config import clock
from config.database import db, transaction
from monitoring.models import PortState, PortStatus
from monitoring.provisioning import PORTS_LOCK
from portal.demo.ios import Terminal
from portal.demo.ssh_switch import SshSwitch, sample_config
from rental.models import Booking, BookingStatus
from tests.monitoring.dead_workers import wait_until_free
from tests.monitoring.test_provisioning import book, is_on, port, round_at

__all__ = ["port"]

HOME = Path(__file__).parents[2]
WORKER = """
import sys
from config.settings import Settings
from monitoring import provisioning
from portal.app import create_app
from tests.monitoring.policy_world import KEYRING
app = create_app(Settings(database_url=sys.argv[1], data=sys.argv[2], log_level="ERROR"))
with app.app_context():
    provisioning.reconcile_site(int(sys.argv[3]), KEYRING)
"""
# The last command that the switch still obeys before the worker is gone.
STEPS = (
    "show running-config interface",
    "configure terminal revert timer 2",
    "shutdown",
    "switchport access vlan",
    "end",
    "configure confirm",
    "write memory",
)


@pytest.fixture
def switch() -> Iterator[SshSwitch]:
    """One that goes back by itself unless somebody confirms."""
    with SshSwitch(config=sample_config() + "archive\n path flash:kept\n") as running:
        yield running


class Deadly:
    """Kills the worker the moment the switch has obeyed a command that holds the words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.step, self.worker = "", None
        real = Terminal.line

        def line(terminal: Terminal, typed: str) -> str:
            answer = real(terminal, typed)
            if self.worker is not None and self.step in typed:
                os.kill(self.worker.pid, signal.SIGKILL)
                self.worker.wait(10)
                self.worker = None
            return answer

        monkeypatch.setattr(Terminal, "line", line)

    def kill(self, step: str, site_id: int, folder: Path) -> None:
        url = db.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-W", "ignore", "-c", WORKER, url, str(folder), str(site_id)]
        self.step = step
        self.worker = worker = subprocess.Popen(command, cwd=HOME)
        assert worker.wait(60) == -signal.SIGKILL, f"it was not killed at {step}"
        wait_until_free(PORTS_LOCK)


@pytest.mark.parametrize("step", STEPS)
def test_the_next_round_settles_what_a_killed_worker_left(
    port, switch: SshSwitch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
) -> None:
    site_id, port_id = port.device.site_id, port.id
    deadly = Deadly(monkeypatch)
    now = clock.now().replace(microsecond=0)
    booking_id = book(port, now, hours=5).id
    for is_wanted in (True, False):
        if not is_wanted:
            with transaction():
                db.session.get_one(Booking, booking_id).status = BookingStatus.CANCELLED
        deadly.kill(step, site_id, tmp_path)
        told = round_at(port, clock.now() + timedelta(seconds=61))
        assert told.failed == 0
        assert is_on(switch) == is_wanted
        # The switch's own timer has run out meanwhile, and takes nothing back.
        round_at(port, clock.now() + timedelta(minutes=4))
        with clock.standing_at(clock.now() + timedelta(minutes=4)):
            Terminal(switch).line("")
        assert is_on(switch) == is_wanted, "a timer of the dead took it back"
        state = db.session.get_one(PortState, port_id)
        assert (state.status, state.is_on) == (PortStatus.SETTLED, is_wanted)
