"""How values are written for people: money, days, periods, rates, in the language of the page.

Instants come in UTC and are written on the wall clock of a zone, the site's where one is known.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, numbers
from flask_babel import get_locale
from flask_babel import gettext as _

from config import clock

GAP = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"
SCALES = ("", "k", "M", "G", "T")


def language() -> str:
    """The language of this page: vi or en."""
    chosen = get_locale()
    return chosen.language if chosen is not None else "vi"


def money(amount: Any) -> str:
    """A Money, or whole đồng: `1.500.000 đ` in Vietnamese, `1,500,000 đ` in English."""
    if amount is None:
        return ""
    minor = amount if isinstance(amount, int) else amount.minor
    currency = "VND" if isinstance(amount, int) else amount.currency
    sign = "đ" if currency == "VND" else currency
    return number(minor) + GAP + sign


def number(value: int) -> str:
    """A whole number with the language's separators."""
    return numbers.format_decimal(value, locale=language())


def local(instant: datetime, zone: ZoneInfo | None = None) -> datetime:
    """The instant on the wall clock of the zone."""
    return instant.astimezone(zone or clock.LOCAL)


def day(value: date | datetime, zone: ZoneInfo | None = None) -> str:
    """A calendar day: `T3, 24/11/2026` or `Tue, 24 Nov 2026`."""
    if isinstance(value, datetime):
        value = local(value, zone).date()
    form = "dd/MM/yyyy" if language() == "vi" else "d MMM yyyy"
    return f"{weekday(value)}, {dates.format_date(value, form, locale=language())}"


def weekday(value: date) -> str:
    """A weekday as calendars abbreviate it: `T3`, `CN`, `Tue`."""
    if language() == "vi":
        return ("T2", "T3", "T4", "T5", "T6", "T7", "CN")[value.weekday()]
    return dates.format_date(value, "ccc", locale="en")


def weekday_name(value: date) -> str:
    """A weekday in full: `Thứ Năm`, `Thursday`."""
    return dates.format_date(value, "EEEE", locale=language())


def short_day(value: date | datetime, zone: ZoneInfo | None = None) -> str:
    """A day of this year, without the year: `T3 24/11` or `Tue 24 Nov`."""
    if isinstance(value, datetime):
        value = local(value, zone).date()
    form = "dd/MM" if language() == "vi" else "d MMM"
    return f"{weekday(value)} {dates.format_date(value, form, locale=language())}"


def plain_day(value: date | datetime | None, zone: ZoneInfo | None = None) -> str:
    """A calendar day in figures: `24/11/2026` or `24 Nov 2026`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = local(value, zone).date()
    form = "dd/MM/yyyy" if language() == "vi" else "d MMM yyyy"
    return dates.format_date(value, form, locale=language())


def month(value: date) -> str:
    """A month and its year: `Tháng 11/2026` or `November 2026`."""
    form = "'Tháng' MM/yyyy" if language() == "vi" else "LLLL yyyy"
    return dates.format_date(value, form, locale=language())


def time(instant: datetime, zone: ZoneInfo | None = None) -> str:
    """A time of day: `08:00`."""
    return local(instant, zone).strftime("%H:%M")


def moment(instant: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A day and a time: `24/11/2026 08:00`."""
    if instant is None:
        return ""
    return f"{plain_day(instant, zone)}{GAP}{time(instant, zone)}"


def period(starts_at: datetime, ends_at: datetime | None, zone: ZoneInfo | None = None) -> str:
    """A span, with the day once where it is the same day: `T3, 24/11/2026, 08:00–11:30`."""
    first = f"{day(starts_at, zone)}, {time(starts_at, zone)}"
    if ends_at is None:
        return _("from %(moment)s", moment=first)
    same = local(starts_at, zone).date() == local(ends_at, zone).date()
    if same:
        return f"{first}{DASH}{time(ends_at, zone)}"
    return f"{first} {DASH} {day(ends_at, zone)}, {time(ends_at, zone)}"


def hours(starts_at: datetime, ends_at: datetime, zone: ZoneInfo | None = None) -> str:
    """The times alone: `08:00–11:30`, with the last day named where it is another."""
    if local(starts_at, zone).date() == local(ends_at, zone).date():
        return f"{time(starts_at, zone)}{DASH}{time(ends_at, zone)}"
    return f"{time(starts_at, zone)}{DASH}{short_day(ends_at, zone)} {time(ends_at, zone)}"


def percent(share: float | Fraction | None) -> str:
    """A share of one: `63,4 %` or `63.4%`; a dash where there is nothing to have a share of."""
    if share is None:
        return DASH
    return numbers.format_percent(float(share), "#,##0.0\u00a0%", locale=language())


