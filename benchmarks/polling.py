"""Devices polled per second, and CPU per 1 000 polls: `python -m benchmarks.polling [DEVICES …]`.

One health poll asks 116 OIDs: 18 interfaces and what stands beside them. The agents are one light
process that answers v2c from canned values; SNMPv3 is answered by net-snmp's snmpd, if installed.
CPU is that of the polling process alone, in seconds per 1 000 polls; medians of three runs. Each
number of devices is measured in a process of its own, so that its peak of memory is its own. In
the whole cycle one device in twenty is dead, and starts are spread over 30 s as in service.
`python -m benchmarks.polling --different 5000` measures the cycle of devices that share no layout.
`python -m benchmarks.polling_peers PORT` is what `main` runs beside it, in the same minutes.
"""

import asyncio
import multiprocessing
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from config import clock, embedded
from config.database import db, transaction
from monitoring import credentials, discovery, metrics, polling
from monitoring.credentials import Keyring
from monitoring.models import Device
from monitoring.polling import PollPlan
from monitoring.probes import mibs, snmp
from monitoring.probes.gauges import Gauge
from monitoring.probes.logins import SnmpCommunity, SnmpUser
from monitoring.probes.memory import Memory
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import LARGE_BATCH, Core, Layout, Port, Store
from monitoring.probes.session import Engines
from monitoring.probes.volley import Pace, Volley
from portal import schema
from rental.models import Site
from tests.monitoring import agents

RUNS = 3
PORTS = 18
KEYRING = Keyring(bytes(32))
COMMUNITY = SnmpCommunity(agents.COMMUNITY)
CYCLE = PollPlan(in_flight=200)
PLAN = PollPlan(interval_seconds=3, timeout_seconds=1.0, in_flight=50)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    devices_per_second: float
    cpu_per_thousand: float


def layout_of(ports: range) -> Layout:
    """18 interfaces, a processor, a disk and a sensor: with uptime and the table's age 116 OIDs."""
    return Layout(
        name="bench",
        if_number=PORTS,
        ports=tuple(
            Port(i, f"Gi0/{n}", f"Gi0/{n}", None, 10**9, 1500, None, is_wide=True)
            for n, i in enumerate(ports)
        ),
        cores=(Core(1, "cpu"),),
        stores=(Store(1, "flash", 1024),),
        gauges=(Gauge("inlet", "temperature", "celsius", 0, f"{mibs.ENT_SENSOR_VALUE}.1"),),
        # As discovery leaves it where an agent answers so many at once: two requests a poll.
        batch=LARGE_BATCH,
    )


def canned(name: str) -> bytes:
    """The value of an OID, the same for ever."""
    if name == mibs.IF_NUMBER:
        return agents.integer(PORTS)
    if name == mibs.SYS_UP_TIME:
        return agents.integer(123_456_789, 0x43)
    if name == mibs.IF_TABLE_LAST_CHANGE:
        return agents.NOTHING
    if name.startswith((mibs.IF_HC_IN_OCTETS + ".", mibs.IF_HC_OUT_OCTETS + ".")):
        return agents.integer(987_654_321_012, 0x46)
    if name.startswith(mibs.HR_STORAGE_SIZE + "."):
        return agents.integer(1000)  # nearly empty: a healthy device
    return agents.integer(1)


def answer_for_ever(link: socket.socket) -> None:
    """Replay answers, keyed by all of a request but its id."""
    bodies: dict[bytes, bytes] = {}
    head = agents.integer(1) + agents.tlv(0x04, agents.COMMUNITY.encode())
    while True:
        raw, who = link.recvfrom(65536)
        _, message, _ = agents.read_tlv(raw)
        _, _, at = agents.read_tlv(message)
        _, _, at = agents.read_tlv(message, at)
        _, pdu, _ = agents.read_tlv(message, at)
        _, request_id, at = agents.read_tlv(pdu)
        wanted = pdu[at:]
        body = bodies.get(wanted)
        if body is None:
            request = agents.Request.of(raw)
            pairs = [(name, canned(name)) for name in request.names]
            reply = agents.Request(request.community, 0xA0, b"\x01", request.names).answer(pairs)
            _, message, _ = agents.read_tlv(reply)
            _, pdu, _ = agents.read_tlv(message, len(head))
            body = bodies[wanted] = pdu[3:]
        pdu = agents.tlv(0xA2, agents.tlv(0x02, request_id) + body)
        link.sendto(agents.tlv(0x30, head + pdu), who)


