"""The codec of the hot path says what gufo says, or that it does not understand."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from gufo.snmp._fast import SnmpV2cClientSocket
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.probes import codec
from monitoring.probes.codec import Garbled, Question
from monitoring.probes.codec_shapes import Shapes
from tests.monitoring import agents

COMMUNITY = "demo"
NUMBER = 0x4123_4567
PLACE = st.integers(0, 2**32 - 1)
OID = st.lists(PLACE, min_size=3, max_size=12).map(lambda rest: ".".join(map(str, (1, 3, *rest))))
OIDS = st.lists(OID, min_size=1, max_size=40, unique=True)


def unsigned(tag: int, bits: int) -> st.SearchStrategy[bytes]:
    return st.integers(0, 2**bits - 1).map(lambda value: agents.integer(value, tag))


VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(agents.integer),
    unsigned(codec.COUNTER32, 32),
    unsigned(codec.GAUGE32, 32),
    unsigned(codec.TIME_TICKS, 32),
    unsigned(codec.UNSIGNED32, 32),
    unsigned(codec.COUNTER64, 64),
    st.sampled_from([agents.NOTHING, agents.tlv(0x81, b""), agents.END, agents.tlv(0x05, b"")]),
    st.binary(max_size=300).map(lambda octets: agents.tlv(codec.OCTETS, octets)),
    OID.map(agents.oid),
    st.binary(min_size=4, max_size=4).map(lambda four: agents.tlv(codec.IP_ADDRESS, four)),
)


def answer(oids: list[str], values: list[bytes], number: int = NUMBER, error: int = 0) -> bytes:
    request = agents.Request(COMMUNITY.encode(), 0xA0, number.to_bytes(4, "big"), tuple(oids))
    return request.answer(list(zip(oids, values, strict=True)), error)


def told(raw: bytes, question: Question, shapes: Shapes | None = None) -> tuple[object, ...]:
    letter = codec.unwrapped(raw)
    assert letter.community == COMMUNITY.encode()
    return (shapes or Shapes()).read(letter.pdu, question, NUMBER, None)[0]


class Oracle:
    """A gufo socket that is handed datagrams without any network but loopback."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        address = f"127.0.0.1:{link.getsockname()[1]}"
        self.client = SnmpV2cClientSocket(address, COMMUNITY, 0, 0, 0, 100_000_000)

    def asks(self, oids: list[str]) -> tuple[bytes, tuple[str, int]]:
        """The request that gufo sends."""
        self.client.send_get_many(oids)
        return self.link.recvfrom(65_535)

    def reads(self, oids: list[str], values: list[bytes]) -> dict[str, object]:
        """What gufo makes of this answer."""
        raw, who = self.asks(oids)
        number = int.from_bytes(agents.Request.of(raw).request_id, "big")
        self.link.sendto(answer(oids, values, number), who)
        return dict(self.client.recv_get_many())


@contextmanager
def gufo() -> Iterator[Oracle]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(5)
        yield Oracle(link)


@given(OIDS)
def test_a_request_is_the_one_that_gufo_sends(oids: list[str]) -> None:
    with gufo() as oracle:
        theirs, _ = oracle.asks(oids)
    number = agents.Request.of(theirs).request_id
    padded = number.rjust(4, b"\0")
    ours = codec.wrapped(Question.of(oids).pdu(NUMBER), COMMUNITY.encode())
    decoded = agents.Request.of(ours)
    assert decoded.names == tuple(oids) == agents.Request.of(theirs).names
    assert decoded.tag == agents.GET
    if len(number) == 4:
        assert ours.replace(NUMBER.to_bytes(4, "big"), padded) == theirs


@given(st.lists(st.tuples(OID, VALUES), min_size=1, max_size=40, unique_by=lambda pair: pair[0]))
@settings(max_examples=300)
def test_an_answer_means_what_it_means_to_gufo(pairs: list[tuple[str, bytes]]) -> None:
    oids, sent = [oid for oid, _ in pairs], [value for _, value in pairs]
    with gufo() as oracle:
        theirs = oracle.reads(oids, sent)
    ours = told(answer(oids, sent), Question.of(oids))
    numbers = [value if type(value) is int else None for value in map(theirs.get, oids)]
    assert list(ours) == numbers


@given(st.data())
@settings(max_examples=300)
def test_an_answer_of_a_known_shape_is_read_as_if_it_were_the_first(data: st.DataObject) -> None:
    oids = data.draw(OIDS)
    draw = st.lists(VALUES, min_size=len(oids), max_size=len(oids))
    question, shapes, shape = Question.of(oids), Shapes(), None
    for _ in range(3):
        pdu = codec.unwrapped(answer(oids, data.draw(draw))).pdu
        seen, shape = shapes.read(pdu, question, NUMBER, shape)
        strictly = tuple(part.value for part in codec.walk(pdu, question, NUMBER))
        assert seen == strictly
        if shape is not None:
            assert shape.read(pdu) == strictly


NUMBERS = st.lists(
    st.tuples(
        st.sampled_from([codec.INTEGER, codec.COUNTER32, codec.GAUGE32, codec.COUNTER64]),
        st.integers(0, 2**31 - 1),
        st.integers(-3, 3),
    ),
    min_size=1,
    max_size=30,
)


