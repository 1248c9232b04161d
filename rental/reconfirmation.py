"""A long series is confirmed again from time to time: what nobody wants any more is let go.

Three weeks before the confirmed part ends its unit is asked. A date beyond it that nobody has
confirmed again is cancelled a week before it would begin, and never within a week of the asking.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, journal, moves, series, series_moves
from rental.models import Booking, BookingStatus, Member, Series
from rental.signals import (
    series_let_go,
    series_reconfirmation_due,
    series_reconfirmed,
    together,
)

ASK_BEFORE = timedelta(weeks=3)
# The hour is for the round that comes: seven whole days of notice shall be left, as terms count.
LET_GO_BEFORE = timedelta(days=7, hours=1)
# However late the asking was, the unit has this long to answer.
TIME_TO_ANSWER = timedelta(days=7)
REASON = (
    "Chuỗi lịch không được xác nhận lại đúng hạn. / The series was not confirmed again in time."
)
STANDING = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: how many series were asked about, how many bookings let go."""

    asked: int
    let_go: int


def ask_due(limit: int = 100) -> list[Series]:
    """Ask about each series whose confirmed part ends within three weeks; once each."""
    soon = clock.now() + ASK_BEFORE
    due = _locked(
        [Series.asked_at.is_(None), Series.reconfirmed_until <= soon, _has_more(None)], limit
    )
    for one in due:
        one.asked_at = clock.now()
        db.session.flush()
        journal.record(one, "reconfirmation_asked", by=None)
        series_reconfirmation_due.send(one, until=one.reconfirmed_until, bookings=beyond(one))
    return due


def let_go_due(limit: int = 100) -> list[Booking]:
    """Cancel what nobody confirmed again and what begins within a week."""
    now = clock.now()
    due = _locked([Series.asked_at <= now - TIME_TO_ANSWER, _has_more(now + LET_GO_BEFORE)], limit)
    released: list[Booking] = []
    for one in due:
        found = [b for b in moves.lock_all(beyond(one)) if b.status in STANDING]
        gone = [b for b in found if now < b.starts_at <= now + LET_GO_BEFORE]
        if not gone:
            continue
        with together():
            for booking in gone:
                bookings.cancel(booking, by=None, reason=REASON)
        series_moves.remove(one, gone)
        journal.record(one, "let_go", by=None, dates=len(gone))
        series_let_go.send(one, bookings=gone)
        released += gone
    return released


def _locked(conditions: list[sa.ColumnElement[bool]], limit: int) -> list[Series]:
    """The series that fit, locked; those that somebody else holds come in the next round."""
    return list(
        db.session.scalars(
            sa.select(Series)
            .where(Series.reconfirm_weeks.is_not(None), *conditions)
            .order_by(Series.id)
            .limit(limit)
            .with_for_update(of=Series, key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )


def _has_more(until: datetime | None) -> sa.ColumnElement[bool]:
    """Whether a date stands beyond the confirmed part, and begins by then."""
    more = sa.select(Booking.id).where(
        Booking.series_id == Series.id,
        Booking.status.in_(STANDING),
        Booking.starts_at > Series.reconfirmed_until,
        Booking.starts_at > clock.now(),
    )
    return (more if until is None else more.where(Booking.starts_at <= until)).exists()


def beyond(held: Series) -> list[Booking]:
    """The bookings that lie beyond the confirmed part and have not begun, by date."""
    until, now = held.reconfirmed_until, clock.now()
    return [
        booking
        for booking in series.bookings_of(held)
        if booking.status in STANDING
        and booking.starts_at > now
        and (until is None or booking.starts_at > until)
    ]


def is_asked(held: Series) -> bool:
    """Whether the unit has to say that it keeps the series."""
    return held.asked_at is not None and bool(beyond(held))


def reconfirm(held: Series, *, by: Member) -> Series:
    """Keep the series for as many weeks again; a second press changes nothing."""
    held = series.lock(held)
    if held.asked_at is None or held.reconfirm_weeks is None:
        return held
    now = clock.now()
    until = max(held.reconfirmed_until or now, now) + timedelta(weeks=held.reconfirm_weeks)
    held.reconfirmed_until, held.asked_at = until, None
    db.session.flush()
    journal.record(held, "reconfirmed", by=by, until=until.isoformat())
    series_reconfirmed.send(held, until=until)
    return held
