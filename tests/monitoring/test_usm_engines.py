"""Engines that begin anew, change or disown a user: read all the same, or failed by its name.

Who is not believed never ends a poll at once, because anybody can write an unsigned report.
"""

import re
import socket
import threading
from collections.abc import Callable

import pytest

from monitoring.probes import usm_envelopes
from monitoring.probes.logins import AuthProtocol, PrivacyProtocol, SnmpUser
from monitoring.probes.memory import Memory
from monitoring.probes.outcomes import FailureKind, Outcome
from monitoring.probes.reading import Layout
from tests.monitoring import agents, sealed_agents
from tests.monitoring.agents import hostile
from tests.monitoring.sealed_agents import SealedAgent
from tests.monitoring.test_volley import GOOD, SEEN, ask, device

ENGINE, OTHER = bytes.fromhex("8000000001020304"), bytes.fromhex("80000000010203040506")
LOGIN = SnmpUser("u", AuthProtocol.SHA, "password1", PrivacyProtocol.AES128, "password2")


def known(port: int, memory: Memory, **over: object) -> Outcome:
    [outcome] = ask(device(port, login=LOGIN, **over), memory=memory)
    return outcome


def seen(outcome: Outcome) -> bool:
    assert outcome.reading is not None, outcome.failure
    return tuple(outcome.reading.values) == SEEN


def met(port: int) -> Memory:
    """A memory that knows the engine and speaks to it by seal."""
    memory = Memory()
    for _ in range(2):
        assert seen(known(port, memory))
    assert memory.seals
    return memory


def factory_reset(agent: SealedAgent) -> None:
    agent.boots, agent.seconds = 1, 20


def rebooted(agent: SealedAgent) -> None:
    agent.boots, agent.seconds = agent.boots + 1, 20


def replaced(agent: SealedAgent) -> None:
    agent.move_to(OTHER)
    factory_reset(agent)


def never_counting(agent: SealedAgent) -> None:
    agent.boots = 0


@pytest.mark.parametrize("change", [rebooted, factory_reset, replaced, never_counting])
def test_an_engine_that_is_another_is_read_in_the_same_poll(
    change: Callable[[SealedAgent], None],
) -> None:
    agent = SealedAgent(GOOD, LOGIN, ENGINE)
    with hostile(agent) as server:
        memory = met(server.port)
        change(agent)
        assert seen(known(server.port, memory))
        # From then on it is asked by seal again: at most the clock is told anew, then nothing.
        assert seen(known(server.port, memory))
        answered, refused, requests = agent.answered, agent.refused, server.requests
        assert seen(known(server.port, memory))
        assert (agent.answered, agent.refused) == (answered + 1, refused)
        assert server.requests == requests + 1
    [seal] = memory.seals.values()
    assert (seal.engine, seal._boots) == (agent.engine, agent.boots)


def test_a_silent_engine_is_asked_anew_the_next_time() -> None:
    agent, is_silent = SealedAgent(GOOD, LOGIN, ENGINE), False
    with hostile(lambda raw: None if is_silent else agent(raw)) as server:
        memory = met(server.port)
        is_silent = True
        outcome = known(server.port, memory, timeout=0.1)
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureKind.TIMEOUT
        is_silent = False
        replaced(agent)
        assert seen(known(server.port, memory))


def test_a_user_who_is_unknown_now_is_refused_by_that_name() -> None:
    agent = SealedAgent(GOOD, LOGIN, ENGINE)
    with hostile(agent) as server:
        memory = met(server.port)
        agent.login = SnmpUser("somebody else", AuthProtocol.SHA, "password1")
        outcome = known(server.port, memory)
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureKind.AUTHENTICATION
        agent.login = LOGIN
        assert seen(known(server.port, memory))


