"""Mail about wishes for a change: the desk learns of one, the member of the answer."""

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from config.database import db
from config.settings import Settings
from portal import notices
from rental.change_wishes import Wish
from rental.models import Booking, Member, Role


def _tell(member: Member, booking: Booking, subject: str, words: str) -> None:
    settings: Settings = current_app.extensions["settings"]
    address = f"{settings.public_url.rstrip('/')}/bookings/{booking.reference}"
    notices.write(
        member,
        f"{booking.reference}: {subject}",
        f"{words}\n\n{booking.title}\n\n{address}",
        about=booking.reference,
    )


def asked(booking: Booking, words: str) -> None:
    """Tell everybody at the desk what a unit would like changed."""
    members = db.session.scalars(
        sa.select(Member).where(Member.role == Role.DESK, Member.is_active).order_by(Member.id)
    )
    for member in members.unique():
        with force_locale(member.locale):
            said = _("%(unit)s would like a change: %(words)s", unit=booking.unit.name, words=words)
            _tell(member, booking, _("wish for a change"), said)


def answered(wish: Wish, words: str) -> None:
    """Tell the member who asked what the desk says."""
    if wish.member is None:
        return
    with force_locale(wish.member.locale):
        said = _("The desk answers your wish for a change: %(words)s", words=words)
        _tell(wish.member, wish.booking, _("answer to your wish for a change"), said)
