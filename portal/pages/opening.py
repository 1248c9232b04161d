"""What pages say of days off and of hours that a site does not keep."""

from datetime import date, datetime

from flask_babel import gettext as _

from portal.pages import formats
from rental import holidays, hours
from rental.models import Line, Resource, Site
from rental.period import Period


def holiday(day: date) -> str:
    """The public holiday of this day in the language of the page; empty where it is none."""
    name = holidays.on(day)
    return name.in_language(formats.language()) if name else ""


def day_off(instant: datetime, site: Site) -> str:
    """Why the site keeps other hours than usual at this time: a holiday's or special day's name."""
    name = hours.day_off(site, instant.astimezone(site.tzinfo).date())
    return name.in_language(formats.language()) if name else ""


def outside(resource: Resource, period: Period) -> str:
    """That a hall is asked for while its site is closed, and why if a day off is the reason."""
    if not hours.is_closed(resource, period):
        return ""
    name = day_off(period.starts_at, resource.site)
    words = _("Outside opening hours")
    return f"{words}: {name}" if name else words


def outside_of(line: Line) -> str:
    """The same of a line of a booking."""
    return outside(line.resource, Period(line.starts_at, line.ends_at))


def outside_any(lines: list[Line]) -> str:
    """The first of what there is to say of these lines."""
    return next((words for line in lines if (words := outside_of(line))), "")
