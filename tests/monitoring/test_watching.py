"""What a device tells becomes problems that open, follow the value, flap and clear."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config.database import db, transaction
from monitoring import devices, problems, recording
from monitoring.health import Thresholds
from monitoring.models import Device, DeviceRole, Platform, Problem, WatchState
from monitoring.probes.gauges import Gauge
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Port, Reading, Store
from monitoring.rules import Severity
from monitoring.watches import Subject, Threshold, ThresholdFile, shipped, watches
from monitoring.watching import Memory, Told, judge
from tests.build import TUESDAY
from tests.monitoring.policy_world import a_switch

EVERY = timedelta(seconds=30)
UP, DOWN = 1.0, 2.0
GIGABIT = 10**9


def a_port(index: int, name: str, alias: str | None = None, speed: int | None = GIGABIT) -> Port:
    """An interface with 64-bit counters."""
    return Port(index, name, name, alias, speed, 1500, None, is_wide=True)


LAYOUT = Layout(
    name="sw",
    ports=(a_port(1, "Gi0/1", "UPLINK to core"), a_port(2, "Gi0/2")),
    cores=(Core(1, "cpu"),),
    stores=(Store(1, "/var", 4096), Store(2, "Cached memory", 1024)),
    gauges=(
        Gauge("inlet", "temperature", "celsius", -1, "1.3.6.1.4.1.1.1"),
        Gauge("PSU", "temperature", "celsius", 0, "1.3.6.1.4.1.1.2"),
        Gauge("PSU", "temperature", "celsius", 0, "1.3.6.1.4.1.1.3"),
        Gauge("battery charge", "charge", "percent", 0, "1.3.6.1.4.1.1.4"),
    ),
)


def told(**over: float | None) -> list[float | None]:
    """The values of a device that is well; inlet is in tenths."""
    well = {
        "admin": UP, "oper": UP, "in_": 0.0, "out": 0.0, "in_errors": 0.0, "out_errors": 0.0,
        "oper2": DOWN, "load": 10.0, "size": 100.0, "used": 40.0, "cached": 100.0,
        "inlet": 230.0, "psu": 40.0, "psu2": 41.0, "charge": 100.0,
    } | over  # fmt: skip
    first = [well[n] for n in ("admin", "oper", "in_", "out", "in_errors", "out_errors")]
    second = [UP, well["oper2"], 0.0, 0.0, 0.0, 0.0]
    stores = [well["size"], well["used"], 100.0, well["cached"]]
    sensors = [well[n] for n in ("inlet", "psu", "psu2", "charge")]
    return [*first, *second, well["load"], *stores, *sensors]


@pytest.fixture
def switch(house) -> Device:
    """A device that was never polled."""
    with transaction():
        return a_switch()


class Poller:
    """Judges one reading after another, half a minute apart."""

    def __init__(self, device: Device) -> None:
        self.device, self.memory, self.turn = device, Memory(), 0

    def tell(self, *, layout: Layout = LAYOUT, every: timedelta = EVERY, **over: float | None):
        """The open problems after one more reading: kind, subject, severity."""
        at = TUESDAY + every * self.turn
        self.turn += 1
        reading = Reading(layout, at, 1000.0 + every.total_seconds() * self.turn, told(**over))
        with transaction():
            judge(
                [Told(self.device.id, DeviceRole.SWITCH, Platform.CISCO_IOS, reading)],
                memory=self.memory,
            )
        return sorted(
            (p.kind, p.subject, p.severity)
            for p in problems.open_all()
            if p.device_id == self.device.id
        )


@pytest.fixture
def poller(switch) -> Poller:
    """Judges readings of a switch."""
    return Poller(switch)


def rows() -> int:
    """How many values are remembered."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(WatchState)) or 0


def test_a_device_that_is_well_leaves_no_trace(poller):
    for _ in range(5):
        assert poller.tell() == []
    assert rows() == 0


@pytest.mark.parametrize(
    ("over", "kind", "subject", "severity"),
    [
        ({"inlet": 361.0}, "sensor", "inlet", Severity.MEDIUM),
        ({"inlet": 460.0}, "sensor", "inlet", Severity.HIGH),
        # The second of two sensors of one name is a sensor of its own.
        ({"psu2": 90.0}, "sensor", "PSU #2", Severity.HIGH),
        ({"charge": 20.0}, "sensor", "battery charge", Severity.HIGH),
        ({"used": 96.0}, "storage", "/var", Severity.HIGH),
        ({"oper": DOWN}, "interface_down", "Gi0/1", Severity.HIGH),
    ],
)
def test_what_lasts_three_polls_is_a_problem(poller, over, kind, subject, severity):
    assert poller.tell(**over) == []
    assert poller.tell(**over) == []
    assert poller.tell(**over) == [(kind, subject, severity)]
    assert poller.tell() == [(kind, subject, severity)]
    assert poller.tell() == []


@pytest.mark.parametrize(
    "over",
    [
        # Nobody plugged anything into a port that need not be up; and this one was shut on purpose.
        {"oper2": DOWN},
        {"oper": DOWN, "admin": DOWN},
        # A cache is meant to be full.
        {"cached": 100.0},
        # What a device does not tell is not known to be bad.
        {"inlet": None, "charge": None, "used": None, "load": None},
        # RFC 3433: not a value but an overflow of the sensor.
        {"inlet": 1e9},
        {"size": 0.0, "used": 5.0},
    ],
)
def test_what_is_no_problem_makes_none(poller, over):
    for _ in range(8):
        assert poller.tell(**over) == []


