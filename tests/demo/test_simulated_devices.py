"""The simulated SNMP devices, asked by the client the poller uses and by net-snmp."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from gufo.snmp import Aes128Key, Sha256Key, User
from gufo.snmp.aio import SnmpSession
from hypothesis import given
from hypothesis import strategies as st

from portal.demo import simulators
from portal.demo.agents import Agent
from portal.demo.devices import COMMUNITY, DEVICES, V3_AUTH, V3_PRIV, V3_USER
from portal.demo.simulators import Plan, PortTaken, fleet
from portal.demo.waves import Silence, Traffic
from tests.ports import free_port

BY_NAME = {device.name: device for device in DEVICES}
SYS_NAME = "1.3.6.1.2.1.1.5.0"
HC_IN = "1.3.6.1.2.1.31.1.1.1.6"


def asking(agent: Agent, **over) -> SnmpSession:
    who = {"community": COMMUNITY}
    if agent.device.secure:
        who = {
            "user": User(
                V3_USER,
                auth_key=Sha256Key(V3_AUTH.encode()),
                priv_key=Aes128Key(V3_PRIV.encode()),
            )
        }
    return SnmpSession("127.0.0.1", port=agent.port, timeout=over.pop("timeout", 5.0), **who | over)


async def walk(session: SnmpSession, oid: str) -> dict:
    return {name: value async for name, value in session.getbulk(oid, max_repetitions=20)}


def test_all_twelve_devices_tell_their_names_over_v2c_and_v3():
    async def ask():
        with fleet(Plan(base_port=0, silence=None)) as running:
            names = {}
            for name, agent in running.agents.items():
                async with asking(agent) as session:
                    names[name] = await session.get(SYS_NAME)
            return names

    assert asyncio.run(ask()) == {name: name.encode() for name in BY_NAME}
    assert len(BY_NAME) == 12
    assert sum(device.secure for device in DEVICES) == 2


def test_a_switch_has_24_ports_whose_64_bit_counters_move():
    async def ask():
        agent = Agent(BY_NAME["SW-CORE-01"])
        async with asking(agent) as session:
            first = await walk(session, HC_IN)
            await asyncio.sleep(0.3)
            second = await walk(session, HC_IN)
        agent.close()
        return first, second

    first, second = asyncio.run(ask())
    assert len(first) == 24
    assert all(second[port] >= first[port] for port in first)
    assert second[f"{HC_IN}.10124"] > first[f"{HC_IN}.10124"] > 2**32


@pytest.mark.parametrize(
    ("device", "oid", "least", "most", "what"),
    [
        ("UPS-01", "1.3.6.1.2.1.33.1.2.4.0", 100, 100, "battery charge in percent"),
        ("UPS-01", "1.3.6.1.2.1.33.1.3.3.1.3.1", 200, 250, "input voltage"),
        ("CAM-01", "1.3.6.1.2.1.99.1.1.1.4.1001", 30, 60, "housing temperature"),
        ("SRV-STREAM-01", "1.3.6.1.2.1.25.3.3.1.2.196608", 1, 100, "processor load"),
        ("SRV-STREAM-01", "1.3.6.1.2.1.25.2.3.1.5.3", 10**9, 2**31, "blocks of a 4 TB volume"),
        ("RT-UPLINK-01", "1.3.6.1.2.1.31.1.1.1.15.3", 10000, 10000, "a ten gigabit port in Mbps"),
        ("RT-UPLINK-01", "1.3.6.1.2.1.2.2.1.5.3", 2**32 - 1, 2**32 - 1, "ifSpeed is too small"),
    ],
)
def test_each_kind_of_device_tells_what_its_kind_should(device, oid, least, most, what):
    async def ask():
        agent = Agent(BY_NAME[device])
        async with asking(agent) as session:
            value = await session.get(oid)
        agent.close()
        return value

    assert least <= asyncio.run(ask()) <= most, what


def test_a_whole_walk_ends_and_every_object_identifier_is_larger_than_the_last():
    async def ask():
        agent = Agent(BY_NAME["SW-HALL-03"])
        async with asking(agent) as session:
            names = list(await walk(session, "1.3.6.1"))
        agent.close()
        return names

    numbers = [tuple(map(int, name.split("."))) for name in asyncio.run(ask())]
    assert len(numbers) > 600
    assert numbers == sorted(numbers)


def test_a_wrong_community_is_not_answered():
    async def ask():
        agent = Agent(BY_NAME["CAM-01"])
        try:
            async with asking(agent, community="public", timeout=0.4) as session:
                await session.get(SYS_NAME)
        finally:
            agent.close()

    with pytest.raises(TimeoutError):
        asyncio.run(ask())


def test_garbage_does_not_stop_an_agent():
    async def ask():
        agent = Agent(BY_NAME["CAM-01"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            for garbage in (b"", b"\x30", b"\x30\x82\xff\xff", os.urandom(1200)):
                caller.sendto(garbage, ("127.0.0.1", agent.port))
        async with asking(agent) as session:
            name = await session.get(SYS_NAME)
        agent.close()
        return name

    assert asyncio.run(ask()) == b"CAM-01"


def test_the_failing_device_falls_silent_and_comes_back_while_the_others_answer():
    async def ask():
        plan = Plan(base_port=0, silence=Silence(first=0.0, every=60.0, lasts=3.0))
        with fleet(plan) as running:
            async with asking(running.agents["ENC-01"]) as well:
                assert await well.get(SYS_NAME) == b"ENC-01"
            async with asking(running.agents["ENC-02"], timeout=0.2) as failing:
                with pytest.raises(TimeoutError):
                    await failing.get(SYS_NAME)
            async with asking(running.agents["ENC-02"], timeout=0.2) as failing:
                for _ in range(50):
                    with suppress(TimeoutError):
                        return await failing.get(SYS_NAME)
        return None

    assert asyncio.run(ask()) == b"ENC-02"


@pytest.mark.parametrize(
    ("running", "silent", "reason"),
    [
        (0, False, "well at first, so that the first page is green"),
        (75, True, "fails in the second minute"),
        (254.9, True, "for three minutes"),
        (255, False, "and is back"),
        (795, True, "twelve minutes after the first failure"),
    ],
)
def test_the_silence_begins_in_the_first_minutes_and_returns(running, silent, reason):
    assert simulators.SILENCE.covers(running) is silent, reason


@given(
    at=st.floats(1.7e9, 2.2e9),
    first=st.floats(0, 1e6),
    second=st.floats(0, 1e6),
    mean=st.floats(1, 1e9),
)
def test_a_counter_never_falls(at, first, second, mean):
    traffic = Traffic(mean)
    early, late = sorted((first, second))
    assert 0 <= traffic.total(at, at + early) <= traffic.total(at, at + late)


def test_the_counter_is_the_sum_of_the_rate():
    traffic, began = Traffic(1000.0), 1_800_000_000.0
    summed = sum(traffic.rate(began + second + 0.5) for second in range(3600))
    assert traffic.total(began, began + 3600) == pytest.approx(summed, rel=1e-6)


def test_a_taken_port_is_named_and_nothing_stays_open():
    async def begin():
        taken = Agent(BY_NAME["CAM-01"])
        base = taken.port - BY_NAME["CAM-01"].offset
        try:
            with pytest.raises(PortTaken, match="another demo"), fleet(Plan(base_port=base)):
                pass
            await asyncio.sleep(0)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(("127.0.0.1", base))
        finally:
            taken.close()

    asyncio.run(begin())


def _started(base: int, tmp_path) -> subprocess.Popen:
    module = ["-m", "portal.demo.simulators", "--steady"]
    process = subprocess.Popen(
        [sys.executable, *module, "--base-port", str(base), "--keys", str(tmp_path)]
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", base + 24)) == 0:
                return process
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the simulators did not start")


def test_the_process_is_light_answers_net_snmp_and_stops_when_told(tmp_path):
    base = free_port(wide=25)
    process = _started(base, tmp_path)
    try:
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        if shutil.which("snmpget"):
            command = (
                f"snmpget -v3 -l authPriv -u {V3_USER} -a SHA-256 -A {V3_AUTH} -x AES -X {V3_PRIV}"
                f" -Oqv 127.0.0.1:{base} {SYS_NAME}"
            )
            answer = subprocess.run(
                command.split(), capture_output=True, text=True, timeout=20, check=False
            )
            assert "RT-UPLINK-01" in answer.stdout, answer.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
    assert kilobytes < 84_000


def test_the_process_ends_when_its_parent_was_killed(tmp_path):
    base = free_port(wide=25)
    launcher = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m',"
        f" 'portal.demo.simulators', '--base-port', '{base}']); print(p.pid, flush=True); p.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    deadline = time.monotonic() + 20
    listening = False
    while not listening and time.monotonic() < deadline:
        with socket.socket() as caller:
            listening = caller.connect_ex(("127.0.0.1", base + 24)) == 0
        time.sleep(0.1)
    assert listening
    parent.kill()
    parent.wait()
    while time.monotonic() < deadline + 10:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the simulators outlived their parent")
