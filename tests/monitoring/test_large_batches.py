"""Agents that can are asked for more at once; those that cannot, or cannot any more, are not."""

import pytest

from monitoring.probes import mibs, snmp
from monitoring.probes.memory import Memory
from monitoring.probes.outcomes import Outcome
from monitoring.probes.reading import BATCH, LARGE_BATCH, Layout, Reading
from tests.monitoring import agents
from tests.monitoring.agents import GET, Reply, Request, hostile, table_agent
from tests.monitoring.test_volley import ask, device

PORTS = 14  # with the head 88 values: three requests of 40, two of 60
COLUMNS = (
    mibs.IF_ADMIN_STATUS,
    mibs.IF_OPER_STATUS,
    mibs.IF_HC_IN_OCTETS,
    mibs.IF_HC_OUT_OCTETS,
    mibs.IF_IN_ERRORS,
    mibs.IF_OUT_ERRORS,
)
TABLE = {
    mibs.SYS_UP_TIME: agents.integer(360_000, 0x43),
    mibs.IF_NUMBER: agents.integer(PORTS),
    **{f"{mibs.IF_DESCR}.{n}": agents.tlv(0x04, b"Gi%d" % n) for n in range(1, PORTS + 1)},
    **{f"{column}.{n}": agents.integer(n) for column in COLUMNS for n in range(1, PORTS + 1)},
}
GOOD = table_agent(TABLE)


def only(most: int, otherwise: Reply) -> Reply:
    """An agent that answers a GET of so many values, and does something else for more."""

    def reply(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        is_large = request.tag == GET and len(request.names) > most
        return otherwise(raw) if is_large else GOOD(raw)

    return reply


def too_big(raw: bytes) -> bytes:
    return Request.of(raw).answer([], error=1)


def silent(_: bytes) -> None:
    return None


def cut_short(raw: bytes) -> bytes:
    """Not an error, just the first forty."""
    request = Request.of(raw)
    return request.answer([(name, TABLE.get(name, agents.NOTHING)) for name in request.names[:40]])


def met(port: int) -> Reading:
    reading = ask(device(port, layout=None))[0].reading
    assert reading is not None
    assert len(reading.layout.ports) == PORTS
    return reading


def test_an_agent_that_can_is_asked_for_more_at_once() -> None:
    with hostile(GOOD) as agent:
        first = met(agent.port)
        assert first.layout.batch == LARGE_BATCH
        before = agent.requests
        again = ask(device(agent.port, layout=first.layout))[0]
        assert agent.requests == before + 2
    assert again.reading is not None
    assert again.reading.values == first.values


@pytest.mark.parametrize("otherwise", [too_big, silent, cut_short])
def test_an_agent_that_cannot_is_asked_as_before(otherwise: Reply) -> None:
    with hostile(only(BATCH, otherwise)) as agent:
        first = met(agent.port)
        assert first.layout.batch == BATCH
        assert first.problems == ()
        again = ask(device(agent.port, layout=first.layout))[0].reading
    assert again is not None
    assert again.values == first.values


@pytest.mark.parametrize("otherwise", [too_big, silent])
def test_an_agent_that_cannot_any_more_is_read_in_the_same_poll(otherwise: Reply) -> None:
    memory = Memory()
    with hostile(GOOD) as agent:
        first = met(agent.port)

    def poll(layout: Layout) -> Outcome:
        return ask(device(agent.port, layout=layout, timeout=0.1), memory=memory)[0]

    with hostile(only(BATCH, otherwise)) as agent:
        outcome = poll(first.layout)
        assert outcome.reading is not None, outcome.failure
        assert outcome.reading.values == first.values
        assert not outcome.was_discovered
        smaller = outcome.reading.layout
        assert smaller.batch == BATCH
        assert outcome.reading.problems == ()
        before = agent.requests
        assert poll(smaller).reading is not None
        assert agent.requests == before + len(snmp.portions(smaller.oids, smaller.batch))


def test_what_might_come_in_fragments_is_not_asked_for() -> None:
    long = [f"1.3.6.1.4.1.99999.1.2.3.4.5.6.7.8.9.10.{n}" for n in range(200)]
    assert max(map(snmp._reply_bytes, snmp.portions(long, LARGE_BATCH))) > snmp.LARGEST_REPLY


@pytest.mark.parametrize("batch", [1, 3, 5, 40, 60])
def test_portions_hold_everything_once_and_never_cut_the_head(batch: int) -> None:
    oids = [f"1.3.6.{n}" for n in range(101)]
    found = snmp.portions(oids, batch)
    assert found[0][: len(snmp.HEAD)] == snmp.HEAD
    assert [oid for portion in found for oid in portion] == [*snmp.HEAD, *oids]
    assert max(map(len, found)) <= max(batch, len(snmp.HEAD))
