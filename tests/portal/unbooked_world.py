"""A switch of which one port hands out a circuit, and what it carries minute by minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from billing.models import UnbilledUse
from config import clock
from config.database import db, transaction
from monitoring import access_ports, discovery, partitions, readings, rollups
from monitoring.models import AccessPort, Device, DeviceRole, RollupLevel
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Reading
from portal import rounds
from rental.models import Booking, BookingStatus, Member, Resource, Role
from tests import build
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rolling import NOON, a_port

TWO_PORTS = Layout(ports=(a_port("Gi0/1", 1), a_port("Gi0/2", 2)))
MINUTE = timedelta(minutes=1)
LOUD_BPS, FAINT_BPS = 40_000_000, 8_000


@contextmanager
def tidied() -> Iterator[None]:
    """No partition outlives its test: they are tables, not rows."""
    yield
    db.session.rollback()
    for parted in partitions.ALL:
        partitions.drop_before(parted, NOON + timedelta(days=9000))


class Scene:
    """A switch of which the first port hands out a circuit; minutes count from noon."""

    def __init__(self) -> None:
        with transaction():
            self.circuit: Resource = build.a_circuit(code="FIBRE", mbps=100)
            self.switch: Device = a_device(
                1161, site=self.circuit.site, role=DeviceRole.SWITCH, name="sw-hall"
            )
            self.port: AccessPort = access_ports.add(self.switch, "Gi0/1", self.circuit, by=None)
            self.finance: Member = build.a_member(role=Role.FINANCE)
        self.octets, self.polled = 1e9, 0

    def carries(self, until: int, bps: int) -> None:
        """Poll every minute up to that one; the first port carries so much inward."""
        with transaction():
            row_id = discovery.keep([TWO_PORTS])[TWO_PORTS.digest]
            target, outcomes = Target("", device_id=self.switch.id), []
            for minute in range(self.polled + 1, until + 1):
                at = NOON + minute * MINUTE
                self.octets += bps * 60 / 8
                values = [1.0, 1.0, self.octets, 1e6, 0.0, 0.0, 1.0, 1.0, 5.0, 5.0, 0.0, 0.0]
                reading = Reading(TWO_PORTS, at, 1e6 + minute * 60, values)
                outcomes.append((Outcome(target, at, 0.1, reading), row_id))
            readings.store(outcomes)
        self.polled = until

    def look(self, minute: int) -> None:
        """The round, at that minute."""
        now = NOON + minute * MINUTE
        with clock.standing_at(now):
            while rollups.advance(RollupLevel.FIVE_MINUTES, now) is not None:
                pass
            rounds.unbooked.watch_unbooked_ports()

    def book(self, first: int, last: int) -> Booking:
        """A confirmed booking of the circuit between these minutes."""
        with transaction():
            return build.a_booking(
                self.circuit,
                starts_at=NOON + first * MINUTE,
                hours=(last - first) / 60,
                status=BookingStatus.CONFIRMED,
            )

    def used(self) -> UnbilledUse:
        """The one use that was sealed, of an hour from 12:10 on."""
        self.carries(10, FAINT_BPS)
        self.look(10)
        self.carries(70, LOUD_BPS)
        self.carries(120, FAINT_BPS)
        self.look(120)
        (use,) = uses()
        return use


def uses() -> list[UnbilledUse]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(UnbilledUse).order_by(UnbilledUse.id)))
