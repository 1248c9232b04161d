"""Series: many dates of one rule, on a page of their own and beside each of their bookings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from billing import cancellation_charges, money
from billing.money import Money
from config import clock
from config.database import transaction
from portal import series_terms
from portal.access import allowed, current_member, may, require_visible
from portal.pages import reading, rules
from portal.pages.diary import told
from rental import (
    journal,
    reconfirmation,
    repeats,
    series,
    series_changes,
    series_moves,
)
from rental.errors import MovedOn
from rental.models import Booking, BookingStatus, Series
from rental.series import DateState, SeriesDate
from rental.series_changes import CHANGEABLE, Scope

pages = Blueprint("series", __name__, url_prefix="/series")

CHANGE_ALL = "change every unit's bookings"
# How many dates the booking page shows of its series.
NEAR = 3


def visible(reference: str) -> Series:
    """The series, if who asks may see it; raises NotFound as if it did not exist."""
    found = series.get(reference)
    require_visible(found.unit_id)
    return found


def _mine(reference: str) -> Series:
    found = series.get(reference)
    require_visible(found.unit_id, CHANGE_ALL)
    return found


def may_change(held: Series) -> bool:
    """Whether who asks may change this unit's series."""
    own = held.unit_id == current_member().unit_id
    return allowed(CHANGE_ALL) or (own and allowed("change own bookings"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a series lies ahead: what waits for an answer, and what can be cancelled."""

    asked: list[Booking]
    ahead: list[Booking]


def _waiting(dates: list[SeriesDate]) -> Waiting:
    now = clock.now()
    ahead = [d.booking for d in dates if d.booking is not None and d.booking.starts_at > now]
    return Waiting(
        asked=[one for one in ahead if one.status is BookingStatus.REQUESTED],
        ahead=[one for one in ahead if one.status in CHANGEABLE],
    )


def can_return(date: SeriesDate) -> bool:
    """Whether a date that was removed or skipped may be asked for again."""
    return date.state is not DateState.BOOKED and date.starts_at > clock.now()


@pages.get("/<series_reference>")
@may("see own bookings")
def show(series_reference: str) -> str:
    """The rule in words, every date with its state, what may be done, and how it came about."""
    held = visible(series_reference)
    dates = series.calendar(held)
    waiting = _waiting(dates)
    standing = [date.booking for date in dates if date.booking is not None]
    return render_template(
        "series/show.html",
        held=held,
        zone=ZoneInfo(held.zone),
        rule=rules.of_series(held),
        title=series.templates_of(held)[-1].title,
        dates=dates,
        first=standing[0] if standing else None,
        waiting=waiting,
        cost=cancellation_charges.estimate_all(waiting.ahead).total,
        before=series.preceding(held),
        after=series.following(held),
        is_asked=reconfirmation.is_asked(held),
        beyond=reconfirmation.beyond(held) if held.asked_at else [],
        can_change=may_change(held),
        later_end=_later_end(held),
        entries=told(journal.of(held)),
    )


def _later_end(held: Series) -> str:
    """Four weeks after the last date, as a date field writes it."""
    last = series.dates_by_rule(held)[-1] + timedelta(weeks=4)
    return last.astimezone(ZoneInfo(held.zone)).date().isoformat()


def _back(held: Series, words: str) -> Response:
    flash(words, "good")
    return redirect(url_for("series.show", series_reference=held.reference))


@pages.post("/<series_reference>/dates")
@may("change own bookings")
def add_date(series_reference: str) -> Response:
    """Request a date again that was removed or skipped."""
    # Another unit's series does not exist, whatever was typed.
    _mine(series_reference)
    at = reading.instant(request.form.get("starts_at", ""))
    if at is None:
        raise reading.BadField("{field}: '{text}' is not a date.", field="starts_at", text="")
    with transaction():
        held = _mine(series_reference)
        series_changes.add_date(held, at, by=current_member(), terms=series_terms.here())
    return _back(held, _("The date is requested again."))


@pages.post("/<series_reference>/extend")
@may("change own bookings")
def extend(series_reference: str) -> Response:
    """Give the rule a later end: what it gives beyond is requested, removed dates stay removed."""
    count = until = None
    if request.form.get("ends") == "until":
        until = reading.day(request.form, "until")
    else:
        count = reading.integer(request.form, "count")
    with transaction():
        held = _mine(series_reference)
        rule = repeats.with_end(held.rrule, count=count, until=until)
        made = series_changes.change_rule(
            held, rule, by=current_member(), terms=series_terms.here()
        )
    if not made.bookings:
        return _back(held, _("The rule gives no further date."))
    words = _("Further dates are requested: %(count)s.", count=len(made.bookings))
    if made.skipped:
        words += " " + _("Dates that were taken and are left out: %(count)s.",
                         count=len(made.skipped))  # fmt: skip
    return _back(held, words)


@pages.post("/<series_reference>/reconfirm")
@may("change own bookings")
def reconfirm(series_reference: str) -> Response:
    """The unit keeps the series; a second press changes nothing."""
    with transaction():
        held = reconfirmation.reconfirm(_mine(series_reference), by=current_member())
    return _back(held, _("Thank you: the series is kept."))


def _any_ahead(held: Series) -> Booking:
    """A booking of the series through which a deed on all of them is done."""
    found = series.live(held)
    if not found:
        raise MovedOn("No date of the series lies ahead; look again before you decide.")
    return found[-1]


@pages.post("/<series_reference>/confirm")
@may("confirm bookings")
def confirm(series_reference: str) -> Response:
    """Promise every date that waits for an answer."""
    with transaction():
        held = visible(series_reference)
        done = series_moves.confirm(_any_ahead(held), scope=Scope.ALL, by=current_member())
    return _back(held, _("Confirmed dates: %(count)s. The unit will be told.", count=len(done)))


@pages.post("/<series_reference>/decline")
@may("decline bookings")
def decline(series_reference: str) -> Response:
    """Say no to every date that waits for an answer."""
    with transaction():
        held = visible(series_reference)
        done = series_moves.decline(
            _any_ahead(held),
            scope=Scope.ALL,
            by=current_member(),
            reason=request.form.get("reason", ""),
        )
    return _back(held, _("Declined dates: %(count)s. The unit will be told.", count=len(done)))


@pages.post("/<series_reference>/cancel")
@may("change own bookings")
def cancel(series_reference: str) -> Response:
    """Take back every date that lies ahead."""
    with transaction():
        held = _mine(series_reference)
        done = series_moves.cancel(
            _any_ahead(held),
            scope=Scope.ALL,
            by=current_member(),
            reason=request.form.get("reason", ""),
        )
    return _back(held, _("Cancelled dates: %(count)s.", count=len(done)))


@dataclass(frozen=True, slots=True)
class Beside:
    """The series of a booking as its page shows it: the dates around this one."""

    held: Series
    rule: str
    number: int
    count: int
    near: list[SeriesDate]
    zone: ZoneInfo


def beside(booking: Booking) -> Beside | None:
    """What the booking's page tells of its series; None where it is of none."""
    held = booking.series
    if held is None:
        return None
    dates = series.calendar(held)
    at = booking.series_at or booking.starts_at
    places = [n for n, date in enumerate(dates) if _is_of(date, booking, at)]
    here = places[0] if places else 0
    first = max(0, min(here - NEAR, len(dates) - 2 * NEAR - 1))
    return Beside(
        held=held,
        rule=rules.of_series(held),
        number=here + 1,
        count=len(dates),
        near=dates[first : first + 2 * NEAR + 1],
        zone=ZoneInfo(held.zone),
    )


def _is_of(date: SeriesDate, booking: Booking, at: datetime) -> bool:
    return date.starts_at == at if date.booking is None else date.booking.id == booking.id


@dataclass(frozen=True, slots=True)
class Choice:
    """How much of a series a deed could be meant for, in words, and what cancelling that costs."""

    scope: Scope
    words: str
    cost: Money | None = None


def scopes(booking: Booking, deed: str) -> list[Choice]:
    """What a `deed` (change, cancel, answer) may be meant for; none where there is no choice."""
    if booking.series is None:
        return []
    ahead = _affected(booking, deed)
    at = booking.series_at or booking.starts_at
    later = [one for one in ahead if (one.series_at or one.starts_at) >= at]
    groups = {
        Scope.THIS: [booking],
        Scope.FOLLOWING: later,
        Scope.ALL: ahead,
    }
    if len(later) < 2:
        del groups[Scope.FOLLOWING]
    if len(ahead) < 2 or len(ahead) == len(later):
        del groups[Scope.ALL]
    if len(groups) == 1:
        return []
    prices = cancellation_charges.estimates([booking, *ahead]) if deed == "cancel" else {}
    return [
        Choice(
            scope,
            _scope_words(scope, len(group)),
            money.total(prices[one.id].total for one in group) if prices else None,
        )
        for scope, group in groups.items()
    ]


def _affected(booking: Booking, deed: str) -> list[Booking]:
    found = series.live(booking.series, with_lines=deed == "cancel") if booking.series else []
    states = {BookingStatus.REQUESTED} if deed == "answer" else CHANGEABLE
    return [one for one in found if one.status in states and one.starts_at > clock.now()]


def _scope_words(scope: Scope, count: int) -> str:
    return {
        Scope.THIS: _("Only this date"),
        Scope.FOLLOWING: _("This and the following dates (%(count)s)", count=count),
        Scope.ALL: _("All dates that lie ahead (%(count)s)", count=count),
    }[scope]


# What the booking form and the booking page ask.
FOR_TEMPLATES: dict[str, Any] = {
    "series_beside": beside,
    "series_scopes": scopes,
    "can_return": can_return,
    "may_change_series": may_change,
    "weekday_of_rule": rules.weekday_name,
}
