"""Mail about the public programme: the desk learns of a wish, the unit of the answer."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from config.database import db
from config.settings import Settings
from portal import notices
from rental.models import Booking, Member, Role


def _address(booking: Booking) -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"


def _tell(member: Member, booking: Booking, subject: str, sentence: str) -> None:
    body = f"{sentence}\n\n{booking.title}\n\n{_address(booking)}"
    notices.write(member, f"{booking.reference}: {subject}", body, about=booking.reference)


def asked(booking: Booking) -> None:
    """Tell everybody at the desk that a unit would like to be published."""
    members = db.session.scalars(
        sa.select(Member).where(Member.role == Role.DESK, Member.is_active).order_by(Member.id)
    )
    for member in members.unique():
        with force_locale(member.locale):
            _tell(
                member,
                booking,
                _("wish for the public programme"),
                _("%(unit)s would like this event on the programme.", unit=booking.unit.name),
            )


def published(booking: Booking) -> None:
    """Tell the member who asked that the event is public now."""
    with force_locale(booking.member.locale):
        _tell(
            booking.member,
            booking,
            _("on the public programme"),
            _("The Press Center now shows your event on its public programme."),
        )


def declined(booking: Booking) -> None:
    """Tell the member who asked that the event is not shown."""
    with force_locale(booking.member.locale):
        _tell(
            booking.member,
            booking,
            _("not on the public programme"),
            _("The Press Center does not show your event on its public programme."),
        )
