"""Looks after what is being looked after, and tells once a week what falls due."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _

from config import clock, logs
from config.database import db, transaction
from portal import access, notices
from portal.jobs import queue
from portal.models import Notice
from portal.pages import formats, maintenance_words
from rental import maintenance, servicing
from rental.models import MaintenancePlan, Member, ServiceRecord

log = logs.get(__name__)

# Mondays from this hour on, of the Centre's clock.
FIRST_HOUR = 7
AHEAD = timedelta(days=14)
# A mail is read, not searched: the page has the rest.
MOST = 40


@queue.task(name="mind_services")
def mind_services() -> None:
    """Keep off the calendar what is looked after for longer than was thought."""
    with transaction():
        pushed = servicing.keep_closed()
    if pushed:
        log.info("services last longer", count=pushed)


@queue.task(name="tell_maintenance")
def tell_maintenance() -> None:
    """Once a week, from Monday morning on: what falls due within fourteen days, and what runs."""
    now = clock.now().astimezone(clock.LOCAL)
    if not _is_time(now):
        return
    about = week_of(now.date())
    with transaction():
        due = maintenance.due(now.date() + AHEAD)
        running = servicing.running()
        if not due and not running:
            return
        told = 0
        for member in _whom(about):
            with force_locale(member.locale):
                notices.write(member, _subject(due), _body(due, running), about=about)
            told += 1
    if told:
        log.info("maintenance told", count=told)


def _is_time(now: datetime) -> bool:
    # Where no worker ran on Monday, it is told on Tuesday.
    return (now.weekday() == 0 and now.hour >= FIRST_HOUR) or now.weekday() == 1


def week_of(day: date) -> str:
    """What the notices of a week are about: each member gets one."""
    year, week, _weekday = day.isocalendar()
    return f"maintenance:{year}-W{week:02}"


def _whom(about: str) -> list[Member]:
    told = sa.select(Notice.member_id).where(Notice.about == about)
    return list(
        db.session.scalars(
            sa.select(Member)
            .where(
                Member.role.in_(access.TABLE["look after assets"]),
                Member.is_active,
                Member.id.not_in(told),
            )
            .order_by(Member.id)
        )
    )


def _subject(due: list[MaintenancePlan]) -> str:
    if not due:
        return _("Maintenance: what is being looked after")
    return _("Maintenance: %(count)s due within 14 days", count=len(due))


def _body(due: list[MaintenancePlan], running: list[ServiceRecord]) -> str:
    parts: list[str] = []
    if due:
        lines = [
            f"- {formats.plain_day(one.next_due_on)} ({maintenance_words.due(one).words}): "
            f"{one.title} – {maintenance_words.subject(one)}"
            for one in due[:MOST]
        ]
        if len(due) > MOST:
            lines.append(_("… and %(count)s more.", count=len(due) - MOST))
        parts.append("\n".join([_("Falls due:"), *lines]))
    if running:
        lines = [
            "- " + _("%(what)s, since %(day)s", what=maintenance_words.subject(one),
                     day=formats.plain_day(one.began_at))
            for one in running[:MOST]
        ]  # fmt: skip
        parts.append("\n".join([_("Being looked after:"), *lines]))
    parts.append(_("All of it stands under Maintenance."))
    return "\n\n".join(parts)
