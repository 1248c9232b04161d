"""What a sealed answer says is what gufo reads in the same bytes, for every hash and AES key."""

import copy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from gufo.snmp._fast import SnmpV3ClientSocket
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.probes import codec, usm_envelopes
from monitoring.probes.codec import Garbled, Question
from monitoring.probes.codec_shapes import Shapes
from monitoring.probes.logins import AuthProtocol, PrivacyProtocol, SnmpUser
from monitoring.probes.session import user_of
from monitoring.probes.usm import Forged, NotInTime, Reported, Seal
from tests.monitoring import agents
from tests.monitoring.sealed_agents import clocked, number_of
from tests.monitoring.test_codec import OID, VALUES

ENGINE = bytes.fromhex("80001f8804686f757365")
PAIRS = st.lists(st.tuples(OID, VALUES), min_size=1, max_size=40, unique_by=lambda pair: pair[0])
CLOCK = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))


def logins() -> Iterator[SnmpUser]:
    for auth in AuthProtocol:
        for privacy in (None, *PrivacyProtocol):
            secret = None if privacy is None else "password2"
            login = SnmpUser("u", auth, "password1", privacy or PrivacyProtocol.AES128, secret)
            if Seal.fits(login):
                yield login


LOGINS = st.sampled_from(list(logins()))


@cache
def seal_of(login: SnmpUser) -> Seal:
    return Seal(login, ENGINE)


def agent_of(login: SnmpUser, clock: tuple[int, int]) -> Seal:
    return clocked(seal_of(login), *clock)


def ours(login: SnmpUser) -> Seal:
    """A seal that has not met the engine's clock yet."""
    seal = copy.copy(seal_of(login))
    seal.forget_clock()
    return seal


@cache
def keys_of(login: SnmpUser) -> tuple[str, int, bytes, int, bytes]:
    user = user_of(login, ENGINE)
    auth, privacy = user.get_auth_alg(), user.get_priv_alg()
    return user.name, auth, user.get_auth_key(), privacy, user.get_priv_key()


@contextmanager
def link() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(5)
        yield agent


def client(login: SnmpUser, agent: socket.socket) -> SnmpV3ClientSocket:
    where = f"127.0.0.1:{agent.getsockname()[1]}"
    return SnmpV3ClientSocket(where, ENGINE, *keys_of(login), 0, 0, 0, 1_000_000_000)


def response(pairs: list[tuple[str, bytes]], number: int) -> bytes:
    body = b"".join(agents.tlv(0x30, agents.oid(name) + value) for name, value in pairs)
    told = agents.integer(number) + agents.integer(0) * 2 + agents.tlv(0x30, body)
    return agents.tlv(codec.RESPONSE, told)


def asked_as(pdu: bytes) -> int:
    return codec.small(pdu, codec.opened(pdu, 0, codec.GET, len(pdu))[0], len(pdu))[0]


NUMBER = 0x4123_4567


@given(LOGINS, CLOCK, PAIRS)
@settings(max_examples=200, deadline=None)
def test_a_sealed_answer_means_what_it_means_to_gufo(
    login: SnmpUser, clock: tuple[int, int], pairs: list[tuple[str, bytes]]
) -> None:
    oids = [oid for oid, _ in pairs]
    with link() as agent:
        oracle = client(login, agent)
        oracle.send_get_many(oids)
        raw, who = agent.recvfrom(65_535)
        sealed = number_of(raw)
        asked = ours(login).opened(sealed)  # gufo's request, read by our seal
        told = agent_of(login, clock)
        agent.sendto(told.wrapped(response(pairs, asked_as(asked)), sealed.number), who)
        theirs = oracle.recv_get_many()
    letter = told.wrapped(response(pairs, NUMBER), NUMBER)
    pdu = ours(login).opened(usm_envelopes.unwrapped(letter))
    seen, _ = Shapes().read(pdu, Question.of(oids), NUMBER, None)
    assert list(seen) == [v if type(v) is int else None for v in map(theirs.get, oids)]