def spoofing(agent: SealedAgent, lies: Callable[[usm_envelopes.Sealed], bytes]) -> socket.socket:
    """An agent before whose every answer a lie arrives, as if from its own port."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                raw, who = link.recvfrom(65_535)
            except OSError:
                return
            link.sendto(lies(sealed_agents.number_of(raw)), who)
            answer = agent(raw)
            assert answer is not None
            link.sendto(answer, who)

    threading.Thread(target=serve, daemon=True).start()
    return link


@pytest.mark.parametrize(
    "lies",
    [
        lambda asked: sealed_agents.unsigned(
            sealed_agents.report(sealed_agents.UNKNOWN_ENGINE), asked, OTHER, (9, 9)
        ),
        lambda asked: sealed_agents.unsigned(
            sealed_agents.report(sealed_agents.NOT_IN_TIME), asked, ENGINE, (99, 9)
        ),
        lambda asked: SealedAgent(
            GOOD, SnmpUser("u", AuthProtocol.SHA, "not the password"), ENGINE, boots=99
        ).seal.wrapped(sealed_agents.report(sealed_agents.NOT_IN_TIME), asked.number),
    ],
    ids=["unknown engine", "clock in an unsigned report", "signed by another key"],
)
def test_a_forged_report_ends_no_poll_and_moves_no_clock(
    lies: Callable[[usm_envelopes.Sealed], bytes],
) -> None:
    agent = SealedAgent(GOOD, LOGIN, ENGINE)
    with hostile(agent) as server:
        memory = met(server.port)
        [seal] = memory.seals.values()
        [engine] = memory.engines._known.values()
    with spoofing(agent, lies) as link:
        port = link.getsockname()[1]
        memory.seals[("127.0.0.1", port)] = seal
        memory.engines._known["127.0.0.1", port, LOGIN] = engine
        agent.answered = agent.refused = 0
        assert seen(known(port, memory, timeout=5.0))
        assert (agent.answered, agent.refused) == (1, 0)
    assert seal._boots == agent.boots


def test_a_device_that_does_not_sign_any_more_is_named_not_hung() -> None:
    agent, has_moved = SealedAgent(GOOD, LOGIN, ENGINE), False
    with hostile(lambda raw: b"\x30\x03\x02\x01\x03" if has_moved else agent(raw)) as server:
        memory = met(server.port)
        has_moved = True
        outcome = known(server.port, memory, timeout=0.1)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.MALFORMED


# A real agent, and what it keeps from one start to the next.


def restarted(agent: agents.Agent, kept: Callable[[str], str] = str) -> None:
    """Stop, change what the agent remembers, start."""
    agent.stop()
    agent.state.write_text(kept(agent.state.read_text()))
    agent.start()


def boots_again(text: str) -> str:
    return re.sub(r"(?m)^engineBoots .*", "engineBoots 0", text)


def nothing(_: str) -> str:
    return ""


def under(agent: agents.Agent, engine: str) -> None:
    """Let it have this engine from its next start, whose boots are counted."""
    agent.remembers = True
    agent.configuration = f"engineID {engine}\n{agents.CONFIGURATION}"


REAL = SnmpUser(
    agents.USER,
    AuthProtocol.SHA,
    agents.AUTH_PASSWORD,
    PrivacyProtocol.AES128,
    agents.PRIVACY_PASSWORD,
)


def real(agent: agents.Agent, memory: Memory, layout: Layout | None) -> Outcome:
    target = device(agent.port, login=REAL, layout=layout, timeout=2.0, budget=20.0)
    return ask(target, memory=memory)[0]


def introduced(agent: agents.Agent) -> tuple[Memory, Layout]:
    memory = Memory()
    first = real(agent, memory, None).reading
    assert first is not None
    assert real(agent, memory, first.layout).reading is not None
    return memory, first.layout


@pytest.mark.parametrize(
    ("kept", "engine", "boots"),
    [(str, "house", 4), (boots_again, "house", 1), (nothing, "another house", 1)],
    ids=["rebooted", "boots count anew", "another engine"],
)
def test_a_real_agent_that_began_anew_is_read(
    own_agent: agents.Agent, kept: Callable[[str], str], engine: str, boots: int
) -> None:
    under(own_agent, "house")
    for each in (nothing, str, str):
        restarted(own_agent, each)
    memory, layout = introduced(own_agent)
    [before] = memory.seals.values()
    assert before._boots == 3
    under(own_agent, engine)
    restarted(own_agent, kept)
    for _ in range(2):
        outcome = real(own_agent, memory, layout)
        assert outcome.reading is not None, outcome.failure
    [after] = memory.seals.values()
    assert after.engine.endswith(engine.encode())
    assert after._boots == boots


@pytest.mark.parametrize(
    "change",
    [
        (agents.USER, "renamed-user"),
        (agents.AUTH_PASSWORD, "another-password"),
        (agents.PRIVACY_PASSWORD, "another-password"),
    ],
    ids=["unknown user", "wrong password", "wrong privacy password"],
)
def test_a_real_agent_that_refuses_a_user_fails_and_is_read_once_it_does_not(
    own_agent: agents.Agent, change: tuple[str, str]
) -> None:
    under(own_agent, "house")
    own_agent.remembers = False
    restarted(own_agent)
    memory, layout = introduced(own_agent)
    usual = own_agent.configuration
    own_agent.configuration = usual.replace(*change)
    restarted(own_agent)
    outcome = real(own_agent, memory, layout)
    assert outcome.failure is not None
    assert outcome.failure.kind in {FailureKind.AUTHENTICATION, FailureKind.TIMEOUT}
    own_agent.configuration = usual
    restarted(own_agent)
    assert real(own_agent, memory, layout).reading is not None
