"""One deed on several dates of a series, each by the normal service, told once."""

from collections.abc import Callable

from config.database import db
from rental import bookings, journal, moves, series
from rental.errors import MovedOn
from rental.models import Booking, BookingStatus, Member, Series
from rental.series_changes import Scope, ahead
from rental.signals import series_cancelled, series_confirmed, series_declined, together


def confirm(
    booking: Booking, *, scope: Scope, by: Member, override: str | None = None
) -> list[Booking]:
    """Promise this date, it and the following, or all that wait for an answer."""
    if scope is Scope.THIS or booking.series is None:
        bookings.confirm(booking, by=by, override=override)
        return [booking]
    held = series.lock_of(booking)
    asked = _asked(ahead(held, booking, scope))
    _each(asked, lambda one: bookings.confirm(one, by=by, override=override))
    journal.record(held, "confirmed", by=by, dates=len(asked))
    series_confirmed.send(held, bookings=asked)
    return asked


def decline(booking: Booking, *, scope: Scope, by: Member, reason: str = "") -> list[Booking]:
    """Say no to this date, it and the following, or all that wait for an answer."""
    if scope is Scope.THIS or booking.series is None:
        bookings.decline(booking, by=by, reason=reason)
        return [booking]
    held = series.lock_of(booking)
    asked = _asked(ahead(held, booking, scope))
    _each(asked, lambda one: bookings.decline(one, by=by, reason=reason))
    journal.record(held, "declined", by=by, dates=len(asked), reason=reason[:500])
    series_declined.send(held, bookings=asked)
    return asked


def cancel(booking: Booking, *, scope: Scope, by: Member, reason: str = "") -> list[Booking]:
    """Take back this date, it and the following, or all that lie ahead: they stay removed."""
    if booking.series is None:
        bookings.cancel(booking, by=by, reason=reason)
        return [booking]
    held = series.lock_of(booking)
    if scope is Scope.THIS:
        bookings.cancel(booking, by=by, reason=reason)
        gone = [booking]
    else:
        gone = ahead(held, booking, scope)
        _each(gone, lambda one: bookings.cancel(one, by=by, reason=reason))
        journal.record(held, "cancelled", by=by, dates=len(gone), reason=reason[:500])
        series_cancelled.send(held, bookings=gone)
    remove(held, gone)
    return gone


def in_scope(booking: Booking, scope: Scope) -> list[Booking]:
    """The bookings a deed of this scope is meant for, locked, their series first.

    Raises MovedOn where none of them lies ahead.
    """
    if booking.series is None:
        return [moves.lock(booking)]
    held = series.lock_of(booking)
    return [moves.lock(booking)] if scope is Scope.THIS else ahead(held, booking, scope)


def remove(held: Series, gone: list[Booking]) -> None:
    """Remember dates that were taken out of a locked series."""
    dates = series.read(held.removed) | {b.series_at for b in gone if b.series_at is not None}
    held.removed = series.written(sorted(dates))
    db.session.flush()


def _asked(affected: list[Booking]) -> list[Booking]:
    asked = [booking for booking in affected if booking.status is BookingStatus.REQUESTED]
    if not asked:
        raise MovedOn("No date of the series waits for an answer; look again before you decide.")
    return asked


def _each(affected: list[Booking], deed: Callable[[Booking], None]) -> None:
    # All are locked by now, bookings before resources, so that no deed waits for another here.
    with together():
        for booking in affected:
            deed(booking)
