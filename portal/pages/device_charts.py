"""Charts of a device: what may be drawn, from 15 minutes to a year, with outages and bookings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import access_ports, charts, devices, rolling
from monitoring.charts import Level, Line, Sample
from monitoring.models import Device, Outage
from monitoring.rolling import Series, SeriesKind
from portal.access import may
from portal.jobs import settings_here
from portal.pages import formats
from portal.pages.reading import BadField
from rental.models import Booking, BookingStatus
from rental.models import Line as BookedLine
from rental.period import Period

pages = Blueprint("device_charts", __name__, url_prefix="/devices")

SPANS = {
    "quarter": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "six_hours": timedelta(hours=6),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
# A span as short as this is asked for again every half minute while somebody looks.
LIVE = timedelta(hours=6)
# Without an end a drawn window could be a century of polls.
LONGEST = timedelta(days=3660)
HELD = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)
SHORTEST = timedelta(seconds=10)
# Beyond it a day is a sample: the course of every day would only be a thick line.
BY_DAYS, DAYS_LIMIT = timedelta(days=60), 366
TABLE_ROWS = 48
MOST_MARKS = 40


@dataclass(frozen=True, slots=True)
class Chart:
    """What the chart of a device's page shows: which key, over which span."""

    key: str
    span: str
    title: str
    # Keys and titles of everything that can be drawn.
    choices: list[tuple[str, str]]

    @property
    def is_live(self) -> bool:
        """Whether it is short enough to be followed as it happens."""
        return SPANS[self.span] <= LIVE


def span_words() -> list[tuple[str, str]]:
    """The spans as their tabs say them."""
    return [
        ("quarter", _("15 minutes")),
        ("hour", _("Hour")),
        ("six_hours", _("6 hours")),
        ("day", _("Day")),
        ("week", _("Week")),
        ("month", _("30 days")),
        ("year", _("Year")),
    ]


def title_of(series: Series) -> str:
    """What a chart is called."""
    name = series.name or "–"
    if series.kind in (SeriesKind.IN, SeriesKind.OUT):
        return _("Traffic of %(interface)s", interface=name)
    if series.kind is SeriesKind.LOAD:
        return _("Load of %(name)s", name=series.name or _("Processor"))
    if series.kind is SeriesKind.USED:
        return _("%(name)s in use", name=name)
    return name


def chart_of(device: Device, busiest: str | None) -> Chart | None:
    """The chart that the page's address asks for, else that of the busiest interface."""
    known = {key: title_of(series) for key, series in charts.keys(device).items()}
    interface = request.args.get("interface") or busiest
    asked = [request.args.get("chart", ""), f"{charts.PORT}:{interface}", *known]
    key = next((one for one in asked if one in known), None)
    if key is None:
        return None
    return Chart(key, _span(), known[key], list(known.items()))


def _span() -> str:
    span = request.args.get("span", "hour")
    return span if span in SPANS else "hour"


FOR_TEMPLATES = {"device_chart": chart_of, "chart_spans": span_words}


@pages.get("/<int:device_id>/chart.json")
@may("see devices")
def points(device_id: int) -> Response:
    """The lines of `of` over `span`, or from `from` to `to` in seconds since 1970."""
    device, period = devices.get(device_id), _period()
    limit = DAYS_LIMIT if period.ends_at - period.starts_at > BY_DAYS else charts.LIMIT
    level, lines = drawn(device, request.args.get("of", ""), period, limit=limit)
    times = sorted({sample.at for line in lines for sample in line.samples})
    return jsonify(
        times=[at.timestamp() for at in times],
        series=[_line_as_json(line, times) for line in lines],
        unit=lines[0].series.unit or "" if lines else "",
        zone=device.site.zone,
        level=level.value,
        since=period.starts_at.timestamp(),
        until=period.ends_at.timestamp(),
        marks=_marks(device, period),
    )


@pages.get("/<int:device_id>/chart")
@may("see devices")
def table(device_id: int) -> str:
    """The same as a table, for who reads rather than looks."""
    device, period = devices.get(device_id), _period()
    _level, lines = drawn(device, request.args.get("of", ""), period, limit=TABLE_ROWS)
    return render_template(
        "devices/_chart_table.html",
        heads=[line_word(line.series) for line in lines],
        rows=_rows(lines),
        device=device,
    )


