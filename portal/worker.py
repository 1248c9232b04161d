"""The worker: runs jobs, and stands by to be the clock."""

import asyncio
import time
from collections.abc import Iterable

import psycopg
from flask import Flask
from procrastinate.app import WorkerOptions
from sqlalchemy.exc import OperationalError

from config import logs
from config.errors import Unreachable
from config.settings import Settings
from portal import jobs, rounds, shape  # noqa: F401  # rounds registers its tasks
from portal.app import create_app
from portal.clock import Clock

log = logs.get(__name__)

CONCURRENCY = 6
# What runs when we are told to stop gets this long to end well.
GRACE_SECONDS = 8.0
SCHEMA_SECONDS = 60.0


class NoSchema(Unreachable):
    """The database was not made ready in time; run `media-center upgrade`."""


def _is_ready(service: Flask) -> bool:
    with service.app_context():
        try:
            return shape.is_current()
        except OperationalError as silent:
            # After a power cut everything starts at once, and the database takes longest.
            log.warning("database does not answer yet", problem=str(silent.orig).strip())
            return False


def await_schema(service: Flask, seconds: float = SCHEMA_SECONDS) -> None:
    """Wait for whoever upgrades the database; raises NoSchema when nobody does."""
    until = time.monotonic() + seconds
    while not _is_ready(service):
        if time.monotonic() > until:
            raise NoSchema
        time.sleep(0.2)


def queues_for(settings: Settings, site: str | None, without: Iterable[str]) -> list[str] | None:
    """The queues to serve: one site's, or all but some sites'; None is every queue.

    `without` names the sites whose own workers poll them.
    """
    if site is not None:
        return [jobs.queue_of(site)]
    absent = set(without)
    if not absent:
        return None
    with psycopg.connect(jobs.libpq_url(settings)) as link:
        known = [slug for (slug,) in link.execute("SELECT slug FROM site").fetchall()]
    return [jobs.CENTRE, *(jobs.queue_of(slug) for slug in known if slug not in absent)]


def _options(service: Flask, queues: list[str] | None) -> WorkerOptions:
    options: WorkerOptions = {
        "concurrency": CONCURRENCY,
        "delete_jobs": "successful",
        "shutdown_graceful_timeout": GRACE_SECONDS,
        "update_heartbeat_interval": jobs.HEARTBEAT_SECONDS,
        "stalled_worker_timeout": jobs.DEAD_AFTER_SECONDS,
        "task_middleware": [jobs.in_service(service)],
    }
    if queues is not None:
        options["queues"] = queues
    return options


async def _serve(settings: Settings, options: WorkerOptions) -> None:
    with jobs.connected_to(settings, connections=4) as queue:
        async with queue.open_async():
            await queue.run_worker_async(**options)


def work(settings: Settings, site: str | None = None, without: Iterable[str] = ()) -> None:
    """Run jobs until SIGTERM or SIGINT; what runs then is finished or put back."""
    service = create_app(settings)
    await_schema(service)
    queues = queues_for(settings, site, without)
    clock = Clock(settings)
    clock.start()
    log.info("worker started", queues=queues)
    try:
        asyncio.run(_serve(settings, _options(service, queues)))
    finally:
        clock.stop()
        log.info("worker stopped")
