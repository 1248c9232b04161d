"""Makes ports of circuits what bookings want of them, every minute; what was missed heals itself.

A device is asked over SSH only where something is to change, where a poll says that a port is not
as it was left, or once an hour to see that it still holds.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock, logs
from config.database import db, transaction
from monitoring import (
    asking,
    circuits,
    credentials,
    port_holds,
    port_records,
    port_shortages,
    readings,
    site_locks,
)
from monitoring.circuits import Plan, PortTerms, Rental, RentedPort, Wanted
from monitoring.models import AccessPort, Device, PortChange, PortState, PortStatus
from monitoring.port_blocks import PortSetting
from monitoring.port_records import Task
from monitoring.probes import calls
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.reading import ADMIN, Reading
from monitoring.probes.switched import Switched, SwitchOutcome
from rental import journal
from rental.models import Line, Member

log = logs.get(__name__)

PORTS_LOCK = 0x4D43_0007
SECONDS = 60.0
MOST_THREADS = 5
# A poll older than this says nothing about now.
FRESH = timedelta(minutes=2)
ADMIN_UP = 1.0


@dataclass(slots=True)
class Summary:
    """What a round did."""

    asked: int = 0
    changed: int = 0
    failed: int = 0
    short: int = 0


def reconcile_site(
    site_id: int, keyring: credentials.Keyring, *, is_trial: bool = False
) -> Summary:
    """Settle the managed ports of a site. An edge: it commits. `is_trial` types nothing."""
    told = Summary()
    with site_locks.held(PORTS_LOCK, site_id) as is_mine:
        if not is_mine:
            return told
        with transaction():
            tasks, told.short = due(site_id, keyring, clock.now())
        by_device = [
            list(some) for _, some in groupby(tasks, key=lambda task: task.asked.device_id)
        ]
        if by_device:
            with ThreadPoolExecutor(MOST_THREADS) as pool:
                for results in pool.map(lambda some: _settled(some, is_trial=is_trial), by_device):
                    for task, found, seconds in results:
                        with transaction():
                            port_records.record(task, found, seconds)
                        _count(told, found)
    return told


def _count(told: Summary, found: Switched | Failure) -> None:
    told.asked += 1
    if isinstance(found, Failure) or found.outcome not in (
        *port_records.DONE,
        SwitchOutcome.PLANNED,
    ):
        told.failed += 1
    elif isinstance(found, Switched) and found.outcome is SwitchOutcome.APPLIED:
        told.changed += 1


def due(site_id: int, keyring: credentials.Keyring, at: datetime) -> tuple[list[Task], int]:
    """The ports that must be looked at now, by device; and how many rentals lack a port.

    What bookings want is written down first, so that a VLAN once given is kept.
    """
    ports = _managed(site_id)
    if not ports:
        return [], 0
    terms, states = circuits.terms_on(at.date()), _states(ports)
    rentals = port_shortages.rented({port.resource_id for port in ports}, at, terms)
    plan = _planned(ports, states, rentals, at, terms)
    port_shortages.tell(ports, rentals, at, terms)
    polled: dict[int, Reading | None] = {}
    tasks = []
    for port in ports:
        wanted, state = plan.ports[port.id], states[port.id]
        _want(state, wanted)
        if port.device_id not in polled:
            polled[port.device_id] = readings.latest(port.device)
        if _is_due(state, wanted, _seen(polled[port.device_id], port.interface, at), at):
            line = rentals.get(wanted.line_id or 0)
            tasks.append(
                Task(
                    port.id,
                    asking.asked(port.device, keyring, seconds=SECONDS),
                    _setting(port, wanted, terms),
                    wanted.line_id,
                    line[1] if line else None,
                )
            )
    return sorted(tasks, key=lambda task: (task.asked.device_id, task.port_id)), len(plan.short)


def _planned(
    ports: Sequence[AccessPort],
    states: Mapping[int, PortState],
    rentals: Mapping[int, tuple[Rental, str]],
    at: datetime,
    terms: PortTerms,
) -> Plan:
    """What every port should be; who lacks one that a broken rule keeps shut is told of."""
    held = port_holds.held(ports)
    rented = [
        RentedPort(port.id, port.resource_id, states[port.id].line_id, states[port.id].vlan)
        for port in ports
    ]
    wanting = [rental for rental, _ in rentals.values()]
    plan = circuits.desired(rented, wanting, at, terms, frozenset(held))
    port_holds.tell(ports, held, [rentals[one.line_id] for one in plan.short], at)
    return plan


def _managed(site_id: int) -> Sequence[AccessPort]:
    return db.session.scalars(
        sa.select(AccessPort)
        .join(AccessPort.device)
        .where(AccessPort.is_managed, Device.site_id == site_id, Device.is_enabled)
        .options(joinedload(AccessPort.device))
        .order_by(AccessPort.id)
    ).all()


def _states(ports: Sequence[AccessPort]) -> dict[int, PortState]:
    ids = [port.id for port in ports]
    rows = db.session.scalars(sa.select(PortState).where(PortState.port_id.in_(ids)))
    found = {state.port_id: state for state in rows}
    for port_id in ids:
        if port_id not in found:
            found[port_id] = PortState(port_id=port_id, status=PortStatus.WAITING, attempts=0)
            db.session.add(found[port_id])
    db.session.flush()
    return found


def _want(state: PortState, wanted: Wanted) -> None:
    if (state.line_id, state.vlan) != (wanted.line_id, wanted.vlan):
        state.line_id, state.vlan = wanted.line_id, wanted.vlan
        state.status, state.attempts, state.next_at = PortStatus.WAITING, 0, None
        db.session.flush()


def _is_due(state: PortState, wanted: Wanted, seen: "_Seen | None", at: datetime) -> bool:
    if state.next_at is None or state.next_at <= at:
        return True
    if state.status is not PortStatus.SETTLED or seen is None or state.verified_at is None:
        return False
    # Somebody switched it by hand, or the device forgot.
    return seen.at > state.verified_at and seen.is_up != wanted.is_on


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a poll saw of a port: whether it is switched on, whatever its link does."""

    at: datetime
    is_up: bool


