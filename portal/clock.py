"""The clock: says when, never does. One worker is the clock, the others stand by.

Whoever holds the advisory lock of the database is the clock, and defers jobs on the very
connection that holds it: a clock that lost its lock cannot defer. PostgreSQL frees the lock the
moment that connection ends, also after kill -9.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from config import logs
from config.settings import Settings
from portal import jobs

log = logs.get(__name__)

CLOCK_LOCK = 0x4D43_0002
STAND_BY_SECONDS = 1.0
# A machine that loses its power leaves a dead connection: the server notices within half a minute.
KEEPALIVES = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that comes round: a task, every so many seconds, for each site or once."""

    task: str
    seconds: float
    each_site: bool = False


# What comes round in every installation alike.
STEADY = (
    Turn("reach_endpoints", 15, each_site=True),
    Turn("test_devices", 20, each_site=True),
    Turn("survey_networks", 20, each_site=True),
    Turn("collect_facts", 60, each_site=True),
    Turn("reconcile_ports", 60, each_site=True),
    Turn("remedy_devices", 20, each_site=True),
    Turn("back_up_configurations", 60, each_site=True),
    Turn("look_ahead", 60),
    Turn("end_waivers", 60),
    Turn("expire_bookings", 60),
    Turn("release_no_shows", 60),
    Turn("lapse_holds", 60),
    Turn("sweep_waitlist", 60),
    Turn("mind_overdue", 60),
    Turn("reconfirm_series", 900),
    Turn("send_notices", 10),
    Turn("revive", 10),
    Turn("remind_clearances", 600),
    Turn("remind_invoices", 1800),
    Turn("run_invoices", 5),
    Turn("charge_months", 900),
    Turn("seal_traffic", 900),
    Turn("watch_unbooked_ports", 60),
    Turn("settle_guests", 60),
    Turn("match_bank_entries", 5),
    Turn("send_card_refunds", 30),
    Turn("submit_einvoices", 10),
    Turn("mind_services", 600),
    Turn("tell_maintenance", 1800),
    Turn("review_alerts", 15),
    Turn("deliver_alerts", 5),
    Turn("push_alerts", 60),
    Turn("roll_up_readings", 60),
    Turn("keep_readings", 3600),
    Turn("sweep_configurations", 3600),
    Turn("sweep", 3600),
)


def turns(settings: Settings) -> list[Turn]:
    """All that comes round in an installation."""
    return [
        Turn("poll", settings.poll_seconds, each_site=True),
        Turn("collect_evidence", settings.evidence_minutes * 60, each_site=True),
        *STEADY,
    ]


def come_round(link: psycopg.Connection, turn: Turn) -> None:
    """Put the turn's jobs into the queue."""
    if not turn.each_site:
        jobs.defer(link, turn.task)
        return
    for (site,) in link.execute("SELECT slug FROM site ORDER BY slug").fetchall():
        jobs.defer(link, turn.task, site)


class Clock:
    """A thread that becomes the clock when it can, and stands by otherwise."""

    def __init__(self, settings: Settings, *, on_change: Callable[[bool], None] | None = None):
        """`on_change` is told True when this becomes the clock, False when it no longer is."""
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="clock", daemon=True)
        self._on_change = on_change or (lambda _is_clock: None)

    def start(self) -> None:
        """Begin to stand by."""
        self._thread.start()

    def stop(self) -> None:
        """Give the lock back and end; waits until it is done."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _live(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(jobs.libpq_url(self._settings), autocommit=True) as link:
                    for limit in KEEPALIVES:
                        link.execute(limit)
                    self._stand_by(link)
            except Exception as gone:
                # Whatever it was, a worker without its clock would look well and do nothing.
                log.warning("clock stopped; trying again", problem=str(gone).strip(), exc_info=gone)
                self._stop.wait(STAND_BY_SECONDS)

    def _stand_by(self, link: psycopg.Connection) -> None:
        while not self._stop.is_set():
            row = link.execute("SELECT pg_try_advisory_lock(%s)", (CLOCK_LOCK,)).fetchone()
            if row is not None and row[0]:
                self._tick(link)
            self._stop.wait(STAND_BY_SECONDS)

    def _tick(self, link: psycopg.Connection) -> None:
        """Be the clock until told to stop, or until the connection ends (which raises)."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for turn in turns(self._settings):
            scheduler.add_job(come_round, "interval", seconds=turn.seconds, args=(link, turn))
        log.info("this worker is the clock")
        self._on_change(True)
        try:
            for turn in turns(self._settings):
                come_round(link, turn)
            scheduler.start()
            while not self._stop.wait(STAND_BY_SECONDS):
                link.execute("SELECT 1")
        finally:
            if scheduler.running:
                scheduler.shutdown(wait=False)
            self._on_change(False)
