"""What ports let through, and that circuits which nothing keeps to their Mbps are not promised."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from monitoring import access_ports, polling, port_limits, provisioning
from monitoring.errors import BadAccessPort
from monitoring.models import AccessPort, DeviceRole, Platform
from monitoring.port_limits import PortLimit
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Port, Reading
from rental import bandwidth, bookings
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.errors import BandwidthNotKept
from rental.models import BookingStatus, EventKind, JournalEntry, Resource
from rental.period import Period
from tests import build
from tests.monitoring.policy_world import a_switch


@pytest.mark.parametrize(
    ("ports", "lets_through"),
    [
        ([], None),
        ([PortLimit(1000, is_held=True)], None),
        ([PortLimit(1000, is_held=False)], 1000),
        ([PortLimit(100, is_held=False), PortLimit(1000, is_held=False)], 1000),  # either may be it
        ([PortLimit(100, is_held=False), PortLimit(1000, is_held=True)], 100),
        ([PortLimit(None, is_held=False)], None),  # nobody has polled it yet
    ],
)
def test_the_fastest_port_that_nothing_holds_decides(ports, lets_through):
    assert port_limits.unshaped(ports) == lets_through


@pytest.mark.parametrize(
    ("mbps", "unshaped", "kept"),
    [
        (100, 1000, False),
        (1000, 1000, True),
        (1000, 100, True),  # too slow is another trouble
        (100, None, True),
        (None, 1000, True),
    ],
)
def test_only_a_circuit_that_would_carry_more_than_is_rented_is_not_kept(mbps, unshaped, kept):
    resource = Resource(mbps=mbps, unshaped_mbps=unshaped)
    assert bandwidth.is_kept(resource) is kept


def a_port(circuit: Resource, platform: Platform = Platform.CISCO_IOS, speed: int = 1000):
    """A managed port whose switch has told its speed."""
    device = a_switch(resource=None, site=circuit.site, role=DeviceRole.SWITCH, platform=platform)
    poll(device, speed)
    port = access_ports.add(device, "Gi0/1", circuit, by=None)
    provisioning.manage(port, is_managed=True, by=None)
    return port


def poll(device, mbps: int) -> None:
    layout = Layout(
        name="sw", ports=(Port(1, "Gi0/1", None, None, mbps * 1_000_000, 1500, None, True),)
    )
    at = clock.now()
    reading = Reading(layout, at, at.timestamp() % 10**6 + 1000, (1, 1, 0, 0, 0, 0))
    target = Target(device.address, device_id=device.id)
    polling.record([Outcome(target, at, 0.01, reading, was_discovered=True)])


def noted(port: AccessPort, *, is_switching: bool = True) -> int | None:
    port_limits.note_site(port.device.site_id, is_switching=is_switching)
    return port.resource.unshaped_mbps


def requested(*circuits: Resource):
    begins = clock.now().replace(microsecond=0) + timedelta(days=3)
    lines = [WantedLine(c.code, 1, Period(begins, begins + timedelta(hours=2))) for c in circuits]
    member = build.a_member()
    wanted = RequestedBooking(member.unit, "Họp báo", EventKind.CONFERENCE, lines)
    return bookings.request(wanted, by=member)


def test_a_circuit_that_nothing_keeps_can_be_asked_for_and_is_not_confirmed(house):
    circuit = build.a_circuit(code="F100", mbps=100)
    port = a_port(circuit)
    assert noted(port) == 1000
    booking = requested(circuit)
    with pytest.raises(BandwidthNotKept) as refused:
        bookings.confirm(booking, by=build.desk())
    assert "F100 is rented as 100 Mbps" in refused.value.message
    assert "1000 Mbps through" in refused.value.message
    assert booking.status is BookingStatus.REQUESTED
    port_limits.note_limit(port, "  policer on\nthe core ", by=None)
    assert port.limited_by == "policer on the core"
    assert noted(port) is None
    bookings.confirm(booking, by=build.desk())
    verbs = {entry.verb for entry in db.session.query(JournalEntry)}
    assert {"not_kept_to_its_mbps", "kept_to_its_mbps", "limited_elsewhere"} <= verbs


def test_a_platform_that_shapes_keeps_it(house):
    port = a_port(build.a_circuit(mbps=100), Platform.LINUX)
    assert noted(port) is None
    bookings.confirm(requested(port.resource), by=build.desk())


def test_where_nothing_is_switched_people_limit_by_hand(house):
    port = a_port(build.a_circuit(mbps=100))
    assert noted(port) == 1000
    assert noted(port, is_switching=False) is None


def test_a_port_that_is_left_alone_or_taken_away_says_nothing_any_more(house):
    port = a_port(build.a_circuit(mbps=100))
    circuit = port.resource
    assert noted(port) == 1000
    provisioning.manage(port, is_managed=False, by=None)
    assert noted(port) is None
    provisioning.manage(port, is_managed=True, by=None)
    assert noted(port) == 1000
    site_id = port.device.site_id
    access_ports.remove(port, by=None)
    port_limits.note_site(site_id, is_switching=True)
    assert circuit.unshaped_mbps is None


def test_a_port_that_is_shut_tells_a_low_speed_and_the_highest_counts(house):
    port = a_port(build.a_circuit(mbps=100))
    assert noted(port) == 1000
    poll(port.device, 10)
    assert noted(port) == 1000


def test_what_was_confirmed_stands_but_nothing_unkept_is_added_to_it(house):
    circuit, other = build.a_circuit(mbps=100), build.a_circuit(mbps=100)
    desk, booking = build.desk(), requested(circuit)
    bookings.confirm(booking, by=desk)
    ports = [a_port(circuit), a_port(other)]
    assert [noted(port) for port in ports] == [1000, 1000]
    line = booking.lines[0]
    longer = Period(line.starts_at, line.ends_at + timedelta(hours=1))
    bookings.change(booking, Changes(lines=[WantedLine(circuit.code, 1, longer)]), by=desk)
    assert booking.lines[0].ends_at == longer.ends_at
    both = [WantedLine(code, 1, longer) for code in (circuit.code, other.code)]
    with pytest.raises(BandwidthNotKept):
        bookings.change(booking, Changes(lines=both), by=desk)


def test_a_port_hands_out_no_uplink(house):
    uplink = build.a_circuit(is_uplink=True, mbps=None, stock=1000)
    device = a_switch(resource=None, site=uplink.site, role=DeviceRole.SWITCH)
    with pytest.raises(BadAccessPort):
        access_ports.add(device, "Gi0/1", uplink, by=None)