@given(NUMBERS)
@settings(max_examples=300)
def test_numbers_that_move_a_little_are_read_through_the_shape(moved) -> None:
    oids = [f"1.3.6.1.2.1.2.2.1.10.{place}" for place in range(len(moved))]
    question, shapes = Question.of(oids), Shapes()
    before = [agents.integer(value, tag) for tag, value, _ in moved]
    pdu = codec.unwrapped(answer(oids, before)).pdu
    _, shape = shapes.read(pdu, question, NUMBER, None)
    assert shape is not None
    after = [abs(value + step) for _, value, step in moved]
    sent = [agents.integer(value, tag) for (tag, *_), value in zip(moved, after, strict=True)]
    seen = shape.read(codec.unwrapped(answer(oids, sent)).pdu)
    assert seen in (None, tuple(after))
    if list(map(len, sent)) == list(map(len, before)):
        assert seen is not None


@given(
    st.lists(st.tuples(OID, VALUES), min_size=1, max_size=8, unique_by=lambda pair: pair[0]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=3),
    st.sampled_from(["changed", "cut", "grown"]),
)
@settings(max_examples=500)
def test_a_mutilated_answer_is_refused_or_read_alike_by_shape_and_walk(pairs, places, how) -> None:
    oids, sent = [oid for oid, _ in pairs], [value for _, value in pairs]
    question, shapes = Question.of(oids), Shapes()
    whole = answer(oids, sent)
    _, shape = shapes.read(codec.unwrapped(whole).pdu, question, NUMBER, None)
    raw = bytearray(whole)
    for place, octet in places:
        if how == "changed":
            raw[place % len(raw)] = octet
        elif how == "cut":
            del raw[place % len(raw) :]
            raw = raw or bytearray(b"\x30")
        else:
            raw.insert(place % len(raw), octet)
    try:
        letter = codec.unwrapped(bytes(raw))
    except Garbled:
        return
    pdu = letter.pdu
    try:
        strictly = tuple(part.value for part in codec.walk(pdu, question, NUMBER))
    except Garbled:
        # A shape is asked only after the number was found to be ours.
        assert shape is None or letter.number != NUMBER or shape.read(pdu) is None
    else:
        assert len(strictly) == len(oids)
        assert shape is None or shape.read(pdu) in (None, strictly)


@given(st.binary(max_size=600))
def test_noise_is_refused(noise: bytes) -> None:
    try:
        letter = codec.unwrapped(noise)
        codec.walk(letter.pdu, Question.of(["1.3.6.1"]), NUMBER)
    except Garbled:
        return


ONE = "1.3.6.1.2.1.1.3.0"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"\x02\x00", "a number without octets"),
        (b"\x41\x05\x01\x00\x00\x00\x00", "a Counter32 beyond 32 bits"),
        (b"\x46\x09\x01" + bytes(8), "a Counter64 beyond 64 bits"),
        (b"\x02\x09" + bytes(9), "an INTEGER of nine octets"),
        (b"\x80\x01\x00", "nothing, with a value"),
        (b"\x09\x01\x00", "a REAL, which SNMP has not"),
        (b"\x02\x80\x01\x00\x00", "an indefinite length"),
        (b"\x02\x85\x00\x00\x00\x00\x01\x07", "a length of five octets"),
        (b"\x02\x01\x07\x05\x00", "two values under one name"),
        (b"", "no value"),
    ],
)
def test_what_is_no_value_is_refused(value: bytes, why: str) -> None:
    with pytest.raises(Garbled):
        told(answer([ONE], [value]), Question.of([ONE]))


@pytest.mark.parametrize(
    ("oids", "error", "why"),
    [
        ([ONE, ONE + ".1"], 0, "more values than were asked for"),
        ([], 0, "fewer"),
        ([ONE + ".1"], 0, "another name that begins alike"),
        (["1.3.6.1.2.1.1.4.0"], 0, "another name"),
        ([ONE], 1, "tooBig"),
        ([ONE], 5, "genErr"),
    ],
)
def test_an_answer_to_another_question_is_refused(oids: list[str], error: int, why: str) -> None:
    raw = answer(oids, [agents.integer(7)] * len(oids), error=error)
    with pytest.raises(Garbled):
        told(raw, Question.of([ONE]))


def test_a_length_may_be_longer_than_it_need_be() -> None:
    """Many agents write 82 and two octets whatever the length (X.690, 8.1.3.5 allows it)."""
    raw = answer([ONE], [b"\x43\x82\x00\x02\x01\x00"])
    assert told(raw, Question.of([ONE])) == (256,)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\x9f\x78\x04\x41\x48\x00\x00", 12.5),
        (b"\x9f\x79\x08\x40\x29\x00\x00\x00\x00\x00\x00", 12.5),
        (b"\x9f\x78\x04\x7f\xc0\x00\x00", None),  # not a number
        (b"\x9f\x78\x04\x7f\x80\x00\x00", None),  # endless
        (b"\x04\x02ab", None),
    ],
)
def test_floats_travel_as_opaque(body: bytes, value: float | None) -> None:
    raw = answer([ONE], [agents.tlv(codec.OPAQUE, body)])
    assert told(raw, Question.of([ONE])) == (value,)


def test_no_more_shapes_are_kept_than_agreed_and_those_in_use_stay() -> None:
    shapes = Shapes(limit=2)
    question = Question.of([ONE])

    def read(value: int) -> None:
        raw = answer([ONE], [agents.integer(value)])
        told(raw, question, shapes)

    for value in (1, 300, 70_000, 2**31 - 1):  # a shape each: so many octets
        read(value)
    assert len(shapes._known) == 2
    shapes.turn_over()
    read(300)
    shapes.turn_over()
    assert len(shapes._known) == 1
