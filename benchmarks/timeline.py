"""The calendar page over a long catalogue and a long history: 1 000 resources, 500 000 bookings.

Server time through the test client (sign-in, queries, drawing; no network), and a scripted scroll
through every row in Chromium, where long tasks of the page are counted.
"""

import os
import platform
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from benchmarks import rental_seeding
from config import clock, embedded
from config.database import db, transaction
from config.settings import Settings
from portal import passwords
from portal.app import create_app
from rental import units

SIZES = (50_000, 500_000)
READS = 40
PASSWORD = "long enough to measure with"  # of a database that lives a minute
PAGES = {
    "day, first rows": "day={day}",
    "week, first rows": "view=week&day={day}",
    "month, first rows": "view=month&day={day}",
    "day as a list, first rows": "as=list&day={day}",
    "day, only free the whole time": "free=1&day={day}",
    "day, with our bookings only": "mine=1&day={day}",
    "day, a word": "q=ng&day={day}",
}
LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
  .observe({ type: "longtask", buffered: true });
"""
SCROLL = """async () => {
  const scroll = document.querySelector(".tl-scroll");
  const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let frames = 0, slow = 0, last = performance.now();
  while (scroll.scrollTop + scroll.clientHeight < scroll.scrollHeight - 2) {
    scroll.scrollTop += 120;
    await next();
    const now = performance.now();
    frames += 1;
    if (now - last > 50) slow += 1;
    last = now;
  }
  return { frames, slow, rows: document.querySelectorAll(".tl-track").length, tasks: longTasks };
}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One page: medians in milliseconds, its size in bytes."""

    name: str
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    size: int

    def __str__(self) -> str:
        """A row of the table."""
        return (
            f"| {self.name} | {self.cpu_ms:.1f} | {self.p50_ms:.1f} | {self.p95_ms:.1f} "
            f"| {self.size / 1000:.0f} kB |"
        )


def browser(app: Flask, member_id: int) -> FlaskClient:
    """A client in which this member is signed in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{member_id}.0"
        session["since"] = session["seen"] = int(clock.now().timestamp())
    return client


def measured(client: FlaskClient, name: str, paths: list[str]) -> Seen:
    """All of these one after the other count as one reading."""
    walls, cpus, size = [], [], 0
    for number in range(READS + 5):
        cpu, wall = time.process_time(), time.perf_counter()
        answers = [client.get(path) for path in paths]
        size = sum(len(answer.data) for answer in answers)
        if number >= 5:
            walls.append((time.perf_counter() - wall) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
        if {answer.status_code for answer in answers} != {200}:
            raise SystemExit(f"{name}: {[answer.status for answer in answers]}")
    return Seen(name, median(cpus), median(walls), quantiles(walls, n=20)[-1], size)


def server_times(app: Flask, who: dict[str, int], day: date) -> Iterator[Seen]:
    """Every page as the desk reads it, who sees every title."""
    client = browser(app, who["desk"])
    for name, query in PAGES.items():
        yield measured(client, name, [f"/calendar?{query.format(day=day)}"])
    first = f"/calendar?day={day}"
    chunks = re.findall(r'data-from="(\d+)"', client.get(first).get_data(as_text=True))
    rest = [f"/calendar/rows?day={day}&from={begins}" for begins in chunks]
    yield measured(client, "day, further 50 rows", rest[len(rest) // 2 :][:1])
    yield measured(client, f"day, all rows in {len(rest) + 1} requests", [first, *rest])


def scrolled(app: Flask, day: date, view: str) -> str:
    """A scroll through all rows in Chromium, in steps of 120 pixels a frame."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        return f"| {view} | no Chromium on this machine | | | |"
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(LONG_TASKS)
        page.goto(f"http://127.0.0.1:{server.server_port}/sign-in")
        page.fill("#email", "desk@centre.example")
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url("**/")
        began = time.perf_counter()
        page.goto(f"http://127.0.0.1:{server.server_port}/calendar?view={view}&day={day}")
        shown = time.perf_counter() - began
        first = page.evaluate(SCROLL)
        page.evaluate("document.querySelector('.tl-scroll').scrollTop = 0; longTasks.length = 0")
        page.wait_for_timeout(1000)
        again = page.evaluate(SCROLL)
        chromium.close()
    server.shutdown()
    return "\n".join(
        f"| {view}, {when} | {told['rows']} | {shown * 1000:.0f} ms | {len(told['tasks'])}"
        f" (longest {max(told['tasks'], default=0):.0f} ms) | {told['slow']} of {told['frames']} |"
        for when, told in (("rows arriving", first), ("rows there", again))
    )


def people(app: Flask) -> dict[str, int]:
    """Ids of who asks; the desk can sign in."""
    with app.app_context(), transaction():
        desk = units.member_by_email("desk@centre.example")
        desk.password_hash = passwords.hash_password(PASSWORD)
        return {"desk": desk.id, "member": units.member_by_email("a@unit-a.example").id}


def main() -> None:
    """Print both tables in Markdown; sizes may be given as arguments."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory(prefix="media-center-bench-") as folder:
        data = Path(folder) / "data"
        with embedded.serve(data, {"max_connections": "60"}) as url:
            settings = Settings(database_url=url, data=data, log_level="ERROR")
            rental_seeding.catalogue(url, settings)
            app = create_app(settings)
            who, day, filled = people(app), clock.today() + timedelta(days=3), 0
            load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
            print(f"{platform.machine()}, {os.cpu_count()} cores; load before: {load}")
            for size in sizes:
                rental_seeding.book(url, filled, size - 1)
                filled = size
                print(f"\n{rental_seeding.RESOURCES} resources, {size} bookings\n")
                print("| page | CPU ms | p50 ms | p95 ms | size |\n|---|---|---|---|---|")
                for seen in server_times(app, who, day):
                    print(seen, flush=True)
            print("\n| scroll through | rows | first screen | long tasks | frames over 50 ms |")
            print("|---|---|---|---|---|")
            for view in ("day", "week"):
                print(scrolled(app, day, view), flush=True)
            with app.app_context():
                db.engine.dispose()


if __name__ == "__main__":
    main()
