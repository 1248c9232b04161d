"""A device's history has every change of its status, to the second, and invents none."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from config import clock
from config.database import db, transaction
from monitoring import devices, recording, states
from monitoring.health import Thresholds
from monitoring.models import Device, DeviceStateRow, DeviceStatus
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import Layout, Reading
from monitoring.states import Change
from tests import build
from tests.monitoring.policy_world import a_switch

UP, DEGRADED, DOWN, UNKNOWN = (
    DeviceStatus.UP,
    DeviceStatus.DEGRADED,
    DeviceStatus.DOWN,
    DeviceStatus.UNKNOWN,
)
EVERY = timedelta(seconds=30)
NOON = build.TUESDAY


def polls(device: Device, answers: str, *, first=NOON, every=EVERY) -> None:
    """Record polls, one a letter: `.` answered, `x` lost, `!` our own fault."""
    for number, letter in enumerate(answers):
        at = first + every * number
        target = Target("127.0.0.1", 161, device_id=device.id)
        if letter == ".":
            told = Reading(Layout(name="sw"), at, 100.0, ())
        else:
            kind = FailureKind.TIMEOUT if letter == "x" else FailureKind.INTERNAL
            told = Failure(kind, "nothing came")
        with transaction():
            recording.record([Outcome(target, at, 0.1, told)], EVERY, Thresholds())


def history(device: Device) -> list[tuple[DeviceStatus, float, float | None]]:
    """Status, begin and end in polls since noon."""
    found = states.of(device, NOON - timedelta(days=9), NOON + timedelta(days=9))
    assert all(a.ended_at == b.began_at for a, b in pairwise(found))
    return [
        (s.status, (s.began_at - NOON) / EVERY, s.ended_at and (s.ended_at - NOON) / EVERY)
        for s in found
    ]


@pytest.fixture
def switch(house) -> Device:
    """A device that was never polled."""
    with transaction():
        return a_switch()


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("....", [(UP, 0, None)]),
        # One lost poll is weather, and is on record as such.
        ("..x.", [(UP, 0, 2), (DEGRADED, 2, 3), (UP, 3, None)]),
        # An outage began with the first poll lost, though the third one told.
        ("..xxx", [(UP, 0, 2), (DOWN, 2, None)]),
        ("..xxxx..", [(UP, 0, 2), (DOWN, 2, 6), (UP, 6, None)]),
        # An answer amid an outage that does not last does not end it.
        (".xxx.xx..", [(UP, 0, 1), (DOWN, 1, 7), (UP, 7, None)]),
        ("xxx", [(DOWN, 0, None)]),
        ("x.", [(UNKNOWN, 0, 1), (UP, 1, None)]),
        # A fault of ours is no change of the device.
        ("..!!!..", [(UP, 0, None)]),
    ],
)
def test_the_history_says_when_each_status_began(switch, answers, told):
    polls(switch, answers)
    assert history(switch) == told


def test_what_nobody_asked_is_unknown_and_not_what_it_was_before(switch):
    polls(switch, "...")
    polls(switch, "..", first=NOON + EVERY * 100)
    assert history(switch) == [(UP, 0, 2), (UNKNOWN, 2, 100), (UP, 100, None)]


def test_losses_of_before_a_silence_of_ours_open_no_outage_after_it(switch):
    polls(switch, "..xx")
    polls(switch, "x.", first=NOON + EVERY * 2880)
    assert history(switch)[-3:] == [(UNKNOWN, 3, 2880), (DEGRADED, 2880, 2881), (UP, 2881, None)]
    assert switch.status is UP


def test_a_device_taken_out_of_the_polls_is_unknown_from_then_on(switch):
    polls(switch, "...")
    with transaction(), clock.standing_at(NOON + EVERY * 5):
        new = devices.NewDevice(switch.name, switch.address, switch.site, is_enabled=False)
        devices.change(switch, new)
    assert history(switch) == [(UP, 0, 5), (UNKNOWN, 5, None)]


def test_writing_a_change_twice_leaves_one(switch):
    polls(switch, "..")
    for _ in range(2):
        with transaction():
            states.turn([Change(switch.id, DOWN, NOON + EVERY * 2)])
    assert history(switch) == [(UP, 0, 2), (DOWN, 2, None)]


def test_the_database_keeps_one_last_status_of_a_device(switch):
    polls(switch, "..")
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(
            sa.insert(DeviceStateRow).values(device_id=switch.id, status=DOWN, began_at=clock.now())
        )