@given(LOGINS, CLOCK, st.lists(OID, min_size=1, max_size=40, unique=True))
@settings(max_examples=100, deadline=None)
def test_a_sealed_question_holds_what_gufo_asks(
    login: SnmpUser, clock: tuple[int, int], oids: list[str]
) -> None:
    with link() as agent:
        client(login, agent).send_get_many(oids)
        theirs = ours(login).opened(number_of(agent.recv(65_535)))
    mine = agent_of(login, clock).wrapped(Question.of(oids).pdu(NUMBER), NUMBER)
    sealed = usm_envelopes.unwrapped(mine)
    assert (sealed.number, usm_envelopes.envelope(mine).boots) == (NUMBER, clock[0])
    asked = ours(login).opened(sealed)
    assert asked_as(asked) == NUMBER
    assert agents.read_tlv(asked)[1][6:] == tail_of(theirs)


def tail_of(pdu: bytes) -> bytes:
    """All of a PDU behind its number."""
    _, body, _ = agents.read_tlv(pdu)
    return body[agents.read_tlv(body)[2] :]


@given(
    LOGINS,
    PAIRS,
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3),
    st.sampled_from(["changed", "cut", "grown"]),
)
@settings(max_examples=300, deadline=None)
def test_a_mutilated_message_is_refused(
    login: SnmpUser,
    pairs: list[tuple[str, bytes]],
    places: list[tuple[int, int]],
    how: str,
) -> None:
    whole = agent_of(login, (4, 9000)).wrapped(response(pairs, NUMBER), NUMBER)
    raw = bytearray(whole)
    for place, octet in places:
        if how == "changed":
            raw[place % len(raw)] = octet
        elif how == "cut":
            del raw[place % len(raw) + 1 :]
        else:
            raw.insert(place % len(raw), octet)
    seal = ours(login)
    if bytes(raw) == whole:
        assert seal.opened(usm_envelopes.unwrapped(bytes(raw))) == response(pairs, NUMBER)
        return
    with pytest.raises((Forged, Garbled)):
        seal.opened(usm_envelopes.unwrapped(bytes(raw)))
    assert seal._at is None, "what is not believed moves no clock"


@given(LOGINS, st.binary(max_size=400))
@settings(deadline=None)
def test_noise_is_refused(login: SnmpUser, noise: bytes) -> None:
    for raw in (noise, b"\x30" + codec.length(len(noise) + 3) + usm_envelopes.VERSION_3 + noise):
        with pytest.raises((Forged, Garbled)):
            ours(login).opened(usm_envelopes.unwrapped(raw))


@given(LOGINS, st.binary(max_size=400))
@settings(deadline=None)
def test_signed_nonsense_is_refused_or_handed_on(login: SnmpUser, noise: bytes) -> None:
    """Whoever has the keys may say anything; the PDU is then read as strictly as any other."""
    sealed = usm_envelopes.unwrapped(agent_of(login, (4, 9000)).wrapped(noise, NUMBER))
    try:
        pdu = ours(login).opened(sealed)
    except (Garbled, Reported, NotInTime):
        return
    assert pdu == noise
    with pytest.raises(Garbled):
        codec.walk(pdu, Question.of(["1.3.6.1"]), NUMBER)


@pytest.mark.parametrize(
    ("login", "fits"),
    [
        (SnmpUser("u"), False),
        (SnmpUser("u", AuthProtocol.MD5, "password1"), False),
        (SnmpUser("u", AuthProtocol.SHA, "password1"), True),
        (SnmpUser("u", AuthProtocol.SHA, "password1", PrivacyProtocol.DES, "password2"), False),
        (SnmpUser("u", AuthProtocol.SHA, "password1", PrivacyProtocol.AES256, "password2"), False),
        (
            SnmpUser("u", AuthProtocol.SHA512, "password1", PrivacyProtocol.AES256, "password2"),
            True,
        ),
    ],
    ids=[
        "unsigned",
        "MD5",
        "signed",
        "DES",
        "AES-256 with a short hash",
        "AES-256 with a long one",
    ],
)
def test_who_is_spoken_to_here(login: SnmpUser, fits: bool) -> None:  # noqa: FBT001
    assert Seal.fits(login) is fits
