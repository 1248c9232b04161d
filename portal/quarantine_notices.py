"""Mail to the desk when a broken rule takes from bookings what they rent, with what is free."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from config.database import db
from config.settings import Settings
from monitoring import signals
from monitoring.models import Violation
from portal import access, notices
from portal.pages import formats
from rental import substitutes
from rental.models import Closure, Member
from rental.substitutes import Stranded


def _on_quarantined(violation: Violation, *, closure: Closure, **_facts: object) -> None:
    stranded = substitutes.under([closure])
    if not stranded:
        return
    desk = sa.select(Member).where(
        Member.role.in_(access.TABLE["change every unit's bookings"]), Member.is_active
    )
    for member in db.session.scalars(desk.order_by(Member.id)):
        with force_locale(member.locale):
            _tell(member, violation, closure, stranded)


def _tell(member: Member, violation: Violation, closure: Closure, stranded: list[Stranded]) -> None:
    subject = _("%(resource)s is quarantined, bookings lack it", resource=closure.resource.code)
    head = _(
        "%(resource)s is off the calendar from %(moment)s: an information-security rule is not met "
        "(%(rule)s). Swap what these bookings rent, on their pages:",
        resource=closure.resource.name,
        moment=formats.moment(closure.during.lower),
        rule=violation.rule,
    )
    body = "\n".join((head, "", *(_row(one) for one in stranded)))
    notices.write(member, subject, body, about=violation.cause)


def _row(one: Stranded) -> str:
    settings: Settings = current_app.extensions["settings"]
    booking, line = one.booking, one.line
    free = ", ".join(other.code for other in one.others)
    told = _("free instead: %(names)s", names=free) if free else _("nothing equal is free")
    when = formats.period(line.starts_at, line.ends_at)
    address = f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"
    what = f"{line.resource.code} × {line.quantity}"
    return f"- {booking.reference} {booking.title}, {when}, {what}: {told}\n  {address}"


def subscribe() -> None:
    """Listen to the monitoring floor; repeating it changes nothing."""
    signals.resource_quarantined.connect(_on_quarantined)
