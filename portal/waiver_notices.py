"""Waivers and the rest of the house: mail to who decides and who asked; bookings that end them."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from config.database import db
from config.settings import Settings
from monitoring import signals, waivers
from monitoring.models import Waiver, WaiverStatus
from portal import access, jobs, notices
from rental import signals as rental_signals
from rental.models import Booking, Member

# What moves the end of a booking, or ends it.
MOVING = (
    rental_signals.booking_changed,
    rental_signals.booking_cancelled,
    rental_signals.booking_declined,
    rental_signals.booking_expired,
    rental_signals.booking_no_show,
    rental_signals.booking_returned,
)


def _tell(member: Member, waiver: Waiver, subject: str, sentence: str) -> None:
    settings: Settings = current_app.extensions["settings"]
    violation = waiver.violation
    address = f"{settings.public_url.rstrip('/')}/violations/{violation.id}"
    what = f"{violation.rule} · {violation.device.name}"
    body = "\n\n".join((sentence, what, address))
    notices.write(member, f"{violation.rule}: {subject}", body, about=f"violation:{violation.id}")


def _on_asked(waiver: Waiver, **_facts: object) -> None:
    roles = access.TABLE["approve waivers"]
    deciding = sa.select(Member).where(
        Member.role.in_(roles), Member.is_active, Member.id != waiver.asked_by_id
    )
    for member in db.session.scalars(deciding.order_by(Member.id)):
        with force_locale(member.locale):
            sentence = _(
                "%(name)s asks to let the rule below be broken for a time: %(reason)s",
                name=waiver.asked_by.name,
                reason=waiver.reason,
            )
            _tell(member, waiver, _("a waiver waits for your decision"), sentence)


def _on_decided(waiver: Waiver, **_facts: object) -> None:
    member = waiver.asked_by
    if waiver.decided_by_id == member.id:
        return
    with force_locale(member.locale):
        if waiver.status is WaiverStatus.IN_FORCE:
            sentence = _("The rule below is waived for the time you asked for.")
            _tell(member, waiver, _("waived"), sentence)
        else:
            sentence = _("The rule below is not waived: %(reason)s", reason=waiver.decision or "–")
            _tell(member, waiver, _("not waived"), sentence)


def _on_moved(booking: Booking, **_facts: object) -> None:
    """What ends with the booking is looked at by a worker as soon as this is committed.

    Not here: whoever changes a booking holds its resources, and who ends a waiver takes the
    violation first and the resource after it.
    """
    if waivers.ends_with(booking):
        link = db.session.connection().connection.driver_connection
        jobs.defer(link, "end_waivers")  # type: ignore[arg-type]


def subscribe() -> None:
    """Listen to the floors below; repeating it changes nothing."""
    signals.waiver_asked.connect(_on_asked)
    signals.waiver_decided.connect(_on_decided)
    for signal in MOVING:
        signal.connect(_on_moved)
