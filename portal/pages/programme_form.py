"""The form of an event's programme and people: kept as typed, errors beside the field."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from config.errors import Refusal
from portal.pages.sentences import spoken
from rental import programme
from rental.errors import BadProgramme, ChangedMeanwhile
from rental.models import Booking, Resource
from rental.programme import MOST_CONTACTS, MOST_ENTRIES, NewContact, NewEntry

POINT_FIELDS = ("day", "starts", "ends", "title", "lead", "resource")
PERSON_FIELDS = ("duty", "name", "phone", "email")


@dataclass(slots=True)
class TypedPoint:
    """One point of the programme as typed, and what is wrong with it."""

    day: str = ""
    starts: str = ""
    ends: str = ""
    title: str = ""
    lead: str = ""
    resource: str = ""
    errors: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed; the day stands there from the start."""
        return not any(
            word.strip() for word in (self.starts, self.ends, self.title, self.lead, self.resource)
        )


@dataclass(slots=True)
class TypedPerson:
    """One person as typed, and what is wrong with it."""

    duty: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    errors: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not any(word.strip() for word in (self.duty, self.name, self.phone, self.email))


@dataclass(slots=True)
class TypedProgramme:
    """The whole form; `seen` tells which version stood there when it was opened."""

    points: list[TypedPoint] = field(default_factory=list)
    people: list[TypedPerson] = field(default_factory=list)
    seen: str = ""
    error: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether any field carries an error."""
        return any(p.errors for p in self.points) or any(p.errors for p in self.people)


@dataclass(frozen=True, slots=True)
class ToldProgramme:
    """The form as the service takes it."""

    entries: list[NewEntry]
    people: list[NewContact]


def typed(form: MultiDict[str, str]) -> TypedProgramme:
    """The form as it came: parallel lists of its fields, blank rows left out."""
    points = _rows(form, "point", POINT_FIELDS, MOST_ENTRIES)
    people = _rows(form, "person", PERSON_FIELDS, MOST_CONTACTS)
    return TypedProgramme(
        points=[point for words in points if not (point := TypedPoint(*words)).is_blank],
        people=[person for words in people if not (person := TypedPerson(*words)).is_blank],
        seen=form.get("seen", ""),
    )


def _rows(
    form: MultiDict[str, str], of: str, names: tuple[str, ...], most: int
) -> list[tuple[str, ...]]:
    # One more than there may be, so that too many are refused and not cut off.
    columns = [form.getlist(f"{of}_{name}")[: most + 1] for name in names]
    return list(zip(*columns, strict=False))


def filled(booking: Booking) -> TypedProgramme:
    """The form with what stands there."""
    zone = programme.zone_of(booking)
    points = [
        TypedPoint(
            day=entry.starts_at.astimezone(zone).date().isoformat(),
            starts=_clock(entry.starts_at, zone),
            ends=_clock(entry.ends_at, zone) if entry.ends_at else "",
            title=entry.title,
            lead=entry.lead or "",
            resource=entry.resource.code if entry.resource else "",
        )
        for entry in programme.entries(booking)
    ]
    people = [
        TypedPerson(person.duty, person.name, person.phone or "", person.email or "")
        for person in programme.contacts(booking)
    ]
    return TypedProgramme(points, people, seen=version(booking))


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%H:%M")


def version(booking: Booking) -> str:
    """A word for what stands there now; another word means that somebody changed it."""
    stands = [
        [str(e.starts_at), str(e.ends_at), e.title, e.lead, e.resource_id]
        for e in programme.entries(booking)
    ]
    stands += [[p.duty, p.name, p.phone, p.email] for p in programme.contacts(booking)]
    return hashlib.sha256(json.dumps(stands).encode()).hexdigest()[:16]


def require_seen(booking: Booking, seen: str) -> None:
    """Raises ChangedMeanwhile where another version stands there. Call under the booking's lock."""
    if seen != version(booking):
        raise ChangedMeanwhile


def days_of(booking: Booking) -> tuple[date, date]:
    """The first and the last day of the event, on its wall clock."""
    zone = programme.zone_of(booking)
    last = booking.ends_at - timedelta(microseconds=1)
    return booking.starts_at.astimezone(zone).date(), last.astimezone(zone).date()


def told(form: TypedProgramme, booking: Booking) -> ToldProgramme | None:
    """The form as values; None, with errors filled in, where it cannot be read."""
    first, last = days_of(booking)
    clockface = _Clockface(first, last, programme.zone_of(booking))
    entries = [_entry(point, clockface) for point in form.points]
    people = [_person(person) for person in form.people]
    if form.is_wrong:
        return None
    return ToldProgramme([e for e in entries if e], [p for p in people if p])


@dataclass(frozen=True, slots=True)
class _Clockface:
    first: date
    last: date
    zone: ZoneInfo

    def instant(self, day: date, wall: time) -> datetime:
        """The instant of a wall-clock time."""
        return datetime.combine(day, wall, self.zone).astimezone(UTC)


def _entry(point: TypedPoint, clockface: _Clockface) -> NewEntry | None:
    if not point.title.strip():
        point.errors["title"] = _("What happens then?")
    day = _day(point, clockface)
    starts, ends = _time(point, "starts"), _time(point, "ends")
    if starts is None and "starts" not in point.errors:
        point.errors["starts"] = _("A time, please.")
    if point.errors or day is None or starts is None:
        return None
    ends_at = None
    if ends is not None:
        # An event that goes on past midnight has points that do.
        is_overnight = ends <= starts and clockface.first < clockface.last
        ends_at = clockface.instant(day + timedelta(days=is_overnight), ends)
    return NewEntry(
        starts_at=clockface.instant(day, starts),
        ends_at=ends_at,
        title=point.title,
        lead=point.lead or None,
        resource=point.resource or None,
    )


def _day(point: TypedPoint, clockface: _Clockface) -> date | None:
    if not point.day or clockface.first == clockface.last:
        return clockface.first
    try:
        return date.fromisoformat(point.day)
    except ValueError:
        point.errors["day"] = _("A day, please.")
        return None


def _time(point: TypedPoint, name: str) -> time | None:
    text = getattr(point, name).strip()
    if not text:
        return None
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        point.errors[name] = _("A time, please.")
        return None


def _person(person: TypedPerson) -> NewContact | None:
    if not person.duty.strip():
        person.errors["duty"] = _("What do they do there?")
    if not person.name.strip():
        person.errors["name"] = _("Who is it?")
    if person.errors:
        return None
    return NewContact(person.duty, person.name, person.phone or None, person.email or None)


def note_refusal(form: TypedProgramme, refusal: Refusal) -> None:
    """Put a refusal beside the point it names, or above the form."""
    title = refusal.values.get("title")
    named = [point for point in form.points if " ".join(point.title.split()) == title]
    if isinstance(refusal, BadProgramme) and len(named) == 1:
        named[0].errors["starts"] = spoken(refusal)
    else:
        form.error = spoken(refusal)


def places(booking: Booking) -> list[Resource]:
    """Where a point may happen: what is booked, halls first."""
    found = {line.resource.code: line.resource for line in booking.lines}
    return sorted(found.values(), key=lambda resource: (resource.kind.value != "hall", resource.id))
