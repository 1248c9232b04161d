"""The programme of an event and the people who answer for it, kept with the booking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import asking, catalogue, journal, moves, shifts
from rental.errors import BadProgramme, MovedOn
from rental.models import (
    Booking,
    BookingStatus,
    Contact,
    Member,
    ProgrammeEntry,
    Resource,
)

MOST_ENTRIES, MOST_CONTACTS = 200, 50
# Until the event is over its programme may change, also after the desk has confirmed it.
OPEN = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER})


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One point of the programme as it is told; `resource` is the code of where it happens."""

    starts_at: datetime
    title: str
    ends_at: datetime | None = None
    lead: str | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class NewContact:
    """A person of the event: what they do and how they are reached."""

    duty: str
    name: str
    phone: str | None = None
    email: str | None = None


def entries(booking: Booking) -> list[ProgrammeEntry]:
    """The programme in the order of time."""
    return list(
        db.session.scalars(
            sa.select(ProgrammeEntry)
            .where(ProgrammeEntry.booking_id == booking.id)
            .options(joinedload(ProgrammeEntry.resource))
            .order_by(ProgrammeEntry.starts_at, ProgrammeEntry.id)
        )
    )


def contacts(booking: Booking) -> list[Contact]:
    """The people in the order they were named."""
    query = sa.select(Contact).where(Contact.booking_id == booking.id).order_by(Contact.id)
    return list(db.session.scalars(query))


def zone_of(booking: Booking) -> ZoneInfo:
    """The wall clock that its programme is told by: that of the site of its first line."""
    return booking.lines[0].resource.site.tzinfo if booking.lines else clock.LOCAL


def outside(booking: Booking, entry: ProgrammeEntry) -> bool:
    """Whether an entry does not lie within the time of the booking any more."""
    last = entry.ends_at or entry.starts_at
    return entry.starts_at < booking.starts_at or last > booking.ends_at


def replace(
    booking: Booking, told: Sequence[NewEntry], people: Sequence[NewContact], *, by: Member
) -> None:
    """Put these in place of all there were; raises BadProgramme, UnknownResource or MovedOn."""
    if moves.lock(booking).status not in OPEN:
        raise MovedOn(
            "A booking that is {status} keeps the programme it had; request a new booking.",
            status=booking.status,
        )
    if len(told) > MOST_ENTRIES or len(people) > MOST_CONTACTS:
        raise BadProgramme(
            "A programme has at most {entries} points and {people} people; shorten it.",
            entries=MOST_ENTRIES,
            people=MOST_CONTACTS,
        )
    for entry in told:
        _check(booking, entry)
    resources = catalogue.by_codes(entry.resource for entry in told if entry.resource)
    _clear(booking)
    db.session.add_all(_entry(booking, entry, resources) for entry in told)
    db.session.add_all(_contact(booking, person) for person in people)
    db.session.flush()
    journal.record(booking, "programme_changed", by=by, entries=len(told), people=len(people))


def _entry(booking: Booking, told: NewEntry, resources: Mapping[str, Resource]) -> ProgrammeEntry:
    return ProgrammeEntry(
        booking_id=booking.id,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        title=_required(told.title, 200),
        lead=_kept(told.lead, 200),
        resource_id=resources[told.resource].id if told.resource else None,
    )


def _contact(booking: Booking, told: NewContact) -> Contact:
    return Contact(
        booking_id=booking.id,
        duty=_required(told.duty, 100),
        name=_required(told.name, 200),
        phone=_kept(told.phone, 40),
        email=_kept(told.email, 200),
    )


def copy(origin: Booking, to: Booking) -> None:
    """Give a new booking the programme and people of another, at the same wall-clock times."""
    days = shifts.days_to(shifts.of(origin), shifts.first_day(shifts.of(to)))
    zone = zone_of(origin)
    for entry in entries(origin):
        starts_at = shifts.shifted_instant(entry.starts_at, days, zone)
        ends_at = shifts.shifted_instant(entry.ends_at, days, zone) if entry.ends_at else None
        db.session.add(
            ProgrammeEntry(
                booking_id=to.id,
                starts_at=starts_at,
                ends_at=ends_at if ends_at is None or ends_at > starts_at else None,
                title=entry.title,
                lead=entry.lead,
                resource_id=entry.resource_id,
            )
        )
    for person in contacts(origin):
        db.session.add(
            Contact(
                booking_id=to.id,
                duty=person.duty,
                name=person.name,
                phone=person.phone,
                email=person.email,
            )
        )
    db.session.flush()


def follow(booking: Booking, was: tuple[datetime, datetime]) -> None:
    """Move the programme with a booking that moved as a whole; otherwise it stays as it was told.

    `was` is the span before. Entries keep their distance to the start by the watch.
    """
    before, after = was[0], booking.starts_at
    if before == after or was[1] - before != booking.ends_at - after:
        return
    for entry in entries(booking):
        entry.starts_at += after - before
        if entry.ends_at is not None:
            entry.ends_at += after - before
    db.session.flush()


def _check(booking: Booking, entry: NewEntry) -> None:
    if entry.ends_at is not None and entry.ends_at <= entry.starts_at:
        raise BadProgramme("{title}: the end must come after the start.", title=entry.title)
    last = entry.ends_at or entry.starts_at
    if entry.starts_at < booking.starts_at or last > booking.ends_at:
        raise BadProgramme(
            "{title}: the time lies outside the booking; choose one within it, or extend the "
            "booking first.",
            title=entry.title,
        )


def _clear(booking: Booking) -> None:
    for model in (ProgrammeEntry, Contact):
        db.session.execute(
            sa.delete(model)
            .where(model.booking_id == booking.id)
            .execution_options(synchronize_session="fetch")
        )


def _required(value: str, most: int) -> str:
    kept = _kept(value, most)
    if kept is None:
        raise BadProgramme("A point needs a title, and a person a duty and a name; fill them in.")
    return kept


def _kept(value: str | None, most: int) -> str | None:
    """One line of composed text; raises BadProgramme where it is longer than it may be."""
    words = asking.text(" ".join(value.split())) if value else None
    if words and len(words) > most:
        raise BadProgramme(
            "'{text}…' is too long; {most} characters at most.", text=words[:40], most=most
        )
    return words
