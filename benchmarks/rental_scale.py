"""What a long history costs: `python -m benchmarks.rental_scale [BOOKINGS …]`.

1 000 resources, 10 000 members, and 10 000, 50 000, 100 000, 500 000 bookings one after another (or
the numbers given), asked over HTTP of `media-center web` as production runs it by one client that
waits for each answer. Every day that is looked at holds a booking of every resource, whatever the
number: what grows is history alone. Beside the time that passed stands the processor time that
server and database spent on the request: on a machine that others use too it is the steadier one.
"""

import itertools
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import rental_asking, rental_seeding
from benchmarks.http_bookings import database_pid, service
from benchmarks.rental_asking import Question, Visitors
from benchmarks.seeding import plain
from benchmarks.server_time import family, spent_by
from config import embedded
from config.settings import Settings

SIZES = (10_000, 50_000, 100_000, 500_000)
# Every worker has to see a question before it is measured.
WARM, TIMES, FEW = 8, 40, 12

# One number a wish over the whole run, so that no two ask for the same hall and hour.
numbers = itertools.count()


@dataclass(frozen=True)
class Row:
    """One question at one size: milliseconds each time, the answer in bytes."""

    question: Question
    wall: list[float]
    cpu: list[float]
    size: int

    def printed(self, bookings: int) -> str:
        """The row in Markdown."""
        told = (_quantile(times, share) for times in (self.wall, self.cpu) for share in (0.5, 0.95))
        figures = " | ".join(f"{figure:.1f}" for figure in told)
        goal = self.question.goal or ""
        return (
            f"| {bookings:,} | {self.question.name} | {figures} | {self.size / 1000:.0f} | {goal} |"
        )


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def measured(question: Question, roots: tuple[int, ...], times: int) -> Row:
    """The same question so often, after a few that do not count."""
    for _ in range(WARM if times == TIMES else 2):
        size = question.ask(next(numbers))
    pids = family(*roots)
    wall, cpu = [], []
    for _ in range(times):
        before, began = spent_by(pids), time.perf_counter()
        size = question.ask(next(numbers))
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append(spent_by(pids) - before)
    return Row(question, wall, cpu, size)


def asked(url: str, database: int, tokens: dict[str, str]) -> Iterator[Row]:
    """Every question, of a service just started."""
    with service(url) as (port, pid):
        who = Visitors(
            member=rental_asking.signed_in(port, rental_seeding.MEMBER),
            desk=rental_asking.signed_in(port, rental_seeding.DESK),
            program=rental_asking.by_token(port, tokens["desk"]),
        )
        for question in rental_asking.reading(who):
            yield measured(question, (pid, database), TIMES)
        booking, series = rental_asking.writing(who)
        yield measured(booking, (pid, database), TIMES)
        yield measured(series, (pid, database), FEW)


def main() -> None:
    """Print one table in Markdown, row by row as it is measured."""
    sizes = [int(word.replace("_", "")) for word in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory(prefix="media-center-scale-") as folder:
        data = Path(folder) / "data"
        with embedded.serve(data, {"max_connections": "120"}) as url:
            settings = Settings(database_url=url, data=data, log_level="ERROR")
            tokens = rental_seeding.catalogue(url, settings)
            database = database_pid(data)
            load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
            print(f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}\n")
            print("| bookings | question | p50 ms | p95 ms | CPU p50 ms | CPU p95 ms | kB | goal |")
            print("|---|---|---|---|---|---|---|---|")
            stored = 0
            for size in sizes:
                rental_seeding.book(url, stored + 1, size)
                stored = size
                for row in asked(plain(url), database, tokens):
                    print(row.printed(size), flush=True)


if __name__ == "__main__":
    main()
