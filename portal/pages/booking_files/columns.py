"""The columns of a file of bookings: what they may be called, and how a cell is read.

A head may be the API's name or the word of the page in either language; so may the codes inside.
Times stand on the wall clock of the site, the day before the month where they are written out.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from flask_babel import lazy_gettext as _

from portal.pages import states
from portal.pages.booking_files.errors import BadRow, BadSheet
from portal.pages.booking_files.grids import Cell, GridRow

LANGUAGES = ("vi", "en")
FIRST_YEAR, LAST_YEAR = 2000, 2100

TITLES = {
    "event": _("Event key"),
    "unit": _("Unit (code)"),
    "title": _("Title"),
    "event_kind": _("Kind of event"),
    "organiser": _("Organiser"),
    "attendees": _("Attendees"),
    "note": _("Note"),
    "resource": _("Resource (code)"),
    "quantity": _("Quantity"),
    "starts_at": _("From"),
    "ends_at": _("Until"),
}
REQUIRED = ("unit", "title", "resource", "starts_at", "ends_at")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]+(\d{1,2})[:hH](\d{2})(?::(\d{2}))?")
_DAY_FIRST = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})[T, ]+(\d{1,2})[:hH](\d{2})(?::(\d{2}))?"
)
_TIME_FIRST = re.compile(r"(\d{1,2})[:hH](\d{2})[, ]+(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def plain(text: str) -> str:
    """As words are compared: composed, one space between them, letters small."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def spoken_in(language: str, words: Mapping[str, object]) -> dict[str, str]:
    """The words of a mapping in one language."""
    with force_locale(language):
        return {code: str(word) for code, word in words.items()}


def lookup(words: Mapping[str, object]) -> dict[str, str]:
    """Whatever may be written for a code, in small letters → the code."""
    found = {plain(code): code for code in words}
    for language in LANGUAGES:
        for code, word in spoken_in(language, words).items():
            found.setdefault(plain(word), code)
    return found


@lru_cache(maxsize=1)
def _heads() -> dict[str, str]:
    return lookup(TITLES)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    return lookup(states.EVENT_KINDS)


@lru_cache(maxsize=1)
def _organisers() -> dict[str, str]:
    return lookup(states.ORGANISERS)


def heads(row: GridRow) -> dict[int, str]:
    """Which column stands where; raises BadSheet where one is unknown, twice there or missing."""
    return heads_of(row, _heads(), REQUIRED)


def heads_of(row: GridRow, words: Mapping[str, str], required: Sequence[str]) -> dict[int, str]:
    """The same for a file whose columns `words` names: what may be written → the column."""
    found: dict[int, str] = {}
    for place, cell in enumerate(row.cells):
        # A mark of what must be filled in is no part of the name.
        word = plain(str(cell or "")).rstrip(" *")
        if not word:
            continue
        name = words.get(word)
        if name is None:
            raise BadSheet(
                "There is no column “{column}”; the columns are {columns}.",
                column=str(cell)[:60],
                columns=list(dict.fromkeys(words.values())),
            )
        if name in found.values():
            raise BadSheet("The column “{column}” stands there twice.", column=str(cell)[:60])
        found[place] = name
    missing = [name for name in required if name not in found.values()]
    if missing:
        raise BadSheet(
            "The first row names the columns; these are missing: {columns}.", columns=missing
        )
    return found


def text(cell: Cell) -> str:
    """What a cell says as text; a whole number without a fraction."""
    if cell is None:
        return ""
    if isinstance(cell, float) and math.isfinite(cell) and cell == int(cell):
        cell = int(cell)
    return unicodedata.normalize("NFC", str(cell)).strip()


def number(cell: Cell, name: str) -> int | None:
    """A whole number, None where nothing stands; raises BadRow."""
    said = text(cell)
    if not said:
        return None
    if isinstance(cell, bool) or not re.fullmatch(r"[0-9]{1,9}", said):
        raise BadRow("{column}: “{text}” is not a whole number.", column=name, text=said[:40])
    return int(said)


def kind(cell: Cell) -> str:
    """The code of a kind of event; `other` where nothing stands; raises BadRow."""
    return _coded(cell, _kinds(), "event_kind", "other")


def organiser(cell: Cell) -> str:
    """The code of an organiser; domestic where nothing stands; raises BadRow."""
    return _coded(cell, _organisers(), "organiser", "domestic")


def _coded(cell: Cell, words: Mapping[str, str], name: str, fallback: str) -> str:
    said = text(cell)
    if not said:
        return fallback
    code = words.get(plain(said))
    if code is None:
        raise BadRow(
            "{column}: “{text}” is not one of {words}.",
            words={"words": sorted(set(words.values()))},
            column=name,
            text=said[:40],
        )
    return code


def instant(cell: Cell, name: str, zone: ZoneInfo) -> datetime:
    """A day and a time on the wall clock of the zone, as UTC; raises BadRow."""
    found = cell if isinstance(cell, datetime) else _written(text(cell))
    if found is None:
        said = cell.isoformat() if isinstance(cell, date | time) else text(cell)
        raise BadRow(
            "{column}: “{text}” is not a day and a time such as 24/11/2026 08:00.",
            column=name,
            text=said[:40],
        )
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadRow("{column}: choose a year between 2000 and 2100.", column=name)
    # Spreadsheets keep times as fractions of a day: half a second lies beside the minute.
    found = (found + timedelta(milliseconds=500)).replace(microsecond=0)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _written(said: str) -> datetime | None:
    """A day and a time written out: ISO 8601, or the day before the month."""
    try:
        if match := _ISO.fullmatch(said):
            return _made(match.groups()[:3], match.groups()[3:])
        if match := _DAY_FIRST.fullmatch(said):
            return _made(match.groups()[2::-1], match.groups()[3:])
        if match := _TIME_FIRST.fullmatch(said):
            return _made(match.groups()[:1:-1], match.groups()[:2])
        return datetime.fromisoformat(said) if len(said) > len("2026-12-01") else None
    except ValueError:
        return None


def _made(day: Sequence[str], clock: Sequence[str | None]) -> datetime:
    year, month, day_of_month = map(int, day)
    hour, minute, second = (int(part or 0) for part in (*clock, None)[:3])
    return datetime(year, month, day_of_month, hour, minute, second)  # noqa: DTZ001  # the zone follows
