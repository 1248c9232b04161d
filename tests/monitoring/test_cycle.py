"""A cycle of polling: who is due when, clocks that jump, portions that the database refuses."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import due, outages, polling, readings, recording
from monitoring.models import Device, DeviceStateRow, DeviceStatus, Outage
from monitoring.polling import PollPlan
from monitoring.probes.outcomes import Outcome
from portal.cli.polling import told
from rental.models import Site
from tests import build
from tests.monitoring import agents
from tests.monitoring.agents import hostile
from tests.monitoring.test_polling import KEYRING, QUICK, a_device, busy_port, poll_again


@pytest.fixture
def port() -> Iterator[int]:
    """An agent of one busy interface."""
    with hostile(agents.table_agent(busy_port(7))) as agent:
        yield agent.port


def poll_at(instant: datetime, plan: PollPlan = QUICK) -> polling.Summary:
    """A cycle that begins at this instant."""
    with clock.standing_at(instant):
        return polling.poll_site(None, KEYRING, plan)


def status(device: Device) -> tuple[DeviceStatus, int]:
    db.session.rollback()
    db.session.refresh(device)
    return device.status, device.misses


def history(device: Device) -> list[tuple[datetime, datetime | None]]:
    query = sa.select(DeviceStateRow.began_at, DeviceStateRow.ended_at).where(
        DeviceStateRow.device_id == device.id
    )
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(DeviceStateRow.began_at))]


def test_a_clock_that_is_set_back_does_not_stop_the_polling(house: Any, port: int) -> None:
    with transaction():
        device = a_device(port)
    noon = clock.now()
    assert poll_at(noon).answered == 1
    assert poll_at(noon + timedelta(seconds=10)).answered == 1
    back = noon - timedelta(hours=1)
    for turn in range(3):
        summary = poll_at(back + timedelta(seconds=10 * turn))
        assert (summary.answered, summary.readings) == (1, 1), f"turn {turn} after the step"
    assert device.last_poll_at == back + timedelta(seconds=20)
    assert status(device) == (DeviceStatus.UP, 0)
    rows = history(device)
    assert rows[-1][1] is None
    assert all(before[1] == after[0] for before, after in pairwise(rows))


def test_a_clock_that_is_set_back_begins_and_ends_no_outage_in_the_future(house: Any) -> None:
    with transaction():
        device = a_device(agents.free_port())
    noon = clock.now()
    poll_at(noon)
    poll_at(noon + timedelta(seconds=10))
    back = noon - timedelta(hours=1)
    for seconds in (0, 20, 60):  # a device that loses polls is asked more rarely
        assert db.session.scalars(sa.select(Outage)).all() == []
        poll_at(back + timedelta(seconds=seconds))
    [outage] = db.session.scalars(sa.select(Outage)).all()
    assert outage.began_at == back, "counted from the losses after the step alone"
    assert status(device) == (DeviceStatus.DOWN, 5)


def test_an_outage_from_before_the_step_is_closed_when_the_device_answers(
    house: Any, own_agent: agents.Agent
) -> None:
    with transaction():
        device = a_device(own_agent.port)
    noon = clock.now()
    own_agent.stop()
    for turn in range(3):
        poll_at(noon + timedelta(seconds=10 * turn))
    outage = outages.find_open(device)
    assert outage is not None
    own_agent.start()
    back = noon - timedelta(hours=1)
    for turn in range(2):
        poll_at(back + timedelta(seconds=10 * turn), PollPlan(interval_seconds=10))
    db.session.rollback()
    assert outage.ended_at == outage.began_at, "no outage ends before it began"
    assert status(device) == (DeviceStatus.UP, 0)


def test_a_clock_that_is_set_forward_makes_the_time_between_unknown(house: Any, port: int) -> None:
    with transaction():
        device = a_device(port)
    noon = clock.now()
    poll_at(noon)
    ahead = noon + timedelta(hours=2)
    assert poll_at(ahead).answered == 1
    assert db.session.scalars(sa.select(Outage)).all() == []
    assert history(device) == [(noon, ahead), (ahead, None)]


def test_every_device_has_a_moment_of_its_own_and_is_asked_in_each_cycle(house: Any) -> None:
    plan = PollPlan(interval_seconds=30, starts_per_second=2)
    with transaction():
        site = build.a_site()
        for n in range(60):
            a_device(20_000 + n, name=f"d{n}", site=site)
    noon = clock.now()
    with transaction():
        first = due.due([site.id], KEYRING, plan, noon)
    moments = {target.device_id: seconds for seconds, target in first.starts}
    assert len(moments) == 60
    assert max(moments.values()) <= 24, "the cycle ends before the next begins"
    assert len({int(seconds / 4) for seconds in moments.values()}) == 6, "spread over all of it"
    for cycle in range(3):
        began = noon + timedelta(seconds=30 * cycle)
        with transaction():
            for device in db.session.scalars(sa.select(Device)):
                asked = began + timedelta(seconds=moments[device.id])
                device.last_poll_at, device.next_poll_at = asked, asked + plan.interval
            db.session.flush()
            again = due.due([site.id], KEYRING, plan, began + timedelta(seconds=30))
        assert {t.device_id: seconds for seconds, t in again.starts} == moments
        with transaction():
            early = due.due(
                [site.id], KEYRING, plan, began + timedelta(seconds=max(moments.values()))
            )
        assert early.starts == []
        assert early.not_yet == 60


def test_a_device_that_backs_off_is_left_alone_meanwhile(house: Any) -> None:
    plan = PollPlan(interval_seconds=30, starts_per_second=1)
    with transaction():
        site = build.a_site()
        now = clock.now()
        for n in range(40):
            device = a_device(20_000 + n, name=f"d{n}", site=site)
            device.misses, device.last_poll_at = 4, now
            device.next_poll_at = now + recording.pause(plan.interval, 4)
        db.session.flush()
        for seconds, asked in ((30, 0), (60, 0), (90, 0), (120, 40)):
            found = due.due([site.id], KEYRING, plan, now + timedelta(seconds=seconds))
            assert len(found.starts) == asked, f"after {seconds} s"


@pytest.mark.parametrize("poison", [1, 3], ids=["one device", "three devices"])
def test_what_the_database_refuses_of_one_device_costs_the_others_nothing(
    house: Any, port: int, monkeypatch: pytest.MonkeyPatch, poison: int
) -> None:
    with transaction():
        site = build.a_site()
        devices = [a_device(port, name=f"d{n}", site=site) for n in range(6)]
        bad = {device.id for device in devices[:poison]}
    record: Callable[..., Any] = recording.record

    def refusing(outcomes: list[Outcome], *rest: Any) -> Any:
        if any(outcome.target.device_id in bad for outcome in outcomes):
            db.session.execute(sa.text("SELECT 1 / 0"))
        return record(outcomes, *rest)

    monkeypatch.setattr(recording, "record", refusing)
    summary = polling.poll_site(None, KEYRING, QUICK)
    assert summary.failures["unwritten"] == poison
    assert summary.readings == 6 - poison
    latest = [readings.latest(device) is not None for device in devices]
    assert latest == [device.id not in bad for device in devices]


def test_a_site_that_somebody_else_polls_is_left_out_and_named(house: Any, port: int) -> None:
    with transaction():
        here, there = (
            a_device(port, name="here"),
            a_device(port, name="there", site=a_second_site()),
        )
        held = there.site
        slug, site_id = held.slug, held.id
    address = db.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as worker:
        worker.execute("SELECT pg_advisory_lock(%s, %s)", (polling.POLL_LOCK, site_id))
        summary = polling.poll_site(None, KEYRING, QUICK)
        assert (summary.asked, summary.elsewhere) == (1, (slug,))
        assert any(slug in line for line in told(summary))
    assert poll_again().elsewhere == ()
    assert here.last_poll_at is not None


def a_second_site() -> Site:
    """A site beside the first."""
    site = Site(slug="second", name="Second")
    db.session.add(site)
    db.session.flush()
    return site


def test_a_cycle_says_what_it_did(house: Any, port: int) -> None:
    with transaction():
        a_device(port, name="good")
        a_device(agents.free_port(), name="closed")
    said = told(polling.poll_site(None, KEYRING, QUICK))
    assert said[0].startswith("2 devices asked, 1 answered in ")
    assert said[1:] == ["1 discovered anew.", "1 did not answer: 1 refused."]
    assert told(polling.poll_site(None, KEYRING, QUICK))[1:] == ["2 were not due yet."]
