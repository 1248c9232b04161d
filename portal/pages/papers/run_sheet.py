"""Run sheet: who does what where and when, for the people who carry the event."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from config import clock
from portal.pages import formats
from portal.pages.papers import sheets
from portal.pages.papers.sheets import Block, Column, Row, Sheet
from portal.pages.states import BOOKING, EVENT_KINDS, KINDS
from rental import programme
from rental.models import Booking, Line, ProgrammeEntry, Resource, ResourceKind


def sheet(booking: Booking) -> Sheet:
    """The run sheet of a booking, as it stands now."""
    entries = programme.entries(booking)
    people = programme.contacts(booking)
    blocks = [
        sheets.facts(
            [
                (_("Unit"), booking.unit.name),
                (_("Kind"), str(EVENT_KINDS[booking.event_kind.value])),
                (_("When"), formats.period(booking.starts_at, booking.ends_at)),
                (_("Attendees"), formats.number(booking.attendees) if booking.attendees else None),
                (_("Requested by"), f"{booking.member.name}, {booking.member.email}"),
                (_("State"), str(BOOKING[booking.status.value].word)),
                (_("Note"), booking.note),
            ]
        ),
        sheets.heading(_("Programme")),
        _programme(booking, entries),
        sheets.heading(_("People and telephones")),
        _people([(one.duty, one.name, one.phone, one.email) for one in people]),
        sheets.heading(_("Rooms, equipment and circuits")),
        _lines(booking.lines),
    ]
    return Sheet(
        title=_("RUN SHEET"),
        under=(booking.title, _("as of %(moment)s", moment=formats.moment(clock.now()))),
        blocks=tuple(blocks),
    )


def _programme(booking: Booking, entries: Sequence[ProgrammeEntry]) -> Block:
    if not entries:
        return sheets.text(_("Nobody has written the programme yet."))
    columns = (
        Column(_("Time"), "auto"),
        Column(_("What"), "1fr"),
        Column(_("Who leads"), "42mm"),
        Column(_("Where"), "38mm"),
    )
    rows: list[Row] = []
    zone = programme.zone_of(booking)
    for day, points in groupby(entries, key=lambda entry: formats.day(entry.starts_at, zone)):
        rows.append(sheets.group(day))
        rows += [_point(booking, entry) for entry in points]
    return sheets.ledger(columns, rows)


def _point(booking: Booking, entry: ProgrammeEntry) -> Row:
    outside = programme.outside(booking, entry)
    return sheets.row(
        sheets.told(span(entry, programme.zone_of(booking)), strong=True),
        sheets.told(entry.title, _("Outside the time of the booking") if outside else ""),
        entry.lead or "",
        formats.title_of(entry.resource) if entry.resource else "",
    )


def span(entry: ProgrammeEntry, zone: ZoneInfo) -> str:
    """From when until when, the end only where there is one."""
    if entry.ends_at is None:
        return formats.time(entry.starts_at, zone)
    return formats.hours(entry.starts_at, entry.ends_at, zone)


def _people(people: Iterable[tuple[str, str, str | None, str | None]]) -> Block:
    rows = [
        sheets.row(duty, sheets.told(name, strong=True), phone or "", email or "")
        for duty, name, phone, email in people
    ]
    if not rows:
        return sheets.text(_("Nobody is named yet."))
    columns = (
        Column(_("Duty"), "1fr"),
        Column(_("Name"), "1fr"),
        Column(_("Telephone"), "auto"),
        Column(_("E-mail"), "auto"),
    )
    return sheets.ledger(columns, rows)


def _lines(lines: Sequence[Line]) -> Block:
    columns = (
        Column(_("What"), "1fr"),
        Column(_("Quantity"), "auto", "end"),
        Column(_("Set-up from"), "auto"),
        Column(_("In use"), "auto"),
        Column(_("Cleared by"), "auto"),
    )
    rows: list[Row] = []
    for kind in ResourceKind:
        found = [line for line in lines if line.resource.kind is kind]
        if found:
            rows.append(sheets.group(str(KINDS[kind.value])))
            rows += [_line(line) for line in found]
    return sheets.ledger(columns, rows)


def _line(line: Line) -> Row:
    zone = line.resource.site.tzinfo
    set_up, cleared = around(line.resource, line.starts_at, line.ends_at)
    return sheets.row(
        sheets.told(formats.title_of(line.resource), line.resource.code, strong=True),
        formats.number(line.quantity),
        "" if set_up == line.starts_at else formats.time(set_up, zone),
        sheets.told(
            formats.hours(line.starts_at, line.ends_at, zone), formats.day(line.starts_at, zone)
        ),
        "" if cleared == line.ends_at else formats.time(cleared, zone),
    )


def around(resource: Resource, starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """From when a resource is set up, and by when it is struck: its own turnaround on each side."""
    before = timedelta(minutes=resource.turnaround_before_minutes)
    after = timedelta(minutes=resource.turnaround_after_minutes)
    return starts_at - before, ends_at + after
