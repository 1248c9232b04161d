"""How series, their dates and what stands in the way of them are written."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from billing.money import Money
from portal.api.fields import Amount, Answer
from portal.api.instants import local
from rental import reconfirmation, series
from rental.models import Booking, BookingStatus, OnConflict, Series
from rental.prospects import Foreseen, Prospect
from rental.series import DateState, SeriesDate, Skipped


class SeriesDateAnswer(Answer):
    """One booking of a series."""

    reference: str
    status: BookingStatus
    starts_at: str
    ends_at: str


class SeriesAnswer(Answer):
    """The rule and the bookings that stand by it; `until` is the start of its last date.

    `total`, where the series is new, is the price of all its dates.
    """

    reference: str
    rrule: str
    until: str
    dates: int
    bookings: list[SeriesDateAnswer]
    total: Amount | None = None


class SkippedAnswer(Answer):
    """A date that was taken."""

    starts_at: str
    ends_at: str
    conflicts: list[dict[str, Any]]


class CalendarDateAnswer(Answer):
    """One date by the rule: booked, removed, or skipped because it was taken."""

    starts_at: str
    ends_at: str
    state: DateState
    reference: str | None
    status: BookingStatus | None


class WholeSeriesAnswer(SeriesAnswer):
    """A series with every date it has or had, and the series it was split from or goes on as."""

    unit: str
    zone: str
    on_conflict: OnConflict
    calendar: list[CalendarDateAnswer]
    follows: str | None
    goes_on_as: list[str]
    reconfirmed_until: str | None
    asks_to_reconfirm: bool
    skipped: list[SkippedAnswer] | None = None


class ForeseenAnswer(Answer):
    """One date before anything is asked: whether it is free, and if not, what is short."""

    starts_at: str
    ends_at: str
    state: Prospect
    left_out: bool
    conflicts: list[dict[str, Any]]


class PreviewAnswer(Answer):
    """Every date of a rule; `possible` counts those that could be requested."""

    rrule: str
    dates: list[ForeseenAnswer]
    possible: int


def dates_as_json(bookings: Iterable[Booking]) -> list[dict[str, Any]]:
    """Bookings of a series, briefly."""
    return [
        {
            "reference": booking.reference,
            "status": booking.status.value,
            "starts_at": local(booking.starts_at),
            "ends_at": local(booking.ends_at),
        }
        for booking in bookings
    ]


def series_as_json(held: Series, standing: Sequence[Booking] | None = None) -> dict[str, Any]:
    """The series with the bookings that stand, or with those given."""
    shown = series.live(held) if standing is None else standing
    return {
        "reference": held.reference,
        "rrule": held.rrule,
        "until": local(series.dates_by_rule(held)[-1], ZoneInfo(held.zone)),
        "dates": len(shown),
        "bookings": dates_as_json(shown),
    }


def made_as_json(made: series.Made, total: Money) -> dict[str, Any]:
    """What came of a rule: the series with its bookings, and the dates that were taken."""
    told = series_as_json(made.series, made.bookings)
    told["total"] = total.as_json()
    return {"series": told, "skipped": skipped_as_json(made.skipped)}


def skipped_as_json(skipped: Iterable[Skipped]) -> list[dict[str, Any]]:
    """Dates that were taken."""
    return [
        {
            "starts_at": local(one.starts_at),
            "ends_at": local(one.ends_at),
            "conflicts": one.conflicts,
        }
        for one in skipped
    ]


def whole_as_json(held: Series) -> dict[str, Any]:
    """The series with all there is to know of it."""
    before = series.preceding(held)
    until = held.reconfirmed_until
    return series_as_json(held) | {
        "unit": held.unit.slug,
        "zone": held.zone,
        "on_conflict": held.on_conflict.value,
        "calendar": [_date(one) for one in series.calendar(held)],
        "follows": before.reference if before else None,
        "goes_on_as": [one.reference for one in series.following(held)],
        "reconfirmed_until": local(until) if until and held.reconfirm_weeks else None,
        "asks_to_reconfirm": reconfirmation.is_asked(held),
    }


def _date(one: SeriesDate) -> dict[str, Any]:
    booking = one.booking
    return {
        "starts_at": local(one.starts_at),
        "ends_at": local(one.ends_at),
        "state": one.state.value,
        "reference": booking.reference if booking else None,
        "status": booking.status.value if booking else None,
    }


def preview_as_json(rrule: str, dates: Sequence[Foreseen]) -> dict[str, Any]:
    """What would become of each date. Who has a taken one is not told."""
    return {
        "rrule": rrule,
        "dates": [
            {
                "starts_at": local(one.starts_at),
                "ends_at": local(one.ends_at),
                "state": one.prospect.value,
                "left_out": one.is_left_out,
                "conflicts": one.conflicts,
            }
            for one in dates
        ],
        "possible": sum(one.is_possible and not one.is_left_out for one in dates),
    }
