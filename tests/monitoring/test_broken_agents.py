"""Agents that break the protocol are read as far as they can be, and their fault is named."""

from collections.abc import Callable

import pytest

from monitoring.probes import mibs, snmp
from monitoring.probes.reading import Reading
from tests.monitoring.agents import (
    GET,
    GET_BULK,
    Reply,
    Request,
    hostile,
    table_agent,
    tlv,
)
from tests.monitoring.recordings import encoded, recording
from tests.monitoring.recordings.facts import SENSORS
from tests.monitoring.test_snmp import quick

NULL = tlv(0x05, b"")
TOO_BIG, GENERAL = 1, 5
STEPS = "the agent answers no GETBULK here; its tables are read value by value"
TOLD = [sensor for sensor, _, _ in SENSORS["cisco"]]


def told_by(reply: Reply) -> Reading:
    with hostile(reply) as agent:
        outcome = snmp.ask(quick(agent.port, budget=20.0))
    assert outcome.reading is not None, outcome.failure
    return outcome.reading


def bulk(answer: Callable[[Request], bytes | None], only: str = "") -> Reply:
    """An agent that answers GETBULK so, below the OID `only`, and everything else rightly."""
    usual = table_agent(recording("cisco"))

    def reply(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        if request.tag == GET_BULK and request.names[0].startswith(only):
            return answer(request)
        return usual(raw)

    return reply


def failing(status: int) -> Callable[[Request], bytes]:
    return lambda request: request.answer([(name, NULL) for name in request.names], status)


@pytest.mark.parametrize(
    "reply",
    [
        bulk(failing(TOO_BIG)),
        bulk(failing(GENERAL)),
        bulk(lambda request: request.answer([])),
        # Its large replies come in fragments, and a firewall drops them.
        bulk(lambda request: None),
        bulk(failing(GENERAL), only=mibs.IF_ALIAS),
        bulk(failing(TOO_BIG), only="1.3.6.1.4.1.9.9.13"),
    ],
    ids=["tooBig", "genErr", "empty", "silent", "one column", "one branch"],
)
def test_an_agent_without_a_working_getbulk_is_read_whole_and_named(reply: Reply) -> None:
    reading = told_by(reply)
    assert [(p.name, p.alias) for p in reading.interfaces()] == [
        ("Gi1/0/1", "Bàn 01"),
        ("Gi1/0/2", None),
    ]
    assert [sensor.name for sensor in reading.sensors()] == TOLD
    assert reading.problems == (STEPS,)
    assert reading.layout.is_complete


def test_a_table_that_tells_only_null_is_named_and_the_rest_is_read() -> None:
    table = {
        oid: NULL if oid.startswith(f"{mibs.IF_DESCR}.") else value
        for oid, value in recording("cisco").items()
    }
    table |= {f"{mibs.IF_INDEX}.{i}": encoded("INTEGER", str(i)) for i in (10101, 10102)}
    reading = told_by(table_agent(table))
    assert [p.name for p in reading.interfaces()] == ["Gi1/0/1", "Gi1/0/2"]
    assert reading.problems == (f"the table at {mibs.IF_DESCR} has 0 rows, 2 were announced",)


def test_a_table_without_end_is_cut_off_and_named() -> None:
    column = "1.3.6.1.2.1.25.2.3.1.3"

    def endless(request: Request) -> bytes:
        last = request.names[0].removeprefix(column).strip(".")
        first = int(last or 0) + 1
        rows = [(f"{column}.{i}", encoded("STRING", "x")) for i in range(first, first + 20)]
        return request.answer(rows)

    reading = told_by(bulk(endless, only=column))
    assert len(reading.storage()) == 4096
    assert [sensor.name for sensor in reading.sensors()] == TOLD
    assert reading.problems == (
        f"the table at {column} has more than 4096 rows; the rest is left out",
    )


def test_values_of_the_wrong_type_are_not_told_and_stop_nothing() -> None:
    reading = told_by(
        table_agent(
            {
                **recording("cisco"),
                f"{mibs.IF_SPEED}.10101": encoded("STRING", "fast"),
                f"{mibs.IF_HIGH_SPEED}.10101": encoded("STRING", "very"),
                f"{mibs.IF_PHYS_ADDRESS}.10101": encoded("INTEGER", "7"),
                f"{mibs.IF_DESCR}.10102": tlv(0x06, b""),
                f"{mibs.SYS_UP_TIME}": encoded("STRING", "long"),
            }
        )
    )
    first, second = reading.interfaces()
    assert (first.name, first.speed_bps, first.mac) == ("Gi1/0/1", None, None)
    assert second.name == "Gi1/0/2"
    assert reading.uptime_seconds is None
    assert [sensor.name for sensor in reading.sensors()] == TOLD


def test_rows_with_odd_indexes_are_kept_as_far_as_they_are_interfaces() -> None:
    table = {
        **recording("cisco"),
        f"{mibs.IF_DESCR}.0": encoded("STRING", "zero"),
        f"{mibs.IF_DESCR}.4294967295": encoded("STRING", "last"),
        f"{mibs.IF_DESCR}.1.2.3": encoded("STRING", "deep"),
    }
    reading = told_by(table_agent(table))
    assert [p.index for p in reading.interfaces()] == [0, 10101, 10102, 2**32 - 1]
    assert "ifNumber says 2, the table of interfaces has 4 rows" in reading.problems


def test_an_agent_that_forgets_the_last_value_of_every_reply_is_read() -> None:
    table = recording("cisco")
    usual = table_agent(table)

    def reply(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        if request.tag == GET and len(request.names) > 1:
            known = [(name, table[name]) for name in request.names[:-1] if name in table]
            return request.answer(known)
        return usual(raw)

    assert [p.name for p in told_by(reply).interfaces()] == ["Gi1/0/1", "Gi1/0/2"]


AGENT_ONLY = "only its SNMP agent began anew; the device runs for 40.0 days (hrSystemUptime)"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("(345600000)", (AGENT_ONLY,)),
        ("(9000)", ()),  # the whole device began anew, its agent 48 s later
    ],
)
def test_a_restart_of_the_agent_alone_is_told_from_one_of_the_device(
    host: str, told: tuple[str, ...]
) -> None:
    table = {
        **recording("cisco"),
        mibs.SYS_UP_TIME: encoded("Timeticks", "(4200)"),
        mibs.HR_SYSTEM_UPTIME: encoded("Timeticks", host),
    }
    with hostile(table_agent(table)) as agent:
        layout = told_by(table_agent(table)).layout
        outcome = snmp.ask(quick(agent.port, layout=layout, uptime_before=3_000_000.0))
    assert outcome.was_discovered
    assert outcome.reading is not None
    assert outcome.reading.problems == told
