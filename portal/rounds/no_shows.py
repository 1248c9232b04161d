"""Lets go of confirmed bookings nobody came to, and tells the unit and the desk."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from config import logs
from config.database import db, transaction
from portal import notices
from portal.jobs import queue, settings_here
from rental import bookings
from rental.models import Booking, Member, Role

log = logs.get(__name__)


@queue.task(name="release_no_shows")
def release_no_shows() -> None:
    """Free what confirmed bookings hold so many minutes after nobody came; 0 minutes: never."""
    minutes = settings_here().no_show_minutes
    if not minutes:
        return
    with transaction():
        released = bookings.no_show_overdue(timedelta(minutes=minutes))
        for booking in released:
            _tell(booking, minutes)
    if released:
        log.info("no-shows released", count=len(released))


def _tell(booking: Booking, minutes: int) -> None:
    desk = db.session.scalars(
        sa.select(Member).where(
            Member.role == Role.DESK, Member.is_active, Member.id != booking.member_id
        )
    )
    for member in (booking.member, *desk):
        with force_locale(member.locale):
            subject = _("nobody came, the time is free again")
            body = _(
                "Nothing of the booking below was handed over within %(minutes)s minutes of its "
                "start, so the rest of its time is free again. The charge stands; the desk can "
                "tell you more.",
                minutes=minutes,
            )
            notices.write(
                member,
                f"{booking.reference}: {subject}",
                f"{body}\n\n{booking.title}\n{booking.unit.name}",
                about=booking.reference,
            )
