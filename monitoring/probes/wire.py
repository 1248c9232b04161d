"""One UDP socket for many devices: datagrams out, answers and refusals in.

An unconnected socket hears of closed ports only through its error queue, which Linux fills on
request (ip(7), IP_RECVERR). Where there is none, a closed port looks like silence.
"""

import errno
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address

Peer = tuple[str, int]

IP_RECVERR, IPV6_RECVERR = 11, 25  # <linux/in.h>, <linux/in6.h>; Python has no names for them
RECEIVE_BYTES = 4 << 20
# What the kernel counts for one answer of 40 values, its own bookkeeping included.
ANSWER_BYTES = 2304
DATAGRAM = 65_535
# <asm-generic/socket.h>; the note is a struct timespec of the wall clock.
SO_TIMESTAMPNS, TIMESPEC, NOTES = 35, struct.Struct("@ll"), socket.CMSG_SPACE(64)
OLDEST_SECONDS = 5.0
# Taken from the socket in one go, so that what else waits has its turn.
AT_ONCE = 512


@lru_cache(maxsize=16_384)
def peer_of(address: str, port: int) -> Peer | None:
    """Address and port as the socket tells them of an answer; None for what is no plain address."""
    try:
        plain = ip_address(address)
    except ValueError:
        return None
    if getattr(plain, "scope_id", None) or getattr(plain, "ipv4_mapped", None):
        return None
    return str(plain), port


class Wire:
    """A non-blocking UDP socket of one address family."""

    def __init__(self, family: socket.AddressFamily) -> None:
        """Open it with as large a receive queue as the kernel allows."""
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        level, name = (
            (socket.IPPROTO_IP, IP_RECVERR)
            if family is socket.AF_INET
            else (socket.IPPROTO_IPV6, IPV6_RECVERR)
        )
        _asked_for(self._socket, socket.SOL_SOCKET, SO_TIMESTAMPNS)
        self._hears_refusals = hasattr(socket, "MSG_ERRQUEUE") and _asked_for(
            self._socket, level, name
        )

    @property
    def holds(self) -> int:
        """How many answers may arrive while nobody reads."""
        granted = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        return max(granted // ANSWER_BYTES, 1)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, datagram: bytes, peer: Peer) -> OSError | None:
        """Send; what went wrong with this datagram, if anything.

        An error that an earlier datagram met is reported by the next call: try again then, and
        leave the queue of errors to `refused`.
        """
        for _ in range(3):
            try:
                self._socket.sendto(datagram, peer)
            except BlockingIOError:
                return None  # the queue is full: as good as lost, and asked again
            except OSError as wrong:
                found = wrong
            else:
                return None
        return found

    def received(self) -> Iterator[tuple[bytes, Peer, float]]:
        """The answers that are here, so many at most, and how many seconds ago each came."""
        now = time.time()
        for _ in range(AT_ONCE):
            try:
                datagram, told, _, sender = self._socket.recvmsg(DATAGRAM, NOTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # a refusal, told by `refused`
            yield datagram, sender[:2], _age(told, now)

    def refused(self) -> Iterator[tuple[Peer, OSError]]:
        """Whom a datagram could not reach, and why."""
        while self._hears_refusals:
            try:
                _, told, _, peer = self._socket.recvmsg(512, 512, socket.MSG_ERRQUEUE)
            except OSError:
                return
            # struct sock_extended_err begins with the error's number.
            number = int.from_bytes(told[0][2][:4], sys.byteorder) if told else errno.ECONNREFUSED
            yield peer[:2], OSError(number, errno.errorcode.get(number, "unreachable"))


def _asked_for(link: socket.socket, level: int, name: int) -> bool:
    """Whether the kernel does this for a socket."""
    try:
        link.setsockopt(level, name, 1)
    except OSError:
        return False
    return True


def _age(told: Sequence[tuple[int, int, bytes]], now: float) -> float:
    """How long ago the kernel took a datagram in; 0 where it does not say, or clocks were set."""
    for level, kind, note in told:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(note) == TIMESPEC.size:
            seconds, nanoseconds = TIMESPEC.unpack(note)
            age = now - seconds - nanoseconds / 1e9
            return age if 0.0 < age < OLDEST_SECONDS else 0.0
    return 0.0
