"""What the worker does outside of requests, as jobs of a queue that lives in PostgreSQL.

A job's arguments are ids and slugs, never secrets. `queueing_lock` lets only one job of a kind
wait, so that slow cycles do not pile up; `lock` lets only one of them run, on whatever machine.
Polls of a site wait in the queue of that site, so that a worker inside it can take them.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask, current_app
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from config import clock, logs
from config.database import transaction
from config.errors import Unreachable
from config.settings import Settings
from monitoring import enforcement, evidence, polling, waivers
from monitoring.alerts import deliveries
from monitoring.polling import PollPlan
from portal import idempotency, keys, notices, throttle
from rental import bookings, units

log = logs.get(__name__)

CENTRE = "centre"
# A worker that was silent for this long is dead, and its jobs are taken up by others.
HEARTBEAT_SECONDS = 5.0
DEAD_AFTER_SECONDS = 20.0
# What killed its worker so often will do it again.
LIVES = 3
KEEP_FAILED_HOURS = 7 * 24

# The connector comes when a worker starts: `connected_to` puts it in.
queue = App(connector=PsycopgConnector())
_by_hand = JobManager(SyncPsycopgConnector())


def queue_of(site: str) -> str:
    """The queue whose jobs must run where the site's devices can be reached."""
    return f"site-{site}"


def libpq_url(settings: Settings) -> str:
    """The database address as psycopg writes it."""
    return (settings.database_url or "").replace("postgresql+psycopg://", "postgresql://", 1)


def connected_to(settings: Settings, connections: int) -> AbstractContextManager[App]:
    """The queue of an installation, for a worker with so many connections at most."""
    return queue.replace_connector(
        PsycopgConnector(conninfo=libpq_url(settings), min_size=1, max_size=connections)
    )


def defer(
    link: psycopg.Connection, task: str, site: str | None = None, device: int | None = None
) -> bool:
    """Put a job into the queue on this connection, within its transaction if it has one.

    False where such a job waits already: it will do the work of both.
    """
    about = {"site": site} if site else {}
    told: dict[str, str | int] = {**about, **({"device": device} if device is not None else {})}
    name = ":".join([task, *map(str, told.values())])
    deferrer = configure_task(
        name=task,
        job_manager=_by_hand,
        queue=queue_of(site) if site else CENTRE,
        # What revives the jobs of the dead must not wait for a dead one of its own kind.
        lock=None if task == "revive" else name,
        queueing_lock=name,
        connection=link,
    )
    if not link.autocommit:
        # Begin the caller's transaction, so that ours below is a savepoint within it.
        link.execute("SELECT 1")
    try:
        with link.transaction():
            deferrer.defer(**told)
    except AlreadyEnqueued:
        return False
    return True


def in_service(service: Flask) -> Callable[[Callable[[], Any], JobContext, Any], Any]:
    """Runs each job inside an application context of its own."""

    def run(call: Callable[[], Any], context: JobContext, _worker: Any) -> Any:
        with service.app_context(), logs.bound(job=context.job.task_name, job_id=context.job.id):
            return call()

    return run


def settings_here() -> Settings:
    """The settings of the service this job runs in."""
    settings: Settings = current_app.extensions["settings"]
    return settings


@queue.task(name="poll")
def poll(site: str) -> None:
    """Ask the devices of a site that are due and record what they say."""
    settings = settings_here()
    with transaction():
        site_id = units.site(site).id
    plan = PollPlan(
        interval_seconds=settings.poll_seconds, timeout_seconds=settings.poll_timeout_seconds
    )
    summary = polling.poll_site(site_id, keys.keyring(settings), plan)
    log.info(
        "polled",
        site=site,
        asked=summary.asked,
        answered=summary.answered,
        seconds=round(summary.seconds, 1),
        elsewhere=bool(summary.elsewhere),
    )


@queue.task(name="collect_evidence")
def collect_evidence(site: str) -> None:
    """Read the configurations of a site's devices and judge them by the policies."""
    with transaction():
        site_id = units.site(site).id
    totals = evidence.collect_site(site_id, keys.keyring(settings_here()))
    # Not by the words of the results: `pass` would be hidden as a password is.
    found = ", ".join(f"{count} {result}" for result, count in sorted(totals.items()))
    log.info("evidence collected", site=site, findings=found or "none")


@queue.task(name="judge_device")
def judge_device(site: str, device: int) -> None:
    """Read and judge one device because somebody wants to know now."""
    with transaction():
        site_id = units.site(site).id
    evidence.collect_site(site_id, keys.keyring(settings_here()), only=device)


@queue.task(name="end_waivers")
def end_waivers() -> None:
    """Open again what is waived no longer, and close what that takes off the calendar."""
    with transaction():
        over = waivers.end_over()
        enforcement.settle_all([violation.device for violation in over])
    with transaction():
        enforcement.bring_forward()


@queue.task(name="expire_bookings")
def expire_bookings() -> None:
    """Free the stock of requests nobody answered in time."""
    with transaction():
        expired = bookings.expire_overdue()
    if expired:
        log.info("bookings expired", count=len(expired))


@queue.task(name="send_notices")
def send_notices() -> None:
    """Send the mail that is due; a silent mail server is met again at the next turn."""
    try:
        sent = notices.send_due(settings_here())
    except Unreachable as away:
        log.warning("mail server unreachable", problem=away.message)
        return
    if sent:
        log.info("notices sent", count=sent)


@queue.task(name="sweep")
def sweep() -> None:
    """Delete what has served its time: counts of failed sign-ins, first answers, alerts told."""
    oldest = clock.now() - timedelta(days=settings_here().readings_days)
    with transaction():
        attempts, answers = throttle.sweep(), idempotency.sweep()
    with transaction():
        messages = deliveries.sweep(oldest)
    log.info("swept", attempts=attempts, answers=answers, messages=messages)


@queue.task(name="revive", pass_context=True)
async def revive(context: JobContext) -> None:
    """Put back the jobs of workers that died, and forget old failures."""
    jobs = context.app.job_manager
    for stalled in await jobs.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        if stalled.id != context.job.id:
            await _put_back(jobs, stalled)
    await jobs.delete_old_jobs(
        nb_hours=KEEP_FAILED_HOURS,
        include_failed=True,
        include_cancelled=True,
        include_aborted=True,
    )


async def _put_back(jobs: JobManager, stalled: Job) -> None:
    log.warning("job of a dead worker", task=stalled.task_name, attempts=stalled.attempts)
    if stalled.attempts < LIVES:
        # Where its successor waits already, the successor does the work.
        with suppress(UniqueViolation, AlreadyEnqueued):
            await jobs.retry_job(stalled, retry_at=clock.now())
            return
    await jobs.finish_job(stalled, Status.FAILED, delete_job=False)
