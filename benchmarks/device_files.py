"""What files of many devices cost: looked at, taken in, given out, and read again in each form.

python -m benchmarks.device_files 1000 5000
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from config import embedded
from config.database import db, transaction
from config.settings import Settings
from monitoring import devices
from portal import schema
from portal.app import create_app
from portal.pages.device_files import giving, importing
from portal.pages.device_files.importing import SentDevices
from rental.models import Site

FORMS = ("csv", "xlsx", "yml")


def timed(what: str, act: Callable[[], object]) -> None:
    """Print seconds by the clock, and of this process's CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    act()
    spent, busy = time.perf_counter() - began, time.process_time() - cpu
    print(f"| {what} | {spent:.1f} s | {busy:.1f} s |", flush=True)


def sheet(count: int) -> bytes:
    """So many devices, ten behind each."""
    rows = ["name,address,role,vendor,location,tags,parent"]
    for n in range(count):
        parent = f"D{n // 10}" if n >= 10 else ""
        rows.append(
            f"D{n},10.{n // 62500}.{n // 250 % 250}.{n % 250 + 1},switch,Mẫu,Tủ A,mạng,{parent}"
        )
    return "\n".join(rows).encode()


def take_in(sent: SentDevices) -> None:
    """As the page does it."""
    with transaction():
        importing.take_in(sent, by=None)


def out_and_in(form: str) -> None:
    """The whole inventory as a file, and a look at that file."""
    out = io.BytesIO()
    timed(f"{form} out", lambda: giving.write(devices.search(), form, out, spoken=False))
    sent = SentDevices(f"devices.{form}", out.getvalue())
    timed(f"{form} looked at, nothing changed", lambda: importing.preview(sent))
    db.session.remove()


def measure(count: int) -> None:
    """Print what one size costs."""
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        app = create_app(Settings(database_url=url, data=Path(folder)))
        with app.app_context():
            schema.upgrade(app)
            with transaction():
                db.session.add(Site(slug="bench", name="Bench"))
            sent = SentDevices("devices.csv", sheet(count))
            timed(f"{count} new, looked at", lambda: importing.preview(sent))
            timed(f"{count} new, taken in", lambda: take_in(sent))
            changed = SentDevices("a.csv", sent.content.replace("Tủ A".encode(), "Tủ B".encode()))
            timed(f"{count} changed, taken in", lambda: take_in(changed))
            for form in FORMS:
                out_and_in(form)


def main() -> None:
    """Each size on a database of its own."""
    print("| what | wall | CPU |\n|---|---|---|", flush=True)
    for count in sys.argv[1:] or ["1000", "5000"]:
        measure(int(count))


if __name__ == "__main__":
    main()
