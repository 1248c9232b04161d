"""Takes what a device serves off the calendar while it breaks a rule, and puts it back.

What runs is never cut: a resource that an event uses now is closed from the end of that use on. Who
wants it sooner closes it by hand.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import enforcing
from monitoring.models import AccessPort, Device, Violation, ViolationStatus
from monitoring.rules import Enforce
from monitoring.signals import resource_quarantined
from rental import catalogue, closures, running
from rental.closures import NewClosure
from rental.models import Closure, ClosureKind, Resource

STANDING = frozenset({ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED})
CAUSE = "violation:"


def standing(device: Device) -> list[Violation]:
    """The violations of a device that nobody has waived and no pass has resolved, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Violation)
            .where(Violation.device_id == device.id, Violation.status.in_(STANDING))
            .order_by(Violation.id)
        )
    )


def blocking(device: Device) -> list[Violation]:
    """The violations that keep the device's resource off the calendar, oldest first."""
    return [each for each in standing(device) if wants(each, Enforce.QUARANTINE)]


def wants(violation: Violation, step: Enforce) -> bool:
    """Whether this is done about the violation."""
    return step in enforcing.steps_of(violation.rule, violation.severity)


def settle(device: Device, *, at: datetime | None = None) -> None:
    """Make the closures what the violations ask for; a second call changes nothing.

    Call it in the transaction that changed a violation. Of a pool one piece is closed, however
    many rules the device breaks.
    """
    now = at or clock.now()
    wanted = _wanted(device)
    if wanted:
        catalogue.lock(resource.id for resource, _quantity in wanted)
    for (resource, quantity), causing in wanted.items():
        since = _since(device, resource, quantity, now)
        for violation in causing:
            _close(violation, resource, quantity, since)
    causes = {
        (resource.id, each.cause)
        for (resource, _quantity), causing in wanted.items()
        for each in causing
    }
    for closure in _closed_by(device):
        if (closure.resource_id, closure.cause) not in causes:
            closures.reopen(closure)


def settle_all(devices: list[Device]) -> None:
    """Settle several devices; their resources are locked in id order first, as bookings do."""
    catalogue.lock(resource_id for device in devices for resource_id in _reached(device))
    for device in sorted(devices, key=lambda one: one.id):
        settle(device)


def bring_forward(*, at: datetime | None = None) -> None:
    """Let quarantines that wait for the end of an event begin where it has ended early."""
    now = at or clock.now()
    waiting = sa.select(Closure.cause).where(
        Closure.kind == ClosureKind.QUARANTINE,
        Closure.reopened_at.is_(None),
        sa.func.lower(Closure.during) > now,
    )
    ids = [int(cause.removeprefix(CAUSE)) for cause in db.session.scalars(waiting) if cause]
    if not ids:
        return
    devices = sa.select(Device).join(Violation, Violation.device_id == Device.id)
    settle_all(list(db.session.scalars(devices.where(Violation.id.in_(ids)).distinct())))


Wanted = Mapping[tuple[Resource, int | None], list[Violation]]


def _wanted(device: Device) -> Wanted:
    """What is to be closed, how much of it (None: all), and by which violations."""
    found: dict[tuple[Resource, int | None], list[Violation]] = {}
    resource, grave = device.resource, blocking(device)
    if resource is not None and resource.stock > 0 and grave:
        is_pool = resource.stock > 1
        found[resource, 1 if is_pool else None] = grave[:1] if is_pool else grave
    shutting = [each for each in standing(device) if wants(each, Enforce.SHUT_PORT)]
    for circuit, ports in _circuits(device).items() if shutting else ():
        if circuit is not resource and circuit.stock > 0:
            # A pool of lines loses those that this device hands out.
            quantity = ports if ports < circuit.stock else None
            found[circuit, quantity] = shutting[:1] if quantity is not None else shutting
    return found


def _circuits(device: Device) -> dict[Resource, int]:
    """The circuits that the device's ports hand out, and by how many ports."""
    found: dict[Resource, int] = {}
    query = sa.select(AccessPort).where(AccessPort.device_id == device.id).order_by(AccessPort.id)
    for port in db.session.scalars(query):
        found[port.resource] = found.get(port.resource, 0) + 1
    return found


def _reached(device: Device) -> Iterable[int]:
    own = {device.resource_id} if device.resource_id is not None else set()
    return own | {resource.id for resource in _circuits(device)}


def _since(device: Device, resource: Resource, quantity: int | None, now: datetime) -> datetime:
    """From when on it is closed: at once, or when what runs on it has ended."""
    own = resource is device.resource
    if own and device.asset_id is not None:
        return running.asset_until(device.asset_id, now) or now
    return running.until(resource, quantity, now) or now


def _close(violation: Violation, resource: Resource, quantity: int | None, since: datetime) -> None:
    closure = closures.find_open(resource, violation.cause)
    if closure is not None:
        closures.bring_forward(closure, since)
        return
    closure = closures.close(
        resource,
        NewClosure(
            ClosureKind.QUARANTINE,
            since,
            reason=_reason(violation),
            cause=violation.cause,
            quantity=quantity,
        ),
    )
    resource_quarantined.send(violation, closure=closure)


def closures_of(violation: Violation) -> list[Closure]:
    """What the violation keeps off the calendar."""
    query = sa.select(Closure).where(
        Closure.cause == violation.cause, Closure.reopened_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(Closure.id)))


def _reason(violation: Violation) -> str:
    """What anybody may read: the rule, and neither the device nor how it breaks it."""
    return f"information-security rule {violation.rule} is not met"


def _closed_by(device: Device) -> list[Closure]:
    """The closures that violations of this device asked for and nobody has ended."""
    causes = [
        f"{CAUSE}{violation_id}"
        for violation_id in db.session.scalars(
            sa.select(Violation.id).where(Violation.device_id == device.id)
        )
    ]
    return list(
        db.session.scalars(
            sa.select(Closure)
            .where(Closure.cause.in_(causes), Closure.reopened_at.is_(None))
            .order_by(Closure.id)
        )
    )