def test_traffic_near_the_speed_of_the_port_is_a_problem(poller):
    octets = 0.0
    for _ in range(6):
        octets += GIGABIT / 8 * 30 * 0.9
        found = poller.tell(in_=octets)
    assert found == [("interface_use", "Gi0/1", Severity.MEDIUM)]
    problem = problems.open_all()[0]
    assert problem.value == pytest.approx(90)
    assert problem.threshold == 85


def test_a_counter_that_was_reset_and_a_device_that_rebooted_are_no_traffic(poller):
    for octets in (9e12, 0.0, 9e12, 0.0, 9e12, 0.0, 9e12, 0.0):
        found = poller.tell(in_=octets)
    assert found == []


def test_a_problem_becomes_graver_and_milder_without_opening_twice(poller):
    for value in (400.0, 400.0, 400.0, 500.0, 500.0, 500.0):
        found = poller.tell(inlet=value)
    assert found == [("sensor", "inlet", Severity.HIGH)]
    for _ in range(2):
        found = poller.tell(inlet=400.0)
    assert found == [("sensor", "inlet", Severity.MEDIUM)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Problem)) == 1


def test_a_value_that_comes_and_goes_is_told_once_until_it_is_calm(poller):
    for _ in range(4):
        for value in (400.0, 400.0, 400.0, 230.0, 230.0):
            found = poller.tell(inlet=value)
    # Three problems came and went; the fourth stays, for the sensor flaps.
    assert found == [("sensor", "inlet", Severity.MEDIUM)]
    assert len(problems.open_all()[0].evidence["flapping"]) == 4
    opened = db.session.scalar(sa.select(sa.func.count()).select_from(Problem))
    for _ in range(3):
        for value in (400.0, 400.0, 400.0, 230.0, 230.0):
            poller.tell(inlet=value)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Problem)) == opened == 4
    for _ in range(200):
        found = poller.tell()
    assert found == []
    assert rows() == 0


def test_the_part_that_was_taken_out_takes_its_problem_along(poller):
    for _ in range(3):
        poller.tell(oper=DOWN)
    without = Layout(name="sw", ports=(a_port(7, "Gi0/7"), a_port(2, "Gi0/2")), cores=LAYOUT.cores,
                     stores=LAYOUT.stores, gauges=LAYOUT.gauges)  # fmt: skip
    assert poller.tell(layout=without) == []
    assert rows() == 0


def test_a_port_keeps_its_problem_when_its_index_moves(poller):
    for _ in range(3):
        poller.tell(oper=DOWN)
    moved = Layout(
        name="sw",
        ports=(a_port(17, "Gi0/1", "UPLINK to core"), a_port(18, "Gi0/2")),
        cores=LAYOUT.cores,
        stores=LAYOUT.stores,
        gauges=LAYOUT.gauges,
    )
    assert poller.tell(layout=moved, oper=DOWN) == [("interface_down", "Gi0/1", Severity.HIGH)]
    assert len(problems.of(poller.device)) == 1


def test_the_writer_of_polls_judges_and_a_device_taken_out_has_no_problem(switch):
    for turn in range(3):
        at = TUESDAY + EVERY * turn
        target = Target("127.0.0.1", 161, device_id=switch.id)
        reading = Reading(LAYOUT, at, 1000.0, told(used=99.0))
        with transaction():
            recording.record([Outcome(target, at, 0.1, reading)], EVERY, Thresholds())
    assert [p.subject for p in problems.open_all()] == ["/var"]
    with transaction():
        new = devices.NewDevice(switch.name, switch.address, switch.site, is_enabled=False)
        devices.change(switch, new)
    assert problems.open_all() == []


def test_the_first_entry_that_fits_judges():
    file = ThresholdFile(
        thresholds=(
            Threshold(of="sensor", name="^PSU", limits={"warning": 1}, source="test"),
            Threshold(of="sensor", limits={"warning": 2}, source="test"),
            Threshold(of="processor", roles=("ups",), limits={"warning": 3}, source="test"),
        )
    )
    found = watches(LAYOUT, DeviceRole.SWITCH, Platform.CISCO_IOS, file)
    assert {(w.kind, w.subject, w.limits.warning) for w in found} == {
        (Subject.SENSOR, "inlet", 2),
        (Subject.SENSOR, "PSU", 1),
        (Subject.SENSOR, "PSU #2", 1),
        (Subject.SENSOR, "battery charge", 2),
    }


def test_every_entry_we_ship_says_where_its_figures_are_from():
    assert all(entry.source for entry in shipped().thresholds)
    assert {entry.of for entry in shipped().thresholds} == set(Subject)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"of": "processor", "kinds": ["temperature"]}, "only sensors"),
        ({"of": "sensor", "alias": "uplink"}, "only interfaces"),
        ({"of": "sensor", "name": "("}, "not a regular expression"),
    ],
)
def test_an_entry_that_fits_nothing_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        Threshold.model_validate({"limits": {"warning": 1}, "source": "test", **wrong})
