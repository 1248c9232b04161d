"""PDFs for many invoices: `python -m benchmarks.documents [INVOICES] [PROCESSES …]`.

Invoices of eight lines in three VAT groups are issued, then each is drawn as A4 with its
VietQR code, by one process and by two. CPU is that of the drawing processes.
"""

import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from benchmarks import billed_seeding
from billing import invoices
from billing.documents import invoice_pdf
from billing.models import Invoice
from config import embedded
from config.database import db, transaction
from config.settings import Settings
from portal.app import create_app
from rental.models import Booking

INVOICES = 10_000


def draw(url: str, data: str, number: int, of: int) -> tuple[int, float, list[float], int]:
    """Draw every `of`-th invoice: how many, CPU seconds, seconds each, bytes in all."""
    with create_app(_settings(url, data)).app_context():
        ids = db.session.scalars(
            sa.select(Invoice.id).where(Invoice.id % of == number).order_by(Invoice.id)
        ).all()
        began, each, size = time.process_time(), [], 0
        for invoice_id in ids:
            start = time.perf_counter()
            drawn = invoice_pdf(invoices.get(invoice_id))
            each.append(time.perf_counter() - start)
            size += len(drawn)
            db.session.rollback()
            assert drawn.startswith(b"%PDF")
        return len(ids), time.process_time() - began, each, size


def _settings(url: str, data: str) -> Settings:
    return Settings(database_url=url, data=Path(data), log_level="ERROR")


def _issue() -> None:
    for booking_id in db.session.scalars(sa.select(Booking.id).order_by(Booking.id)).all():
        with transaction():
            booking = db.session.get_one(Booking, booking_id)
            invoices.issue(invoices.draft_for(booking), by=None)


def measured(url: str, data: str, processes: int) -> None:
    """Print a row of the table."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawned) as pool:
        list(pool.map(time.sleep, [0.1] * processes))
        began = time.perf_counter()
        jobs = [pool.submit(draw, url, data, number, processes) for number in range(processes)]
        found = [job.result() for job in jobs]
        wall = time.perf_counter() - began
    count, cpu = sum(one[0] for one in found), sum(one[1] for one in found)
    median = statistics.median(second for one in found for second in one[2])
    size = sum(one[3] for one in found)
    print(
        f"| {processes} | {count} | {wall:.0f} s | {count / wall * 60:.0f} "
        f"| {median * 1000:.1f} ms | {cpu / count * 1000:.1f} ms | {size / count / 1000:.0f} kB |"
    )


def main(count: int = INVOICES, *processes: int) -> None:
    """Print the table."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}")
    print("| processes | invoices | wall | a minute | p50 each | CPU each | size |")
    print("|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory(prefix="media-center-bench-") as folder,
        embedded.serve(Path(folder)) as url,
    ):
        billed_seeding.fill(url, Path(folder), count)
        with create_app(_settings(url, folder)).app_context():
            _issue()
            for each in processes or (1, 2):
                measured(url, folder, each)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
