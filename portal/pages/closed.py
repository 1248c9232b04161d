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
from rental.models import Closure

CAUSE = "violation:"


def why(closure: Closure) -> str:
    """The reason of a closure as this visitor reads it."""
    return told(closure.reason, closure.cause)


def told(reason: str, cause: str | None) -> str:
    """The reason as it was written, or, where a violation caused it, what the reader may know."""
    if cause is None or not cause.startswith(CAUSE):
        return reason
    violation = _violation(int(cause.removeprefix(CAUSE)))
    if violation is None:
        return reason
    if not allowed("see devices"):
        return _("An information-security rule is not met; it is being cured.")
    return f"{violation.device.name}: {rule_title(violation)} ({violation.rule})"


def _violation(number: int) -> Violation | None:
    """Looked up once a request, however many bars speak of it."""
    known: dict[int, Violation | None] = g.setdefault("violations_told", {})
    if number not in known:
        known[number] = db.session.scalar(
            select(Violation).where(Violation.id == number).options(joinedload(Violation.device))
        )
    return known[number]
