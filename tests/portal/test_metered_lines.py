"""What was measured on a line's ports is sealed and charged as soon as its month is over."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from billing.models import MeteredLine, TrafficEvidence, TrafficState
from config import clock
from config.database import db, transaction
from monitoring import access_ports, partitions
from monitoring.models import DeviceRole, PortChange
from portal import metered_lines, rounds
from rental import bookings
from rental.asking import RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Role
from rental.period import Period
from tests import build
from tests.monitoring.test_polling import a_device
from tests.monitoring.test_rolling import ONE_PORT
from tests.monitoring.test_rollups import NOON, all_rolled, measured

STARTS, ENDS = NOON + timedelta(minutes=30), NOON + timedelta(minutes=150)
NOVEMBER = date(2026, 11, 1)
AFTER = NOON + timedelta(hours=4)


@pytest.fixture(autouse=True)
def tidy(service):
    """No partition outlives its test: they are tables, not rows."""
    yield
    db.session.rollback()
    for parted in partitions.ALL:
        partitions.drop_before(parted, NOON + timedelta(days=9000))


@pytest.fixture
def line(service):
    """A line of 100 Mbps on the one port of a switch, which carried 140 Mbps."""
    desk, member = build.a_member(role=Role.DESK), build.a_member()
    with transaction():
        circuit = build.a_circuit(code="FIBRE")
        device = a_device(1161, site=circuit.site, role=DeviceRole.SWITCH)
        access_ports.add(device, "Gi0/1", circuit, by=None)
        wanted = RequestedBooking(
            member.unit, "Cầu truyền hình", EventKind.OTHER,
            [WantedLine("FIBRE", 1, Period(STARTS, ENDS))],
        )  # fmt: skip
        with clock.standing_at(NOON - timedelta(days=20)):
            booking = bookings.request(wanted, by=member)
            bookings.confirm(booking, by=desk)
    measured(device, range(0, 3 * 3600, 60), bps=140_000_000)
    return booking.lines[0]


def evidence() -> list[TrafficEvidence]:
    return list(db.session.scalars(sa.select(TrafficEvidence)))


def test_a_line_that_was_measured_is_sealed_once_when_it_is_over(line):
    assert db.session.get(MeteredLine, line.id) is not None, "frozen when it was confirmed"
    with clock.standing_at(AFTER):
        rounds.traffic.seal_traffic()
        assert evidence() == [], "its last minutes are not rolled up yet"
        all_rolled(AFTER)
        for _ in range(2):
            rounds.traffic.seal_traffic()
    (sealed,) = evidence()
    assert (sealed.measured, sealed.expected) == (24, 24)
    assert sealed.index_bps == pytest.approx(140_000_000, rel=0.001)
    assert sealed.state is TrafficState.CHARGED
    assert sealed.sealed_by_id is None


def test_before_its_end_nothing_is_sealed_and_a_cancelled_line_never(line):
    all_rolled(AFTER)
    with clock.standing_at(ENDS - timedelta(minutes=1)):
        assert metered_lines.due(clock.now()) == []
    with transaction():
        db.session.get(Booking, line.booking_id).status = "cancelled"
    assert metered_lines.due(AFTER) == []


def test_a_gap_in_what_was_measured_is_left_to_finance(line, service):
    with transaction():
        db.session.execute(
            sa.text("DELETE FROM reading WHERE at BETWEEN :a AND :b"),
            {"a": NOON + timedelta(minutes=40), "b": NOON + timedelta(minutes=100)},
        )
    all_rolled(AFTER)
    with clock.standing_at(AFTER):
        rounds.traffic.seal_traffic()
    (sealed,) = evidence()
    assert sealed.measured < 24, "missing is not zero"
    assert sealed.state is TrafficState.WAITING


def test_only_the_ports_that_were_switched_for_the_line_count(line):
    circuit = line.resource
    with transaction():
        other = access_ports.add(
            a_device(1162, site=circuit.site, role=DeviceRole.SWITCH), "Gi0/9", circuit, by=None
        )
        mine = access_ports.all_()[0]
        for port, line_id in ((mine, line.id), (other, None)):
            change = PortChange(
                port_id=port.id, line_id=line_id, is_on=True, vlan=110, outcome="applied", seconds=1
            )
            db.session.add(change)
    all_rolled(AFTER)
    found = metered_lines.measured(line, Period(STARTS, ENDS))
    assert {one.port for one in found} == {f"{mine.device.name} {mine.interface}"}
    assert ONE_PORT.ports[0].speed_bps == found[0].speed_bps


def test_of_a_circuit_of_several_pieces_nobody_guesses_which_port_was_whose(line):
    with transaction():
        line.resource.stock = 3
    all_rolled(AFTER)
    assert metered_lines.due(AFTER) == []
