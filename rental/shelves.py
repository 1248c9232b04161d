"""What stands behind the counter now: assets by tag, what is out, what is fit. Read under locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import catalogue
from rental.counting import Moved, Need, Piece, Shelf, needs, tally
from rental.errors import BadPiece, UnknownPiece
from rental.models import (
    Asset,
    Booking,
    Closure,
    ClosureKind,
    Line,
    Movement,
    Resource,
    ResourceKind,
    ServiceRecord,
)

MOST_PIECES = 1000
# Gear that is overdue is out: its closure would count it twice. What is reserved takes no stock.
COUNTED_ELSEWHERE = (ClosureKind.OVERDUE, ClosureKind.RESERVED)


@dataclass(frozen=True, slots=True)
class Known:
    """A piece with what it names: an asset, or a resource of which some are counted."""

    piece: Piece
    resource: Resource
    asset: Asset | None = None


def read(pieces: Sequence[Piece]) -> list[Known | UnknownPiece]:
    """Each piece with what it names, in the order given; raises BadPiece for what is no piece."""
    if len(pieces) > MOST_PIECES:
        raise BadPiece("At most {most} pieces at once; send the rest after them.", most=MOST_PIECES)
    for piece in pieces:
        if bool(piece.tag) == bool(piece.resource) or piece.quantity < 1:
            raise BadPiece
        if piece.tag and piece.quantity != 1:
            raise BadPiece("An asset is one piece; leave the quantity out.")
    assets = by_tags(piece.tag for piece in pieces if piece.tag)
    codes = {piece.resource for piece in pieces if piece.resource and piece.resource.isprintable()}
    found = db.session.scalars(sa.select(Resource).where(Resource.code.in_(codes))) if codes else ()
    resources = {resource.code: resource for resource in found}
    return [_known_or_not(piece, assets, resources) for piece in pieces]


def _known_or_not(
    piece: Piece, assets: dict[str, Asset], resources: dict[str, Resource]
) -> Known | UnknownPiece:
    try:
        return _known(piece, assets, resources)
    except UnknownPiece as unknown:
        return unknown


def _known(piece: Piece, assets: dict[str, Asset], resources: dict[str, Resource]) -> Known:
    if piece.tag:
        asset = assets.get(piece.tag)
        if asset is not None:
            return Known(piece, asset.resource, asset)
    elif (resource := resources.get(piece.resource or "")) is not None:
        return Known(piece, resource)
    raise UnknownPiece(
        "Nothing here is called '{tag}'; read the label again or type it.", tag=piece.name[:60]
    )


def by_tags(tags: Iterable[str]) -> dict[str, Asset]:
    """The assets of these tags, by the tag as it was read; small letters will do."""
    # No tag has a character that nobody can print, and PostgreSQL stores no NUL.
    wanted = {tag: tag.strip() for tag in tags if tag.isprintable()}
    spellings = {form for tag in wanted.values() for form in (tag, tag.upper())}
    if not spellings:
        return {}
    rows = db.session.scalars(
        sa.select(Asset)
        .where(Asset.tag.in_(spellings))
        .options(joinedload(Asset.resource))
        .execution_options(populate_existing=True)
    )
    known = {asset.tag: asset for asset in rows}
    found = {read: known.get(tag) or known.get(tag.upper()) for read, tag in wanted.items()}
    return {read: asset for read, asset in found.items() if asset is not None}


def shelf(resource_ids: Iterable[int]) -> Shelf:
    """What is here of these resources now: call it under their lock."""
    ids = set(resource_ids)
    if not ids:
        return Shelf({})
    stock = sa.select(Resource.id, Resource.stock).where(Resource.id.in_(ids))
    out = (
        sa.select(Movement.resource_id, sa.func.sum(Movement.quantity))
        .where(Movement.resource_id.in_(ids), Movement.returned_at.is_(None))
        .group_by(Movement.resource_id)
    )
    closed = (
        sa.select(
            Closure.resource_id,
            sa.func.sum(sa.func.coalesce(Closure.quantity, Resource.stock)),
        )
        .join(Resource, Resource.id == Closure.resource_id)
        .where(
            Closure.resource_id.in_(ids),
            Closure.during.contains(clock.now()),
            Closure.kind.not_in(COUNTED_ELSEWHERE),
        )
        .group_by(Closure.resource_id)
    )
    return Shelf(_counts(stock), _counts(out), _counts(closed))


def _counts(query: sa.Select[tuple[int, int]]) -> dict[int, int]:
    return {row[0]: row[1] for row in db.session.execute(query)}


def out_by_asset(asset_ids: Iterable[int]) -> dict[int, Movement]:
    """The open movement of each of these assets, with its booking."""
    ids = set(asset_ids)
    if not ids:
        return {}
    rows = db.session.scalars(
        sa.select(Movement)
        .where(Movement.asset_id.in_(ids), Movement.returned_at.is_(None))
        .options(joinedload(Movement.line).joinedload(Line.booking))
        .execution_options(populate_existing=True)
    )
    return {movement.asset_id: movement for movement in rows if movement.asset_id is not None}


def in_service(asset_ids: Iterable[int]) -> set[int]:
    """Which of these assets are being looked after now."""
    rows = db.session.scalars(
        sa.select(ServiceRecord.asset_id).where(
            ServiceRecord.asset_id.in_(set(asset_ids)), ServiceRecord.ended_at.is_(None)
        )
    )
    return {asset_id for asset_id in rows if asset_id is not None}


def needs_of(bookings: Sequence[Booking]) -> dict[int, list[Need]]:
    """For each booking id: what it needs, what is out and what came back."""
    lines = [line for booking in bookings for line in booking.lines]
    scanned = [line for line in lines if line.resource.kind is ResourceKind.EQUIPMENT]
    parts = catalogue.parts_of({line.resource_id for line in scanned}) if scanned else {}
    below = {part_id for pairs in parts.values() for part_id, _ in pairs}
    equipment = {line.resource_id for line in scanned} | _equipment(below)
    moved = _moved([line.id for line in lines])
    found: dict[int, list[Need]] = {booking.id: [] for booking in bookings}
    for line in scanned:
        taken = catalogue.unfolded(line.resource_id, line.quantity, parts)
        found[line.booking_id] += needs(line.id, taken, equipment)
    for needed in found.values():
        tally(needed, moved)
    return found


def _equipment(resource_ids: set[int]) -> set[int]:
    if not resource_ids:
        return set()
    return set(
        db.session.scalars(
            sa.select(Resource.id).where(
                Resource.id.in_(resource_ids), Resource.kind == ResourceKind.EQUIPMENT
            )
        )
    )


def _moved(line_ids: Sequence[int]) -> list[Moved]:
    rows = db.session.execute(
        sa.select(
            Movement.line_id,
            Movement.resource_id,
            sa.func.sum(Movement.quantity),
            Movement.returned_at.is_(None),
            Movement.instead_of_id,
        )
        .where(Movement.line_id.in_(line_ids))
        .group_by(
            Movement.line_id,
            Movement.resource_id,
            Movement.returned_at.is_(None),
            Movement.instead_of_id,
        )
    )
    return [Moved(*row) for row in rows.tuples()]
