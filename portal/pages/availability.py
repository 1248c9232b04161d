"""How long devices, resources and circuits were available: a month day by day, and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from config import clock
from monitoring import devices, uptimes
from monitoring.availability import Availability
from monitoring.models import Device, DeviceRole
from monitoring.uptimes import Lasting
from portal import sheets
from portal.access import may
from portal.pages import formats, reading
from portal.pages.export_tables import AVAILABILITY_HEADS, Table
from portal.pages.exports import sent
from rental import catalogue
from rental.models import Booking, Resource
from rental.period import Period

pages = Blueprint("availability", __name__, url_prefix="/devices")


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a device or a resource: a word for its square, and what it was."""

    day: date
    had: Availability

    @property
    def look(self) -> str:
        """How the square is drawn: well, some, bad, pause or unknown."""
        if self.had.down:
            return "bad" if self.had.down * 20 >= self.had.known else "some"
        if self.had.known:
            return "well"
        return "pause" if self.had.maintenance else "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """A device, or a resource with the devices it is judged by, over a month."""

    name: str
    device: Device | None
    resource: Resource | None
    serving: Sequence[Device]
    total: Availability
    days: list[Day]


@pages.get("/availability", endpoint="show")
@may("see devices")
def show() -> str:
    """Every device, or every resource that is measured, over a month, day by day."""
    first = _month()
    rows = _rows(first)
    return render_template(
        "devices/availability.html",
        first=first,
        before=_shifted(first, -1),
        after=_shifted(first, 1) if _shifted(first, 1) <= clock.today() else None,
        rows=rows,
        total=sum((row.total for row in rows), Availability()),
        of_resources=_of_resources(),
    )


def _file(form: str) -> Response:
    """The month by day, with the whole of each month in a row without a day."""
    first = _month()
    table = Table(f"availability-{first:%Y-%m}", AVAILABILITY_HEADS, _told(_rows(first)))
    return sent(table, form, spoken=True)


for _form in sheets.WRITERS:
    pages.add_url_rule(
        f"/availability.{_form}",
        endpoint=_form,
        view_func=may("see devices")(partial(_file, _form)),
    )


def _told(rows: Sequence[Row]) -> Iterator[Sequence[sheets.Value]]:
    for row in rows:
        code = row.resource.code if row.device is None and row.resource else row.name
        yield code, row.name, None, *_numbers(row.total)
        for day in row.days:
            if day.had.whole:
                yield code, row.name, day.day.isoformat(), *_numbers(day.had)


def _numbers(had: Availability) -> tuple[sheets.Value, ...]:
    return (
        None if had.ratio is None else float(had.ratio),
        had.up.total_seconds(),
        had.degraded.total_seconds(),
        had.down.total_seconds(),
        had.unknown.total_seconds(),
        had.maintenance.total_seconds(),
    )


def _of_resources() -> bool:
    return request.args.get("of") == "resources"


def _month() -> date:
    text = request.args.get("month", "")
    try:
        asked = date.fromisoformat(f"{text}-01") if text else clock.today()
    except ValueError:
        raise reading.BadField(_("Write the month as 2026-11.")) from None
    if not 2000 <= asked.year <= 2100:
        raise reading.BadField(_("Write the month as 2026-11."))
    return asked.replace(day=1)


def _shifted(first: date, months: int) -> date:
    return (first + timedelta(days=32 if months > 0 else -1)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LOCAL).astimezone(UTC)


def _rows(first: date) -> list[Row]:
    """The rows of the month, until now if it lasts; none before it has begun."""
    starts_at, ends_at = _midnight(first), min(_midnight(_shifted(first, 1)), clock.now())
    if starts_at >= ends_at:
        return []
    period = Period(starts_at, ends_at)
    q = request.args.get("q", "")[:100]
    return _resources(q, first, period) if _of_resources() else _devices(q, first, period)


def _devices(q: str, first: date, period: Period) -> list[Row]:
    wanted = devices.Wanted(role=reading.word(request.args, "role", DeviceRole), q=q)
    found = [device for device in devices.search(wanted) if device.is_enabled]
    lasting = uptimes.of_devices(found, period)
    return [
        Row(device.name, device, device.resource, (), lasting[device.id].total, days)
        for device in found
        for days in [_days(lasting[device.id], first)]
    ]


def _resources(q: str, first: date, period: Period) -> list[Row]:
    found = catalogue.search(q=q or None)
    serving = uptimes.serving([resource.id for resource in found])
    lasting: Mapping[int, Lasting] = uptimes.of_resources(serving, period)
    return [
        Row(
            formats.title_of(resource),
            None,
            resource,
            serving[resource.id],
            lasting[resource.id].total,
            _days(lasting[resource.id], first),
        )
        for resource in found
        if resource.id in lasting
    ]


def _days(lasting: Lasting, first: date) -> list[Day]:
    days = [first + timedelta(days=n) for n in range((_shifted(first, 1) - first).days)]
    spans = [Period(_midnight(day), _midnight(day + timedelta(days=1))) for day in days]
    return [Day(day, lasting.within(span)) for day, span in zip(days, spans, strict=True)]


def _of_booking(booking: Booking) -> list[uptimes.OfLine]:
    """What the measured lines of a booking had so far."""
    return uptimes.of_booking(booking, clock.now())


FOR_TEMPLATES: dict[str, Any] = {"availability_of_booking": _of_booking}
