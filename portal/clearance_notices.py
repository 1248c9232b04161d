"""Mail about clearances: the deadline is near, the authority refused, the notice is asked for."""

from datetime import timedelta

from flask import current_app
from flask_babel import force_locale
from flask_babel import format_datetime as local_datetime
from flask_babel import gettext as _

from config.settings import Settings
from portal import notices
from rental import clearance_needs, clearance_rules, clearances
from rental.models import Booking, Clearance

# A working day to write the notice, and one to take it there.
AHEAD = timedelta(hours=48)


def _deadline(clearance: Clearance) -> str:
    zone = clearance_needs.zone_of(clearance.booking)
    instant = clearance.deadline.astimezone(zone)
    return str(local_datetime(instant, "HH:mm dd/MM/yyyy", rebase=False))


def _title(clearance: Clearance, locale: str) -> str:
    rule = clearance_rules.find(clearance.rule)
    return rule.title.in_language(locale) if rule is not None else clearance.rule


def _tell(booking: Booking, subject: str, sentence: str) -> None:
    settings: Settings = current_app.extensions["settings"]
    address = f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}#clearances"
    body = f"{sentence}\n\n{booking.title}\n\n{address}"
    notices.write(booking.member, f"{booking.reference}: {subject}", body, about=booking.reference)


def remind_due() -> int:
    """Write to the units whose notice is needed within two days; how many were written to."""
    near = clearances.to_remind(AHEAD)
    for clearance in near:
        booking = clearance.booking
        with force_locale(booking.member.locale):
            _tell(
                booking,
                _("the notice is due soon"),
                _(
                    "%(notice)s must reach the authority by %(deadline)s. Lodge it there, then "
                    "upload it on the page of the booking; until then it cannot be confirmed.",
                    notice=_title(clearance, booking.member.locale),
                    deadline=_deadline(clearance),
                ),
            )
        clearances.note_reminded(clearance)
    return len(near)


def refused(clearance: Clearance) -> None:
    """Tell the member who asked that the authority refused."""
    with force_locale(clearance.booking.member.locale):
        _tell(
            clearance.booking,
            _("the authority refused"),
            _("The authority refused the event: %(reason)s", reason=clearance.reason),
        )


def demanded(clearance: Clearance) -> None:
    """Tell the member who asked that the notice is needed after all."""
    with force_locale(clearance.booking.member.locale):
        _tell(
            clearance.booking,
            _("the notice is needed"),
            _(
                "The desk asks for the notice by %(deadline)s: %(reason)s",
                deadline=_deadline(clearance),
                reason=clearance.reason,
            ),
        )
