"""Finds the sensors of a device: ENTITY-SENSOR-MIB, and what the profiles of its kind name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gufo.snmp import ValueType

from monitoring.probes import mibs, values
from monitoring.probes.gauges import Gauge
from monitoring.probes.profiles import Column, Profile, Rows, Scalar, Shelf, Table
from monitoring.probes.reading import Core, Layout
from monitoring.probes.session import Session

Cells = Mapping[str, ValueType]
# EntitySensorStatus: ok(1), unavailable(2), nonoperational(3).
WELL = 1


@dataclass(slots=True)
class Found:
    """What a profile found at a device."""

    gauges: list[Gauge] = field(default_factory=list)
    cores: list[tuple[str | None, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.gauges or self.cores)


async def sensors(session: Session, layout: Layout, shelf: Shelf) -> Layout:
    """The layout with everything that its profiles and the standard tables tell."""
    bases = [mibs.ENT_SENSOR]
    found: dict[str, Found] = {}
    for profile in await fitting(session, layout, shelf):
        bases += [base for base in profile.entity_sensors if base not in bases]
        found[profile.name] = await _asked(session, profile)
    kept = [_without(each, _better(name, found, shelf)) for name, each in found.items()]
    gauges = [*layout.gauges, *await _entity_sensors(session, bases)]
    gauges += [gauge for each in kept for gauge in each.gauges]
    cores = list(layout.cores)
    if not cores:
        told = [core for each in kept for core in each.cores]
        cores = [Core(place, name, oid) for place, (name, oid) in enumerate(told, 1)]
    # One value stands at one OID, whatever profiles say of it.
    unique = {gauge.oid: gauge for gauge in reversed(gauges)}
    gauges = [gauge for gauge in gauges if unique[gauge.oid] is gauge]
    return replace(layout, gauges=tuple(gauges), cores=tuple(cores), edition=shelf.edition)


def _better(name: str, found: Mapping[str, Found], shelf: Shelf) -> set[str]:
    """The names of the sensors that another profile tells better than this one."""
    better = [found[p.name] for p in shelf.profiles if p.name in found and name in p.replaces]
    return {_plain(gauge) for each in better for gauge in each.gauges}


def _without(found: Found, names: set[str]) -> Found:
    gauges = [gauge for gauge in found.gauges if _plain(gauge) not in names]
    return replace(found, gauges=gauges)


def _plain(gauge: Gauge) -> str:
    """The name without the number of the only line: input voltage 1 is the input voltage."""
    return (gauge.name or gauge.oid).removesuffix(" 1")


async def fitting(session: Session, layout: Layout, shelf: Shelf) -> list[Profile]:
    """The profiles of this device: by what it says it is, or by what it answers."""
    known = {
        p.name for p in shelf.profiles if p.recognise.fits(layout.object_id, layout.description)
    }
    open_ = [p for p in shelf.profiles if p.name not in known]
    scalars = sorted({o for p in open_ for o in p.recognise.answers if o.endswith(".0")})
    reply = await values_of(session, scalars)
    columns = sorted({o for p in open_ for o in p.recognise.answers if not o.endswith(".0")})
    told = {oid for oid in scalars if reply.get(oid) is not None}
    told |= {oid for oid in columns if await session.has_below(oid)}
    return [p for p in shelf.profiles if p.name in known or told & set(p.recognise.answers)]


async def values_of(session: Session, oids: Sequence[str]) -> dict[str, ValueType]:
    """The values at these OIDs, however many they are."""
    found: dict[str, ValueType] = {}
    for at in range(0, len(oids), session.batch):
        found.update(await session.get(oids[at : at + session.batch]))
    return found


async def _asked(session: Session, profile: Profile) -> Found:
    found = Found()
    wanted = [oid for scalar in profile.scalars for oid in (scalar.oid, *scalar.share_of)]
    reply = await values_of(session, list(dict.fromkeys(wanted)))
    for scalar in profile.scalars:
        whole = [reply.get(oid) for oid in scalar.share_of]
        _add(found, scalar, scalar.name, scalar.oid, _Cell(reply.get(scalar.oid), whole))
    columns: dict[str, Cells] = {}
    for table in profile.tables:
        await _walk(session, _columns(table), columns)
        _read(found, table, columns)
    return found


@dataclass(frozen=True, slots=True)
class _Cell:
    """What stands at an OID, and beside it: the parts of the whole, the number of decimals."""

    told: ValueType
    whole: Sequence[ValueType] = ()
    decimals: ValueType = None


def _add(found: Found, measure: Scalar | Column, name: str, oid: str, cell: _Cell) -> None:
    number = values.number(cell.told)
    if number is None:
        return
    name = name.strip()[: values.LONGEST_TEXT]
    if measure.kind == "processor":
        found.cores.append((name or None, oid))
        return
    multiplier = measure.multiplier
    if measure.share_of:
        parts = [values.number(part) for part in cell.whole]
        total = sum(part for part in parts if part is not None and part > 0)
        if not total or None in parts:
            return
        multiplier *= 100 / total
    decimals = values.whole(cell.decimals) or 0
    exponent = measure.exponent - (decimals if 0 <= decimals <= 9 else 0)
    found.gauges.append(
        Gauge(
            name or None, measure.kind, measure.unit, exponent, oid, multiplier,
            states=measure.states.all() if measure.states else (),
            limits=measure.limits, nothing=measure.nothing, is_bounded=False,
            is_text=_is_text(cell.told),
        )
    )  # fmt: skip


def _is_text(told: ValueType) -> bool:
    return isinstance(told, bytes) and told[:1] != b"\x9f"


def _columns(table: Table) -> Iterator[str]:
    yield from table.names
    if table.names_by:
        yield table.names_by
    if table.rows is not None and table.rows.column:
        yield table.rows.column
    for column in table.columns:
        yield from (column.oid, *column.share_of)
        if column.decimals:
            yield column.decimals


async def _walk(session: Session, wanted: Iterator[str], columns: dict[str, Cells]) -> None:
    for oid in wanted:
        if oid not in columns:
            columns[oid] = await session.column(oid)


def _read(found: Found, table: Table, columns: Mapping[str, Cells]) -> None:
    for column in table.columns:
        for index, told in columns[column.oid].items():
            if table.rows is not None and not _counts(table.rows, index, columns):
                continue
            whole = [columns[oid].get(index) for oid in column.share_of]
            decimals = columns[column.decimals].get(index) if column.decimals else None
            name = column.name.format(*_places(index), **_named(table, index, columns))
            _add(found, column, name, f"{column.oid}.{index}", _Cell(told, whole, decimals))


def _places(index: str) -> list[str]:
    """{1} is the first part of the index."""
    return ["", *index.split("."), "", "", ""]


def _named(table: Table, index: str, columns: Mapping[str, Cells]) -> dict[str, str]:
    row: str | None = index
    if table.names_by:
        pointer = values.whole(columns[table.names_by].get(index))
        row = None if pointer is None else str(pointer)
    elif table.names_parts:
        row = ".".join(index.split(".")[: table.names_parts])
    names = (values.text(columns[oid].get(row or "")) for oid in table.names)
    return {"index": index, "name": next((name for name in names if name), index)}


def _counts(rows: Rows, index: str, columns: Mapping[str, Cells]) -> bool:
    if rows.index is not None and re.fullmatch(rows.index, index) is None:
        return False
    return rows.column is None or values.whole(columns[rows.column].get(index)) in rows.among


async def _entity_sensors(session: Session, bases: Sequence[str]) -> list[Gauge]:
    """Tables in the shape of RFC 3433; a sensor that stands in two of them is told once."""
    found: dict[str, Gauge] = {}
    names: list[Cells] = []
    for base in bases:
        kinds = await session.column(f"{base}.1")
        # Without a type it is a number all the same.
        rows = kinds or await session.column(f"{base}.4")
        if not rows:
            continue
        if not names:
            names = [await session.column(mibs.ENT_PHYSICAL_NAME)]
            names.append(await session.column(mibs.ENT_PHYSICAL_DESCR))
        cells = {n: await session.column(f"{base}.{n}") for n in (2, 3, 5)}
        for index in rows:
            if index not in found:
                number = values.whole(kinds.get(index))
                found[index] = _entity_sensor(base, index, number, (cells, names))
    return list(found.values())


def _entity_sensor(
    base: str, index: str, number: int | None, around: tuple[Mapping[int, Cells], Sequence[Cells]]
) -> Gauge:
    cells, names = around
    kind, unit = values.SENSOR_KINDS.get(number or 0, ("other", None))
    scale, precision, status = (values.whole(cells[n].get(index)) for n in (2, 3, 5))
    told = (values.text(column.get(index)) for column in names)
    return Gauge(
        next((name for name in told if name), None),
        kind,
        unit,
        values.sensor_exponent(scale, precision),
        f"{base}.4.{index}",
        is_available=status in (WELL, None),
    )
