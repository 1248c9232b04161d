"""Circuits carry what is booked on them; what nobody booked is found."""

from datetime import timedelta

import pytest

from config import clock
from config.database import db
from monitoring import access_ports, circuit_use, dependencies, polling, port_rates, rates
from monitoring.errors import AccessPortTaken, BadAccessPort
from monitoring.models import DeviceRole, DeviceStatus
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout, Port, Reading
from rental.models import BookingStatus, Part
from tests import build
from tests.monitoring.policy_world import a_switch

MEGABIT = 1_000_000


def a_layout(*names: str, first_index: int = 1, is_wide: bool = True) -> Layout:
    return Layout(
        name="sw",
        ports=tuple(
            Port(index, name, None, None, 10**9, 1500, None, is_wide)
            for index, name in enumerate(names, first_index)
        ),
    )


def told(device, at, octets, *, layout=None, uptime=None) -> None:
    """A reading with these (in, out) octets a port."""
    layout = layout or a_layout(*(f"Gi0/{n}" for n in range(1, len(octets) + 1)))
    values = [each for inward, outward in octets for each in (1, 1, inward, outward, 0, 0)]
    booted = uptime if uptime is not None else at.timestamp() % 10**6 + 1000
    reading = Reading(layout, at, booted, tuple(values))
    target = Target(device.address, device_id=device.id)
    polling.record([Outcome(target, at, 0.01, reading, was_discovered=True)])


def a_busy_switch(now, mbps: float = 8.0):
    """A switch whose first port carries so much inward, the second is silent."""
    switch = a_switch(role=DeviceRole.SWITCH, resource=None, status=DeviceStatus.UP)
    octets = mbps * MEGABIT / 8 * 60
    told(switch, now - timedelta(seconds=60), [(1000, 1000), (50, 50)])
    told(switch, now, [(1000 + octets, 1000), (50, 50)])
    return switch


def use_of(circuit, now):
    return next(use for use in circuit_use.all_(now) if use.circuit.id == circuit.id)


def test_traffic_is_set_against_what_is_booked(house):
    now, circuit = clock.now(), build.a_circuit(mbps=10)
    access_ports.add(a_busy_switch(now), "Gi0/1", circuit, by=None)
    build.a_booking(circuit, starts_at=now - timedelta(hours=1), status=BookingStatus.HANDED_OVER)
    use = use_of(circuit, now)
    assert use.booked_bps == 10 * MEGABIT
    assert use.bps == pytest.approx(8 * MEGABIT)
    assert use.share == pytest.approx(0.8)
    assert use.percentile_95_bps == pytest.approx(8 * MEGABIT)
    assert not use.is_unbooked


@pytest.mark.parametrize(
    ("status", "starts", "why"),
    [
        (BookingStatus.REQUESTED, -1, "a request is no booking"),
        (BookingStatus.CANCELLED, -1, "it was cancelled"),
        (BookingStatus.CONFIRMED, 2, "it begins later"),
        (BookingStatus.CONFIRMED, -9, "it is over"),
    ],
)
def test_traffic_without_a_running_booking_is_found(house, status, starts, why):
    now, circuit = clock.now(), build.a_circuit(mbps=10)
    access_ports.add(a_busy_switch(now), "Gi0/1", circuit, by=None)
    build.a_booking(circuit, starts_at=now + timedelta(hours=starts), status=status)
    assert use_of(circuit, now).is_unbooked, why


def test_chatter_of_a_silent_port_is_no_use(house):
    now, circuit = clock.now(), build.a_circuit()
    access_ports.add(a_busy_switch(now, mbps=0.03), "Gi0/1", circuit, by=None)
    assert not use_of(circuit, now).is_unbooked
    assert circuit_use.all_(now)[0].line is None


def test_a_port_is_followed_by_its_name_when_indexes_move(house):
    now, circuit = clock.now(), build.a_circuit()
    switch = a_switch(role=DeviceRole.SWITCH, resource=None, status=DeviceStatus.UP)
    access_ports.add(switch, "Gi0/1", circuit, by=None)
    told(switch, now - timedelta(seconds=60), [(0, 0), (7, 7)])
    moved = a_layout("Gi0/2", "Gi0/1", first_index=11)
    told(switch, now, [(7, 7), (MEGABIT / 8 * 60, 0)], layout=moved)
    assert use_of(circuit, now).bps == pytest.approx(MEGABIT)


