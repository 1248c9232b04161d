"""Invoices for many bookings: `python -m benchmarks.invoicing [BOOKINGS] [UNITS]`.

10 000 bookings of eight lines in three VAT groups, drafted and issued with number and snapshot,
each invoice in a transaction of its own: by the invoice run and one by one, with one and with four
processes over the same database. At the end the books must reconcile.
"""

import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from benchmarks import billed_seeding
from billing import invoice_runs, invoices, reconciling
from billing.invoice_runs import NewRun
from billing.models import Charge, Invoice, InvoiceLine
from config import clock, embedded
from config.database import db, transaction
from config.settings import Settings
from portal.app import create_app
from portal.rounds import invoice_runs as rounds
from rental.models import Booking

PROCESSES = (1, 4)
Work = Callable[[str, str, int, int], float]


def by_run(url: str, data: str, number: int, of: int) -> float:  # noqa: ARG001  # all share one run
    """Work on the run that waits; seconds of processor time."""
    with create_app(_settings(url, data)).app_context():
        began = time.process_time()
        rounds.work()
        return time.process_time() - began


def one_by_one(url: str, data: str, number: int, of: int) -> float:
    """Draft and issue every `of`-th booking; seconds of processor time."""
    with create_app(_settings(url, data)).app_context():
        ids = db.session.scalars(
            sa.select(Booking.id).where(Booking.id % of == number).order_by(Booking.id)
        ).all()
        db.session.rollback()
        began = time.process_time()
        for booking_id in ids:
            with transaction():
                draft = invoices.draft_for(db.session.get_one(Booking, booking_id))
                invoices.issue(draft, by=None)
        return time.process_time() - began


def _settings(url: str, data: str) -> Settings:
    return Settings(database_url=url, data=Path(data), log_level="ERROR")


def _begun() -> None:
    with transaction():
        invoice_runs.start(NewRun(clock.yesterday(), issues=True), by=None)


def _measured(name: str, work: Work, place: tuple[str, str], processes: int) -> None:
    """Run it, print a row of the table and look at the books."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawned) as pool:
        # Every process has imported the service before the clock starts.
        list(pool.map(time.sleep, [0.1] * processes))
        began = time.perf_counter()
        each = [pool.submit(work, *place, number, processes) for number in range(processes)]
        cpu = sum(one.result() for one in each)
        wall = time.perf_counter() - began
    counted = sa.select(sa.func.count(Invoice.id)).where(Invoice.number.is_not(None))
    issued = db.session.scalar(counted) or 0
    highest = db.session.scalar(sa.select(sa.func.max(Invoice.number)))
    lines = db.session.scalar(sa.select(sa.func.count(InvoiceLine.id)))
    wrong = len(reconciling.differences())
    db.session.rollback()
    print(
        f"| {name}, {processes} | {issued} | {wall:.1f} s | {issued / wall:.0f} "
        f"| {wall / issued * 1000:.1f} ms | {cpu / issued * 1000:.1f} ms |"
    )
    assert (highest, lines, wrong) == (issued, issued * billed_seeding.LINES, 0)


def _forgotten() -> None:
    """The charges wait again, and no number was taken."""
    with transaction():
        db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        db.session.execute(sa.update(Charge).values(invoice_id=None))
        for table in (
            "submission",
            "invoice_line",
            "invoice",
            "number_counter",
            "invoice_run_unit",
            "invoice_run",
        ):
            db.session.execute(sa.text(f"DELETE FROM {table}"))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        link.execute(sa.text("VACUUM ANALYZE"))


def main(bookings: int = 10_000, units: int = billed_seeding.UNITS) -> None:
    """Print the table."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}; {units} units")
    print("| how, processes | invoices | wall | a second | an invoice | CPU an invoice |")
    print("|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory(prefix="media-center-bench-") as folder,
        embedded.serve(Path(folder), {"max_connections": "60"}) as url,
    ):
        billed_seeding.fill(url, Path(folder), bookings, units)
        with create_app(_settings(url, folder)).app_context():
            for processes in PROCESSES:
                _begun()
                _measured("invoice run", by_run, (url, folder), processes)
                _forgotten()
                _measured("one by one", one_by_one, (url, folder), processes)
                _forgotten()
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
