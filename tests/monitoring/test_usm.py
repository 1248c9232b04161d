"""SNMPv3 in bytes: who did not sign is not believed, and a real snmpd is understood."""

import pytest

from monitoring.probes import usm_envelopes, volley
from monitoring.probes.codec import Garbled
from monitoring.probes.logins import AuthProtocol, PrivacyProtocol, SnmpUser
from monitoring.probes.memory import Memory
from monitoring.probes.usm import Forged, Reported, Seal
from tests.monitoring import agents
from tests.monitoring.sealed_agents import clocked
from tests.monitoring.test_volley import ask, device

ENGINE = bytes.fromhex("8000000001020304")
PDU = bytes.fromhex("a20b0201010201000201003000")
LOGIN = SnmpUser("u", AuthProtocol.SHA, "password1", PrivacyProtocol.AES128, "password2")


def told(boots: int, seconds: int) -> bytes:
    agent = Seal(LOGIN, ENGINE)
    return clocked(agent, boots, seconds).wrapped(PDU, 7)


def test_an_old_message_is_a_replay_and_moves_no_clock() -> None:
    ours = Seal(LOGIN, ENGINE)
    assert ours.opened(usm_envelopes.unwrapped(told(4, 9000))) == PDU
    for boots, seconds in ((3, 9000), (4, 8000)):
        with pytest.raises(Forged):
            ours.opened(usm_envelopes.unwrapped(told(boots, seconds)))
    assert (ours._boots, ours._time) == (4, 9000)


def test_a_late_message_within_the_window_is_read_and_a_reboot_is_followed() -> None:
    ours = Seal(LOGIN, ENGINE)
    for boots, seconds in ((4, 9000), (4, 8900), (5, 3)):
        assert ours.opened(usm_envelopes.unwrapped(told(boots, seconds))) == PDU
    assert (ours._boots, ours._time) == (5, 3)


def test_no_changed_bit_gives_another_value() -> None:
    message = told(4, 9000)
    for bit in range(len(message) * 8):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((Forged, Garbled, Reported)):
            Seal(LOGIN, ENGINE).opened(usm_envelopes.unwrapped(bytes(changed)))


def test_a_signed_message_must_hold_the_answer_to_its_own_question() -> None:
    """A codec that knows an answer again by its shape looks at no number in it."""
    for number, is_ours in ((0x4000_0007, True), (0x4000_0008, False)):
        pdu = bytes.fromhex("a20e0204400000070201000201003000")
        sealed = usm_envelopes.unwrapped(clocked(Seal(LOGIN, ENGINE), 4, 9).wrapped(pdu, number))
        if is_ours:
            assert volley._opened(Seal(LOGIN, ENGINE), sealed) == pdu
        else:
            with pytest.raises(Garbled):
                volley._opened(Seal(LOGIN, ENGINE), sealed)


SHA, AES = AuthProtocol, PrivacyProtocol


@pytest.mark.parametrize(
    ("name", "auth", "privacy"),
    [
        (agents.USER, SHA.SHA, AES.AES128),
        ("demo-auth", SHA.SHA, None),
        ("demo-sha224", SHA.SHA224, AES.AES128),
        ("demo-sha256", SHA.SHA256, AES.AES128),
        ("demo-sha384", SHA.SHA384, AES.AES128),
        ("demo-sha512", SHA.SHA512, AES.AES128),
        ("demo-aes192", SHA.SHA256, AES.AES192),
        ("demo-aes256", SHA.SHA512, AES.AES256),
    ],
)
def test_a_real_agent_is_read_by_seal(
    agent: agents.Agent, name: str, auth: AuthProtocol, privacy: PrivacyProtocol | None
) -> None:
    login = SnmpUser(name, auth, agents.AUTH_PASSWORD)
    if privacy is not None:
        login = SnmpUser(name, auth, agents.AUTH_PASSWORD, privacy, agents.PRIVACY_PASSWORD)
    memory = Memory()
    first = ask(device(agent.port, login=login, layout=None, timeout=2.0), memory=memory)[0].reading
    assert first is not None
    for _ in range(2):
        known = device(agent.port, login=login, layout=first.layout, timeout=2.0)
        [outcome] = ask(known, memory=memory)
        assert outcome.reading is not None, outcome.failure
        assert not outcome.was_discovered
    [seal] = memory.seals.values()
    assert seal._boots > 0


def test_who_is_not_spoken_to_by_seal_is_read_by_gufo(agent: agents.Agent) -> None:
    memory, login = Memory(), SnmpUser("demo-noauth")
    first = ask(device(agent.port, login=login, layout=None, timeout=2.0), memory=memory)[0].reading
    assert first is not None
    known = device(agent.port, login=login, layout=first.layout, timeout=2.0)
    assert ask(known, memory=memory)[0].reading is not None
    assert not memory.seals
