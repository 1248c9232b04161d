"""Why something is off the calendar, in the language of the page, as far as the reader may know.

A renter learns that a rule is not met; which device breaks it and how is for those who cure it.
"""

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring.models import Violation
from portal.access import allowed
from portal.pages.violations import rule_title
from rental import damages, overdue
from rental.models import Closure, DamageKind, Line

CAUSE = "violation:"


def why(closure: Closure) -> str:
    """The reason of a closure as this visitor reads it."""
    return told(closure.reason, closure.cause)


def told(reason: str, cause: str | None) -> str:
    """The reason as somebody wrote it, or, where the service closed, what the reader may know."""
    family, _colon, name = (cause or "").partition(":")
    if f"{family}:" == CAUSE:
        return _rule(reason, int(name))
    if f"{family}:" == damages.CAUSE:
        return _damage(reason, int(name))
    if (cause or "").startswith(overdue.CAUSE):
        return _overdue(reason, int(name.rpartition(":")[2]))
    return reason


def how_it_ends(cause: str) -> str:
    """What has to happen before a closure of the service's own ends."""
    if cause.startswith(CAUSE):
        return _("A violation closed it: cure or waive it, and it reopens by itself.")
    if cause.startswith(damages.CAUSE):
        return _("It is damaged or lost: say that it is repaired or replaced, and it reopens.")
    if cause.startswith(overdue.CAUSE):
        return _("It is overdue: take it back at the counter, and it reopens by itself.")
    return _("The service closed it, and reopens it when the cause is gone.")


def _rule(reason: str, number: int) -> str:
    violation = _violation(number)
    if violation is None:
        return reason
    if not allowed("see devices"):
        return _("An information-security rule is not met; it is being cured.")
    return f"{violation.device.name}: {rule_title(violation)} ({violation.rule})"


def _overdue(reason: str, line_id: int) -> str:
    if not allowed("see every unit's bookings"):
        return _("Not returned in time by whoever rented it before.")
    line = db.session.get(Line, line_id)
    if line is None:
        return reason
    return _("Not returned in time (%(booking)s).", booking=line.booking.reference)


def _damage(reason: str, number: int) -> str:
    damage = damages.find(number)
    if damage is None:
        return reason
    asset = damage.movement.asset
    tag = f" ({asset.tag})" if asset is not None else ""
    if damage.kind is DamageKind.LOST:
        return _("Lost, waits to be replaced%(tag)s.", tag=tag)
    return _("Damaged, waits to be repaired%(tag)s.", tag=tag)


def _violation(number: int) -> Violation | None:
    """Looked up once a request, however many bars speak of it."""
    known: dict[int, Violation | None] = g.setdefault("violations_told", {})
    if number not in known:
        known[number] = db.session.scalar(
            select(Violation).where(Violation.id == number).options(joinedload(Violation.device))
        )
    return known[number]