def line_word(series: Series) -> str:
    """What one line of a chart is called."""
    words = {SeriesKind.IN: _("In"), SeriesKind.OUT: _("Out"), SeriesKind.LOAD: _("Load")}
    return words.get(series.kind) or title_of(series)


def drawn(
    device: Device, key: str, period: Period, *, limit: int = charts.LIMIT
) -> tuple[Level, list[Line]]:
    """The lines of a key from the level that suits the period."""
    settings = settings_here()
    days = {Level.POLL: settings.readings_days, Level.FIVE_MINUTES: settings.five_minute_days}
    level = charts.level_for(period, clock.now(), days)
    return level, charts.lines(device, key, period, level, limit=limit)


def _period() -> Period:
    now = clock.now()
    since, until = request.args.get("from"), request.args.get("to")
    if since is None or until is None:
        return Period(now - SPANS[_span()], now + timedelta(seconds=1))
    try:
        asked = Period(rolling.EPOCH + _seconds(since), rolling.EPOCH + _seconds(until))
    except (ValueError, OverflowError):
        raise BadField from None
    if not SHORTEST <= asked.ends_at - asked.starts_at <= LONGEST:
        raise BadField
    return asked


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=float(text))


def _line_as_json(line: Line, times: list[Any]) -> dict[str, Any]:
    by_time = {sample.at: sample for sample in line.samples}
    samples = [by_time.get(at) or Sample(at, None, None, None) for at in times]
    return {
        "name": line_word(line.series),
        "values": [sample.mean for sample in samples],
        "low": [sample.low for sample in samples],
        "high": [sample.high for sample in samples],
    }


def _rows(lines: list[Line]) -> list[tuple[Any, list[tuple[str, str]]]]:
    """Of each moment the mean and the highest of every line, the newest first."""
    unit = lines[0].series.unit if lines else None
    by_time: dict[Any, dict[int, Sample]] = {}
    for nth, line in enumerate(lines):
        for sample in line.samples:
            by_time.setdefault(sample.at, {})[nth] = sample
    found = []
    for at in sorted(by_time, reverse=True):
        told = [by_time[at].get(nth) for nth in range(len(lines))]
        pair = [
            (_said(one.mean, unit), _said(one.high, unit)) if one else ("–", "–") for one in told
        ]
        found.append((at, pair))
    return found


def _said(number: float | None, unit: str | None) -> str:
    if number is None:
        return "–"
    return formats.scaled(number, unit) if unit == "bit/s" else formats.measured(number, unit)


def _marks(device: Device, period: Period) -> list[dict[str, Any]]:
    """Outages and bookings in the period, to be marked on the axis of time."""
    found = [
        {"kind": "outage", "word": _("Outage"), "from": began, "to": ended or clock.now()}
        for began, ended in db.session.execute(
            sa.select(Outage.began_at, Outage.ended_at)
            .where(
                Outage.device_id == device.id,
                Outage.began_at < period.ends_at,
                sa.or_(Outage.ended_at.is_(None), Outage.ended_at > period.starts_at),
            )
            .order_by(Outage.began_at.desc())
            .limit(MOST_MARKS)
        )
    ]
    found.extend(
        {
            "kind": "booking",
            "word": f"{line.booking.reference} {line.booking.title}",
            "from": line.starts_at,
            "to": line.ends_at,
        }
        for line in _booked(device, period)
    )
    return [
        {**mark, "from": mark["from"].timestamp(), "to": mark["to"].timestamp()} for mark in found
    ]


def _booked(device: Device, period: Period) -> list[BookedLine]:
    """Lines of the resource it serves and of the circuits that its ports hand out."""
    wanted = {port.resource_id for port in access_ports.of_device(device).values()}
    if device.resource_id is not None:
        wanted.add(device.resource_id)
    query = (
        sa.select(BookedLine)
        .join(BookedLine.booking)
        .where(
            BookedLine.resource_id.in_(wanted),
            BookedLine.starts_at < period.ends_at,
            BookedLine.ends_at > period.starts_at,
            Booking.status.in_(HELD),
        )
        .options(joinedload(BookedLine.booking))
        .order_by(BookedLine.starts_at.desc(), BookedLine.id.desc())
        .limit(MOST_MARKS)
    )
    return list(db.session.scalars(query))
