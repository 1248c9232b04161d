"""SNMP agents for tests: a real snmpd on loopback, and small hostile ones.

The fixtures are named in tests/monitoring/conftest.py; another folder's conftest may import them.
"""

import asyncio
import contextlib
import ipaddress
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.ports import free_port

# What a reading tells as JSON, whoever asks.
READING_KEYS = {
    "reachable",
    "system",
    "interfaces",
    "processors",
    "storage",
    "sensors",
    "problems",
}
COMMUNITY = "demo-community"
USER, AUTH_PASSWORD, PRIVACY_PASSWORD = "demo-user", "demo-auth-pass", "demo-priv-pass"
SNMPD = shutil.which("snmpd") or "/usr/sbin/snmpd"

CONFIGURATION = f"""
agentaddress udp:{{address}}:{{port}}
rocommunity {COMMUNITY} 127.0.0.1
createUser {USER} SHA "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
rouser {USER} authPriv
createUser demo-auth SHA "{AUTH_PASSWORD}"
rouser demo-auth auth
createUser demo-sha224 SHA-224 "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
createUser demo-sha256 SHA-256 "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
createUser demo-sha384 SHA-384 "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
createUser demo-sha512 SHA-512 "{AUTH_PASSWORD}" AES "{PRIVACY_PASSWORD}"
createUser demo-aes192 SHA-256 "{AUTH_PASSWORD}" AES-192 "{PRIVACY_PASSWORD}"
createUser demo-aes256 SHA-512 "{AUTH_PASSWORD}" AES-256 "{PRIVACY_PASSWORD}"
rouser demo-sha224 authPriv
rouser demo-sha256 authPriv
rouser demo-sha384 authPriv
rouser demo-sha512 authPriv
rouser demo-aes192 authPriv
rouser demo-aes256 authPriv
createUser demo-noauth
rouser demo-noauth noauth
sysName test-agent
sysDescr Thiết bị thử
sysServices 72
"""


@dataclass
class Agent:
    """A net-snmp agent that a test can stop and start again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    address: str = "127.0.0.1"
    configuration: str = CONFIGURATION
    # Whether it counts its boots; without that every start is its first.
    remembers: bool = False

    @property
    def state(self) -> Path:
        """What it kept when it was stopped."""
        return self.folder / "state" / "snmpd.conf"

    def start(self) -> None:
        """Start and wait until the port is bound."""
        path = self.folder / "snmpd.conf"
        path.write_text(self.configuration.format(port=self.port, address=self.address))
        read = f"{path},{self.state}" if self.remembers else str(path)
        self.process = subprocess.Popen(
            [SNMPD, "-f", "-Lf", str(self.folder / "log"), "-C", "-c", read, "-I", "-smux"],
            env={
                **os.environ,
                "SNMP_PERSISTENT_DIR": str(self.folder / "state"),
                "MIBS": "",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self.is_bound():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "snmpd did not bind its port in 10 s"
            time.sleep(0.02)

    def is_bound(self) -> bool:
        """Whether the kernel lists the port as bound."""
        table = Path("/proc/net/udp").read_text()
        # The kernel writes an address with its last octet first.
        octets = bytes(reversed(ipaddress.ip_address(self.address).packed)).hex().upper()
        return f"{octets}:{self.port:04X} " in table

    def stop(self) -> None:
        """Stop and wait."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


def start_agent(folder: Path, address: str = "127.0.0.1", port: int = 0) -> Agent:
    """A running snmpd with its state in `folder`; skips where snmpd is not installed."""
    if not Path(SNMPD).exists():
        pytest.skip("snmpd is not installed (apt-get install snmpd)")
    agent = Agent(folder, port or free_port(), address=address)
    agent.start()
    return agent


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """A real snmpd for the whole run; do not stop it."""
    running = start_agent(tmp_path_factory.mktemp("snmpd"))
    yield running
    running.stop()


@pytest.fixture
def own_agent(tmp_path: Path) -> Iterator[Agent]:
    """A real snmpd that the test may stop and start."""
    running = start_agent(tmp_path)
    yield running
    running.stop()


Reply = Callable[[bytes], bytes | None]


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply, delay: float) -> None:
        self.reply, self.delay = reply, delay
        self.requests = 0
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own datagram transport does not inherit from asyncio.DatagramTransport.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests += 1
        answer = self.reply(data)
        if answer is not None and self.transport is not None:
            asyncio.get_running_loop().call_later(self.delay, self.transport.sendto, answer, addr)


@dataclass
class Hostile:
    """A UDP server that answers as `reply` says; `requests` counts what it was sent."""

    port: int
    protocol: _Answering

    @property
    def requests(self) -> int:
        """How many datagrams came."""
        return self.protocol.requests


