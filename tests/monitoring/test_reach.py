"""The probes of endpoints against servers that behave and servers that do not."""

import asyncio
import socket
import ssl
import threading
import time
import warnings
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitoring.probes import reach, rtmp, srt, tls
from monitoring.probes.links import is_own
from monitoring.probes.reached import EndpointKind, Fault, Faulty, Goal, Reached, Rules
from tests.monitoring.endpoint_servers import (
    DAY,
    Answer,
    Authority,
    camera,
    dripping,
    endless,
    listening,
    media_server,
    saying,
    served,
    silent,
    srt_listener,
)
from tests.monitoring.policy_world import free_port

HERE = Rules(allows_own=True)
PAGE = b"HTTP/1.1 200 OK\r\nServer: small\r\nContent-Length: 10\r\n\r\nTrang chu!"


def ask(kind: EndpointKind, port: int, rules: Rules = HERE, **over: object) -> Reached:
    goal = Goal(kind, "127.0.0.1", port, **{"seconds": 4.0, **over})  # type: ignore[arg-type]
    return asyncio.run(reach.reach(goal, rules))


def test_a_port_is_well_when_it_is_as_expected() -> None:
    closed = free_port()
    with served(silent) as port:
        assert ask(EndpointKind.TCP, port).facts == {"is_open": True}
        assert ask(EndpointKind.TCP, port, expects_open=False).fault is Fault.UNEXPECTED
    assert ask(EndpointKind.TCP, closed).fault is Fault.REFUSED
    assert ask(EndpointKind.TCP, closed, expects_open=False).fault is None


def test_a_page_is_told_by_status_and_word() -> None:
    with served(saying(PAGE)) as port:
        well = ask(EndpointKind.HTTP, port, path="/x", expected_word="Trang")
        assert (well.fault, well.facts["status"], well.facts["server"]) == (None, 200, "small")
        lacking = ask(EndpointKind.HTTP, port, expected_word="Đăng nhập")
        assert lacking.fault is Fault.UNEXPECTED
        assert ask(EndpointKind.HTTP, port, expected_status=204).fault is Fault.UNEXPECTED


def test_a_word_is_found_across_the_pieces_of_a_page() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nTra\r\n2\r\nng\r\n0\r\n\r\n"
    with served(saying(raw)) as port:
        assert ask(EndpointKind.HTTP, port, expected_word="Trang").fault is None


def test_a_redirect_is_told_and_not_followed() -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/keys\r\n\r\n"
    with served(saying(raw)) as port:
        told = ask(EndpointKind.HTTP, port)
    assert told.facts["location"] == "http://169.254.169.254/keys"
    assert told.facts["status"] == 302


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (silent, Fault.TIMEOUT),
        (dripping, Fault.TIMEOUT),
        (endless, Fault.MALFORMED),
        (saying(b""), Fault.HUNG_UP),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), Fault.MALFORMED),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9000 + b"\r\n"), Fault.MALFORMED),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Fault.MALFORMED),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"), Fault.UNEXPECTED),
    ],
    ids=[
        "silent",
        "dripping",
        "endless",
        "nothing",
        "other-protocol",
        "many-headers",
        "no-size",
        "negative",
    ],
)
def test_hostile_web_servers_are_faults(answer: Answer, expected: Fault) -> None:
    with served(answer) as port:
        told = ask(EndpointKind.HTTP, port, seconds=1.0, expected_word="a")
    assert told.fault is expected, told


def test_an_rtmp_server_shakes_hands_and_takes_its_application() -> None:
    with served(media_server) as port:
        well = ask(EndpointKind.RTMP, port, path="live/stream-key")
        other = ask(EndpointKind.RTMP, port, path="vod")
    assert (well.fault, well.facts["application"]) == (None, "live")
    assert other.fault is Fault.UNEXPECTED
    assert "no such application" in other.sentence


@pytest.mark.parametrize("answer", [silent, dripping, endless, saying(b"\x06" + bytes(4000))])
def test_hostile_streaming_servers_are_faults(answer: Answer) -> None:
    with served(answer) as port:
        for kind in (EndpointKind.RTMP, EndpointKind.RTSP):
            assert ask(kind, port, seconds=0.8).fault in (
                Fault.TIMEOUT, Fault.MALFORMED, Fault.HUNG_UP
            )  # fmt: skip


def test_a_message_may_come_in_many_chunks_among_others() -> None:
    body = b"\x02\x00\x07_result" + bytes(500)
    raw = rtmp.message(rtmp.COMMAND, body)
    assert raw.count(b"\xc3") >= len(body) // rtmp.CHUNK
    assert len(raw) == 12 + len(body) + len(body) // rtmp.CHUNK


