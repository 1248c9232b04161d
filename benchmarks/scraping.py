"""What `/metrics` costs: the text of many devices with about 30 series each, written and scraped.

python -m benchmarks.scraping 1000 5000
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from flask import Flask
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from config import clock, embedded
from config.database import db, transaction
from monitoring import discovery, fragments, metrics, polling
from monitoring.exposition import Facts
from monitoring.models import Device, DeviceRole, DeviceStatus, Platform
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Port, Reading, Store
from portal import schema
from rental.models import Site

PORTS = 3
PORTION = 250
TIMES = 7


def layout_of(ports: int) -> Layout:
    """Three ports, a processor and a disk: 35 series with the device's own."""
    return Layout(
        name="sw",
        ports=tuple(
            Port(n, f"GigabitEthernet0/{n}", None, "uplink", 10**9, 1500, "00:00:00:00:00:01", True)
            for n in range(1, ports + 1)
        ),
        cores=(Core(1, "cpu"),),
        stores=(Store(1, "flash", 1024),),
    )


# Name, site, role, platform, address and status.
KIND = ("d", "s", DeviceRole.OTHER, Platform.GENERIC, "192.0.2.1", DeviceStatus.UP)


def poll(ids: list[int], layout: Layout) -> tuple[float, float]:
    """All devices answer; CPU seconds in all, and those of formatting and keeping the text."""
    told = tuple(float(n) for n in range(len(layout.oids)))
    whole = formatting = 0.0
    for start in range(0, len(ids), PORTION):
        some = ids[start : start + PORTION]
        now = clock.now()
        reading = Reading(layout, now, 4711.5, told)
        # Not these devices' true names: what is recorded next takes the place of this.
        facts = Facts(*KIND, now, now, 0, 0.01, 4711.5)
        outcomes = [Outcome(Target("", device_id=each), now, 0.01, reading) for each in some]
        began = time.process_time()
        with transaction():
            fragments.keep([fragments.Told(each, facts, reading) for each in some])
        formatting += time.process_time() - began
        began = time.process_time()
        with transaction():
            polling.record(outcomes)
        whole += time.process_time() - began
    return whole, formatting


def measure(count: int) -> None:
    """Print what one size costs."""
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        app = Flask("scraping")
        app.config.update(SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        with app.app_context():
            with db.engine.begin() as link:
                schema.upgrade_on(link)
            ids = seed(count)
            poll(ids, layout_of(PORTS))
            whole, formatting = poll(ids, replace(layout_of(PORTS)))
            db.session.remove()
            before = peak()
            spent = [timed(scrape) for _ in range(TIMES)]
            after = peak()
            text = metrics.text(openmetrics=True)
            samples = sum(len(f.samples) for f in text_string_to_metric_families(text))
            wall, cpu = (median(each) * 1000 for each in zip(*spent, strict=True))
            print(
                f"| {count} | {samples} | {len(text) / 1e6:.1f} MB | {wall:.0f} | {cpu:.0f} |"
                f" {before:.0f} → {after:.0f} MB | {whole / count * 1000:.3f} |"
                f" {formatting / count * 1000:.3f} |",
                flush=True,
            )


def scrape() -> None:
    """As the page does it: each family leaves before the next is joined."""
    for _ in metrics.pieces(openmetrics=True):
        pass
    db.session.remove()


def timed(act: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - began, time.process_time() - cpu


def peak() -> float:
    """Megabytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seed(count: int) -> list[int]:
    """So many enabled devices of one site."""
    with transaction():
        discovery.keep([layout_of(PORTS)])
        site = Site(slug="bench", name="Bench")
        devices = [
            Device(name=f"switch-{n:05}", address="192.0.2.1", site=site) for n in range(count)
        ]
        db.session.add_all(devices)
        db.session.flush()
        return [device.id for device in devices]


def main() -> None:
    """Each size in a process of its own, so that its memory is its own."""
    if "--one" in sys.argv:
        measure(int(sys.argv[1]))
        return
    print("| devices | samples | text | ms | CPU ms | memory | CPU s per 1000 polls | of it text |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for count in sys.argv[1:] or ["1000", "5000"]:
        command = [sys.executable, "-W", "ignore", "-m", __spec__.name, count, "--one"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
