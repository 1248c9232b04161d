"""Connections of probes: to a checked address only, and with an end to what is read."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from monitoring.probes.reached import Fault, Faulty, Goal, Rules

MOST_BYTES = 256 * 1024
MOST_LINE = 16 * 1024
# A name server that is silent holds a thread: these are not the threads of anything else.
_names = ThreadPoolExecutor(16, thread_name_prefix="names")


class Link:
    """An open connection that hangs up after so many bytes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int = MOST_BYTES
    ) -> None:
        """Count what is read."""
        self._reader, self._writer, self._left = reader, writer, most

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, if it is one."""
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    async def send(self, raw: bytes) -> None:
        """Write all of it."""
        self._writer.write(raw)
        await self._writer.drain()

    async def exactly(self, count: int) -> bytes:
        """So many bytes; a fault where fewer come."""
        self._count(count)
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError:
            raise Faulty(Fault.HUNG_UP, "the host hung up in the middle of its answer") from None

    async def head(self) -> bytes:
        """Everything up to an empty line: the head of an answer of HTTP or RTSP."""
        try:
            raw = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Faulty(Fault.MALFORMED, "the head of the answer has no end") from None
        except asyncio.IncompleteReadError as cut:
            if cut.partial:
                raise Faulty(Fault.MALFORMED, "the head of the answer was cut") from None
            raise Faulty(Fault.HUNG_UP, "the host hung up without an answer") from None
        self._count(len(raw))
        return raw

    async def line(self) -> bytes:
        """One line, its end included; empty where nothing comes any more."""
        try:
            raw = await self._reader.readline()
        except ValueError:
            raise Faulty(Fault.MALFORMED, "a line of the answer has no end") from None
        self._count(len(raw))
        return raw

    async def rest(self, most: int) -> bytes:
        """What comes until the end, `most` bytes of it."""
        found = bytearray()
        while len(found) < most and (piece := await self._reader.read(most - len(found))):
            found += piece
        return bytes(found)

    def _count(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Faulty(Fault.MALFORMED, "the host sends more than it was asked for")


async def numeric(goal: Goal, rules: Rules) -> str:
    """The address to ask: looked up once, so that what was checked is what is asked."""
    for address in await _addresses(goal.host, goal.port):
        if not rules.allows_own and is_own(address):
            raise Faulty(
                Fault.FORBIDDEN, f"{address} is this machine or its link; that is not asked"
            )
        return address
    raise Faulty(Fault.NAME, f"{goal.host} has no address")


async def _addresses(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(
            _names, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        raise Faulty(Fault.NAME, f"the name {host} is not known") from None
    return [str(each[4][0]) for each in found]


def is_own(address: str) -> bool:
    """Whether an address is this machine's, its link's (a cloud's metadata) or no host's at all."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(
        address.partition("%")[0]
    )
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_unspecified or found.is_link_local or found.is_multicast:
        return True
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as ours:
        try:
            # Only an address of this machine can be bound.
            ours.bind((str(found), 0))
        except OSError:
            return False
    return True


@asynccontextmanager
async def linked(
    goal: Goal, address: str, context: ssl.SSLContext | None = None
) -> AsyncIterator[Link]:
    """A connection to the goal's port, over TLS with a context; dropped at the end, unasked."""
    try:
        reader, writer = await asyncio.open_connection(
            address,
            goal.port,
            limit=MOST_LINE,
            ssl=context,
            server_hostname=goal.name if context else None,
        )
    except ConnectionRefusedError:
        raise Faulty(Fault.REFUSED, "nothing listens on the port") from None
    try:
        yield Link(reader, writer)
    finally:
        # A host that does not close its side must not hold ours.
        writer.transport.abort()