@contextlib.contextmanager
def hostile(
    reply: Reply, delay: float = 0.0, at: tuple[str, int] = ("127.0.0.1", 0)
) -> Iterator[Hostile]:
    """Serve `reply` on a loopback port, in a thread with a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve() -> tuple[asyncio.DatagramTransport, _Answering]:
        return await loop.create_datagram_endpoint(lambda: _Answering(reply, delay), local_addr=at)

    transport, protocol = asyncio.run_coroutine_threadsafe(serve(), loop).result(5)
    try:
        yield Hostile(int(transport.get_extra_info("sockname")[1]), protocol)
    finally:
        loop.call_soon_threadsafe(transport.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


# A very small BER, enough to answer as an agent would.


def tlv(tag: int, body: bytes) -> bytes:
    """One tag-length-value."""
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def read_tlv(raw: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, body and the place after it."""
    tag, size, at = raw[at], raw[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(raw[at : at + count], "big"), at + count
    return tag, raw[at : at + size], at + size


def integer(value: int, tag: int = 0x02) -> bytes:
    """An INTEGER, or a counter or gauge under another tag."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    numbers = [int(n) for n in dotted.split(".")]
    body = bytes([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(0x80 | (number & 0x7F))
        body += bytes(reversed(septets))
    return tlv(0x06, body)


def dotted(body: bytes) -> str:
    """The body of an OBJECT IDENTIFIER as text."""
    numbers, value = [body[0] // 40, body[0] % 40], 0
    for octet in body[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(map(str, numbers))


@dataclass(frozen=True)
class Request:
    """A decoded v2c request."""

    community: bytes
    tag: int
    request_id: bytes
    names: tuple[str, ...]

    @classmethod
    def of(cls, raw: bytes) -> "Request":
        """Decode, believing every byte: the requests come from our own client."""
        _, message, _ = read_tlv(raw)
        _, _, at = read_tlv(message)
        _, community, at = read_tlv(message, at)
        tag, pdu, _ = read_tlv(message, at)
        _, request_id, at = read_tlv(pdu)
        _, _, at = read_tlv(pdu, at)
        _, _, at = read_tlv(pdu, at)
        _, bindings, _ = read_tlv(pdu, at)
        names, at = [], 0
        while at < len(bindings):
            _, binding, at = read_tlv(bindings, at)
            names.append(dotted(read_tlv(binding)[1]))
        return cls(community, tag, request_id, tuple(names))

    def answer(self, bindings: list[tuple[str, bytes]], error: int = 0) -> bytes:
        """A response to it: pairs of an OID and an encoded value."""
        body = b"".join(tlv(0x30, oid(name) + value) for name, value in bindings)
        pdu = tlv(0x02, self.request_id) + integer(error) + integer(0) + tlv(0x30, body)
        return tlv(0x30, integer(1) + tlv(0x04, self.community) + tlv(0xA2, pdu))


NOTHING = tlv(0x80, b"")  # noSuchObject
END = tlv(0x82, b"")  # endOfMibView
GET, GETNEXT, GET_BULK = 0xA0, 0xA1, 0xA5


def table_agent(table: dict[str, bytes]) -> Reply:
    """An agent that serves `table` (OID → encoded value) by GET, GETNEXT and GETBULK."""
    places = sorted(table, key=lambda name: tuple(map(int, name.split("."))))
    keys = [tuple(map(int, name.split("."))) for name in places]

    def reply(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        if request.tag == GET:
            return request.answer([(n, table.get(n, NOTHING)) for n in request.names])
        wanted = tuple(map(int, request.names[0].split(".")))
        after = [places[i] for i, key in enumerate(keys) if key > wanted]
        after = after[: 1 if request.tag == GETNEXT else 10]
        if not after:
            return request.answer([(request.names[0], END)])
        return request.answer([(n, table[n]) for n in after])

    return reply


NO_SUCH_NAME = 2


def first_version_agent(table: dict[str, bytes]) -> Reply:
    """An SNMPv1 agent: no GETBULK, and one unknown name refuses the whole request (RFC 1157)."""
    keys = {tuple(map(int, name.split("."))): name for name in table}
    places = sorted(keys)

    def reply(raw: bytes) -> bytes | None:
        request = Request.of(raw)
        if request.tag == GET_BULK:
            return None
        names: list[str] | None = list(request.names)
        if request.tag == GETNEXT:
            wanted = tuple(map(int, request.names[0].split(".")))
            names = [keys[key] for key in places if key > wanted][:1]
        if not names or any(name not in table for name in names):
            empty = [(name, tlv(0x05, b"")) for name in request.names]
            return first_version(request.answer(empty, NO_SUCH_NAME))
        return first_version(request.answer([(name, table[name]) for name in names]))

    return reply


def first_version(message: bytes) -> bytes:
    """The same message under version 0, which is SNMPv1."""
    _, body, _ = read_tlv(message)
    return tlv(0x30, integer(0) + body[3:])
