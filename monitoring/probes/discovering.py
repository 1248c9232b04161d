"""Discovery: walks the tables of a device and makes a layout of what it finds.

It happens apart from polling: at the first meeting, hourly, and when the device says that it has
changed. It has time of its own, so that a large or slow device is read whole.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from gufo.snmp import ValueType

from monitoring.probes import mibs, sensing, values
from monitoring.probes.outcomes import FailureKind
from monitoring.probes.profiles import shelf
from monitoring.probes.reading import Core, Layout, Port, Store
from monitoring.probes.session import Lost, Session

Rows = Mapping[str, ValueType]


@dataclass(slots=True)
class Draft:
    """A layout while it is being discovered."""

    layout: Layout
    problems: list[str] = field(default_factory=list)


async def discover(session: Session, if_number: int | None, table_changed: int | None) -> Draft:
    """Walk the tables of a device.

    What is lost on the way is told as a problem, and the layout is marked incomplete so that the
    next poll discovers again.
    """
    draft = Draft(Layout(if_number=if_number, table_changed=table_changed, batch=session.batch))
    for part in (_system, _ports, _cores, _stores, _sensors):
        await _part(session, draft, part)
    draft.layout = replace(draft.layout, faults=tuple(session.faults), batch=session.batch)
    return draft


async def _part(
    session: Session, draft: Draft, part: Callable[[Session, Layout], Awaitable[Layout]]
) -> None:
    try:
        draft.layout = await part(session, draft.layout)
    except Lost as lost:
        if lost.failure.kind is FailureKind.MALFORMED:
            # The agent would garble it the next time too.
            session.fault(f"a table could not be read: {lost.failure.message}")
            return
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
    # Some agents leave the index out, others the description: a row of either is an interface.
    rows = {*descriptions, *await session.column(mibs.IF_INDEX)}
    if len(rows) < (layout.if_number or 1):
        rows |= {*await session.column(mibs.IF_OPER_STATUS)}
    indexes = sorted(int(i) for i in rows if i.isdecimal())
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
            mibs.IF_HC_OUT_OCTETS,
        )
    }
    columns[mibs.IF_DESCR] = descriptions
    if any(value == 0 for value in columns[mibs.IF_HC_IN_OCTETS].values()):
        columns[mibs.IF_IN_OCTETS] = await session.column(mibs.IF_IN_OCTETS)
    if layout.if_number is not None and 0 <= layout.if_number < len(indexes):
        session.fault(
            f"ifNumber says {layout.if_number}, the table of interfaces has {len(indexes)} rows"
        )
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
        is_wide=_is_wide(
            values.whole(told(mibs.IF_HC_IN_OCTETS)),
            values.whole(told(mibs.IF_HC_OUT_OCTETS)),
            values.whole(columns.get(mibs.IF_IN_OCTETS, {}).get(str(index))),
        ),
    )


def _is_wide(wide_in: int | None, wide_out: int | None, narrow_in: int | None) -> bool:
    """Whether the 64-bit counters count: some agents have the columns and leave them at 0."""
    return wide_in is not None and not (wide_in == 0 and not wide_out and (narrow_in or 0) > 0)


async def _cores(session: Session, layout: Layout) -> Layout:
    # An agent that began less than a minute ago has no loads yet, but knows its processors.
    rows = await session.column(mibs.HR_PROCESSOR_LOAD) or await session.column(
        mibs.HR_PROCESSOR_FIRMWARE
    )
    indexes = sorted(int(i) for i in rows if i.isdecimal())
    names = await sensing.values_of(session, [f"{mibs.HR_DEVICE_DESCR}.{i}" for i in indexes])
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
            Store(int(i), values.text(name), max(values.whole(units.get(i)) or 1, 1))
            for i, name in names.items()
            if i.isdecimal()
        ),
    )


async def _sensors(session: Session, layout: Layout) -> Layout:
    return await sensing.sensors(session, layout, shelf())
