"""The queue, the clock and the worker on a real database."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from config import clock as house_clock
from config.database import db, transaction
from portal import jobs, rounds  # noqa: F401  # rounds registers its tasks
from portal.clock import CLOCK_LOCK, Clock, Turn, come_round, turns
from portal.models import SignInAttempt
from portal.worker import _options, queues_for
from rental.models import Booking, BookingStatus
from tests.build import a_booking, a_hall, a_site


@pytest.fixture
def settings(service):
    return service.extensions["settings"]


@pytest.fixture
def link(settings):
    with psycopg.connect(jobs.libpq_url(settings), autocommit=True) as opened:
        yield opened


def waiting(link):
    return sorted(
        link.execute(
            "SELECT task_name, queue_name FROM procrastinate_jobs WHERE status = 'todo'"
        ).fetchall()
    )


def work_off(settings, service, more=None):
    """Run a worker until the queue is empty."""
    options = {**_options(service, None), "wait": False, "listen_notify": False, **(more or {})}
    options["install_signal_handlers"] = False

    async def run():
        with jobs.connected_to(settings, connections=4) as queue:
            async with queue.open_async():
                await queue.run_worker_async(**options)

    # A worker has its threads to itself; so that the test's context is not shared, another one.
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()


@contextmanager
def ticking(settings, changes=None):
    told = threading.Event()

    def on_change(is_clock):
        if changes is not None:
            changes.append(is_clock)
        if is_clock:
            told.set()

    clock = Clock(settings, on_change=on_change)
    clock.start()
    try:
        yield told
    finally:
        clock.stop()


def test_polls_wait_in_the_queue_of_their_site_and_do_not_pile_up(service, link):
    with transaction():
        a_site(slug="hue")
        a_site(slug="can-tho")
    for _turn in range(3):
        come_round(link, Turn("poll", 30, each_site=True))
    assert waiting(link) == [("poll", "site-can-tho"), ("poll", "site-hue")]


def test_a_job_deferred_in_a_transaction_that_fails_never_was(service, settings):
    with psycopg.connect(jobs.libpq_url(settings)) as link:
        assert jobs.defer(link, "sweep")
        assert not jobs.defer(link, "sweep")  # the first one waits; the transaction lives on
        assert link.execute("SELECT 1").fetchone() == (1,)
        link.rollback()
        assert waiting(link) == []


def test_every_turn_of_the_clock_has_its_task(settings):
    assert {turn.task for turn in turns(settings)} <= set(jobs.queue.tasks)


def test_the_worker_frees_what_nobody_answered(service, settings, link):
    past = house_clock.now() - timedelta(days=1)
    with transaction():
        booking_id = a_booking(a_hall(), status=BookingStatus.REQUESTED, expires_at=past).id
    jobs.defer(link, "expire_bookings")
    work_off(settings, service)
    db.session.expire_all()
    assert db.session.get(Booking, booking_id).status is BookingStatus.EXPIRED
    assert waiting(link) == []


def test_the_worker_sweeps(service, settings, link):
    with transaction():
        db.session.add(
            SignInAttempt(email="a", address="b", last_at=house_clock.now() - timedelta(days=2))
        )
    jobs.defer(link, "sweep")
    work_off(settings, service)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


def test_a_site_without_devices_is_polled_in_peace(service, settings, link):
    with transaction():
        a_site(slug="hue")
    for task in ("poll", "collect_evidence"):
        jobs.defer(link, task, "hue")
    jobs.defer(link, "end_waivers")
    work_off(settings, service)
    failed = link.execute("SELECT task_name FROM procrastinate_jobs").fetchall()
    assert failed == []


def test_the_job_of_a_dead_worker_is_taken_up_again(service, settings, link):
    jobs.defer(link, "sweep")
    # Its worker was killed: the job stands as being done, by nobody.
    link.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")
    jobs.defer(link, "revive")
    # The worker that puts it back may do it at once, or leave it to the next.
    for _turn in range(2):
        work_off(settings, service)
    assert waiting(link) == []
    left = link.execute("SELECT status FROM procrastinate_jobs WHERE task_name = 'sweep'")
    assert [status for (status,) in left.fetchall() if status != "succeeded"] == []


def test_where_a_successor_waits_the_job_of_the_dead_is_given_up(service, settings, link):
    jobs.defer(link, "poll", "hue")
    link.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")
    jobs.defer(link, "poll", "hue")
    jobs.defer(link, "revive")
    options = {"queues": ["centre"]}
    work_off(settings, service, options)
    states = link.execute("SELECT status FROM procrastinate_jobs ORDER BY id").fetchall()
    assert states == [("failed",), ("todo",)]


def test_a_job_that_killed_three_workers_is_not_tried_again(service, settings, link):
    jobs.defer(link, "sweep")
    link.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = 3")
    jobs.defer(link, "revive")
    work_off(settings, service)
    assert link.execute("SELECT task_name, status FROM procrastinate_jobs").fetchall() == [
        ("sweep", "failed")
    ]


def test_one_worker_is_the_clock_and_another_takes_over(service, settings, link):
    first_says, second_says = [], []
    with ticking(settings, first_says) as first:
        assert first.wait(5)
        with ticking(settings, second_says) as second:
            assert not second.wait(2.5)
            holder = link.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted",
                (CLOCK_LOCK,),
            ).fetchone()
            # As if the first worker's machine were gone.
            link.execute("SELECT pg_terminate_backend(%s)", holder)
            assert second.wait(5) or len(first_says) >= 2
    assert ("sweep", "centre") in waiting(link)
    assert first_says[0] is True
    assert False in first_says


def test_a_stopped_clock_leaves_no_lock(service, settings, link):
    with ticking(settings) as told:
        assert told.wait(5)
    row = link.execute("SELECT pg_try_advisory_lock(%s)", (CLOCK_LOCK,)).fetchone()
    assert row == (True,)


@pytest.mark.parametrize(
    ("site", "without", "queues"),
    [
        (None, (), None),  # all there are, also those to come
        ("hue", (), ["site-hue"]),
        (None, ("hue",), ["centre", "site-can-tho"]),
    ],
)
def test_a_worker_serves_its_site_or_what_the_sites_leave(service, settings, site, without, queues):
    with transaction():
        a_site(slug="hue")
        a_site(slug="can-tho")
    assert queues_for(settings, site, without) == queues


def test_the_worker_stops_when_told_and_leaves_no_row(service, settings, link):
    environment = {
        **os.environ,
        "DATABASE_URL": jobs.libpq_url(settings),
        "MEDIA_CENTER_DATA": str(settings.data),
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", "worker"], env=environment, stderr=subprocess.PIPE
    )
    workers = "SELECT count(*) FROM procrastinate_workers"
    until = time.monotonic() + 20
    while link.execute(workers).fetchone() == (0,):
        assert worker.poll() is None, worker.stderr.read().decode()
        assert time.monotonic() < until
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert link.execute(workers).fetchone() == (0,)
    assert b"Traceback" not in worker.stderr.read()
