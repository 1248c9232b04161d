"""From due devices to readings and outages, on real agents and a real database."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db, transaction
from monitoring import credentials, devices, outages, polling, readings, signals
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice, Wanted
from monitoring.errors import BadAddress, BadDevice, DeviceExists, UnknownDevice
from monitoring.models import Device, DeviceStatus, Outage, ReadingRow
from monitoring.polling import PollPlan
from monitoring.probes import snmp
from monitoring.probes.logins import SnmpCommunity, SshLogin
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Layout, Reading
from rental.models import Interruption
from tests import build
from tests.monitoring import agents
from tests.monitoring.agents import hostile

KEYRING = Keyring(bytes(range(32)))
QUICK = PollPlan(interval_seconds=10, timeout_seconds=0.15, tries=1, budget_seconds=3)


def a_device(port: int, **over) -> Device:
    """A device on loopback, with the community of the test agents."""
    name = over.pop("name", f"device-{port}")
    community = credentials.find("test") or credentials.add(
        "test", SnmpCommunity(agents.COMMUNITY), KEYRING
    )
    given = {"site": over.pop("site", None) or build.a_site(), "snmp_credential": community, **over}
    return devices.add(NewDevice(name, "127.0.0.1", snmp_port=port, **given))


def poll_again(plan: PollPlan = QUICK) -> polling.Summary:
    """One more cycle, as if every pause were over."""
    with transaction():
        db.session.execute(sa.update(Device).values(next_poll_at=None))
    return polling.poll_site(None, KEYRING, plan)


def test_a_poll_keeps_a_reading_and_what_the_device_says_of_itself(house, agent):
    with transaction():
        device = a_device(agent.port)
    summary = polling.poll_site(device.site_id, KEYRING)
    assert (summary.asked, summary.answered) == (1, 1)
    assert device.status is DeviceStatus.UP
    assert device.sys_name == "test-agent"
    assert device.sys_descr == "Thiết bị thử"
    assert device.uptime_seconds >= 0
    assert device.failure is None
    reading = readings.latest(device)
    told = {port.name: port for port in reading.interfaces()}
    assert told["lo"].oper_status == "up"
    assert isinstance(told["lo"].in_octets, int)
    assert reading.layout.name == "test-agent"


def test_a_device_is_not_polled_before_it_is_due_nor_when_it_is_disabled(house, agent):
    with transaction():
        device = a_device(agent.port)
        a_device(agent.port, name="off", is_enabled=False)
        a_device(agent.port, name="no-credential", snmp_credential=None)
    assert polling.poll_site(None, KEYRING).asked == 1
    assert polling.poll_site(None, KEYRING).asked == 0
    assert polling.poll_site(device.site_id + 1000, KEYRING).asked == 0


def test_traffic_becomes_a_series_in_bits_per_second(house):
    octets = {"now": 0}

    def reply(raw: bytes) -> bytes | None:
        octets["now"] += 0
        table = busy_port(octets["now"])
        return agents.table_agent(table)(raw)

    with hostile(reply) as port, transaction():
        device = a_device(port.port)
        db.session.commit()
        for step in range(4):
            octets["now"] = step * 125_000
            poll_again()
            time.sleep(0.25)
    now = clock.now()
    points = readings.series(device, "Gi0/7", now - timedelta(minutes=5), now)
    assert len(points) == 3
    for point in points:
        assert 1_000_000 < point.in_bps < 5_000_000
        assert point.out_bps == 0
    assert readings.current_rates(device)[7].in_bps == points[-1].in_bps
    assert readings.series(device, "Gi0/8", now - timedelta(minutes=5), now) == []
    assert len(readings.between(device, now - timedelta(minutes=5), now)) == 4
    assert db.session.scalar(sa.select(sa.func.count(sa.distinct(ReadingRow.layout_id)))) == 1


def busy_port(octets: int) -> dict[str, bytes]:
    mibs = snmp.mibs
    return {
        mibs.SYS_UP_TIME: agents.integer(int(time.monotonic() * 100) % 2**31, 0x43),
        mibs.SYS_NAME: agents.tlv(0x04, b"sw1"),
        mibs.IF_NUMBER: agents.integer(1),
        f"{mibs.IF_DESCR}.7": agents.tlv(0x04, b"GigabitEthernet0/7"),
        f"{mibs.IF_NAME}.7": agents.tlv(0x04, b"Gi0/7"),
        f"{mibs.IF_HIGH_SPEED}.7": agents.integer(1000, 0x42),
        f"{mibs.IF_OPER_STATUS}.7": agents.integer(1),
        f"{mibs.IF_HC_IN_OCTETS}.7": agents.integer(octets, 0x46),
        f"{mibs.IF_HC_OUT_OCTETS}.7": agents.integer(0, 0x46),
    }


@pytest.fixture
def told():
    """What monitoring says of outages while the test runs."""
    heard: list[tuple[str, str]] = []

    def opened(outage: Outage) -> None:
        heard.append(("opened", outage.device.name))

    def closed(outage: Outage) -> None:
        heard.append(("closed", outage.device.name))

    with signals.outage_opened.connected_to(opened), signals.outage_closed.connected_to(closed):
        yield heard


def test_three_lost_polls_open_an_outage_that_interrupts_the_resource_until_it_recovers(
    house, own_agent, told
):
    with transaction():
        hall = build.a_hall()
        device = a_device(own_agent.port, resource=hall, site=hall.site)
    poll_again()
    own_agent.stop()
    first_lost = clock.now()
    for strike in (1, 2):
        summary = poll_again()
        assert summary.opened == 0, f"an outage after {strike} lost polls"
    assert device.status is DeviceStatus.DEGRADED
    assert device.failure.startswith("refused")
    assert poll_again().opened == 1
    outage = outages.find_open(device)
    assert device.status is DeviceStatus.DOWN
    assert first_lost <= outage.began_at < first_lost + timedelta(seconds=2)
    assert outage.evidence["kind"] == "refused"
    assert len(outage.evidence["lost_polls"]) == 3
    interruption = db.session.scalars(sa.select(Interruption)).one()
    assert (interruption.resource_id, interruption.cause) == (hall.id, f"outage:{outage.id}")
    assert interruption.began_at == outage.began_at
    assert poll_again().opened == 0  # still the same outage

    own_agent.start()
    answered = clock.now()
    assert poll_again().closed == 0  # one answer may be luck
    assert poll_again().closed == 1
    assert device.status is DeviceStatus.UP
    assert answered <= outage.ended_at < clock.now()
    assert interruption.ended_at == outage.ended_at
    assert outages.all_(open_only=True) == []
    assert outages.all_(device=device) == [outage]
    assert told == [("opened", device.name), ("closed", device.name)]


def test_a_device_that_never_answered_has_an_outage_but_interrupts_nobody(house):
    with transaction():
        hall = build.a_hall()
        device = a_device(agents.free_port(), resource=hall, site=hall.site)
    for _ in range(3):
        poll_again()
    assert device.status is DeviceStatus.DOWN
    assert outages.find_open(device) is not None
    assert db.session.scalars(sa.select(Interruption)).all() == []


def test_a_parent_that_is_down_silences_its_children_until_it_is_back(house, own_agent):
    with transaction():
        switch = a_device(own_agent.port, name="switch")
        camera = a_device(agents.free_port(), name="camera", parent=switch)
    poll_again()
    own_agent.stop()
    for _ in range(4):
        poll_again()
    below, above = outages.find_open(camera), outages.find_open(switch)
    assert above.cause == "device"
    assert below.is_silenced
    assert below.evidence["parent"] == "switch"
    own_agent.start()
    for _ in range(3):
        poll_again()
    assert above.ended_at is not None
    assert not outages.find_open(camera).is_silenced


def test_an_outage_is_opened_once_and_closed_once(house):
    with transaction():
        device = a_device(agents.free_port())
    at = datetime(2030, 3, 5, tzinfo=UTC)
    with transaction():
        first = outages.open_(device, at, {})
        assert outages.open_(device, at + timedelta(minutes=1), {}) is first
        outages.close(first, at + timedelta(minutes=2))
        outages.close(first, at + timedelta(minutes=9))
    assert first.ended_at == at + timedelta(minutes=2)
    assert db.session.scalar(sa.select(sa.func.count(Outage.id))) == 1


def test_disabling_a_device_ends_its_outage(house):
    with transaction():
        device = a_device(agents.free_port())
        outage = outages.open_(device, datetime(2030, 3, 5, tzinfo=UTC), {})
    with transaction():
        devices.change(
            device, NewDevice(device.name, device.address, device.site, is_enabled=False)
        )
    assert outage.ended_at is not None
    assert device.status is DeviceStatus.UNKNOWN


def test_twenty_devices_with_five_dead_are_polled_within_the_budget_of_one(house, agent):
    dead = [agents.free_port() for _ in range(3)]
    with hostile(lambda _: None) as silent, hostile(lambda _: b"\x30\x03\x02\x01") as garbage:
        ports = [agent.port] * 15 + [*dead, silent.port, garbage.port]
        with transaction():
            site = build.a_site()
            for number, port in enumerate(ports):
                a_device(port, name=f"d{number:02}", site=site)
        began = time.monotonic()
        summary = polling.poll_site(None, KEYRING, PollPlan(timeout_seconds=0.5, tries=2))
        seconds = time.monotonic() - began
    assert (summary.asked, summary.answered) == (20, 15)
    assert seconds < 4
    kinds = {d.name: (d.failure or "").partition(":")[0] for d in devices.search()}
    assert [kinds[f"d{n}"] for n in range(15, 20)] == [*["refused"] * 3, "timeout", "malformed"]
    slowest = max(d.poll_seconds for d in devices.search() if d.failure is None)
    assert slowest < 2, "a dead device delayed a living one"


def test_a_dead_device_is_asked_with_one_packet_and_ever_more_rarely(house):
    plan = PollPlan(interval_seconds=10, timeout_seconds=0.05, tries=3)
    with hostile(lambda _: None) as silent:
        with transaction():
            device = a_device(silent.port)
        sent, pauses = [], []
        for _ in range(6):
            before = silent.requests
            poll_again(plan)
            sent.append(silent.requests - before)
            pauses.append((device.next_poll_at - device.last_poll_at).total_seconds())
    assert sent == [3, 3, 3, 1, 1, 1]
    assert pauses == [10, 10, 20, 40, 80, 80]


def test_a_credential_that_does_not_open_is_our_fault_and_no_outage(house, agent):
    with transaction():
        device = a_device(agent.port)
    other = Keyring(bytes(32))
    for _ in range(4):
        with transaction():
            device.next_poll_at = None
        assert polling.poll_site(None, other, QUICK).answered == 0
    assert device.failure.startswith("internal: The credential test is sealed with key")
    assert device.status is DeviceStatus.UNKNOWN
    assert outages.find_open(device) is None


def test_recording_an_outcome_twice_writes_it_once(house, agent):
    with transaction():
        device = a_device(agent.port)
    target = Target("127.0.0.1", agent.port, SnmpCommunity(agents.COMMUNITY), device_id=device.id)
    outcomes = asyncio.run(polling.poll_all([target]))
    for kept in (1, 0):
        with transaction():
            assert polling.record(outcomes).readings == kept


def test_a_port_that_changes_state_is_discovered_anew(house):
    state = {"oper": 1, "speed": 100}

    def reply(raw: bytes) -> bytes | None:
        mibs = snmp.mibs
        table = busy_port(0)
        table[f"{mibs.IF_OPER_STATUS}.7"] = agents.integer(state["oper"])
        table[f"{mibs.IF_HIGH_SPEED}.7"] = agents.integer(state["speed"], 0x42)
        return agents.table_agent(table)(raw)

    with hostile(reply) as port:
        with transaction():
            device = a_device(port.port)
        poll_again()
        state.update(oper=2)
        poll_again()
        state.update(oper=1, speed=1000)
        poll_again()
        poll_again()
    assert readings.latest(device).interfaces()[0].speed_bps == 1_000_000_000


def test_a_device_is_addressed_by_number(house):
    with transaction():
        site = build.a_site()
        for wrong in ("switch.example", "10.0.0.256", "0.0.0.0", "224.0.0.1", ""):
            with pytest.raises(BadAddress):
                devices.add(NewDevice("d", wrong, site))
        assert devices.add(NewDevice("d", " 2001:DB8::1 ", site)).address == "2001:db8::1"


def test_a_device_is_refused_for_a_reason(house):
    with transaction():
        site = build.a_site()
        ssh = credentials.add("ssh", SshLogin("operator", "demo-password"), KEYRING)
        device = devices.add(NewDevice("a", "192.0.2.1", site))
        below = devices.add(NewDevice("b", "192.0.2.2", site, parent=device))
        with pytest.raises(DeviceExists):
            devices.add(NewDevice("a", "192.0.2.3", site))
        with pytest.raises(BadDevice, match="port"):
            devices.add(NewDevice("c", "192.0.2.3", site, snmp_port=70_000))
        with pytest.raises(BadDevice, match="SSH"):
            devices.add(NewDevice("c", "192.0.2.3", site, snmp_credential=ssh))
        with pytest.raises(BadDevice, match="itself"):
            devices.change(device, NewDevice("a", "192.0.2.1", site, parent=below))
        with pytest.raises(UnknownDevice):
            devices.get(0)
    assert [d.name for d in devices.search(Wanted(q="192.0.2"))] == ["a", "b"]
    assert devices.counted()[DeviceStatus.UNKNOWN] == 2


def test_an_interruption_ends_with_its_outage_though_the_device_serves_another_resource(house):
    at = datetime(2030, 3, 5, tzinfo=UTC)
    with transaction():
        hall = build.a_hall()
        device = a_device(agents.free_port(), resource=hall, site=hall.site)
        device.last_answer_at = at
        outage = outages.open_(device, at, {})
        device.resource = build.a_hall(site=hall.site)
        outages.close(outage, at + timedelta(minutes=1))
    interruption = db.session.scalars(sa.select(Interruption)).one()
    assert (interruption.resource_id, interruption.ended_at) == (hall.id, outage.ended_at)


def test_what_was_not_told_stays_untold_in_the_database(house):
    layout = Layout(cores=(Core(1, "a"), Core(2, "b")), ports=())
    bare = Layout(name="bare")
    with transaction():
        some, none = a_device(2001), a_device(2002)
        outcomes = [
            Outcome(Target("", device_id=device.id), clock.now(), 0.1, reading)
            for device, reading in (
                (some, Reading(layout, clock.now(), 1.5, (None, 2**53 - 1))),
                (none, Reading(bare, clock.now(), None, (), ("partial: nothing",))),
            )
        ]
        polling.record(outcomes)
    assert [p.load_percent for p in readings.latest(some).processors()] == [None, 2**53 - 1]
    assert readings.latest(none).values == []
    assert readings.latest(none).problems == ("partial: nothing",)
    assert none.status is DeviceStatus.DEGRADED
