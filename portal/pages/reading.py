"""Reading what a browser sent: query strings and forms, as values or as a refusal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from flask import request

from config import clock
from config.database import COUNTED
from config.errors import Invalid

Word = TypeVar("Word", bound=StrEnum)
Row = TypeVar("Row")

PER_PAGE = 30
LARGEST = 2**31 - 1
_MONTH = re.compile(r"(20\d\d|21\d\d)-(0[1-9]|1[0-2])")


class BadField(Invalid):
    """A field cannot be read; correct it and send the form again."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list and where it stands in the whole."""

    rows: list[Row]
    total: int
    page: int = 1
    per_page: int = PER_PAGE

    @property
    def is_more(self) -> bool:
        """Whether there are more than `total` says: nobody has counted any further."""
        return self.total > COUNTED

    @property
    def last(self) -> int:
        """The number of the last page, at least 1."""
        return max(1, -(-self.total // self.per_page))

    @property
    def first_row(self) -> int:
        """The number of the first row shown."""
        return (self.page - 1) * self.per_page + 1

    @property
    def last_row(self) -> int:
        """The number of the last row shown."""
        return self.first_row + len(self.rows) - 1


def page_number() -> int:
    """The page asked for with `?page=`, 1 where it is missing or no number."""
    return max(1, min(integer(request.args, "page") or 1, 100_000))


def integer(fields: Mapping[str, str], name: str) -> int | None:
    """A whole number, or None where the field is empty; raises BadField."""
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        raise BadField(
            "{field}: '{text}' is not a whole number.", field=name, text=text[:40]
        ) from None
    if abs(value) > LARGEST:
        raise BadField("{field}: the number is too large.", field=name)
    return value


def word(fields: Mapping[str, str], name: str, words: type[Word]) -> Word | None:
    """One of the words of an enumeration, or None where the field is empty; raises BadField."""
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        raise BadField(
            "{field}: '{text}' is not one of {words}.",
            words={"words": list(words)},
            field=name,
            text=text[:40],
        ) from None


def day(fields: Mapping[str, str], name: str) -> date | None:
    """A calendar day `2026-11-24`, or None; raises BadField."""
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise BadField(
            "{field}: '{text}' is not a date such as 2026-11-24.", field=name, text=text[:40]
        ) from None
    if not 2000 <= value.year <= 2100:
        raise BadField("{field}: choose a year between 2000 and 2100.", field=name)
    return value


def month(text: str) -> date:
    """`2026-11` as the first of that month; raises BadField."""
    found = _MONTH.fullmatch(text.strip())
    if found is None:
        raise BadField("Write the month as 2026-11.")
    return date(int(found[1]), int(found[2]), 1)


def time_of_day(fields: Mapping[str, str], name: str) -> time | None:
    """A time `08:00` on a wall clock, whole minutes, or None; raises BadField."""
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    try:
        value = time.fromisoformat(text)
    except ValueError:
        raise BadField("'{text}' is not a time of day such as 08:00.", text=text[:40]) from None
    return value.replace(second=0, microsecond=0, tzinfo=None)


def instant(text: str, zone: ZoneInfo | None = None) -> datetime | None:
    """What `<input type=datetime-local>` sends, on the wall clock of the zone, as UTC.

    None where nothing was typed; raises BadField. A time that carries an offset keeps it.
    """
    if not text.strip():
        return None
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadField("'{text}' is not a time such as 2026-11-24T08:00.", text=text[:40]) from None
    if not 2000 <= value.year <= 2100:
        raise BadField("'{text}': choose a year between 2000 and 2100.", text=text[:40])
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone or clock.LOCAL)
    return value.astimezone(UTC)


def is_partial() -> bool:
    """Whether htmx asks for a part of the page only, and not for a page to go back to."""
    whole = ("HX-Boosted", "HX-History-Restore-Request")
    return "HX-Request" in request.headers and not any(name in request.headers for name in whole)
