"""Bookings over HTTP: `python -m benchmarks.http_bookings [SECONDS]`.

Creates bookings with 1, 8 and 32 clients against `media-center web` as production runs it, beside
PostgreSQL alone and a bare Flask insert on the same machine; then reads the calendar of 200 halls
with 100 000 bookings stored. CPU is that of all processes of server and database (psutil), not of
the clients, which share the machine.
"""

import http.client
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from benchmarks import bare_flask, seeding
from benchmarks.seeding import HALLS, plain
from config import embedded
from config.settings import Settings
from tests.api.serving import free_port

CLIENTS = (1, 8, 32)
READS = 60
# After the year that is filled: every hall is free, every two hours and a half.
EMPTY = datetime.fromisoformat("2032-01-01T00:00:00+07:00")
STEP = timedelta(hours=2, minutes=30)

Deed = Callable[[int], bool]


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str
    per_second: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float


def wish(number: int) -> dict[str, object]:
    """The body of the nth booking: a hall and period nobody else asks for."""
    starts_at = EMPTY + STEP * (number // HALLS)
    return {
        "title": "Họp báo thường kỳ",
        "event_kind": "conference",
        "attendees": 80,
        "lines": [
            {
                "resource": f"H{100 + number % HALLS}",
                "quantity": 1,
                "starts_at": starts_at.isoformat(),
                "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
            }
        ],
    }


def family(*roots: int) -> list[psutil.Process]:
    """The processes and all their children."""
    found = [psutil.Process(root) for root in roots]
    return [*found, *(child for one in found for child in one.children(recursive=True))]


def cpu_seconds(roots: tuple[int, ...]) -> float:
    """User and system time that these families have used; a process that ended counts no more."""
    total = 0.0
    for process in family(*roots):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


# One number a wish over the whole run, so that no two ask for the same hall and hour.
numbers = itertools.count()


def measured(name: str, deeds: list[Deed], roots: tuple[int, ...], seconds: float) -> Row:
    """Every deed again and again, one thread each, for so many seconds."""
    waits: list[float] = []
    until = time.perf_counter() + seconds

    def one(deed: Deed) -> list[float]:
        mine = []
        while (began := time.perf_counter()) < until:
            if not deed(next(numbers)):
                raise RuntimeError(f"{name}: refused")
            mine.append((time.perf_counter() - began) * 1000)
        return mine

    before, began = cpu_seconds(roots), time.perf_counter()
    with ThreadPoolExecutor(len(deeds)) as pool:
        for mine in pool.map(one, deeds):
            waits.extend(mine)
    took, used = time.perf_counter() - began, cpu_seconds(roots) - before
    return Row(
        name,
        len(waits) / took,
        used * 1000 / len(waits),
        statistics.median(waits),
        statistics.quantiles(waits, n=20)[-1],
    )


@contextmanager
def gunicorn(arguments: list[str], environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A server on a free port: the port and its process id."""
    port = free_port()
    server = subprocess.Popen(
        [word.replace("PORT", str(port)) for word in arguments],
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,  # a log line a request is written, and thrown away
    )
    try:
        for _ in range(300):
            try:
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                link.request("GET", "/healthz")
                link.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


def poster(port: int, path: str, tokens: list[str]) -> Deed:
    """A client with a connection of its own that books once a call, for one unit after another."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def book(number: int) -> bool:
        token = tokens[number % len(tokens)]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        link.request("POST", path, json.dumps(wish(number)), headers)
        answer = link.getresponse()
        answer.read()
        return answer.status == 201

    return book


def inserter(address: str) -> Deed:
    """A connection that inserts once a call, committed."""
    link = psycopg.connect(address, autocommit=True)
    insert = bare_flask.INSERT.format("%(", ")s")

    def book(number: int) -> bool:
        line = wish(number)["lines"][0]  # type: ignore[index]
        row = {**line, "resource": int(line["resource"][1:]), "title": "x"}
        return link.execute(insert, row).fetchone() is not None

    return book


def created(address: str, database: int, tokens: list[str], seconds: float) -> Iterator[Row]:
    """PostgreSQL alone, a bare Flask insert, and the service."""
    with psycopg.connect(address, autocommit=True) as link:
        link.execute(bare_flask.TABLE)
    for clients in CLIENTS:
        deeds = [inserter(address) for _ in range(clients)]
        yield measured(f"PostgreSQL alone, {clients}", deeds, (database,), seconds)
    bare = "benchmarks.bare_flask:create_app()"
    shape = ["--workers", "2", "--threads", "8", "--worker-class", "gthread"]
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:PORT", *shape, bare]
    with gunicorn(command, {"DATABASE_URL": address}) as (port, pid):
        for clients in CLIENTS:
            deeds = [poster(port, "/bookings", [""]) for _ in range(clients)]
            yield measured(f"bare Flask, {clients}", deeds, (pid, database), seconds)
    with service(address) as (port, pid):
        for clients in CLIENTS:
            deeds = [poster(port, "/api/v1/bookings", tokens) for _ in range(clients)]
            # What every worker does once is not what a booking costs.
            for number, deed in enumerate(deeds * 3):
                deed(10_000_000 + clients * 1000 + number)
            yield measured(f"Media Center, {clients}", deeds, (pid, database), seconds)


@contextmanager
def service(address: str) -> Iterator[tuple[int, int]]:
    """`media-center web` with its usual workers and threads."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "portal.cli", "web", "--port", "PORT", "--data", data]
        settings = {"DATABASE_URL": address, "MEDIA_CENTER_LOG_LEVEL": "INFO"}
        with gunicorn(command, settings) as found:
            yield found


def period(starts_at: str, days: int) -> str:
    """The query of a period that begins on that day."""
    begins = datetime.fromisoformat(f"{starts_at}T00:00:00+07:00")
    return f"from={quote(begins.isoformat())}&to={quote((begins + timedelta(days)).isoformat())}"


PATHS = {
    "availability of 200 halls, one day": f"/availability?{period('2030-06-03', 1)}",
    "availability of 200 halls, one week": f"/availability?{period('2030-06-03', 7)}",
    "free for two hours, ≥ 50 seats": (
        "/free?seats_min=50&from=2030-06-05T09:00:00%2B07:00&to=2030-06-05T11:00:00%2B07:00"
    ),
}


def read(address: str, database: int, token: str) -> Iterator[tuple[Row, int]]:
    """Each question by one client, and the size of its answer in bytes."""
    with service(address) as (port, pid):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for name, path in PATHS.items():
            size = 0

            def ask(_: int, path: str = path) -> bool:
                nonlocal size
                link.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
                answer = link.getresponse()
                size = len(answer.read())
                return answer.status == 200

            for number in range(20):
                ask(number)
            yield measured(name, [ask], (pid, database), READS / 20), size


def database_pid(data: Path) -> int:
    """The postmaster's process id."""
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def main() -> None:
    """Print both tables in Markdown."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    with tempfile.TemporaryDirectory(prefix="media-center-bench-") as folder:
        data = Path(folder) / "data"
        with embedded.serve(data, {"max_connections": "120"}) as url:
            tokens = seeding.fill(url, Settings(database_url=url, data=data, log_level="ERROR"))
            database = database_pid(data)
            load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
            print(f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}\n")
            print("| who, clients | bookings/s | CPU ms each | p50 ms | p95 ms |")
            print("|---|---|---|---|---|")
            for row in created(plain(url), database, tokens, seconds):
                print(
                    f"| {row.name} | {row.per_second:.0f} | {row.cpu_ms:.2f} "
                    f"| {row.p50_ms:.1f} | {row.p95_ms:.1f} |",
                    flush=True,
                )
            print("\n| question, one client | CPU ms | p50 ms | p95 ms | size |")
            print("|---|---|---|---|---|")
            for row, size in read(plain(url), database, tokens[0]):
                print(
                    f"| {row.name} | {row.cpu_ms:.1f} | {row.p50_ms:.1f} | {row.p95_ms:.1f} "
                    f"| {size / 1000:.0f} kB |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
