"""Availability of what is stored: devices, resources with several devices, rentals."""

from datetime import timedelta

from config.database import transaction
from monitoring import dependencies, states, uptimes
from monitoring.availability import Availability
from monitoring.models import Device, DeviceStatus
from monitoring.states import Change
from rental import closures
from rental.closures import NewClosure
from rental.models import ClosureKind
from rental.period import Period
from tests import build
from tests.build import TUESDAY
from tests.monitoring.policy_world import a_switch

HOUR = timedelta(hours=1)
UP, DOWN = DeviceStatus.UP, DeviceStatus.DOWN
DAY = Period(TUESDAY, TUESDAY + 24 * HOUR)


def fell(device: Device, hour: float, hours: float) -> None:
    """Up from a day before, down for some hours of the day."""
    for status, at in ((UP, -24), (DOWN, hour), (UP, hour + hours)):
        states.turn([Change(device.id, status, TUESDAY + at * HOUR)])


def test_a_device_is_reckoned_by_the_day_and_by_any_part_of_it(house):
    with transaction():
        device = a_switch()
        fell(device, 6, 3)
    lasting = uptimes.of_devices([device], DAY)[device.id]
    assert lasting.total == Availability(up=21 * HOUR, down=3 * HOUR)
    morning = Period(TUESDAY, TUESDAY + 8 * HOUR)
    assert lasting.within(morning) == Availability(up=6 * HOUR, down=2 * HOUR)


def test_a_circuit_is_down_while_any_of_its_devices_is(house):
    with transaction():
        switch = a_switch()
        radio = a_switch(resource=switch.resource)
        spare = a_switch(resource=switch.resource, is_enabled=False)
        fell(switch, 6, 3)
        fell(radio, 8, 3)
        fell(spare, 0, 20)
    serving = uptimes.serving([switch.resource_id])
    had = uptimes.of_resources(serving, DAY)[switch.resource_id]
    assert had.total == Availability(up=19 * HOUR, down=5 * HOUR)


def test_maintenance_that_was_announced_is_set_apart(house):
    with transaction():
        device = a_switch()
        fell(device, 6, 3)
        pause = Period(TUESDAY + 5 * HOUR, TUESDAY + 8 * HOUR)
        closures.close(device.resource, NewClosure(ClosureKind.MAINTENANCE, pause, "thay nguồn"))
        quarantine = Period(TUESDAY + 12 * HOUR, TUESDAY + 13 * HOUR)
        closures.close(device.resource, NewClosure(ClosureKind.QUARANTINE, quarantine, "rule"))
    had = uptimes.of_devices([device], DAY)[device.id].total
    assert had == Availability(up=20 * HOUR, down=HOUR, maintenance=3 * HOUR)


def test_a_rental_had_what_its_own_hours_say(house):
    with transaction():
        device = a_switch()
        fell(device, 6, 3)
        hall = build.a_hall(site=device.site)
        begins = TUESDAY + 8 * HOUR
        booking = build.a_booking(device.resource, hall, starts_at=begins)
        for line in booking.lines:
            line.ends_at = begins + 4 * HOUR
    (measured,) = uptimes.of_booking(booking, TUESDAY + 48 * HOUR)
    assert measured.had.total == Availability(up=3 * HOUR, down=HOUR)
    # While it lasts, only what has passed is reckoned.
    (so_far,) = uptimes.of_booking(booking, TUESDAY + 10 * HOUR)
    assert so_far.had.total == Availability(up=HOUR, down=HOUR)
    assert uptimes.of_booking(booking, TUESDAY + 7 * HOUR) == []


def test_a_device_that_nobody_polls_leaves_the_others_known(house):
    with transaction():
        switch = a_switch()
        fell(switch, 6, 3)
        by_ssh_alone = a_switch(resource=switch.resource)
        booking = build.a_booking(switch.resource, starts_at=TUESDAY)
        switch.status = UP
    serving = uptimes.serving([switch.resource_id])
    assert [device.id for device in serving[switch.resource_id]] == [switch.id]
    (needs,) = dependencies.of_booking(booking)
    assert {one.device.id for one in needs.needed} == {switch.id, by_ssh_alone.id}
    assert needs.status is UP
