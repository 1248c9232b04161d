"""What a private calendar says: bookings told as events, in the language of its member."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

from flask_babel import force_locale
from flask_babel import gettext as _

from config import clock
from portal import ical
from portal.access import allows
from portal.ical import Event, Sheet
from portal.models import Feed, FeedScope
from portal.pages import formats, states
from rental import agendas
from rental.models import Booking, BookingStatus, Line, Member, Resource, ResourceKind
from rental.period import Period

BACK, AHEAD = timedelta(days=60), timedelta(days=366)
SEE_ALL = "see every unit's bookings"
STATUS = {
    BookingStatus.REQUESTED: ical.TENTATIVE,
    BookingStatus.CONFIRMED: ical.CONFIRMED,
    BookingStatus.HANDED_OVER: ical.CONFIRMED,
    BookingStatus.RETURNED: ical.CONFIRMED,
    BookingStatus.DECLINED: ical.CANCELLED,
    BookingStatus.CANCELLED: ical.CANCELLED,
    BookingStatus.EXPIRED: ical.CANCELLED,
    BookingStatus.NO_SHOW: ical.CANCELLED,
}


def midnight() -> datetime:
    """When today began on the Centre's clock."""
    return datetime.combine(clock.today(), time(), clock.LOCAL).astimezone(UTC)


def window() -> Period:
    """From 60 days back to a year ahead, by whole days: the text stays the same all day long."""
    return Period(midnight() - BACK, midnight() + AHEAD)


@dataclass(frozen=True, slots=True)
class House:
    """The installation: its address, and the key that hides which line a stranger's event is."""

    public_url: str
    secret: str

    @property
    def host(self) -> str:
        """The fixed end of every UID."""
        return urlsplit(self.public_url).hostname or "localhost"

    def address(self, booking: Booking) -> str:
        """Where the booking stands."""
        return f"{self.public_url.rstrip('/')}/bookings/{booking.reference}"

    def veiled(self, line: Line) -> str:
        """A UID that stays with the line and does not tell which it is."""
        told = f"feed line {line.id}".encode()
        digest = hmac.new(self.secret.encode(), told, hashlib.sha256)
        return f"taken-{digest.hexdigest()[:24]}@{self.host}"


def sheet_of(feed: Feed, house: House) -> Sheet:
    """The feed as its member may see it now."""
    member = feed.member
    with force_locale(member.locale):
        if feed.scope is FeedScope.RESOURCE and feed.resource is not None:
            lines = agendas.of_resource(feed.resource, window())
            events = list(_of_lines(lines, member, house))
        else:
            events = [_of_booking(each, house) for each in _bookings(feed)]
        return Sheet(name_of(feed), clock.LOCAL.key, events)


def name_of(feed: Feed) -> str:
    """What the calendar is called, in the language in force."""
    if feed.scope is FeedScope.RESOURCE and feed.resource is not None:
        return f"{formats.title_of(feed.resource)} ({feed.resource.code})"
    if feed.scope is FeedScope.MEMBER:
        return _("My bookings · Press Center")
    if allows(feed.member, SEE_ALL):
        return _("All events · Press Center")
    return _("%(unit)s · Press Center", unit=feed.member.unit.name)


def _bookings(feed: Feed) -> list[Booking]:
    member = feed.member
    if feed.scope is FeedScope.MEMBER:
        return agendas.of_member(member.id, window())
    if allows(member, SEE_ALL):
        return agendas.of_house(window())
    return agendas.of_unit(member.unit_id, window())


def _summary(booking: Booking) -> str:
    if STATUS[booking.status] == ical.CANCELLED:
        return _("Off: %(title)s", title=booking.title)
    return booking.title


def _where(resources: Iterable[Resource]) -> str:
    rented = list(resources)
    halls = [formats.title_of(r) for r in rented if r.kind is ResourceKind.HALL]
    places = dict.fromkeys([*halls, *(r.site.name for r in rented[:1])])
    return ", ".join(places)


def _of_booking(booking: Booking, house: House) -> Event:
    return Event(
        uid=f"{booking.reference}@{house.host}",
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        summary=_summary(booking),
        status=STATUS[booking.status],
        sequence=booking.revision,
        changed_at=booking.changed_at,
        location=_where(line.resource for line in booking.lines),
        description=_told(booking),
        url=house.address(booking),
        category=str(states.EVENT_KINDS[booking.event_kind.value]),
    )


def _told(booking: Booking) -> str:
    """State, unit, and each line; a line says its times where they are not the event's."""
    lines = [
        f"{booking.reference} · {states.state('booking', booking.status).word}",
        booking.unit.name,
    ]
    for line in booking.lines:
        words = formats.title_of(line.resource)
        if line.quantity > 1:
            words += f" × {line.quantity}"
        if (line.starts_at, line.ends_at) != (booking.starts_at, booking.ends_at):
            zone = line.resource.site.tzinfo
            words += f": {formats.period(line.starts_at, line.ends_at, zone)}"
        lines.append(f"- {words}")
    return "\n".join(lines)


def _of_lines(lines: Iterable[Line], member: Member, house: House) -> Iterable[Event]:
    sees_all = allows(member, SEE_ALL)
    for line in lines:
        booking = line.booking
        if sees_all or booking.unit_id == member.unit_id:
            yield _own_line(line, house)
        elif STATUS[booking.status] != ical.CANCELLED:
            yield Event(
                uid=house.veiled(line),
                starts_at=line.starts_at,
                ends_at=line.ends_at,
                summary=_("Taken"),
                status=STATUS[booking.status],
                sequence=booking.revision,
                changed_at=booking.changed_at,
            )


def _own_line(line: Line, house: House) -> Event:
    booking = line.booking
    count = f" × {line.quantity}" if line.quantity > 1 else ""
    return Event(
        uid=f"{booking.reference}-{line.id}@{house.host}",
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        summary=_summary(booking) + count,
        status=STATUS[booking.status],
        sequence=booking.revision,
        changed_at=booking.changed_at,
        location=_where([line.resource]),
        description="\n".join(
            (
                f"{booking.reference} · {states.state('booking', booking.status).word}",
                booking.unit.name,
            )
        ),
        url=house.address(booking),
        category=str(states.EVENT_KINDS[booking.event_kind.value]),
    )