def measured(name: str, count: int, work: Callable[[], None]) -> Row:
    """The medians of a few runs of `work`, which polls `count` devices."""
    walls, cpus = [], []
    for _ in range(RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Row(name, count / statistics.median(walls), statistics.median(cpus) * 1000 / count)


def ask_all(targets: list[Target], memory: Memory) -> list[Outcome]:
    """All of them, 50 in flight, started at once."""

    async def run() -> list[Outcome]:
        volley = Volley(Pace(PLAN.in_flight), memory)
        starts = [(0.0, target) for target in targets]
        return [outcome async for portion in volley.ask(starts) for outcome in portion]

    return asyncio.run(run())


def ask_by_gufo(targets: list[Target], engines: Engines) -> list[Outcome]:
    """The same through gufo-snmp's public API: the way that everything unexpected goes."""

    async def run() -> list[Outcome]:
        gate = asyncio.Semaphore(PLAN.in_flight)

        async def one(target: Target) -> Outcome:
            async with gate:
                return await snmp.read(target, engines)

        return list(await asyncio.gather(*map(one, targets)))

    return asyncio.run(run())


def check(outcomes: list[Outcome], answered: int) -> None:
    """A benchmark of failures measures nothing."""
    readings = [outcome.reading for outcome in outcomes if outcome.reading]
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    assert len(readings) == answered, (len(readings), failures[:1])
    assert all(not reading.problems for reading in readings), readings[0].problems


def snmp_alone(port: int, count: int) -> list[Row]:
    """v2c from the canned agent, all alive and with one in twenty dead."""
    layout = layout_of(range(1, PORTS + 1))
    alive = Target("127.0.0.1", port, COMMUNITY, timeout=1.0, layout=layout)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        dead = replace(alive, port=silent.getsockname()[1], tries=1)
        mixed = [dead if n % 20 == 0 else alive for n in range(count)]
        memory = Memory()
        engines = Engines()
        return [
            measured(
                "SNMP v2c through gufo-snmp's public API",
                count,
                lambda: check(ask_by_gufo([alive] * count, engines), count),
            ),
            measured("SNMP v2c", count, lambda: check(ask_all([alive] * count, memory), count)),
            measured(
                "SNMP v2c, 5 % dead",
                count,
                lambda: check(ask_all(mixed, memory), count - len(mixed[::20])),
            ),
        ]


def snmp_v3(folder: Path, count: int) -> list[Row]:
    """v3 authPriv (SHA, AES) from one snmpd: as many OIDs, all of its loopback interface."""
    if not Path(agents.SNMPD).exists():
        print("snmpd is not installed: SNMPv3 is left out", file=sys.stderr)
        return []
    agent = agents.Agent(folder, agents.free_port())
    agent.start()
    try:
        login = SnmpUser(
            agents.USER,
            auth_password=agents.AUTH_PASSWORD,
            privacy_password=agents.PRIVACY_PASSWORD,
        )
        target = Target("127.0.0.1", agent.port, login, timeout=2.0)
        found = snmp.ask(target).reading
        assert found is not None
        layout = replace(
            layout_of(range(1, PORTS + 1)),
            if_number=found.layout.if_number,
            table_changed=found.layout.table_changed,
            ports=found.layout.ports[:1] * PORTS,
        )
        target, memory, engines = replace(target, layout=layout), Memory(), Engines()
        ask_all([target], memory)
        ask_by_gufo([target], engines)
        return [
            measured(
                "SNMP v3 authPriv, keys known, through gufo-snmp's public API",
                count,
                lambda: check(ask_by_gufo([target] * count, engines), count),
            ),
            measured(
                "SNMP v3 authPriv, keys known",
                count,
                lambda: check(ask_all([target] * count, memory), count),
            ),
        ]
    finally:
        agent.stop()


def whole_cycle(
    port: int, count: int, database: str, *, are_alike: bool = True
) -> tuple[list[Row], float]:
    """Due devices read, asked, judged and recorded in PostgreSQL; and a scrape of the result.

    The second is the most memory that the cycles took, in MB.
    """
    app = Flask("benchmark")
    app.config.update(SQLALCHEMY_DATABASE_URI=database)
    db.init_app(app)
    with app.app_context(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with db.engine.begin() as link:
            schema.upgrade_on(link)
        ports = [silent.getsockname()[1] if n % 20 == 0 else port for n in range(count)]
        seed(ports, are_alike=are_alike)

        def cycle() -> None:
            with transaction():
                db.session.execute(sa.update(Device).values(next_poll_at=None))
            summary = polling.poll_site(None, KEYRING, CYCLE)
            assert summary.answered == count - len(range(0, count, 20)), summary

        for _ in range(3):
            cycle()  # until the dead are known to be dead
        rows = [measured("whole cycle, v2c, 5 % dead: due, poll, judge, record", count, cycle)]
        most = peak()
        metrics.text()
        scrape = measured("scrape of /metrics", count, lambda: len(metrics.text()) and None)
        return [*rows, scrape], most


def labelled(layout: Layout, number: int) -> Layout:
    """The same interfaces with names of their own at their other ends, as devices have."""
    ports = tuple(
        replace(port, alias=f"to room {number}, {port.index}", mac=f"{number:010x}{port.index:02x}")
        for port in layout.ports
    )
    return replace(layout, name=f"bench{number}", ports=ports)


def layout_ids(count: int, *, are_alike: bool) -> list[int]:
    """The rows of the layouts of so many devices: one for all, or one each."""
    layout = layout_of(range(1, PORTS + 1))
    if are_alike:
        return [discovery.keep([layout])[layout.digest]] * count
    found = []
    for start in range(0, count, 250):
        some = [labelled(layout, number) for number in range(start, min(start + 250, count))]
        ids = discovery.keep(some)
        found += [ids[each.digest] for each in some]
    return found


def seed(ports: list[int], *, are_alike: bool) -> None:
    """Devices with a known layout, one at each of these ports."""
    with transaction():
        row_ids = layout_ids(len(ports), are_alike=are_alike)
        site = Site(slug="bench", name="Bench")
        db.session.add(site)
        login = credentials.add("bench", COMMUNITY, KEYRING)
        db.session.flush()
        rows = [
            {
                "name": f"d{number}",
                "address": "127.0.0.1",
                "site_id": site.id,
                "snmp_port": port,
                "snmp_credential_id": login.id,
                "layout_id": row_ids[number],
                "discovered_at": clock.now(),
            }
            for number, port in enumerate(ports)
        ]
        db.session.execute(sa.insert(Device), rows)


def peak() -> float:
    """The most memory this process held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def canned_agent() -> Iterator[int]:
    """The port of an agent in a process of its own."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    link.bind(("127.0.0.1", 0))
    responder = multiprocessing.get_context("fork").Process(
        target=answer_for_ever, args=(link,), daemon=True
    )
    responder.start()
    try:
        yield link.getsockname()[1]
    finally:
        responder.terminate()
        responder.join()


def one(count: int) -> None:
    """Measure so many devices and print a Markdown table."""
    with canned_agent() as port, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with embedded.serve(home / "database" / "data") as database:
            rows, cycle_peak = whole_cycle(port, count, database)
        rows = snmp_alone(port, count) + snmp_v3(home, min(count, 300)) + rows
    print(f"\n{count} devices, 116 OIDs each, {PLAN.in_flight} in flight\n")
    print("| | devices/s | CPU s per 1 000 |\n|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.devices_per_second:,.0f} | {row.cpu_per_thousand:.3f} |")
    share = next(row for row in rows if "cycle" in row.name).cpu_per_thousand * count / 300
    print(f"\nOf one core in a 30 s cycle {share:.1f} %; peak memory {cycle_peak:.0f} MB.")


def different(count: int) -> None:
    """Measure only the cycle, of devices that have each a layout of its own."""
    with canned_agent() as port, tempfile.TemporaryDirectory() as folder:
        before = peak()
        with embedded.serve(Path(folder) / "database" / "data") as database:
            rows, most = whole_cycle(port, count, database, are_alike=False)
    print(f"{count} devices, a layout each: {rows[0].cpu_per_thousand:.3f} CPU s per 1 000;")
    print(f"memory {before:.0f} MB before, peak {most:.0f} MB.")


def main(counts: list[str]) -> None:
    """Each number in a process of its own, then the peers."""
    for count in counts:
        subprocess.run([sys.executable, "-m", "benchmarks.polling", "--one", count], check=True)
    with canned_agent() as port:
        subprocess.run([sys.executable, "-m", "benchmarks.polling_peers", str(port)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    elif sys.argv[1:2] == ["--different"]:
        different(int(sys.argv[2]))
    else:
        main(sys.argv[1:] or ["100", "1000", "5000"])
