"""Closing a month: from then on nothing with a date in it is written, until it is opened again."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from billing.errors import BadClosing, MonthClosed
from billing.models import ClosedMonth
from config import clock
from config.database import db
from rental import journal
from rental.models import Member

# The triggers take it shared, a closing alone: it waits for whoever is writing money.
LOCK = 0x4D43_0011


def month_of(day: date) -> date:
    """The first of the day's month."""
    return day.replace(day=1)


def following(first: date) -> date:
    """The first of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def find(first: date) -> ClosedMonth | None:
    """The closing of a month that stands, if it is closed."""
    return db.session.scalar(
        sa.select(ClosedMonth).where(ClosedMonth.first == first, ClosedMonth.reopened_at.is_(None))
    )


def all_() -> list[ClosedMonth]:
    """Every closing, the newest month first."""
    return list(
        db.session.scalars(
            sa.select(ClosedMonth).order_by(ClosedMonth.first.desc(), ClosedMonth.id.desc())
        )
    )


def require_open(at: date | datetime) -> None:
    """Raises MonthClosed where the day, at the Centre's place, lies in a closed month."""
    day = at.astimezone(clock.LOCAL).date() if isinstance(at, datetime) else at
    if find(month_of(day)) is None:
        return
    free = following(month_of(day))
    while find(free) is not None:
        free = following(free)
    raise MonthClosed(
        "{month} is closed: date it in the open period, from {day} on, or ask the director to open "
        "the month again.",
        month=f"{day:%m/%Y}",
        day=f"{free:%d/%m/%Y}",
    )


def close(first: date, *, by: Member) -> ClosedMonth:
    """Close a month that is over; raises BadClosing where it is not, or is closed already."""
    first = month_of(first)
    if following(first) > clock.today():
        raise BadClosing("The month is not over yet; close it from {day} on.",
                         day=f"{following(first):%d/%m/%Y}")  # fmt: skip
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    if find(first) is not None:
        raise BadClosing("The month is closed already; look at the list again.")
    closed = ClosedMonth(first=first, closed_by_id=by.id)
    db.session.add(closed)
    db.session.flush()
    journal.record(closed, "month_closed", by=by, number=f"{first:%m/%Y}")
    return closed


def reopen(first: date, *, by: Member, reason: str) -> ClosedMonth:
    """Open a closed month again, for a reason; raises BadClosing."""
    words = " ".join(reason.split())[:500]
    if not words:
        raise BadClosing("Say why the month is opened again.")
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    closed = find(month_of(first))
    if closed is None:
        raise BadClosing("The month is not closed; look at the list again.")
    closed.reopened_at, closed.reopened_by_id = clock.now(), by.id
    closed.reopened_reason = words
    db.session.flush()
    journal.record(closed, "month_reopened", by=by, number=f"{closed.first:%m/%Y}", reason=words)
    return closed
