"""Asks endpoints, thousands at once; each has its own deadline and none delays another."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from config import logs
from monitoring.probes import http, rtmp, rtsp, srt, tls
from monitoring.probes.links import linked, numeric
from monitoring.probes.reached import EndpointKind, Fault, Faulty, Goal, Reached, Rules, shown

log = logs.get(__name__)

AT_ONCE = 500
Probe: TypeAlias = Callable[[Goal, str, Rules], Awaitable[dict[str, Any]]]


async def _tcp(goal: Goal, address: str, rules: Rules) -> dict[str, Any]:  # noqa: ARG001
    try:
        async with linked(goal, address):
            pass
    except Faulty:
        if goal.expects_open:
            raise
        return {"is_open": False}
    if not goal.expects_open:
        raise Faulty(Fault.UNEXPECTED, "the port is open and should be closed", {"is_open": True})
    return {"is_open": True}


PROBES: dict[EndpointKind, Probe] = {
    EndpointKind.TCP: _tcp,
    EndpointKind.TLS: tls.probe,
    EndpointKind.HTTP: http.probe,
    EndpointKind.RTMP: rtmp.probe,
    EndpointKind.RTSP: rtsp.probe,
    EndpointKind.SRT: srt.probe,
}


async def reach(goal: Goal, rules: Rules) -> Reached:
    """Ask one endpoint. Never raises for what the other side does."""
    reached = await _reached(goal, rules)
    if not goal.asks_versions or "certificate" not in reached.facts:
        return reached
    # Greeted once the page was timed: how fast it is must not depend on how often we look.
    return replace(reached, facts={**reached.facts, "offers": await _offers(goal, rules)})


async def _offers(goal: Goal, rules: Rules) -> dict[str, bool]:
    """Which versions of TLS a host offers that has just shown a certificate; empty if unsaid."""
    try:
        async with asyncio.timeout(goal.seconds):
            return await tls.offers(goal, await numeric(goal, rules))
    except (Faulty, OSError):
        return {}


async def _reached(goal: Goal, rules: Rules) -> Reached:
    began = time.monotonic()
    try:
        async with asyncio.timeout(goal.seconds):
            address = await numeric(goal, rules)
            facts = await PROBES[goal.kind](goal, address, rules)
        return Reached(goal, time.monotonic() - began, facts)
    except Faulty as wrong:
        fault, sentence, facts = wrong.fault, wrong.sentence, wrong.facts
    except TimeoutError:
        if goal.kind is EndpointKind.TCP and not goal.expects_open:
            # A firewall that drops is as closed as a port that refuses.
            return Reached(goal, time.monotonic() - began, {"is_open": False})
        fault, sentence, facts = Fault.TIMEOUT, f"no answer within {goal.seconds:g} s", {}
    except ssl.SSLError as wrong:
        fault, sentence, facts = Fault.HANDSHAKE, f"no TLS: {shown(str(wrong.reason))}", {}
    except ConnectionError as wrong:
        fault, sentence, facts = Fault.HUNG_UP, f"the host hung up: {shown(str(wrong))}", {}
    except (OSError, socket.gaierror) as wrong:
        fault, sentence, facts = Fault.UNREACHABLE, f"not reachable: {shown(str(wrong))}", {}
    except Exception as wrong:
        # A slip of ours on what one host sent is a fault of that endpoint alone.
        log.exception("probe failed", kind=goal.kind.value, endpoint=goal.endpoint_id)
        fault, sentence, facts = Fault.INTERNAL, f"{type(wrong).__name__} in the probe", {}
    return Reached(goal, time.monotonic() - began, facts, fault, sentence)


async def reach_all(
    goals: Sequence[Goal], rules: Rules, *, at_once: int = AT_ONCE
) -> AsyncIterator[Reached]:
    """Ask all, `at_once` at the same time; what came of each, as it comes."""
    gate = asyncio.Semaphore(at_once)

    async def turn(goal: Goal) -> Reached:
        async with gate:
            return await reach(goal, rules)

    tasks = [asyncio.create_task(turn(goal)) for goal in goals]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