def _seen(reading: Reading | None, interface: str, at: datetime) -> _Seen | None:
    """None where no fresh poll told of the port."""
    if reading is None or reading.at < at - FRESH:
        return None
    for port in reading.layout.ports:
        start = reading.layout.offset(port.index)
        told = None if start is None else reading.values[start + ADMIN]
        if interface in (port.name, port.description) and told is not None:
            return _Seen(reading.at, told == ADMIN_UP)
    return None


def _setting(port: AccessPort, wanted: Wanted, terms: PortTerms) -> PortSetting:
    known = frozenset({*terms.pool, terms.parking_vlan})
    vlan, mbps = wanted.vlan or terms.parking_vlan, port.resource.mbps if wanted.is_on else None
    return PortSetting(port.interface, wanted.is_on, vlan, known, mbps)


def _settled(
    tasks: Sequence[Task], *, is_trial: bool
) -> list[tuple[Task, Switched | Failure, float]]:
    """The ports of one device, one after the other; one that breaks us does not stop the rest."""
    found = []
    for task in tasks:
        began = time.monotonic()
        try:
            result = _ask(task, is_trial=is_trial)
        except Exception as broken:
            log.exception("switching a port broke off", port=task.port_id)
            result = Failure(FailureKind.INTERNAL, f"broke off: {type(broken).__name__}")
        found.append((task, result, time.monotonic() - began))
    return found


def _ask(task: Task, *, is_trial: bool) -> Switched | Failure:
    target = task.asked.target()
    if isinstance(target, Failure):
        return target
    return calls.switch(target, task.setting, is_trial=is_trial)


def manage(port: AccessPort, *, is_managed: bool, by: Member | None) -> None:
    """Let bookings switch the port, or leave it as it is; its problem ends then."""
    if port.is_managed == is_managed:
        return
    port.is_managed = is_managed
    if not is_managed:
        db.session.execute(sa.delete(PortState).where(PortState.port_id == port.id))
        port_records.clear(port.device_id, port.interface, clock.now())
        port_holds.clear(port, clock.now())
    verb = "managed" if is_managed else "left_alone"
    journal.record(port, verb, by=by, name=f"{port.device.name} {port.interface}")
    db.session.flush()


def look_again(port: AccessPort) -> None:
    """Have the port looked at in the next round, within a minute."""
    state = db.session.get(PortState, port.id)
    if state is not None:
        state.next_at = None
        db.session.flush()


def states() -> dict[int, PortState]:
    """What is known of every managed port, by its id."""
    query = sa.select(PortState).options(joinedload(PortState.line).joinedload(Line.booking))
    return {state.port_id: state for state in db.session.scalars(query)}


def changes(port: AccessPort, limit: int = 50) -> list[PortChange]:
    """What was done to a port, the newest first."""
    return list(
        db.session.scalars(
            sa.select(PortChange)
            .where(PortChange.port_id == port.id)
            .order_by(PortChange.at.desc(), PortChange.id.desc())
            .limit(limit)
        )
    )


def of_line(line: Line) -> list[PortState]:
    """The ports that a line of a booking has now."""
    query = (
        sa.select(PortState)
        .where(PortState.line_id == line.id)
        .options(joinedload(PortState.port))
        .order_by(PortState.port_id)
    )
    return list(db.session.scalars(query))


def is_switched(resource_id: int) -> bool:
    """Whether bookings switch a port of this circuit."""
    wanted = sa.select(AccessPort.id).where(
        AccessPort.resource_id == resource_id, AccessPort.is_managed
    )
    return db.session.scalar(sa.select(wanted.exists())) or False