def test_a_camera_tells_its_media() -> None:
    with served(camera) as port:
        well = ask(EndpointKind.RTSP, port, path="main")
        gone = ask(EndpointKind.RTSP, port, path="/other")
    assert (well.fault, well.facts["media"]) == (None, ["video", "audio"])
    assert gone.fault is Fault.UNEXPECTED
    assert gone.facts["status"] == 404


def test_an_srt_listener_answers_the_induction() -> None:
    with listening(srt_listener) as port:
        assert ask(EndpointKind.SRT, port).facts == {"handshake": 5, "is_srt": True}
    with listening(partial(srt_listener, turn=1010)) as port:
        assert ask(EndpointKind.SRT, port).fault is Fault.UNEXPECTED
    with listening(lambda _asked: b"hello") as port:
        assert ask(EndpointKind.SRT, port).fault is Fault.MALFORMED
    with listening(lambda _asked: None) as port:
        assert ask(EndpointKind.SRT, port, seconds=0.6).fault is Fault.TIMEOUT
    assert ask(EndpointKind.SRT, free_port()).fault is Fault.REFUSED


def test_one_lost_datagram_is_asked_again() -> None:
    seen: list[bytes] = []

    def forgetful(asked: bytes) -> bytes | None:
        seen.append(asked)
        return srt_listener(asked) if len(seen) > 1 else None

    with listening(forgetful) as port:
        assert ask(EndpointKind.SRT, port).fault is None
    assert seen[0] == seen[1]


def test_an_answer_to_another_caller_is_not_taken() -> None:
    with pytest.raises(Faulty):
        srt.read(srt_listener(srt.induction(5, 6)), 4)


def test_a_trusted_server_tells_its_certificate_and_versions(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    rules = Rules(True, authority.pem)
    with served(silent, authority.server()) as port:
        told = ask(EndpointKind.TLS, port, rules, server_name="live.example.com", seconds=10)
    shown = told.facts["certificate"]
    assert told.fault is None
    assert (shown["trust"], shown["is_named"], shown["key"]) == ("", True, "RSA 2048")
    assert {"TLSv1.2", "TLSv1.3"} <= set(told.facts["versions"])


@pytest.mark.parametrize(
    ("made", "field", "expected"),
    [
        ({"left": -DAY}, "trust", ""),  # the dates say that it has expired, not the chain
        ({"is_signed": False}, "trust", "self-signed certificate"),
        ({"name": "other.example.com"}, "is_named", False),
        ({"name": "*.example.com"}, "is_named", True),
        ({"name": "*.com"}, "is_named", False),
        ({"bits": 1024}, "weak", ["RSA 1024"]),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    tmp_path: Path, made: dict[str, object], field: str, expected: object
) -> None:
    authority = Authority(tmp_path)
    context = authority.server(**made)  # type: ignore[arg-type]
    with served(silent, context) as port:
        told = ask(
            EndpointKind.TLS,
            port,
            Rules(True, authority.pem),
            server_name="live.example.com",
            seconds=10,
        )
    shown = told.facts["certificate"][field]
    assert expected == shown or (field == "weak" and "RSA 1024" in shown)


def test_a_server_that_speaks_no_tls_is_a_fault() -> None:
    with served(saying(PAGE)) as port:
        assert ask(EndpointKind.TLS, port).fault is Fault.HANDSHAKE


def test_a_secure_page_tells_its_certificate_even_where_its_status_is_wrong(tmp_path: Path) -> None:
    with served(saying(PAGE.replace(b"200", b"503")), Authority(tmp_path).server()) as port:
        told = ask(EndpointKind.HTTP, port, is_secure=True, server_name="live.example.com")
    assert told.fault is Fault.UNEXPECTED
    assert told.facts["certificate"]["is_named"]


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("live.example.com", "LIVE.example.com.", True),
        ("a.live.example.com", "*.example.com", False),  # one label only
        ("example.com", "*.example.com", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "*.0.2.1", False),  # an address has no labels
    ],
)
def test_names_are_compared_as_the_standard_says(
    name: str, pattern: str, *, expected: bool
) -> None:
    assert tls.fits(name, pattern) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("169.254.169.254", True),  # where clouds keep their machines' secrets
        ("0.0.0.0", True),
        ("192.0.2.7", False),
    ],
)
def test_the_machine_itself_is_known(address: str, *, expected: bool) -> None:
    assert is_own(address) is expected


