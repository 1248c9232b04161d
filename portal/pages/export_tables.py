"""What can be exported: each table's columns, and its rows straight from the database.

Pages give heads and words in the language of the page, the API its own names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _

from config.database import db
from config.errors import Invalid
from portal.pages import states
from portal.sheets import Column, Kind, Value
from rental import catalogue, search
from rental.models import Asset, Booking, Line, Member, Resource, Site, Unit
from rental.search import Sought
from rental.usage import Report, Row

# Beyond it nobody reads; a spreadsheet takes a million.
MOST_ROWS = 200_000
_FETCHED = 1000

Words = Mapping[str, Any]


class ExportTooLong(Invalid):
    """The export has too many rows; narrow the filters."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column by the API's name and the pages' words; `words` say a code to people."""

    name: str
    title: Any
    kind: Kind = Kind.TEXT
    width: int = 18
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, read as they are written out."""

    name: str
    heads: Sequence[Head]
    rows: Iterable[Sequence[Value]]

    def columns(self, *, spoken: bool) -> list[Column]:
        """The columns, with the heads of pages or of the API."""
        return [
            Column(str(head.title) if spoken else head.name, head.kind, head.width)
            for head in self.heads
        ]

    def told(self, *, spoken: bool) -> Iterable[Sequence[Value]]:
        """The rows, with codes in words for people."""
        if not spoken:
            return self.rows
        said = [
            {code: str(word) for code, word in head.words.items()} if head.words else None
            for head in self.heads
        ]
        return (
            [
                words.get(str(value), value) if words is not None and value is not None else value
                for words, value in zip(said, row, strict=True)
            ]
            for row in self.rows
        )


STATUS: Words = {name: state.word for name, state in states.BOOKING.items()}
CONDITIONS: Words = {
    "good": _("Good"),
    "worn": _("Worn"),
    "damaged": _("Damaged"),
    "lost": _("Lost"),
}
SECTIONS: Words = {
    "hall": _("Halls"),
    "pool": _("Equipment and circuits"),
    "unit": _("By unit"),
    "event_kind": _("By kind of event"),
    "total": _("All halls"),
}
BOOKING_HEADS = (
    Head("reference", _("Reference"), width=15),
    Head("status", _("State"), width=14, words=STATUS),
    Head("title", _("Title"), width=44),
    Head("event_kind", _("Kind of event"), width=18, words=states.EVENT_KINDS),
    Head("organiser", _("Organiser"), width=22, words=states.ORGANISERS),
    Head("unit", _("Unit (code)"), width=18),
    Head("unit_name", _("Unit"), width=32),
    Head("requested_by", _("Requested by"), width=28),
    Head("attendees", _("Attendees"), Kind.NUMBER, 10),
    Head("starts_at", _("From"), Kind.INSTANT),
    Head("ends_at", _("Until"), Kind.INSTANT),
    Head("requested_at", _("Requested"), Kind.INSTANT),
    Head("resources", _("What"), width=40),
    Head("note", _("Note"), width=40),
    Head("reason", _("Reason"), width=30),
)
LINE_HEADS = (
    Head("reference", _("Reference"), width=15),
    Head("status", _("State"), width=14, words=STATUS),
    Head("title", _("Title"), width=44),
    Head("unit", _("Unit (code)"), width=18),
    Head("unit_name", _("Unit"), width=32),
    Head("resource", _("Code"), width=12),
    Head("resource_name", _("Resource"), width=32),
    Head("kind", _("Kind"), width=12, words=states.KIND),
    Head("quantity", _("Quantity"), Kind.NUMBER, 10),
    Head("starts_at", _("From"), Kind.INSTANT),
    Head("ends_at", _("Until"), Kind.INSTANT),
    Head("hours", _("Hours"), Kind.DECIMAL, 10),
)
RESOURCE_HEADS = (
    Head("code", _("Code"), width=12),
    Head("kind", _("Kind"), width=12, words=states.KIND),
    Head("name", _("Name"), width=36),
    Head("name_en", _("Name in English"), width=32),
    Head("category", _("Category"), width=20),
    Head("site", _("Site"), width=16),
    Head("stock", _("Stock"), Kind.NUMBER, 8),
    Head("seats", _("Seats"), Kind.NUMBER, 8),
    Head("mbps", "Mbit/s", Kind.NUMBER, 8),
    Head("turnaround_before_minutes", _("Turnaround before (min)"), Kind.NUMBER, 12),
    Head("turnaround_after_minutes", _("Turnaround after (min)"), Kind.NUMBER, 12),
    Head("tariff", _("Rate"), width=18),
    Head("description", _("Description"), width=50),
)
AVAILABILITY_HEADS = (
    Head("code", _("Code"), width=24),
    Head("name", _("Name"), width=32),
    Head("day", _("Day"), width=12),
    Head("ratio", _("Available"), Kind.SHARE, 12),
    Head("up_seconds", _("Up (s)"), Kind.DECIMAL, 14),
    Head("degraded_seconds", _("Degraded (s)"), Kind.DECIMAL, 14),
    Head("down_seconds", _("Down (s)"), Kind.DECIMAL, 14),
    Head("unknown_seconds", _("Not measured (s)"), Kind.DECIMAL, 14),
    Head("maintenance_seconds", _("Maintenance (s)"), Kind.DECIMAL, 14),
)
ASSET_HEADS = (
    Head("tag", _("Tag"), width=16),
    Head("serial", _("Serial number"), width=20),
    Head("condition", _("Condition"), width=14, words=CONDITIONS),
    Head("resource", _("Code"), width=12),
    Head("resource_name", _("Resource"), width=36),
    Head("site", _("Site"), width=16),
)
USAGE_HEADS = (
    Head("section", _("Table"), width=24, words=SECTIONS),
    Head("code", _("Code"), width=12),
    Head("name", _("Name"), width=36, words=states.EVENT_KINDS),
    Head("share", _("Utilisation"), Kind.SHARE, 12),
    Head("share_before", _("Before"), Kind.SHARE, 12),
    Head("inside_hours", _("In opening hours (h)"), Kind.DECIMAL, 14),
    Head("capacity_hours", _("Could be rented (h)"), Kind.DECIMAL, 14),
    Head("outside_hours", _("Outside (h)"), Kind.DECIMAL, 14),
    Head("before_inside_hours", _("Before: in opening hours (h)"), Kind.DECIMAL, 16),
    Head("before_outside_hours", _("Before: outside (h)"), Kind.DECIMAL, 16),
)


def _bounded(count: int) -> None:
    if count > MOST_ROWS:
        raise ExportTooLong(
            "The export has {count} rows, more than {most}; narrow the filters.",
            count=count,
            most=MOST_ROWS,
        )


def _plain(value: Any) -> Value:
    found: Value = getattr(value, "value", value)
    return found


def _fetched(query: sa.Select[Any]) -> Iterator[Sequence[Value]]:
    """The rows of a query from a cursor of the server, a thousand at a time."""
    count = db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    _bounded(count)
    found = db.session.execute(query.execution_options(yield_per=_FETCHED))
    return ([_plain(value) for value in row] for row in found)


def bookings(sought: Sought) -> Table:
    """The bookings sought, soonest first."""
    rented = (
        sa.select(
            sa.func.string_agg(
                Resource.code
                + sa.case((Line.quantity > 1, sa.func.concat(" × ", Line.quantity)), else_=""),
                sa.literal_column("'; '"),
            )
        )
        .select_from(Line)
        .join(Resource, Resource.id == Line.resource_id)
        .where(Line.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    query = (
        sa.select(
            Booking.reference, Booking.status, Booking.title, Booking.event_kind,
            Booking.organiser, Unit.slug, Unit.name, Member.email, Booking.attendees,
            Booking.starts_at, Booking.ends_at, Booking.requested_at, rented,
            Booking.note, Booking.reason,
        )
        .join(Unit, Unit.id == Booking.unit_id)
        .join(Member, Member.id == Booking.member_id)
        .where(Booking.id.in_(search.narrowed(sought)))
        .order_by(Booking.starts_at, Booking.id)
    )  # fmt: skip
    return Table("bookings", BOOKING_HEADS, _fetched(query))


def lines(sought: Sought) -> Table:
    """A row for each line of the bookings sought."""
    hours = sa.func.round(sa.extract("epoch", Line.ends_at - Line.starts_at) / 3600, 2)
    query = (
        sa.select(
            Booking.reference, Booking.status, Booking.title, Unit.slug, Unit.name,
            Resource.code, Resource.name, Resource.kind, Line.quantity,
            Line.starts_at, Line.ends_at, sa.cast(hours, sa.Float),
        )
        .select_from(Line)
        .join(Booking, Booking.id == Line.booking_id)
        .join(Unit, Unit.id == Booking.unit_id)
        .join(Resource, Resource.id == Line.resource_id)
        .where(Booking.id.in_(search.narrowed(sought)))
        .order_by(Booking.starts_at, Line.booking_id, Line.id)
    )  # fmt: skip
    return Table("lines", LINE_HEADS, _fetched(query))


def resources(found: Sequence[Resource]) -> Table:
    """The resources given."""
    rows: list[list[Value]] = [
        [
            r.code, r.kind.value, r.name, r.name_en, r.category, r.site.slug, r.stock, r.seats,
            r.mbps, r.turnaround_before_minutes, r.turnaround_after_minutes, r.tariff,
            r.description,
        ]
        for r in found
    ]  # fmt: skip
    return Table("resources", RESOURCE_HEADS, rows)


def assets(found: Sequence[Resource]) -> Table:
    """The assets of the resources given, by tag."""
    query = (
        sa.select(Asset.tag, Asset.serial, Asset.condition, Resource.code, Resource.name, Site.slug)
        .join(Resource, Resource.id == Asset.resource_id)
        .join(Site, Site.id == Resource.site_id)
        .where(Asset.resource_id.in_([resource.id for resource in found]))
    )
    rows = sorted(_fetched(query), key=lambda row: catalogue.natural(str(row[0])))
    return Table("assets", ASSET_HEADS, rows)


def utilisation(report: Report) -> Table:
    """All tables of a report under each other, told apart by their first column."""
    sections: tuple[tuple[str, list[Row]], ...] = (
        ("hall", report.halls),
        ("total", [report.total]),
        ("pool", report.pools),
        ("unit", report.units),
        ("event_kind", report.kinds),
    )
    rows = [_usage_row(section, row) for section, found in sections for row in found]
    return Table("utilisation", USAGE_HEADS, rows)


def _usage_row(section: str, row: Row) -> list[Value]:
    has_capacity = bool(row.now.capacity)
    return [
        section,
        row.code or None,
        row.name or None,
        _rounded(row.now.share),
        _rounded(row.before.share),
        _hours(row.now.inside),
        _hours(row.now.capacity) if has_capacity else None,
        _hours(row.now.outside),
        _hours(row.before.inside),
        _hours(row.before.outside),
    ]


def _hours(seconds: Any) -> float:
    return round(float(seconds) / 3600, 2)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
