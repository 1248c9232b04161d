"""The wall: the whole centre on one screen, for a room to read from three metres.

Everybody who looks gets the same picture, made at most every few seconds, so that a wall in each
room costs no more than one. It says loudly when what it shows is old.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa
from flask import Blueprint, current_app, render_template, url_for
from sqlalchemy.orm import joinedload, selectinload

from config import clock
from config.database import db
from config.settings import Settings
from monitoring import port_rates, troubles
from monitoring.exposure import Quiet
from monitoring.models import Device, DeviceStatus
from monitoring.port_rates import PortRate
from monitoring.rules import Severity
from monitoring.troubles import Trouble
from portal.access import may
from portal.pages import formats
from portal.pages.home import today
from portal.pages.troubles import said
from rental.models import Booking, BookingStatus, Line

pages = Blueprint("wall", __name__, url_prefix="/wall")

Made = TypeVar("Made")

FRESH_SECONDS = 3.0
# Rates need two readings of every switch: looked at less often.
RATES_SECONDS = 20.0
# So many pauses between polls without any poll mean that nobody polls.
SILENT_PAUSES = 4
MOST_TROUBLES, MOST_EVENTS, MOST_PORTS = 7, 5, 6
# Switches whose ports are looked at; a larger centre has Grafana for the rest.
MOST_SWITCHES = 60
WORST_FIRST = (DeviceStatus.DOWN, DeviceStatus.DEGRADED, DeviceStatus.UNKNOWN, DeviceStatus.UP)
COMING = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)


@dataclass(frozen=True, slots=True)
class Tile:
    """A device: its name, state, and whether a running event uses it."""

    name: str
    status: DeviceStatus
    is_live: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to look after, in the words of the page."""

    device: str
    said: str
    severity: Severity
    since: datetime
    is_live: bool
    # Why nobody is woken for it.
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class Event:
    """An event of today: when, what, where."""

    title: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    places: tuple[str, ...]
    is_live: bool
    is_handed_over: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the wall shows, as of `at`."""

    at: datetime
    polled_at: datetime | None
    is_silent: bool
    counts: dict[DeviceStatus, int]
    tiles: list[Tile]
    troubles: list[Shown]
    more_troubles: int
    live: list[Event]
    coming: list[Event]


@dataclass(slots=True)
class Kept(Generic[Made]):
    """One value for all who ask, made anew when it is older than so many seconds."""

    seconds: float
    value: Made | None = None
    made_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, make: Callable[[], Made]) -> Made:
        """The value; whoever comes first makes it, the others wait for that one."""
        with self.lock:
            if self.value is None or time.monotonic() - self.made_at > self.seconds:
                self.value, self.made_at = make(), time.monotonic()
            return self.value


@pages.get("")
@may("see devices")
def show() -> str:
    """The wall; it asks for the next picture by itself."""
    return drawn("wall/show.html", url_for(".now"))


@pages.get("/now")
@may("see devices")
def now() -> str:
    """The picture of this moment."""
    return drawn("wall/_now.html", url_for(".now"))


def drawn(template: str, next_picture: str) -> str:
    """The template with the picture that everybody shares, and where the next one is asked for."""
    kept: dict[str, Kept[object]] = current_app.extensions.setdefault("wall", {})
    # Its words are those of a language.
    pictures = kept.setdefault(formats.language(), Kept(FRESH_SECONDS))
    ports = kept.setdefault("talkers", Kept(RATES_SECONDS))
    return render_template(
        template,
        wall=pictures.get(snapshot),
        talkers=ports.get(talkers),
        next_picture=next_picture,
    )


def snapshot() -> Snapshot:
    """Read everything anew."""
    at = clock.now()
    settings: Settings = current_app.extensions["settings"]
    found = troubles.all_(at)
    live = {one.device.id for one in found if one.uses}
    rows = db.session.execute(
        sa.select(Device.id, Device.name, Device.status, Device.last_poll_at).where(
            Device.is_enabled
        )
    ).all()
    polled_at = max((row.last_poll_at for row in rows if row.last_poll_at), default=None)
    patience = timedelta(seconds=settings.poll_seconds * SILENT_PAUSES)
    tiles = [Tile(row.name, row.status, row.id in live) for row in rows]
    counts = dict.fromkeys(WORST_FIRST, 0)
    for tile in tiles:
        counts[tile.status] += 1
    events = _events(at)
    return Snapshot(
        at=at,
        polled_at=polled_at,
        is_silent=bool(rows) and (polled_at is None or at - polled_at > patience),
        counts=counts,
        tiles=sorted(tiles, key=lambda t: (WORST_FIRST.index(t.status), not t.is_live, t.name)),
        troubles=[_shown(one) for one in found[:MOST_TROUBLES]],
        more_troubles=max(len(found) - MOST_TROUBLES, 0),
        live=[event for event in events if event.is_live],
        coming=[event for event in events if not event.is_live][:MOST_EVENTS],
    )


def _shown(one: Trouble) -> Shown:
    return Shown(
        one.device.name,
        said(one),
        one.severity,
        one.since,
        is_live=bool(one.uses),
        quiet=one.quiet,
    )


def _events(at: datetime) -> list[Event]:
    day = today()
    query = (
        sa.select(Booking)
        .where(Booking.status.in_(COMING), Booking.starts_at < day.ends_at, Booking.ends_at > at)
        .options(joinedload(Booking.unit), selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.starts_at, Booking.id)
    )
    return [
        Event(
            title=booking.title,
            unit=booking.unit.name,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            places=tuple(dict.fromkeys(line.resource.name for line in booking.lines))[:3],
            is_live=booking.starts_at <= at,
            is_handed_over=booking.status is BookingStatus.HANDED_OVER,
        )
        for booking in db.session.scalars(query).unique()
    ]


def talkers() -> list[PortRate]:
    """The busiest ports of switches and routers just now."""
    at = clock.now()
    found = port_rates.of_devices(port_rates.switches(MOST_SWITCHES), port_rates.NOW, at)
    return port_rates.busiest(found, MOST_PORTS)
