"""A card is put in and ifIndexes move: each interface keeps its name and its traffic."""

from dataclasses import replace
from datetime import timedelta

from config import clock
from config.database import db, transaction
from monitoring import devices, polling, readings
from monitoring.devices import NewDevice
from monitoring.probes import mibs, snmp
from monitoring.probes.outcomes import Outcome, Target
from monitoring.probes.reading import Layout
from tests import build
from tests.monitoring.agents import hostile, table_agent
from tests.monitoring.recordings import encoded
from tests.monitoring.test_snmp import quick


def switch(changed: int, ports: dict[int, tuple[str, int]]) -> dict[str, bytes]:
    """A switch whose table last changed then; index → name and octets in."""
    table = {
        mibs.SYS_UP_TIME: encoded("Timeticks", f"({900_000 + changed})"),
        mibs.IF_NUMBER: encoded("INTEGER", str(len(ports))),
        mibs.IF_TABLE_LAST_CHANGE: encoded("Timeticks", f"({changed})"),
    }
    for index, (name, octets) in ports.items():
        table |= {
            f"{mibs.IF_DESCR}.{index}": encoded("STRING", name),
            f"{mibs.IF_NAME}.{index}": encoded("STRING", name),
            f"{mibs.IF_HIGH_SPEED}.{index}": encoded("Gauge32", "1000"),
            f"{mibs.IF_OPER_STATUS}.{index}": encoded("INTEGER", "1"),
            f"{mibs.IF_HC_IN_OCTETS}.{index}": encoded("Counter64", str(octets)),
            f"{mibs.IF_HC_OUT_OCTETS}.{index}": encoded("Counter64", "0"),
        }
    return table


def asked(table: dict[str, bytes], layout: Layout | None = None) -> Outcome:
    with hostile(table_agent(table)) as agent:
        return snmp.ask(quick(agent.port, timeout=1.0, layout=layout))


def test_traffic_is_followed_by_name_when_indexes_move(house) -> None:
    # The second time Gi0/1 has the index that Gi0/2 had, and a new port took its own.
    first = asked(switch(100, {1: ("Gi0/1", 10**9), 2: ("Gi0/2", 5 * 10**12)}))
    assert first.reading is not None
    moved = switch(
        200, {1: ("Te1/0", 7), 2: ("Gi0/1", 10**9 + 750_000), 3: ("Gi0/2", 5 * 10**12 + 7_500_000)}
    )
    second = asked(moved, first.reading.layout)
    assert second.was_discovered
    assert second.reading is not None
    now = clock.now()
    with transaction():
        device = devices.add(NewDevice("SW-1", "192.0.2.7", build.a_site()))
        db.session.flush()
        for outcome, at in ((first, now - timedelta(seconds=60)), (second, now)):
            # A minute by both clocks.
            uptime = 9000.0 + (at - now).total_seconds()
            told = replace(outcome.reading, at=at, uptime_seconds=uptime)
            target = Target(device.address, device_id=device.id)
            polling.record([replace(outcome, target=target, at=at, value=told)])
    since, until = now - timedelta(minutes=5), now + timedelta(seconds=1)
    traffic = {
        name: [round(point.in_bps) for point in readings.series(device, name, since, until)]
        for name in ("Gi0/1", "Gi0/2", "Te1/0")
    }
    # 750 000 octets in 60 s; one value of a new port is no rate.
    assert traffic == {"Gi0/1": [100_000], "Gi0/2": [1_000_000], "Te1/0": []}
    current = readings.current_rates(device)
    assert {index: round(point.in_bps) for index, point in current.items()} == {
        2: 100_000,
        3: 1_000_000,
    }


def test_a_layout_that_did_not_change_is_the_same_layout() -> None:
    table = switch(100, {1: ("Gi0/1", 1), 2: ("Gi0/2", 2)})
    first, second = asked(table), asked(table)
    assert first.reading is not None
    assert second.reading is not None
    assert first.reading.layout.digest == second.reading.layout.digest
