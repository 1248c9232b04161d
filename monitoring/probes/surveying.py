"""Looks through a network for SNMP agents: slowly, few at once, and one credential after the other.

A survey asks machines that nobody has described, so it is gentle by its `Pace`, sends a request
twice at most, and leaves an address as soon as it refuses.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from config import logs
from monitoring.probes import mibs, values
from monitoring.probes.logins import SnmpLogin
from monitoring.probes.outcomes import FailureKind, Target
from monitoring.probes.session import Engines, Lost, Session

log = logs.get(__name__)

SYS_SERVICES = "1.3.6.1.2.1.1.7.0"
ASKED = (mibs.SYS_NAME, mibs.SYS_DESCR, mibs.SYS_OBJECT_ID, SYS_SERVICES)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many addresses are asked at once, and how many questions begin in a second.

    Each waits `timeout` seconds for its answer and is sent `tries` times at most.
    """

    in_flight: int = 32
    per_second: float = 40.0
    timeout: float = 1.0
    tries: int = 2


class Fault(StrEnum):
    """Why an address that answers cannot be read."""

    GARBLED = "garbled"
    UNREADABLE = "unreadable"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Found:
    """What an address answered: who it says it is and to which login, or why it cannot be read."""

    address: str
    login: int | None = None
    name: str | None = None
    description: str | None = None
    object_id: str | None = None
    services: int | None = None
    fault: Fault | None = None


class _Turnstile:
    """Lets through so many in a second, one behind the other."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._free_at = 0.0

    async def wait(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at)
        self._free_at = turn + self._gap
        await asyncio.sleep(turn - now)


def look(
    addresses: Sequence[str], port: int, logins: Mapping[int, SnmpLogin], pace: Pace
) -> list[Found]:
    """Those of the addresses that answer, in their sequence; `logins` are tried in theirs."""
    return asyncio.run(_Look(port, logins, pace).at(addresses))


class _Look:
    """One look at some addresses: who waits for whom."""

    def __init__(self, port: int, logins: Mapping[int, SnmpLogin], pace: Pace) -> None:
        self._port, self._logins, self._pace = port, logins, pace
        self._turnstile = _Turnstile(pace.per_second)
        self._gate = asyncio.Semaphore(pace.in_flight)
        # Nothing is remembered of engines: most are met once.
        self._engines = Engines(limit=1)

    async def at(self, addresses: Sequence[str]) -> list[Found]:
        """What answers there."""
        found = await asyncio.gather(*(self._gated(address) for address in addresses))
        return [each for each in found if each is not None]

    async def _gated(self, address: str) -> Found | None:
        async with self._gate:
            return await self._ask(address)

    async def _ask(self, address: str) -> Found | None:
        """The answer to the first login that opens the address; None for silence."""
        fault: Fault | None = None
        for login_id, login in self._logins.items():
            await self._turnstile.wait()
            try:
                reply = await self._reply(address, login)
            except Lost as lost:
                kind = lost.failure.kind
                if kind is FailureKind.REFUSED:
                    # No agent listens there, whatever it were asked with.
                    return None
                if kind is FailureKind.MALFORMED:
                    return Found(address, fault=Fault.GARBLED)
                if kind is FailureKind.AUTHENTICATION:
                    fault = Fault.UNREADABLE
            except OSError:
                # No way to it from here.
                return None
            except Exception:  # a fault of ours must not stop the look at the others
                log.exception("survey of an address failed", address=address)
                fault = Fault.UNREADABLE
            else:
                if reply:
                    return _found(address, login_id, reply)
                fault = Fault.NOTHING
        return Found(address, fault=fault) if fault is not None else None

    async def _reply(self, address: str, login: SnmpLogin) -> Mapping[str, object]:
        pace = self._pace
        budget = pace.timeout * pace.tries * 3
        target = Target(address, self._port, login, pace.timeout, pace.tries, budget)
        session = Session(target, self._engines)
        await session.open()
        return await session.get(ASKED)


def _found(address: str, login_id: int, reply: Mapping[str, object]) -> Found:
    return Found(
        address,
        login_id,
        values.text(reply.get(mibs.SYS_NAME)),
        values.text(reply.get(mibs.SYS_DESCR)),
        values.text(reply.get(mibs.SYS_OBJECT_ID)),
        values.whole(reply.get(SYS_SERVICES)),
    )
