"""Rules of series in the words of the page's language."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from portal.pages import formats
from rental import repeats
from rental.models import Series
from rental.repeats import LAST, Every, Repeat

NTH = {
    1: lazy_gettext("first"),
    2: lazy_gettext("second"),
    3: lazy_gettext("third"),
    4: lazy_gettext("fourth"),
    5: lazy_gettext("fifth"),
    LAST: lazy_gettext("last"),
}
# A Monday, to name the weekdays by.
MONDAY = date(2024, 1, 1)


def weekday_name(weekday: int) -> str:
    """The weekday in full, 0 is Monday; in the middle of a sentence."""
    return formats.weekday_name(MONDAY.replace(day=1 + weekday))


def in_words(rrule: str, first: datetime, zone: ZoneInfo) -> str:
    """`every week on Tuesday, until 31/12/2026`; the rule itself where it says more than that."""
    repeat = repeats.of_rule(rrule, first, zone)
    return said(repeat) if repeat is not None else rrule


def said(repeat: Repeat) -> str:
    """The repetition with its end."""
    if repeat.count is not None:
        return _("%(rule)s, %(count)s times", rule=_how_often(repeat), count=repeat.count)
    return _(
        "%(rule)s, until %(day)s", rule=_how_often(repeat), day=formats.plain_day(repeat.until)
    )


def _how_often(repeat: Repeat) -> str:
    number = repeat.interval
    if repeat.every is Every.DAY:
        return _("every day") if number == 1 else _("every %(number)s days", number=number)
    if repeat.every is Every.WEEK:
        days = ", ".join(weekday_name(day) for day in repeat.weekdays)
        if number == 1:
            return _("every week on %(days)s", days=days)
        return _("every %(number)s weeks on %(days)s", number=number, days=days)
    return _monthly(repeat)


def _monthly(repeat: Repeat) -> str:
    if repeat.nth is not None:
        weekday, nth = weekday_name(repeat.weekdays[0]), str(NTH[repeat.nth])
        if repeat.interval == 1:
            return _("every month on the %(nth)s %(weekday)s", nth=nth, weekday=weekday)
        return _(
            "every %(number)s months on the %(nth)s %(weekday)s",
            number=repeat.interval,
            nth=nth,
            weekday=weekday,
        )
    if repeat.interval == 1:
        return _("every month on day %(day)s", day=repeat.month_day)
    return _("every %(number)s months on day %(day)s", number=repeat.interval, day=repeat.month_day)


def of_series(held: Series) -> str:
    """The rule of a series in words, with a capital."""
    words = in_words(held.rrule, held.first_at, ZoneInfo(held.zone))
    return words[:1].upper() + words[1:]
