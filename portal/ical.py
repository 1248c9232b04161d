"""Writes iCalendar (RFC 5545, 7986) as Apple Calendar, Google Calendar and Outlook read it.

Times are written in UTC: every program reads them rightly, where a TZID needs a VTIMEZONE that
Google ignores and old Outlooks match by name. An event of ours is one span and never a rule, so no
wall clock has to be kept. The text of a calendar depends on its events only, not on when it was
asked for: DTSTAMP is the last change, so that an ETag holds until something changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import icalendar

PRODUCER = "-//Ho Chi Minh City Press Center//Media Center//VI"
MEDIA_TYPE = "text/calendar; charset=utf-8"
# How often programs may ask; most of them take their own time anyhow.
REFRESH = timedelta(minutes=15)
CANCELLED, TENTATIVE, CONFIRMED = "CANCELLED", "TENTATIVE", "CONFIRMED"
_BUSY = {CANCELLED: "FREE", TENTATIVE: "TENTATIVE", CONFIRMED: "BUSY"}
# Controls mean nothing in a calendar, and a lone CR would end a line of it.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `uid` never changes, `sequence` rises with every change."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    status: str
    sequence: int
    changed_at: datetime
    location: str = ""
    description: str = ""
    url: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar: what programs call it, the zone they show it in, its events."""

    name: str
    zone: str
    events: Sequence[Event]


def plain(text: str) -> str:
    """The text without controls; a line break of any kind is one."""
    return _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def written(sheet: Sheet) -> bytes:
    """The calendar as UTF-8, lines folded at 75 octets between characters."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    name = plain(sheet.name)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", sheet.zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for event in sheet.events:
        calendar.add_component(_component(event))

    return bytes(calendar.to_ical())


def _component(event: Event) -> icalendar.Event:
    shown = icalendar.Event()
    shown.add("uid", event.uid)
    shown.add("dtstamp", event.changed_at)
    shown.add("last-modified", event.changed_at)
    shown.add("sequence", event.sequence)
    shown.add("dtstart", event.starts_at)
    shown.add("dtend", event.ends_at)
    shown.add("summary", plain(event.summary))
    shown.add("status", event.status)
    # What is called off takes nobody's time.
    shown.add("transp", "TRANSPARENT" if event.status == CANCELLED else "OPAQUE")
    shown.add("x-microsoft-cdo-busystatus", _BUSY[event.status])
    if event.location:
        shown.add("location", plain(event.location))
    if event.description:
        shown.add("description", plain(event.description))
    if event.url:
        shown.add("url", event.url)
    if event.category:
        shown.add("categories", [plain(event.category)])
    return shown
