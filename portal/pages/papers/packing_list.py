"""Packing list: what goes out of the store, kit pieces through all levels, with boxes to tick."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from portal.pages import formats
from portal.pages.papers import sheets
from portal.pages.papers.sheets import Cell, Column, Row, Sheet
from rental import catalogue
from rental.models import Booking, Line, Movement, Resource, ResourceKind

Parts = Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Packed:
    """So many of one resource, at a depth beneath the line that was booked."""

    resource_id: int
    quantity: int
    depth: int


def unpacked(resource_id: int, quantity: int, parts: Parts, depth: int = 0) -> Iterator[Packed]:
    """A line and its pieces, each under what it belongs to, quantities multiplied down.

    Parts form no circle; one written by hand is followed once.
    """
    yield from _below(Packed(resource_id, quantity, depth), parts, frozenset())


def _below(whole: Packed, parts: Parts, above: frozenset[int]) -> Iterator[Packed]:
    yield whole
    known = above | {whole.resource_id}
    for part_id, each in parts.get(whole.resource_id, ()):
        if part_id not in known:
            piece = Packed(part_id, whole.quantity * each, whole.depth + 1)
            yield from _below(piece, parts, known)


@dataclass(slots=True)
class Gone:
    """What went out for one piece of a line already: tags, and counted pieces."""

    tags: list[str] = field(default_factory=list)
    counted: int = 0

    def words(self) -> str:
        """The tags, then how many were counted."""
        counted = [_("%(count)s counted", count=self.counted)] if self.counted else []
        return ", ".join([*self.tags, *counted])


def sheet(booking: Booking) -> Sheet:
    """The packing list of a booking, as it stands now."""
    halls = [line for line in booking.lines if line.resource.kind is ResourceKind.HALL]
    circuits = [line for line in booking.lines if line.resource.kind is ResourceKind.CIRCUIT]
    gear = [line for line in booking.lines if line.resource.kind is ResourceKind.EQUIPMENT]
    places = ", ".join(dict.fromkeys(formats.title_of(line.resource) for line in halls))
    rows, pieces = _rows(gear)
    blocks = [
        sheets.facts(
            [
                (_("Event"), booking.title),
                (_("Unit"), booking.unit.name),
                (_("Goes to"), places or _("The unit takes it along")),
                (_("When"), formats.period(booking.starts_at, booking.ends_at)),
                (_("Contact"), f"{booking.member.name}, {booking.member.email}"),
            ]
        ),
        sheets.ledger(_columns(), rows)
        if rows
        else sheets.text(_("No equipment belongs to this booking.")),
    ]
    if pieces:
        blocks.append(sheets.text(_("Pieces in all: %(count)s", count=formats.number(pieces))))
    if circuits:
        blocks += [sheets.heading(_("Circuits to make ready")), _circuits(circuits)]
    blocks.append(
        sheets.signatures(
            (_("Packed by"), _("(signature, name, time)"), ""),
            (_("Handed over by"), _("(signature, name, time)"), ""),
            (_("Received by"), _("(signature, name, time)"), ""),
        )
    )
    return Sheet(
        title=_("PACKING LIST"),
        under=(_("as of %(moment)s", moment=formats.moment(clock.now())),),
        blocks=tuple(blocks),
    )


def _columns() -> tuple[Column, ...]:
    return (
        Column(_("Packed"), "auto", "middle"),
        Column(_("Piece"), "1fr"),
        Column(_("Quantity"), "auto", "end"),
        Column(_("Assets"), "52mm"),
        Column(_("Came back"), "auto", "middle"),
    )


def _rows(gear: Sequence[Line]) -> tuple[list[Row], int]:
    """The ledger's rows by the time the gear is wanted, and how many pieces they are."""
    parts = catalogue.parts_of({line.resource_id for line in gear}) if gear else {}
    known = _resources(parts) | {line.resource_id: line.resource for line in gear}
    gone = _gone(gear)
    rows: list[Row] = []
    pieces, period = 0, ""
    for line in sorted(gear, key=lambda line: (line.starts_at, line.ends_at, line.id)):
        zone = line.resource.site.tzinfo
        wanted = formats.period(line.starts_at, line.ends_at, zone)
        if wanted != period:
            rows.append(sheets.group(wanted))
            period = wanted
        for piece in unpacked(line.resource_id, line.quantity, parts):
            resource = known[piece.resource_id]
            # What is no equipment stays where it is: a kit may come with a room.
            if resource.kind is ResourceKind.EQUIPMENT:
                rows.append(_row(piece, resource, gone.get((line.id, resource.id))))
                pieces += piece.quantity
    return rows, pieces


def _row(piece: Packed, resource: Resource, gone: Gone | None) -> Row:
    what = sheets.told(
        formats.title_of(resource), resource.code, strong=not piece.depth, depth=piece.depth
    )
    quantity: Cell = sheets.told(formats.number(piece.quantity), strong=True)
    assets: Cell = gone.words() if gone else sheets.BLANK
    return sheets.row(sheets.TICK, what, quantity, assets, sheets.TICK)


def _resources(parts: Parts) -> dict[int, Resource]:
    ids = {part_id for pairs in parts.values() for part_id, _each in pairs}
    if not ids:
        return {}
    found = db.session.scalars(sa.select(Resource).where(Resource.id.in_(ids)))
    return {resource.id: resource for resource in found}


def _gone(gear: Sequence[Line]) -> dict[tuple[int, int], Gone]:
    """What is out now, by line and by the resource that was booked; a stand-in names itself."""
    movements = db.session.scalars(
        sa.select(Movement)
        .where(Movement.line_id.in_([line.id for line in gear]), Movement.returned_at.is_(None))
        .options(joinedload(Movement.asset), joinedload(Movement.resource))
        .order_by(Movement.id)
    )
    found: dict[tuple[int, int], Gone] = defaultdict(Gone)
    for movement in movements:
        place = found[movement.line_id, movement.instead_of_id or movement.resource_id]
        if movement.asset is not None:
            place.tags.append(movement.asset.tag)
        elif movement.instead_of_id is not None:
            place.tags.append(f"{movement.quantity} × {movement.resource.code}")
        else:
            place.counted += movement.quantity
    return found


def _circuits(circuits: Sequence[Line]) -> sheets.Block:
    columns = (
        Column(_("Ready"), "auto", "middle"),
        Column(_("Circuit"), "1fr"),
        Column(_("Quantity"), "auto", "end"),
        Column(_("When"), "auto"),
    )
    rows = (
        sheets.row(
            sheets.TICK,
            sheets.told(formats.title_of(line.resource), line.resource.code, strong=True),
            formats.number(line.quantity),
            formats.period(line.starts_at, line.ends_at, line.resource.site.tzinfo),
        )
        for line in circuits
    )
    return sheets.ledger(columns, rows)
