"""Many devices over one socket: what is late, double, forged or broken harms nobody."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import pytest

from monitoring.probes import mibs, wire
from monitoring.probes.logins import SnmpCommunity
from monitoring.probes.memory import Memory
from monitoring.probes.outcomes import FailureKind, Outcome, Target
from monitoring.probes.reading import Layout, Port
from monitoring.probes.volley import Pace, Volley
from monitoring.probes.wire import Wire, peer_of
from tests.monitoring import agents
from tests.monitoring.agents import Request, hostile, table_agent

COMMUNITY = SnmpCommunity(agents.COMMUNITY)
PORT = Port(7, "Gi0/7", "GigabitEthernet0/7", None, 10**9, 1500, None, is_wide=True)
LAYOUT = Layout(name="sw", if_number=1, ports=(PORT,))
TOLD = {
    mibs.SYS_UP_TIME: agents.integer(360_000, 0x43),
    mibs.IF_NUMBER: agents.integer(1),
    f"{mibs.IF_ADMIN_STATUS}.7": agents.integer(1),
    f"{mibs.IF_OPER_STATUS}.7": agents.integer(2),
    f"{mibs.IF_HC_IN_OCTETS}.7": agents.integer(2**64 - 1, 0x46),
    f"{mibs.IF_HC_OUT_OCTETS}.7": agents.integer(70_000, 0x46),
    f"{mibs.IF_IN_ERRORS}.7": agents.integer(0, 0x41),
}
GOOD = table_agent(TOLD)
SEEN = (1, 2, 2**64 - 1, 70_000, 0, None)


def device(port: int, **over) -> Target:
    given = {"login": COMMUNITY, "timeout": 0.3, "tries": 2, "budget": 5.0, "layout": LAYOUT}
    return Target("127.0.0.1", port, **{**given, **over})


def ask(*targets: Target, memory: Memory | None = None, pace: Pace | None = None) -> list[Outcome]:
    """The outcomes, in the order of the targets."""

    async def run() -> list[Outcome]:
        volley = Volley(pace or Pace(), memory or Memory())
        starts = [(0.0, target) for target in targets]
        return [outcome async for portion in volley.ask(starts) for outcome in portion]

    found = asyncio.run(run())
    assert len(found) == len(targets)
    places = {id(target): place for place, target in enumerate(targets)}
    return sorted(found, key=lambda outcome: places[id(outcome.target)])


def test_a_known_device_is_read_with_one_datagram() -> None:
    with hostile(GOOD) as agent:
        [outcome] = ask(device(agent.port))
        assert agent.requests == 1
    assert outcome.reading is not None, outcome.failure
    assert tuple(outcome.reading.values) == SEEN
    assert outcome.reading.uptime_seconds == 3600
    assert outcome.reading.problems == ()
    assert not outcome.was_discovered


def test_a_real_agent_tells_the_same_here_as_by_the_long_way(agent) -> None:
    first = ask(device(agent.port, layout=None, timeout=2.0))[0].reading
    assert first is not None
    memory = Memory()
    for _ in range(2):  # by walk, and by shape
        target = device(agent.port, layout=first.layout, timeout=2.0)
        [outcome] = ask(target, memory=memory)
        assert not outcome.was_discovered
        again = outcome.reading
        assert again is not None
        assert again.layout is first.layout
        assert again.problems == ()
        for mine, theirs in zip(again.values, first.values, strict=True):
            assert (mine is None) == (theirs is None)


@pytest.mark.parametrize(
    ("layout", "why"),
    [
        (Layout(name="sw", if_number=2, ports=(PORT,)), "another number of interfaces"),
        (Layout(name="sw", if_number=1, ports=(PORT,), is_complete=False), "cut short"),
        (None, "never met"),
    ],
)
def test_what_is_not_known_any_more_is_discovered(layout: Layout | None, why: str) -> None:
    with hostile(GOOD) as agent:
        [outcome] = ask(device(agent.port, layout=layout))
    assert outcome.was_discovered, why


def test_a_reboot_is_noticed() -> None:
    with hostile(GOOD) as agent:
        [outcome] = ask(device(agent.port, uptime_before=90_000.0))
    assert outcome.was_discovered


def test_more_values_than_fit_are_asked_for_in_portions() -> None:
    ports = tuple(
        Port(n, f"Gi0/{n}", None, None, 10**9, 1500, None, is_wide=True) for n in range(1, 25)
    )
    table = {
        mibs.SYS_UP_TIME: agents.integer(100, 0x43),
        mibs.IF_NUMBER: agents.integer(24),
        **{oid: agents.integer(place) for place, oid in enumerate(oids_of(ports))},
    }
    with hostile(table_agent(table)) as agent:
        layout = Layout(if_number=24, ports=ports)
        [outcome] = ask(device(agent.port, layout=layout))
        assert agent.requests == 4  # 4 + 36, 40, 40, 28
    assert outcome.reading is not None
    assert list(outcome.reading.values) == list(range(144))


def oids_of(ports: tuple[Port, ...]) -> list[str]:
    return [oid for port in ports for oid in port.oids]


def lossy(drop: Callable[[int], bool]) -> Callable[[bytes], bytes | None]:
    count = iter(range(10_000))
    return lambda raw: None if drop(next(count)) else GOOD(raw)


def test_a_lost_datagram_is_asked_for_again() -> None:
    with hostile(lossy(lambda n: n == 0)) as agent:
        [outcome] = ask(device(agent.port))
        assert agent.requests == 2
    assert outcome.reading is not None


def test_a_silent_device_costs_its_tries_and_a_known_dead_one_a_single_datagram() -> None:
    with hostile(lambda _: None) as agent:
        [outcome] = ask(device(agent.port, timeout=0.1, tries=3))
        assert agent.requests == 3
        ask(device(agent.port, timeout=0.1, tries=1))
        assert agent.requests == 4
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.TIMEOUT
    assert "community" in outcome.failure.message


def test_no_device_is_asked_longer_than_its_budget() -> None:
    with hostile(lambda _: None) as agent:
        [outcome] = ask(device(agent.port, timeout=0.1, tries=1000, budget=0.35))
        assert agent.requests <= 5
    assert outcome.failure is not None


def test_a_closed_port_is_refused_at_once() -> None:
    [outcome] = ask(device(agents.free_port(), timeout=30.0))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED


def test_a_late_answer_to_the_first_try_counts_and_the_second_is_dropped() -> None:
    with hostile(GOOD, delay=0.25) as agent:
        [outcome] = ask(device(agent.port, timeout=0.2, tries=3))
    assert outcome.reading is not None
    assert tuple(outcome.reading.values) == SEEN


def test_garbage_is_named_but_an_answer_behind_it_still_counts() -> None:
    with hostile(lambda _: b"\xde\xad\xbe\xef" * 9) as agent:
        [outcome] = ask(device(agent.port, timeout=0.1))
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.MALFORMED
    turns = iter(range(10))
    with hostile(lambda raw: b"\0" * 30 if next(turns) == 0 else GOOD(raw)) as agent:
        [outcome] = ask(device(agent.port))
    assert outcome.reading is not None


def forged(raw: bytes, **over: object) -> bytes:
    """An answer that claims another community, number or value."""
    request = Request.of(raw)
    said = {"community": request.community, "request_id": request.request_id, **over}
    answer = Request(said["community"], 0xA0, said["request_id"], request.names)
    return answer.answer([(name, agents.integer(666)) for name in request.names])


class Forger:
    """An agent that is slow, and somebody who answers in its place before it does."""

    def __init__(self, lie: Callable[[bytes], bytes], *, from_agent: bool) -> None:
        self.agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.agent.bind(("127.0.0.1", 0))
        self.stranger.bind(("127.0.0.1", 0))
        self.lie, self.liar = lie, self.agent if from_agent else self.stranger
        self.port = int(self.agent.getsockname()[1])

    def once(self) -> None:
        raw, who = self.agent.recvfrom(65_535)
        for _ in range(3):
            self.liar.sendto(self.lie(raw), who)
        answer = GOOD(raw)
        assert answer is not None
        self.agent.sendto(answer, who)
        self.agent.sendto(answer, who)


@pytest.mark.parametrize(
    ("lie", "from_agent"),
    [
        (forged, False),
        (lambda raw: forged(raw, community=b"other"), True),
        (lambda raw: forged(raw, request_id=b"\x41\x00\x00\x01"), True),
        (lambda raw: forged(raw)[:-1], True),
    ],
    ids=["from another port", "another community", "another number", "cut short"],
)
def test_a_forged_answer_is_dropped(lie: Callable[[bytes], bytes], *, from_agent: bool) -> None:
    forger = Forger(lie, from_agent=from_agent)
    thread = threading.Thread(target=forger.once, daemon=True)
    thread.start()
    [outcome] = ask(device(forger.port, timeout=5.0))
    thread.join(5)
    assert outcome.reading is not None, outcome.failure
    assert tuple(outcome.reading.values) == SEEN


def test_an_agent_that_cannot_say_so_much_at_once_is_asked_in_halves() -> None:
    def narrow(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        if request.tag == agents.GET and len(request.names) > 5:
            return request.answer([], error=1)  # tooBig
        return GOOD(raw)

    with hostile(narrow) as agent:
        [outcome] = ask(device(agent.port))
    assert outcome.reading is not None, outcome.failure
    assert tuple(outcome.reading.values) == SEEN
    assert outcome.reading.layout.batch <= 5


def test_what_is_lost_on_the_way_leaves_a_partial_reading() -> None:
    ports = tuple(
        Port(n, f"Gi0/{n}", None, None, 10**9, 1500, None, is_wide=True) for n in range(1, 9)
    )
    table = {
        mibs.SYS_UP_TIME: agents.integer(100, 0x43),
        mibs.IF_NUMBER: agents.integer(8),
        **dict.fromkeys(oids_of(ports), agents.integer(5)),
    }
    good, count = table_agent(table), iter(range(100))
    with hostile(lambda raw: good(raw) if next(count) == 0 else None) as agent:
        layout = Layout(if_number=8, ports=ports)
        [outcome] = ask(device(agent.port, layout=layout, timeout=0.1))
    assert outcome.reading is not None
    assert list(outcome.reading.values) == [5] * 36 + [None] * 12
    [problem] = outcome.reading.problems
    assert problem.startswith("partial: 36 of 48 values; no answer from")


def test_one_bad_device_never_delays_the_others() -> None:
    with (
        hostile(GOOD) as good,
        hostile(lambda _: None) as silent,
        hostile(lambda _: b"\x30\x82\xff\xff") as garbage,
        hostile(GOOD, delay=9.0) as slow,
    ):
        bad = [device(each.port, timeout=1.0, tries=1) for each in (silent, garbage, slow)]
        targets = [*bad * 5, *[device(good.port) for _ in range(60)], device(agents.free_port())]
        outcomes = ask(*targets, pace=Pace(in_flight=20))
    assert [o.reading is not None for o in outcomes] == [False] * 15 + [True] * 60 + [False]
    assert max(o.seconds for o in outcomes if o.reading) < 1.0


def test_no_more_devices_are_in_flight_than_agreed() -> None:
    flying, most, lock = 0, 0, threading.Lock()

    def reply(raw: bytes) -> bytes | None:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        return GOOD(raw)

    async def run() -> int:
        nonlocal flying
        volley = Volley(Pace(in_flight=4, portion=1), Memory())
        count = 0
        async for portion in volley.ask([(0.0, device(agent.port)) for _ in range(40)]):
            with lock:
                flying -= len(portion)
            count += len(portion)
        return count

    with hostile(reply, delay=0.01) as agent:
        assert asyncio.run(run()) == 40
    assert most <= 8  # four in flight, and at most as many answered and not yet handed over


def test_outcomes_come_in_portions_while_others_are_asked() -> None:
    async def run() -> list[int]:
        volley = Volley(Pace(portion=10, portion_seconds=0.2), Memory())
        starts = [(0.0, device(good.port)) for _ in range(25)]
        starts.append((0.0, device(silent.port, timeout=1.0, tries=1)))
        return [len(portion) async for portion in volley.ask(starts)]

    with hostile(GOOD) as good, hostile(lambda _: None) as silent:
        sizes = asyncio.run(run())
    assert sum(sizes) == 26
    assert len(sizes) >= 2
    assert sizes[-1] == 1


def test_starts_are_spread_as_agreed() -> None:
    async def run() -> list[Outcome]:
        volley = Volley(Pace(), Memory())
        starts = [(n * 0.1, device(agent.port)) for n in reversed(range(5))]
        return [outcome async for portion in volley.ask(starts) for outcome in portion]

    with hostile(GOOD) as agent:
        began = time.monotonic()
        outcomes = asyncio.run(run())
        assert time.monotonic() - began >= 0.4
    assert [o.at for o in outcomes] == sorted(o.at for o in outcomes)
    assert (outcomes[-1].at - outcomes[0].at).total_seconds() >= 0.35


def test_ipv6_is_spoken_too() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as link:
        link.bind(("::1", 0))

        def once() -> None:
            raw, who = link.recvfrom(65_535)
            answer = GOOD(raw)
            assert answer is not None
            link.sendto(answer, who)

        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        target = Target("0:0::1", link.getsockname()[1], COMMUNITY, timeout=5.0, layout=LAYOUT)
        [outcome] = ask(target)
        thread.join(5)
    assert outcome.reading is not None, outcome.failure


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.1", ("192.0.2.1", 161)),
        ("2001:DB8:0::1", ("2001:db8::1", 161)),
        ("fe80::1%eth0", None),
        ("::ffff:192.0.2.1", None),
        ("switch.example", None),
        ("", None),
    ],
)
def test_only_plain_addresses_are_asked_here(address: str, peer: object) -> None:
    assert peer_of(address, 161) == peer


def test_an_address_without_a_route_is_refused_in_a_sentence() -> None:
    link = Wire(socket.AF_INET)
    try:
        assert link.send(b"x", ("255.255.255.255", 161)) is not None  # no broadcast
    finally:
        link.close()
    target = Target("255.255.255.255", 161, COMMUNITY, timeout=1.0, layout=LAYOUT)
    [outcome] = ask(target)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.REFUSED
    assert "cannot be reached" in outcome.failure.message


def stamped(seconds: float) -> list[tuple[int, int, bytes]]:
    whole = int(seconds)
    note = wire.TIMESPEC.pack(whole, round((seconds - whole) * 1e9))
    return [(socket.SOL_SOCKET, wire.SO_TIMESTAMPNS, note)]


@pytest.mark.parametrize(
    ("told", "age", "why"),
    [
        (stamped(99.5), 0.5, "it lay there for half a second"),
        (stamped(100.5), 0.0, "the wall clock was set back meanwhile"),
        (stamped(50.0), 0.0, "the wall clock was set forward meanwhile"),
        ([(socket.SOL_SOCKET, wire.SO_TIMESTAMPNS, b"short")], 0.0, "another kernel's note"),
        ([], 0.0, "a kernel that notes nothing"),
    ],
)
def test_the_kernel_says_when_an_answer_came(told, age: float, why: str) -> None:
    assert wire._age(told, 100.0) == age, why
