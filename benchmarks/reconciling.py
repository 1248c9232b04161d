"""What a minute of the reconciler costs: ports of circuits on switches, settled but for a few.

python -m benchmarks.reconciling 1000 5000
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from flask import Flask

from config import clock, embedded
from config.database import db, transaction
from monitoring import circuits, provisioning
from monitoring.circuits import PortTerms, Rental, RentedPort, VlanRange
from monitoring.credentials import Keyring
from monitoring.models import AccessPort, Device, Platform, PortState, PortStatus
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

PER_SWITCH, BOOKED, TIMES = 48, 60, 7


def plan(ports: int) -> None:
    """The pure plan: every second circuit is rented now, as far as there are VLANs."""
    at = datetime(2026, 12, 1, 8, tzinfo=UTC)
    terms = PortTerms(
        code="bench", title={"vi": "đo", "en": "measure"}, source="none", parking_vlan=4094,
        valid_from=date(2026, 1, 1), vlans=[VlanRange(first=2, last=4000)],
    )  # fmt: skip
    owned = [RentedPort(number, number) for number in range(ports)]
    rentals = [
        Rental(number, number, 1, at - timedelta(hours=1), at + timedelta(hours=1))
        for number in range(0, ports, 2)
    ]
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        found = circuits.desired(owned, rentals, at, terms)
        spent.append(time.perf_counter() - began)
    on = sum(wanted.is_on for wanted in found.ports.values())
    print(f"plan: {ports} ports, {len(rentals)} rentals, {on} on: {median(spent) * 1000:.0f} ms")


def fill(ports: int) -> int:
    """A site of switches whose ports were settled a minute ago; its id."""
    site, unit = Site(slug="s", name="S"), Unit(slug="u", name="U")
    member = Member(unit=unit, email="m@example.com", name="M")
    db.session.add_all([site, unit, member])
    devices = [
        Device(site=site, name=f"d{n}", address="192.0.2.1", platform=Platform.CISCO_IOS)
        for n in range(-(-ports // PER_SWITCH))
    ]
    rented = [
        Resource(kind=ResourceKind.CIRCUIT, code=f"C{n}", name=f"C{n}", mbps=100, site=site)
        for n in range(ports)
    ]
    db.session.add_all([*devices, *rented])
    db.session.flush()
    _switch(devices, rented)
    _book(member, rented)
    return site.id


def _switch(devices: list[Device], rented: list[Resource]) -> None:
    """Managed ports for the circuits, found shut a minute ago."""
    now = clock.now()
    made = [
        AccessPort(
            device_id=devices[n // PER_SWITCH].id,
            interface=f"GigabitEthernet1/0/{n % PER_SWITCH + 1}",
            resource_id=rented[n].id,
            is_managed=True,
        )
        for n in range(len(rented))
    ]
    db.session.add_all(made)
    db.session.flush()
    db.session.execute(
        sa.insert(PortState),
        [
            {
                "port_id": port.id,
                "status": PortStatus.SETTLED,
                "is_on": False,
                "verified_at": now,
                "next_at": now + timedelta(minutes=59),
                "attempts": 0,
            }
            for port in made
        ],
    )


def _book(member: Member, rented: list[Resource]) -> None:
    """Bookings that began an hour ago, spread over the circuits."""
    now = clock.now()
    for number in range(BOOKED):
        times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
        booking = Booking(
            reference=f"BK-PORT-{number:04}",
            unit=member.unit,
            member=member,
            title="Sự kiện",
            event_kind=EventKind.BROADCAST,
            status=BookingStatus.CONFIRMED,
            **times,
        )
        booking.lines = [Line(resource=rented[number * len(rented) // BOOKED], quantity=1, **times)]
        db.session.add(booking)


def look(ports: int) -> None:
    """What a round reads and decides before it asks any device, against a real database."""
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "data") as url:
        app = Flask("reconciling")
        app.config.update(SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        with app.app_context():
            with db.engine.begin() as link:
                schema.upgrade_on(link)
            with transaction():
                site_id = fill(ports)
            spent, tasks = [], []
            for _ in range(TIMES):
                db.session.rollback()
                db.session.expunge_all()
                began = time.perf_counter()
                tasks, _short = provisioning.due(site_id, Keyring(b"k" * 32), clock.now())
                spent.append(time.perf_counter() - began)
            print(
                f"round: {ports} ports on {-(-ports // PER_SWITCH)} switches,"
                f" {len(tasks)} to switch: {median(spent) * 1000:.0f} ms"
            )
            db.session.rollback()
            db.session.remove()
            db.engine.dispose()


def main() -> None:
    """Measure the numbers of ports given, or the usual ones."""
    for ports in [int(word) for word in sys.argv[1:]] or [1000, 5000]:
        plan(ports)
        look(ports)


if __name__ == "__main__":
    main()
