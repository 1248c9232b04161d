"""Mail about gear that should be back: when it becomes overdue, and daily after."""

from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import force_locale
from flask_babel import format_datetime as local_datetime
from flask_babel import gettext as _

from config import clock
from config.settings import Settings
from portal import notices
from rental import overdue, signals
from rental.models import Booking


def _address(booking: Booking) -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"


def _on_overdue(booking: Booking, **_facts: object) -> None:
    lates = overdue.late_pieces([booking.id])
    zone: ZoneInfo = lates[0].resource.site.tzinfo if lates else clock.LOCAL
    with force_locale(booking.member.locale):
        due = min((late.since for late in lates), default=booking.ends_at).astimezone(zone)
        until = local_datetime(due, "HH:mm dd/MM/yyyy", rebase=False)
        body = "\n".join(
            (
                _(
                    "The equipment below should have been back at the Press Center by %(until)s."
                    " Please bring it back now: others have booked it. Each hour begun may be"
                    " charged.",
                    until=until,
                ),
                "",
                booking.title,
                *(f"- {late.resource.name} × {late.quantity}" for late in lates),
                "",
                _address(booking),
            )
        )
        subject = _("equipment is overdue")
        notices.write(
            booking.member, f"{booking.reference}: {subject}", body, about=booking.reference
        )


def subscribe() -> None:
    """Listen to the rental floor; repeating it changes nothing."""
    signals.booking_overdue.connect(_on_overdue)
