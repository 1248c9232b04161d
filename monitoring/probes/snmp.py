"""Asks a device by SNMP for known values; what is not known is discovered first.

`read(target)` is what the poller calls, `ask(target)` the same for a command line.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gufo.snmp import ValueType

from config import clock
from monitoring.probes import mibs, values
from monitoring.probes.codec import Question
from monitoring.probes.discovering import discover
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.profiles import shelf
from monitoring.probes.reading import (
    BATCH,
    LARGE_BATCH,
    OPER,
    PORT_VALUES,
    Layout,
    Reading,
    Value,
)
from monitoring.probes.session import Engines, Lost, Session

log = logging.getLogger(__name__)

HEAD = (mibs.SYS_UP_TIME, mibs.IF_NUMBER, mibs.IF_TABLE_LAST_CHANGE, mibs.SNMP_ENGINE_TIME)
Rows = Mapping[str, ValueType]
# What crosses an Ethernet in one piece, also through PPPoE: some firewalls drop fragments.
LARGEST_REPLY, ENVELOPE_BYTES, NUMBER_BYTES = 1450, 110, 5
# The longest that a device takes from its start to the start of its agent, in seconds.
LONGEST_START = 600.0


async def read(target: Target, engines: Engines | None = None) -> Outcome:
    """Ask one device; never raises for what the device or the network does."""
    at, began = clock.now(), time.monotonic()
    value: Reading | Failure
    was_discovered = False
    try:
        session = Session(target, engines if engines is not None else Engines())
        value, was_discovered = await _converse(session, at_head=await _greet(session))
    except Lost as lost:
        value = lost.failure
    except (OSError, ValueError) as wrong:
        value = Failure(FailureKind.REFUSED, f"{target.address} cannot be asked: {wrong}")
    except Exception as wrong:  # a fault of ours must not stop the other devices
        log.exception("probe of device %s failed", target.device_id)
        value = Failure(FailureKind.INTERNAL, f"the probe itself failed: {type(wrong).__name__}")
    return Outcome(target, at, time.monotonic() - began, value, was_discovered)


def ask(target: Target) -> Outcome:
    """Ask one device and wait for the answer; for command lines."""
    return asyncio.run(read(target))


@dataclass(frozen=True, slots=True)
class Head:
    """How the device introduced itself: uptime, size and age of its table, first values."""

    uptime: float | None
    if_number: int | None
    table_changed: int | None
    reply: Rows = field(default_factory=dict)
    asked: int = 0


async def _greet(session: Session) -> Head:
    """The first request, cheap for the dead: uptime and as many known values as fit."""
    await session.open()
    layout = session.target.layout
    known = layout.oids[: max(session.batch - len(HEAD), 0)] if layout else ()
    try:
        reply = await session.get((*HEAD, *known))
    except Lost as lost:
        # A replaced device has another engine: its keys are not the remembered ones.
        if not session.is_from_memory or lost.failure.kind is FailureKind.REFUSED:
            raise
        await session.begin_anew()
        reply = await session.get((*HEAD, *known))
    if not reply:
        raise Lost(
            Failure(
                FailureKind.PARTIAL,
                f"{session.target.address} answers but tells nothing, not even its uptime: "
                "check which view the credential may read",
            )
        )
    return Head(
        uptime=values.uptime_seconds(
            values.whole(reply.get(mibs.SYS_UP_TIME)),
            values.whole(reply.get(mibs.SNMP_ENGINE_TIME)),
        ),
        if_number=values.whole(reply.get(mibs.IF_NUMBER)),
        table_changed=values.whole(reply.get(mibs.IF_TABLE_LAST_CHANGE)),
        reply=reply,
        asked=len(known),
    )


def outdated(layout: Layout, head: Head, uptime_before: float | None) -> bool:
    """Whether the device says that it is not what it was when it was discovered."""
    return (
        not layout.is_complete
        or (layout.edition is not None and layout.edition != shelf().edition)
        or layout.if_number != head.if_number
        or layout.table_changed != head.table_changed
        or values.has_rebooted(uptime_before, head.uptime)
    )


async def _converse(session: Session, at_head: Head) -> tuple[Reading, bool]:
    target, layout = session.target, session.target.layout
    at = clock.now()
    problems: list[str] = []
    first: list[Value] = []
    was_discovered = layout is None or outdated(layout, at_head, target.uptime_before)
    if layout is None or was_discovered:
        session.allow(target.budget)
        if layout is not None and values.has_rebooted(target.uptime_before, at_head.uptime):
            problems += await _restarted(session, at_head.uptime)
        draft = await discover(session, at_head.if_number, at_head.table_changed)
        # However long the tables took, the values are asked for.
        session.allow(target.budget / 2)
        layout = draft.layout
        problems.extend(draft.problems)
    else:
        first = _taken(layout, at_head)
    told = await _values(session, layout, first, problems)
    if was_discovered and not problems:
        session.batch = await _larger(session, layout.oids, told)
    layout = layout.with_batch(session.batch)
    silent = _silent_ports(layout, told) if was_discovered and not problems else 0
    if silent:
        problems.append(
            f"the agent lists {len(layout.ports)} interfaces and tells no state of {silent}"
        )
    problems.extend(layout.faults)
    return Reading(layout, at, at_head.uptime, tuple(told), tuple(problems)), was_discovered


async def _restarted(session: Session, uptime: float | None) -> list[str]:
    """What is to be told of an uptime that fell: the device itself may have gone on running."""
    reply = await session.get((mibs.HR_SYSTEM_UPTIME,))
    host = values.uptime_seconds(values.whole(reply.get(mibs.HR_SYSTEM_UPTIME)), None)
    if host is None or uptime is None or host - uptime < LONGEST_START:
        return []
    days = host / 86400
    return [f"only its SNMP agent began anew; the device runs for {days:.1f} days (hrSystemUptime)"]


def _silent_ports(layout: Layout, told: Sequence[Value]) -> int:
    """How many interfaces have no state, which every agent must tell (RFC 2863)."""
    states = told[OPER : len(layout.ports) * PORT_VALUES : PORT_VALUES]
    return sum(state is None for state in states)


def _taken(layout: Layout, head: Head) -> list[Value]:
    return _numbers(head.reply, layout.oids[: head.asked])


def _numbers(reply: Rows, oids: Iterable[str]) -> list[Value]:
    """The numbers among the answers, in the order asked; None for all else."""
    return [values.number(reply.get(oid)) for oid in oids]


async def _values(
    session: Session, layout: Layout, told: list[Value], problems: list[str]
) -> list[Value]:
    """The values that are still to be asked for; what is lost on the way stays None."""
    wanted = layout.oids
    try:
        while len(told) < len(wanted):
            portion = wanted[len(told) : len(told) + session.batch]
            reply = await session.get(portion)
            told.extend(_numbers(reply, portion))
    except Lost as lost:
        problems.append(f"partial: {len(told)} of {len(wanted)} values; {lost.failure.message}")
        told.extend([None] * (len(wanted) - len(told)))
    return told


def portions(oids: Sequence[str], batch: int) -> list[tuple[str, ...]]:
    """The requests of one poll: the head, never cut, and as many values as fit, then the rest."""
    first = max(batch - len(HEAD), 0)
    rest = range(first, len(oids), batch)
    return [(*HEAD, *oids[:first]), *(tuple(oids[at : at + batch]) for at in rest)]


async def _larger(session: Session, oids: Sequence[str], told: Sequence[Value]) -> int:
    """How many values to ask for at once: more, where that saves requests and the agent can.

    It can if it tells in one large reply what it told in smaller ones.
    """
    fewer = portions(oids, LARGE_BATCH)
    if session.batch != BATCH or len(fewer) >= len(portions(oids, BATCH)):
        return session.batch
    if max(map(_reply_bytes, fewer)) > LARGEST_REPLY:
        return session.batch
    asked = fewer[0][len(HEAD) :]
    reply = await session.once(fewer[0])
    again = [value is None for value in _numbers(reply, asked)]
    return LARGE_BATCH if again == [each is None for each in told[: len(asked)]] else session.batch


def _reply_bytes(oids: Sequence[str]) -> int:
    """How large the reply may become: what is asked, the envelope of SNMPv3, and the numbers."""
    return len(Question.of(oids).pdu(0)) + ENVELOPE_BYTES + NUMBER_BYTES * len(oids)
