"""Asks a device by SNMP: discovery walks its tables, a poll asks for known values.

`read(target)` is what the poller calls, `ask(target)` the same for a command line.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gufo.snmp import ValueType

from config import clock
from monitoring.probes import mibs, values
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import Core, Gauge, Layout, Port, Reading, Store, Value
from monitoring.probes.session import Engines, Lost, Session

log = logging.getLogger(__name__)

HEAD = (mibs.SYS_UP_TIME, mibs.IF_NUMBER, mibs.IF_TABLE_LAST_CHANGE, mibs.SNMP_ENGINE_TIME)
Rows = Mapping[str, ValueType]


@dataclass(slots=True)
class _Draft:
    """A layout while it is being discovered."""

    layout: Layout
    problems: list[str] = field(default_factory=list)


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
        draft = await discover(session, at_head.if_number, at_head.table_changed)
        layout = draft.layout
        problems.extend(draft.problems)
    else:
        first = _taken(layout, at_head)
    told = await _values(session, layout, first, problems)
    layout = layout.with_batch(session.batch)
    problems.extend(layout.faults)
    return Reading(layout, at, at_head.uptime, tuple(told), tuple(problems)), was_discovered


def _taken(layout: Layout, head: Head) -> list[Value]:
    return _numbers(head.reply, layout.oids[: head.asked])


def _numbers(reply: Rows, oids: Iterable[str]) -> list[Value]:
    """The integers among the answers, in the order asked; None for all else."""
    return [value if type(value) is int else None for value in map(reply.get, oids)]


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


async def discover(session: Session, if_number: int | None, table_changed: int | None) -> _Draft:
    """Walk the tables of a device.

    What is lost on the way is told as a problem, and the layout is marked incomplete so that the
    next poll discovers again.
    """
    draft = _Draft(Layout(if_number=if_number, table_changed=table_changed, batch=session.batch))
    for part in (_system, _ports, _cores, _stores, _entity_sensors, _ups):
        await _part(session, draft, part)
    draft.layout = replace(draft.layout, faults=tuple(session.faults), batch=session.batch)
    return draft


async def _part(
    session: Session, draft: _Draft, part: Callable[[Session, Layout], Awaitable[Layout]]
) -> None:
    try:
        draft.layout = await part(session, draft.layout)
    except Lost as lost:
        draft.layout = replace(draft.layout, is_complete=False)
        draft.problems.append(f"partial: discovery was cut short; {lost.failure.message}")


async def _system(session: Session, layout: Layout) -> Layout:
    reply = await session.get((mibs.SYS_DESCR, mibs.SYS_OBJECT_ID, mibs.SYS_NAME))
    return replace(
        layout,
        name=values.text(reply.get(mibs.SYS_NAME)),
        description=values.text(reply.get(mibs.SYS_DESCR)),
        object_id=values.text(reply.get(mibs.SYS_OBJECT_ID)),
    )


async def _ports(session: Session, layout: Layout) -> Layout:
    descriptions = await session.column(mibs.IF_DESCR, at_least=layout.if_number or 0)
    indexes = sorted(int(i) for i in descriptions if i.isdecimal())
    if not indexes:
        return layout
    columns = {
        oid: await session.column(oid)
        for oid in (
            mibs.IF_NAME,
            mibs.IF_ALIAS,
            mibs.IF_HIGH_SPEED,
            mibs.IF_SPEED,
            mibs.IF_MTU,
            mibs.IF_PHYS_ADDRESS,
            mibs.IF_HC_IN_OCTETS,
        )
    }
    columns[mibs.IF_DESCR] = descriptions
    return replace(layout, ports=tuple(_port(index, columns) for index in indexes))


def _port(index: int, columns: Mapping[str, Rows]) -> Port:
    def told(oid: str) -> ValueType:
        return columns[oid].get(str(index))

    description = values.text(told(mibs.IF_DESCR))
    return Port(
        index=index,
        name=values.text(told(mibs.IF_NAME)) or description,
        description=description,
        alias=values.text(told(mibs.IF_ALIAS)),
        speed_bps=values.speed_bps(
            values.whole(told(mibs.IF_HIGH_SPEED)), values.whole(told(mibs.IF_SPEED))
        ),
        mtu=values.whole(told(mibs.IF_MTU)),
        mac=values.mac(told(mibs.IF_PHYS_ADDRESS)),
        is_wide=values.whole(told(mibs.IF_HC_IN_OCTETS)) is not None,
    )


async def _cores(session: Session, layout: Layout) -> Layout:
    # An agent that began less than a minute ago has no loads yet, but knows its processors.
    rows = await session.column(mibs.HR_PROCESSOR_LOAD) or await session.column(
        mibs.HR_PROCESSOR_FIRMWARE
    )
    indexes = sorted(int(i) for i in rows if i.isdecimal())
    if not indexes:
        return layout
    names = await session.get([f"{mibs.HR_DEVICE_DESCR}.{i}" for i in indexes[: session.batch]])
    cores = (Core(i, values.text(names.get(f"{mibs.HR_DEVICE_DESCR}.{i}"))) for i in indexes)
    return replace(layout, cores=tuple(cores))


async def _stores(session: Session, layout: Layout) -> Layout:
    names = await session.column(mibs.HR_STORAGE_DESCR)
    if not names:
        return layout
    units = await session.column(mibs.HR_STORAGE_UNITS)
    return replace(
        layout,
        stores=tuple(
            Store(int(i), values.text(name), values.whole(units.get(i)) or 1)
            for i, name in names.items()
            if i.isdecimal()
        ),
    )


async def _entity_sensors(session: Session, layout: Layout) -> Layout:
    kinds = await session.column(mibs.ENT_SENSOR_TYPE)
    if not kinds:
        return layout
    scales = await session.column(mibs.ENT_SENSOR_SCALE)
    precisions = await session.column(mibs.ENT_SENSOR_PRECISION)
    names = await session.column(mibs.ENT_PHYSICAL_NAME)
    descriptions = await session.column(mibs.ENT_PHYSICAL_DESCR)
    found = []
    for index, number in kinds.items():
        kind, unit = values.SENSOR_KINDS.get(values.whole(number) or 0, ("other", None))
        exponent = values.sensor_exponent(
            values.whole(scales.get(index)), values.whole(precisions.get(index))
        )
        name = values.text(names.get(index)) or values.text(descriptions.get(index))
        found.append(Gauge(name, kind, unit, exponent, f"{mibs.ENT_SENSOR_VALUE}.{index}"))
    return replace(layout, gauges=layout.gauges + tuple(found))


async def _ups(session: Session, layout: Layout) -> Layout:
    reply = await session.get([oid for oid, *_ in mibs.UPS_SCALARS])
    found = [
        Gauge(name, kind, unit, exponent, oid)
        for oid, name, kind, unit, exponent in mibs.UPS_SCALARS
        if values.whole(reply.get(oid)) is not None
    ]
    if not found:
        return layout
    for oid, name, kind, unit in (
        (mibs.UPS_INPUT_VOLTAGE, "input voltage", "voltage", "volts"),
        (mibs.UPS_OUTPUT_LOAD, "output load", "load", "percent"),
    ):
        lines = await session.column(oid)
        found += [Gauge(f"{name} {i}", kind, unit, 0, f"{oid}.{i}") for i in lines]
    return replace(layout, gauges=layout.gauges + tuple(found))
