"""Finding bookings: by unit, state, time and words, a page at a time.

No question reads more when the history grows: each condition has its index, and a count stops
where nobody counts any further.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import references
from config.database import COUNTED, bounded_count, db
from rental.models import Booking, BookingStatus, Line, Resource, Unit
from rental.models.bookings import WORDS
from rental.period import Period


class Sorting(Enum):
    """What stands first in a list."""

    NEWEST_REQUEST = "newest request"
    SOONEST = "soonest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list of bookings is narrowed to; None narrows nothing."""

    unit_id: int | None = None
    unit: str | None = None
    statuses: Sequence[BookingStatus] = ()
    period: Period | None = None
    resource: str | None = None
    q: str | None = None
    # Only what ends at this instant or later.
    ends_after: datetime | None = None


def bookings(
    sought: Sought,
    *,
    limit: int = 50,
    offset: int = 0,
    sorting: Sorting = Sorting.NEWEST_REQUEST,
) -> tuple[list[Booking], int]:
    """One page with lines and resources; and how many there are, as `bounded_count` counts."""
    ids = narrowed(sought)
    total = bounded_count(ids, offset + limit)
    if offset >= total:
        return [], total
    few = total <= COUNTED or sought.period is not None or sought.ends_after is not None
    page = (_page_of_few if few else _page_of_many)(ids, sorting)
    rows = db.session.scalars(
        sa.select(Booking)
        .where(Booking.id.in_(db.session.scalars(page.limit(limit).offset(offset)).all()))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(*_sorted(Booking, sorting))
    )
    return list(rows.unique()), total


def _sorted(columns: Any, sorting: Sorting) -> tuple[Any, ...]:
    if sorting is Sorting.NEWEST_REQUEST:
        return (columns.id.desc(),)
    first = columns.starts_at if sorting is Sorting.SOONEST else columns.starts_at.desc()
    return first, columns.id


def _page_of_few(ids: sa.Select[tuple[int]], sorting: Sorting) -> sa.Select[tuple[int]]:
    """Found by their conditions first and sorted then.

    Left to itself the planner may walk the bookings in the list's sequence, in search of the first
    that fits: the whole history, for thirty rows. Where very many fit, walking is quick.
    """
    keys = ids.add_columns(Booking.starts_at)
    found = keys.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    return sa.select(found.c.id).order_by(*_sorted(found.c, sorting))


def _page_of_many(ids: sa.Select[tuple[int]], sorting: Sorting) -> sa.Select[tuple[int]]:
    return ids.order_by(*_sorted(Booking, sorting))


def narrowed(sought: Sought) -> sa.Select[tuple[int]]:
    """The ids of the bookings sought, for whoever selects more of them."""
    return sa.select(Booking.id).where(*_conditions(sought))


def _conditions(sought: Sought) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if sought.unit_id is not None:
        found.append(Booking.unit_id == sought.unit_id)
    if sought.unit is not None:
        of_slug = sa.select(Unit.id).where(Unit.slug == sought.unit).scalar_subquery()
        found.append(Booking.unit_id == of_slug)
    if sought.statuses:
        found.append(Booking.status.in_(sought.statuses))
    if sought.period is not None:
        during = sa.func.tstzrange(Booking.starts_at, Booking.ends_at)
        wanted = sa.func.tstzrange(sought.period.starts_at, sought.period.ends_at)
        found.append(during.op("&&", is_comparison=True)(wanted))
    if sought.ends_after is not None:
        found.append(Booking.ends_at >= sought.ends_after)
    if sought.resource is not None:
        lines = sa.select(Line.booking_id).join(Resource).where(Resource.code == sought.resource)
        found.append(Booking.id.in_(lines))
    if sought.q and sought.q.strip():
        found.append(_says(sought.q))
    return found


def _says(words: str) -> sa.ColumnElement[bool]:
    """Whether each of the words begins a word of the title or a piece of the reference."""
    pieces = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", words))
    said = " & ".join(f"'{piece}':*" for piece in pieces)
    found = sa.text(f"{WORDS} @@ to_tsquery('simple', :said)").bindparams(said=said)
    whole = Booking.reference == references.canonical(words.strip())
    return sa.or_(whole, found) if pieces else whole
