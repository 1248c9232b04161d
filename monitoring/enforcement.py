"""Takes the resource of a device that breaks a grave rule off the calendar, and puts it back."""

from datetime import datetime

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring.models import Device, Violation, ViolationStatus
from monitoring.rules import Severity
from rental import catalogue, closures
from rental.closures import NewClosure
from rental.models import Closure, ClosureKind

GRAVE = frozenset({Severity.CRITICAL, Severity.HIGH})
STANDING = frozenset({ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED})


def blocking(device: Device) -> list[Violation]:
    """The violations that keep the device's resource off the calendar, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Violation)
            .where(
                Violation.device_id == device.id,
                Violation.severity.in_(GRAVE),
                Violation.status.in_(STANDING),
            )
            .order_by(Violation.id)
        )
    )


def settle(device: Device, *, at: datetime | None = None) -> None:
    """Make the closures what the violations ask for; a second call changes nothing.

    Call it in the transaction that changed a violation. Of a pool one piece is closed, however
    many rules the device breaks.
    """
    resource = device.resource
    if resource is None or resource.stock == 0:
        return
    grave = blocking(device)
    is_pool = resource.stock > 1
    wanted = grave[:1] if is_pool else grave
    for violation in wanted:
        closures.close(
            resource,
            NewClosure(
                ClosureKind.QUARANTINE,
                at or clock.now(),
                reason=_reason(violation),
                cause=violation.cause,
                quantity=1 if is_pool else None,
            ),
        )
    causes = {violation.cause for violation in wanted}
    for closure in _standing(device):
        if closure.cause not in causes:
            closures.reopen(closure)


def settle_all(devices: list[Device]) -> None:
    """Settle several devices; their resources are locked in id order first, as bookings do."""
    catalogue.lock(device.resource_id for device in devices if device.resource_id is not None)
    for device in sorted(devices, key=lambda one: one.id):
        settle(device)


def _reason(violation: Violation) -> str:
    """What anybody may read: the rule, and neither the device nor how it breaks it."""
    return f"information-security rule {violation.rule} is not met"


def _standing(device: Device) -> list[Closure]:
    """The closures that violations of this device asked for and nobody has ended."""
    causes = [
        f"violation:{violation_id}"
        for violation_id in db.session.scalars(
            sa.select(Violation.id).where(Violation.device_id == device.id)
        )
    ]
    return list(
        db.session.scalars(
            sa.select(Closure)
            .where(
                Closure.resource_id == device.resource_id,
                Closure.cause.in_(causes),
                Closure.reopened_at.is_(None),
            )
            .order_by(Closure.id)
        )
    )