def test_the_busiest_ports_of_an_hour_are_averages_over_it(house):
    now = clock.now()
    switch = a_switch(role=DeviceRole.SWITCH, resource=None, status=DeviceStatus.UP)
    for minutes in (50, 25, 1):
        octets = (50 - minutes) * 60 * MEGABIT / 8
        told(switch, now - timedelta(minutes=minutes), [(octets, 0), (0, octets / 2)])
    found = port_rates.busiest(port_rates.of_devices([switch], timedelta(hours=1), now), 10)
    assert [(one.port.name, round(one.bps)) for one in found] == [
        ("Gi0/1", MEGABIT),
        ("Gi0/2", MEGABIT // 2),
    ]
    assert found[0].share == pytest.approx(0.001)


def test_a_reboot_in_between_leaves_no_average(house):
    now = clock.now()
    switch = a_switch(role=DeviceRole.SWITCH, resource=None, status=DeviceStatus.UP)
    told(switch, now - timedelta(minutes=40), [(10**9, 0)], uptime=90_000.0)
    told(switch, now, [(2 * 10**9, 0)], uptime=300.0)
    assert port_rates.busiest(port_rates.of_devices([switch], timedelta(hours=1), now), 10) == []


def test_a_narrow_counter_has_no_average_over_an_hour(house):
    now = clock.now()
    switch = a_switch(role=DeviceRole.SWITCH, resource=None, status=DeviceStatus.UP)
    narrow = a_layout("Gi0/1", is_wide=False)
    for minutes, octets in ((40, 0), (0, 10**6)):
        told(switch, now - timedelta(minutes=minutes), [(octets, 0)], layout=narrow)
    assert port_rates.of_devices([switch], timedelta(hours=1), now) == []


@pytest.mark.parametrize(
    ("role", "kind", "port", "says"),
    [
        (DeviceRole.SWITCH, build.a_hall, "Gi0/1", "is no circuit"),
        (DeviceRole.UPS, build.a_circuit, "Gi0/1", "is no switch or router"),
        (DeviceRole.SWITCH, build.a_circuit, "  ", "Name the port"),
        (DeviceRole.SWITCH, build.a_circuit, "Gi9/9", "has no port Gi9/9"),
    ],
)
def test_what_cannot_hand_out_a_circuit_is_refused(house, role, kind, port, says):
    switch = a_busy_switch(clock.now())
    switch.role = role
    with pytest.raises(BadAccessPort, match=says):
        access_ports.add(switch, port, kind(), by=None)


def test_a_port_hands_out_one_circuit(house):
    switch = a_busy_switch(clock.now())
    access_ports.add(switch, "Gi0/1", build.a_circuit(), by=None)
    with pytest.raises(AccessPortTaken, match="serves"):
        access_ports.add(switch, "Gi0/1", build.a_circuit(), by=None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], None), ([7], 7), (range(1, 21), 19), (range(1, 101), 95), ([1, 1, 1, 9], 9)],
)
def test_the_95th_percentile_is_by_nearest_rank(values, expected):
    assert rates.percentile_95(values) == expected


def test_an_event_depends_on_devices_ports_parts_and_the_way_to_them(house):
    core = a_switch(name="core", resource=None, status=DeviceStatus.DOWN)
    access = a_switch(
        name="access", resource=None, role=DeviceRole.SWITCH, parent=core, status=DeviceStatus.UP
    )
    circuit, whole, part = build.a_circuit(), build.a_hall(), build.a_hall()
    db.session.add(Part(whole_id=whole.id, part_id=part.id))
    camera = a_switch(name="camera", resource=part, status=DeviceStatus.DEGRADED)
    a_switch(name="other", status=DeviceStatus.DOWN)
    a_switch(name="disabled", resource=part, status=DeviceStatus.DOWN, is_enabled=False)
    access_ports.add(access, "Gi0/1", circuit, by=None)
    plain = build.equipment()
    booking = build.a_booking(circuit, whole, plain)
    first, second, third = dependencies.of_booking(booking)
    assert [(one.device, one.above, one.interface) for one in first.needed] == [
        (access, (core,), "Gi0/1")
    ]
    assert first.status is DeviceStatus.DOWN
    assert [one.device for one in second.needed] == [camera]
    assert second.status is DeviceStatus.DEGRADED
    assert (third.needed, third.status) == ((), None)
