"""Devices polled per second, and CPU per 1 000 polls: `python -m benchmarks.polling [DEVICES]`.

One health poll asks 116 OIDs: 18 interfaces and what stands beside them. The agents are one light
process that answers v2c from canned values; SNMPv3 is answered by net-snmp's snmpd, if installed.
CPU is that of the polling process alone, in seconds per 1 000 polls; medians of three runs.
"""

import asyncio
import multiprocessing
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from config import clock, embedded
from config.database import Base, db, transaction
from monitoring import credentials, devices, discovery, metrics, polling
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice
from monitoring.models import Device
from monitoring.polling import PollPlan
from monitoring.probes import mibs, snmp
from monitoring.probes.logins import SnmpCommunity, SnmpUser
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Core, Gauge, Layout, Port, Store
from monitoring.probes.volley import Memory, Pace, Volley
from portal import schema
from rental.models import Site
from tests.monitoring import agents

RUNS = 3
PORTS = 18
KEYRING = Keyring(bytes(32))
COMMUNITY = SnmpCommunity(agents.COMMUNITY)
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
        return [
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
        target, memory = replace(target, layout=layout), Memory()
        ask_all([target], memory)
        return [
            measured(
                "SNMP v3 authPriv, keys known",
                count,
                lambda: check(ask_all([target] * count, memory), count),
            )
        ]
    finally:
        agent.stop()


def whole_cycle(port: int, count: int, database: str) -> list[Row]:
    """Due devices read, asked, judged and recorded in PostgreSQL; and a scrape of the result."""
    app = Flask("benchmark")
    app.config.update(SQLALCHEMY_DATABASE_URI=database)
    db.init_app(app)
    with app.app_context():
        with db.engine.begin() as link:
            schema.upgrade_on(link)
        with transaction():
            layout = layout_of(range(1, PORTS + 1))
            row_id = discovery.keep([layout])[layout.digest]
            site = Site(slug="bench", name="Bench")
            db.session.add(site)
            login = credentials.add("bench", COMMUNITY, KEYRING)
            for number in range(count):
                device = devices.add(
                    NewDevice(
                        f"d{number}", "127.0.0.1", site, snmp_port=port, snmp_credential=login
                    )
                )
                device.layout_id, device.discovered_at = row_id, clock.now()

        def cycle() -> None:
            db.session.execute(sa.update(Device).values(next_poll_at=None))
            db.session.commit()
            summary = polling.poll_site(None, KEYRING, PLAN)
            assert summary.answered == count, summary

        cycle()
        rows = [measured("whole cycle, v2c: due, poll, judge, record", count, cycle)]
        metrics.text()
        return [*rows, measured("scrape of /metrics", count, lambda: len(metrics.text()) and None)]


def main(count: int) -> None:
    """Measure and print a Markdown table."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    link.bind(("127.0.0.1", 0))
    port = link.getsockname()[1]
    responder = multiprocessing.get_context("fork").Process(
        target=answer_for_ever, args=(link,), daemon=True
    )
    responder.start()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows = snmp_alone(port, count) + snmp_v3(home, min(count, 300))
        with embedded.serve(home / "database" / "data") as database:
            rows += whole_cycle(port, count, database)
    responder.terminate()
    responder.join()
    print(f"{count} devices, 116 OIDs each, {PLAN.in_flight} in flight\n")
    print("| | devices/s | CPU s per 1 000 |\n|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.devices_per_second:,.0f} | {row.cpu_per_thousand:.3f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory {peak:.0f} MB. Tables: {len(Base.metadata.tables)}.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
