"""Looks a day and an hour ahead: is what bookings rent ready, and who must know if it is not."""

import sqlalchemy as sa
from flask_babel import force_locale

from config import clock, logs
from config.database import db, transaction
from monitoring import readiness
from monitoring.models import Moment, ReadinessReport, Verdict
from portal import access, notices
from portal.jobs import queue
from portal.pages import readiness as words
from rental.models import Booking, Member

log = logs.get(__name__)


@queue.task(name="look_ahead")
def look_ahead() -> None:
    """Make the reports that are due; operators are written to where something is red."""
    made = red = 0
    for booking_id, moment in _due():
        with transaction():
            booking = db.session.get_one(Booking, booking_id)
            report = readiness.report(booking, moment)
            if report is None:
                continue
            made += 1
            if report.verdict is Verdict.RED:
                red += 1
                _tell(booking, report)
    if made:
        log.info("readiness looked at", reports=made, red=red)


def _due() -> list[tuple[int, Moment]]:
    with transaction():
        return [(booking.id, moment) for booking, moment in readiness.due(clock.now())]


def _tell(booking: Booking, report: ReadinessReport) -> None:
    query = (
        sa.select(Member)
        .where(Member.role.in_(access.TABLE["manage devices"]), Member.is_active)
        .order_by(Member.id)
    )
    for member in db.session.scalars(query):
        with force_locale(member.locale):
            subject, body = words.notice(booking, report)
            notices.write(member, subject, body, about=booking.reference)