def points(now: float | None, before: float | None) -> str:
    """The difference of two shares in percentage points, with its sign; empty without both."""
    if now is None or before is None:
        return ""
    found = round((now - before) * 100, 1)
    sign = "+" if found > 0 else "−" if found < 0 else "±"
    return sign + numbers.format_decimal(abs(found), "#,##0.0", locale=language())


def hour_count(seconds: Any) -> str:
    """Seconds as hours with one digit after the mark: `1.234,5`."""
    return numbers.format_decimal(round(float(seconds) / 3600, 1), "#,##0.0", locale=language())


def iso(instant: datetime, zone: ZoneInfo | None = None) -> str:
    """For machines, with the offset of the zone: `2026-11-24T08:00:00+07:00`."""
    return local(instant, zone).isoformat(timespec="seconds")


def month_key(instant: datetime) -> str:
    """The month an instant lies in, as addresses write it: `2026-11`."""
    return local(instant).strftime("%Y-%m")


def duration(span: timedelta) -> str:
    """A length of time in hours and minutes: `3 giờ 30 phút`."""
    minutes = round(span.total_seconds() / 60)
    whole, rest = divmod(minutes, 60)
    if whole >= 48:
        return _("%(days)s days", days=number(whole // 24))
    if whole and rest:
        return _("%(hours)s h %(minutes)s min", hours=whole, minutes=rest)
    return _("%(hours)s h", hours=whole) if whole else _("%(minutes)s min", minutes=rest)


def uptime(seconds: float | None) -> str:
    """How long a device has been running; a dash where it did not tell."""
    return DASH if seconds is None else duration(timedelta(seconds=seconds))


def ago(instant: datetime | None) -> str:
    """How far from now: `3 phút trước`, `trong 2 ngày nữa`."""
    if instant is None:
        return _("never")
    return dates.format_timedelta(
        instant - clock.now(), add_direction=True, locale=language(), threshold=1.2
    )


def events(count: int) -> str:
    """How many events: `3 sự kiện`."""
    return _("1 event") if count == 1 else _("%(count)s events", count=number(count))


def until(instant: datetime) -> str:
    """How long from now, without a direction: `2 ngày`."""
    return dates.format_timedelta(instant - clock.now(), locale=language(), threshold=1.2)


def field_time(instant: datetime | None, zone: ZoneInfo | None = None) -> str:
    """What `<input type="datetime-local">` expects: `2026-11-24T08:00`."""
    return local(instant, zone).strftime("%Y-%m-%dT%H:%M") if instant else ""


def scaled(value: float | None, unit: str) -> str:
    """A rate or size in thousands: `940 Mbit/s`; a dash where nothing was told."""
    if value is None:
        return DASH
    step = 0
    while abs(value) >= 1000 and step < len(SCALES) - 1:
        value /= 1000
        step += 1
    shown = f"{value:.0f}" if value >= 100 or step == 0 else f"{value:.1f}".removesuffix(".0")
    if language() == "vi":
        shown = shown.replace(".", ",")
    return f"{shown}{GAP}{SCALES[step]}{unit}"


def size(count: int) -> str:
    """How large a file is: `240 KB`, `1,4 MB`."""
    if count < 1_000_000:
        return f"{number(max(1, round(count / 1000)))}{GAP}KB"
    return numbers.format_decimal(round(count / 1e6, 1), locale=language()) + f"{GAP}MB"


SIGNS = {
    "celsius": "°C", "volts": "V", "amperes": "A", "watts": "W", "percent": "%", "hertz": "Hz",
    "rpm": "rpm", "seconds": "s", "minutes": "min", "cubic metres per minute": "m³/min",
}  # fmt: skip


def measured(value: float, unit: str | None) -> str:
    """What a sensor told, one digit after the mark and the sign of its unit: `34,5 °C`."""
    shown = numbers.format_decimal(round(value, 1), format="#,##0.#", locale=language())
    return f"{shown}{GAP}{SIGNS.get(unit, unit)}" if unit else shown


def initials(name: str) -> str:
    """One or two letters for a person: the first word's and the last word's."""
    words = name.split()
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "") if words else "?"
    return letters.upper()


def title_of(resource: Any) -> str:
    """A resource's name in the language of the page."""
    return str((language() == "en" and resource.name_en) or resource.name)


FILTERS = {
    "title_of": title_of,
    "money": money,
    "number": number,
    "day": day,
    "short_day": short_day,
    "plain_day": plain_day,
    "time": time,
    "moment": moment,
    "duration": duration,
    "uptime": uptime,
    "ago": ago,
    "until": until,
    "field_time": field_time,
    "percent": percent,
    "hour_count": hour_count,
    "weekday_name": weekday_name,
    "iso": iso,
    "month_key": month_key,
    "month": month,
    "measured": measured,
    "bytes": size,
    "scaled": scaled,
    "initials": initials,
}
