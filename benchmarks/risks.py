"""What the list of violations by risk costs: many violations on many devices, events today.

python -m benchmarks.risks 2000 20000
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from flask import Flask

from config import clock, embedded
from config.database import db, transaction
from monitoring import risks
from monitoring.models import Device, Violation, ViolationStatus
from monitoring.rules import Severity
from portal import schema
from rental.models import (
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Member,
    Resource,
    ResourceKind,
    Site,
    Unit,
)

EVENTS = 200
PAGE = 30
TIMES = 7


def fill(devices: int, found: int) -> None:
    """Every device serves a circuit, every tenth hangs on another; events spread over a day."""
    now = clock.now()
    site, unit = Site(slug="s", name="S"), Unit(slug="u", name="U")
    member = Member(unit=unit, email="m@example.com", name="M")
    circuits = [
        Resource(kind=ResourceKind.CIRCUIT, code=f"C{n}", name=f"C{n}", mbps=100, site=site)
        for n in range(devices)
    ]
    db.session.add_all([site, unit, member, *circuits])
    db.session.flush()
    rows = [
        Device(site=site, name=f"d{n}", address="192.0.2.1", resource=circuits[n])
        for n in range(devices)
    ]
    db.session.add_all(rows)
    db.session.flush()
    for number, device in enumerate(rows):
        if number % 10:
            device.parent_id = rows[number - number % 10].id
    _events(member, circuits)
    severities = list(Severity)
    db.session.execute(
        sa.insert(Violation),
        [
            {
                "device_id": rows[n % devices].id,
                "rule": f"N{n // devices:02}",
                "severity": severities[n % 4],
                "opened_at": now - timedelta(hours=n % 900),
            }
            for n in range(found)
        ],
    )


def _events(member: Member, circuits: list[Resource]) -> None:
    """Of three hours each, the first begun, over a day."""
    now = clock.now()
    for number in range(EVENTS):
        starts_at = now - timedelta(hours=1) + timedelta(minutes=7 * number)
        times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3)}
        booking = Booking(
            reference=f"BK-RISK-{number:04}",
            unit=member.unit,
            member=member,
            title="Sự kiện",
            event_kind=EventKind.BROADCAST,
            status=BookingStatus.CONFIRMED,
            **times,
        )
        booking.lines = [Line(resource=circuits[number * 7 % len(circuits)], quantity=1, **times)]
        db.session.add(booking)


def measure(devices: int, found: int) -> None:
    """Print how long the first page takes."""
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        app = Flask("risks")
        app.config.update(SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        with app.app_context():
            with db.engine.begin() as link:
                schema.upgrade_on(link)
            with transaction():
                fill(devices, found)
            spent = []
            for _ in range(TIMES):
                db.session.rollback()
                db.session.expunge_all()
                began = time.perf_counter()
                is_open = Violation.status == ViolationStatus.OPEN
                risks.loaded(risks.ranked([is_open], clock.now(), limit=PAGE).ids)
                spent.append(time.perf_counter() - began)
            print(
                f"{found} violations on {devices} devices, {EVENTS} events:"
                f" {median(spent) * 1000:.0f} ms"
            )
            db.session.remove()
            db.engine.dispose()


def main() -> None:
    """Measure the sizes given, or the usual ones."""
    sizes = [int(word) for word in sys.argv[1:]] or [200, 1000, 2000, 20_000]
    for devices, found in zip(sizes[::2], sizes[1::2], strict=True):
        measure(devices, found)


if __name__ == "__main__":
    main()