def test_the_machine_itself_is_not_asked_unless_it_may_be() -> None:
    with served(saying(PAGE)) as port:
        assert ask(EndpointKind.HTTP, port, Rules()).fault is Fault.FORBIDDEN
        goal = Goal(EndpointKind.TCP, "localhost", port)
        assert asyncio.run(reach.reach(goal, Rules())).fault is Fault.FORBIDDEN


def test_an_unknown_name_is_a_fault() -> None:
    goal = Goal(EndpointKind.TCP, "nowhere.invalid", 80, seconds=10)
    assert asyncio.run(reach.reach(goal, HERE)).fault in (Fault.NAME, Fault.TIMEOUT)


def test_silent_endpoints_delay_nobody() -> None:
    async def all_of(goals: list[Goal]) -> list[Reached]:
        return [each async for each in reach.reach_all(goals, HERE)]

    with served(silent) as slow, served(saying(PAGE)) as quick:
        goals = [Goal(EndpointKind.HTTP, "127.0.0.1", slow, seconds=2.0) for _ in range(60)]
        goals += [Goal(EndpointKind.HTTP, "127.0.0.1", quick, seconds=30.0)]
        began = time.monotonic()
        told = asyncio.run(all_of(goals))
    assert time.monotonic() - began < timedelta(seconds=60).total_seconds()
    # The quick one stands before all that are silent.
    assert told[0].fault is None
    assert {each.fault for each in told[1:]} == {Fault.TIMEOUT}


def test_no_socket_outlives_its_question() -> None:
    with served(silent) as port:
        ask(EndpointKind.HTTP, port, seconds=0.3)
        with socket.create_connection(("127.0.0.1", port)):
            pass


class Picky:
    """A server's side of TLS that some greetings get no answer from."""

    def __init__(self, context: ssl.SSLContext, pause: float, *, is_silent_to_old: bool) -> None:
        self.context, self.pause, self.is_silent_to_old = context, pause, is_silent_to_old

    def wrap_socket(self, caller: socket.socket, **named: Any) -> ssl.SSLSocket:
        # RFC 8446, 4.1.2: a greeting names TLS 1.2 at most in these bytes.
        is_old = caller.recv(11, socket.MSG_PEEK)[9:] < b"\x03\x03"
        threading.Event().wait(self.pause)
        if is_old and self.is_silent_to_old:
            silent(caller)
        return self.context.wrap_socket(caller, **named)


def offered(context: Any, seconds: float = 16) -> dict[str, bool]:
    with served(silent, context) as port:
        goal = Goal(EndpointKind.HTTP, "127.0.0.1", port, is_secure=True, seconds=seconds)
        return asyncio.run(tls.offers(goal, "127.0.0.1"))


def test_each_version_is_greeted_by_itself(tmp_path: Path) -> None:
    context = Authority(tmp_path).server()
    assert offered(context) == {
        "TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    assert all(offered(context).values())


def test_silence_before_an_old_version_refuses_it_unless_the_host_is_slow(tmp_path: Path) -> None:
    context = Authority(tmp_path).server()
    quick = offered(Picky(context, 0, is_silent_to_old=True))
    assert (quick["TLSv1"], quick["TLSv1.1"]) == (False, False)
    slow = offered(Picky(context, 0.8, is_silent_to_old=True))
    assert not slow.keys() & {"TLSv1", "TLSv1.1"}


def test_who_speaks_no_tls_has_told_no_version() -> None:
    assert offered(None, seconds=4) == {}
    with served(saying(PAGE)) as port:
        goal = Goal(EndpointKind.HTTP, "127.0.0.1", port, seconds=4)
        assert asyncio.run(tls.offers(goal, "127.0.0.1")) == {}
    goal = Goal(EndpointKind.HTTP, "127.0.0.1", free_port(), seconds=4)
    assert asyncio.run(tls.offers(goal, "127.0.0.1")) == {}


def test_a_page_is_timed_before_it_is_greeted_with_versions(tmp_path: Path) -> None:
    with served(saying(PAGE), Authority(tmp_path).server()) as port:
        over: dict[str, Any] = {"is_secure": True, "server_name": "live.example.com"}
        plain = ask(EndpointKind.HTTP, port, **over)
        told = ask(EndpointKind.HTTP, port, asks_versions=True, **over)
    assert "offers" not in plain.facts
    assert told.facts["offers"]["TLSv1.2"]
    # Whether versions are asked is no part of what the endpoint is.
    assert told.goal == plain.goal
