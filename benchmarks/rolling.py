"""What kept readings cost: an hour stored, rolled up, and a year of one interface drawn.

python -m benchmarks.rolling 1000
"""

import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from flask import Flask

from benchmarks.scraping import seed
from config import clock, embedded
from config.database import db, transaction
from monitoring import charts, discovery, partitions, readings, rolling, rollups
from monitoring.charts import Level
from monitoring.models import Device, RollupLevel
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Port, Reading, Store
from portal import schema
from rental.period import Period

PORTS, POLL_SECONDS, BUSY = 18, 30, 6
TIMES = 7
LAYOUT = Layout(
    name="sw",
    ports=tuple(
        Port(n, f"Gi0/{n}", None, None, 10**9, 1500, None, True) for n in range(1, PORTS + 1)
    ),
    cores=tuple(Core(n, f"cpu {n}") for n in range(4)),
    stores=tuple(Store(n, f"disk {n}", 4096) for n in range(2)),
)
SIZES = """
SELECT coalesce(sum(pg_total_relation_size(relid)), 0) FROM pg_partition_tree(:table)
"""


def polls(ids: list[int], layout_id: int, count: int) -> Iterator[list[tuple[Outcome, int]]]:
    """So many polls of every device, poll by poll; a third of the ports carries traffic."""
    chance = random.Random(7)  # figures that look measured, no secrets
    start = rolling.floor(clock.now(), rolling.HOUR) - timedelta(hours=2)
    octets = {each: [0.0] * PORTS for each in ids}
    for nth in range(count):
        at = start + timedelta(seconds=POLL_SECONDS * nth)
        outcomes = []
        for each in ids:
            told: list[float] = []
            for port in range(PORTS):
                if port < BUSY:
                    octets[each][port] += chance.randrange(10**6, 10**9)
                told += (1.0, 1.0, octets[each][port], octets[each][port] / 3, 0.0, 0.0)
            told += (chance.randrange(100), 7.0, 9.0, 11.0, 1000.0, 400.0, 1000.0, 500.0)
            reading = Reading(LAYOUT, at, 1e6 + POLL_SECONDS * nth, told)
            outcomes.append((Outcome(Target("", device_id=each), at, 0.01, reading), layout_id))
        yield outcomes


def size(table: str) -> float:
    """Megabytes of a table with its indexes and partitions."""
    return float(db.session.scalar(sa.text(SIZES), {"table": table}) or 0) / 1e6


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - began, time.process_time() - cpu


def store_an_hour(ids: list[int], layout_id: int) -> None:
    """Print what an hour of polls takes to be kept."""
    wall = cpu = 0.0
    count = 3600 // POLL_SECONDS
    for outcomes in polls(ids, layout_id, count):
        with transaction():
            spent = timed(lambda some=outcomes: readings.store(some))
        wall, cpu = wall + spent[0], cpu + spent[1]
    rows = len(ids) * count
    print(f"stored {rows} polls: {wall:.1f} s, {cpu / rows * 1000:.3f} CPU s per 1 000 polls,")
    print(f"  {size('reading') / rows * 1e6:.0f} bytes a poll with its index", flush=True)


def roll_up(ids: list[int]) -> None:
    """Print what that hour takes to be rolled up."""
    now = clock.now()
    for level, table in (
        (RollupLevel.FIVE_MINUTES, "rollup_five_minutes"),
        (RollupLevel.HOUR, "rollup_hour"),
    ):
        made = 0

        def all_of_it(level: RollupLevel = level) -> None:
            nonlocal made
            while (more := rollups.advance(level, now)) is not None:
                made += more

        wall, cpu = timed(all_of_it)
        kept = size(table)
        print(
            f"rolled {level.value}: {made} buckets of {len(ids)} devices, {wall:.2f} s,"
            f" {cpu:.2f} CPU s, {kept / max(made, 1) * 1e6:.0f} bytes a bucket",
            flush=True,
        )


def a_year(device: Device, layout_id: int) -> None:
    """Print what a year of one interface takes to be drawn, from hours, and shorter spans."""
    until = rolling.floor(clock.now(), rolling.HOUR)
    stats = rollups.Reals([1.0, 0.5, 2.0] * len(rolling.series_of(LAYOUT)))
    for table, span, length, more in (
        ("rollup_hour", rolling.HOUR, timedelta(days=365), ()),
        ("rollup_five_minutes", rolling.FIVE_MINUTES, timedelta(days=14), (until, 1.0, [1.0])),
    ):
        columns = rollups.FIVE_MINUTE_COLUMNS if more else rollups.HOUR_COLUMNS
        first = until - timedelta(hours=3)
        rows = (
            (device.id, first - span * n, layout_id, 120, stats, *more)
            for n in range(int(length / span))
        )
        with transaction():
            rollups.write_rows(table, columns, rows)
    for word, length, level in (
        ("a year", timedelta(days=365), Level.HOUR),
        ("14 days", timedelta(days=14), Level.FIVE_MINUTES),
        ("6 hours", timedelta(hours=6), Level.POLL),
    ):
        period = Period(until - length, until)
        spent = [
            timed(lambda p=period, at=level: charts.lines(device, "port:Gi0/1", p, at))
            for _ in range(TIMES)
        ]
        wall, cpu = (median(each) * 1000 for each in zip(*spent, strict=True))
        print(f"drawn {word} from {level.value}: {wall:.0f} ms, {cpu:.0f} ms CPU", flush=True)


def main() -> None:
    """Print what so many devices cost."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        app = Flask("rolling")
        app.config.update(SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        with app.app_context():
            with db.engine.begin() as link:
                schema.upgrade_on(link)
            for parted in partitions.ALL:
                partitions.make_ahead(parted, clock.now() - timedelta(days=1))
            ids = seed(count)
            with transaction():
                layout_id = discovery.keep([LAYOUT])[LAYOUT.digest]
            store_an_hour(ids, layout_id)
            roll_up(ids)
            device = db.session.get_one(Device, ids[0])
            a_year(device, layout_id)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
