"""The catalogue: what can be rented, what it consists of, and the lock every writer takes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from config.database import db
from rental import journal
from rental.errors import BadResource, CodeTaken, UnknownResource
from rental.models import Member, Part, Resource, ResourceKind, Site, Unit

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class NewResource:
    """What the desk says of a resource it adds. Minutes, pieces, seats and Mbps are whole."""

    kind: ResourceKind
    code: str
    name: str
    stock: int = 1
    site: str | None = None
    name_en: str | None = None
    description: str | None = None
    category: str | None = None
    turnaround_before_minutes: int = 0
    turnaround_after_minutes: int = 0
    seats: int | None = None
    mbps: int | None = None
    is_uplink: bool = False
    tariff: str | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


def find(code: str) -> Resource | None:
    """The resource of this code, if any."""
    return db.session.scalar(sa.select(Resource).where(Resource.code == code))


def get(code: str) -> Resource:
    """The resource of this code; raises UnknownResource."""
    resource = find(code)
    if resource is None:
        raise UnknownResource(
            "There is no resource '{resource}'; look it up in the catalogue.", resource=code
        )
    return resource


def by_codes(codes: Iterable[str]) -> dict[str, Resource]:
    """The resources of all these codes; raises UnknownResource naming every unknown one."""
    wanted = set(codes)
    found = {
        resource.code: resource
        for resource in db.session.scalars(sa.select(Resource).where(Resource.code.in_(wanted)))
    }
    if missing := sorted(wanted - found.keys()):
        raise UnknownResource(
            "There is no resource {resources}; look it up in the catalogue.",
            resources=missing,
        )
    return found


def offered(codes: Iterable[str]) -> dict[str, Resource]:
    """Those of these codes that are rented out, by code; what is unknown is left out."""
    wanted = set(codes)
    if not wanted:
        return {}
    query = sa.select(Resource).where(
        Resource.code.in_(wanted), ~Resource.is_retired, ~Resource.is_uplink
    )
    return {resource.code: resource for resource in db.session.scalars(query)}


def give(resource: Resource, owner: Unit | None, *, by: Member | None) -> None:
    """Note whose it is, or that it is the Centre's: new requests of others ask the owner's head."""
    owner_id = owner.id if owner is not None and not owner.is_centre else None
    if resource.owner_id == owner_id:
        return
    resource.owner = owner if owner_id is not None else None
    db.session.flush()
    journal.record(resource, "owner_set", by=by, owner=owner.slug if owner_id and owner else None)


SEARCHED = (
    Resource.name,
    Resource.name_en,
    Resource.code,
    Resource.category,
    Resource.description,
)


def search(
    *,
    kind: ResourceKind | None = None,
    seats_min: int | None = None,
    site: str | None = None,
    q: str | None = None,
    parts: bool = True,
) -> list[Resource]:
    """What the catalogue offers, in natural order of code (H50 before H100); uplinks are not.

    Every word of `q` stands in the name, code, category or description. Who does not ask for the
    parts of each leaves them out with `parts=False`.
    """
    query = sa.select(Resource).where(~Resource.is_retired, ~Resource.is_uplink)
    if kind:
        query = query.where(Resource.kind == kind)
    if seats_min:
        query = query.where(Resource.seats >= seats_min)
    if site:
        query = query.join(Site).where(Site.slug == site)
    for word in (q or "").split():
        query = query.where(
            sa.or_(*(column.icontains(word, autoescape=True) for column in SEARCHED))
        )
    found = sorted(db.session.scalars(query), key=lambda r: natural(r.code))
    if parts:
        with_parts(found)
    return found


def with_parts(found: Sequence[Resource]) -> None:
    """Load the parts of all in one query: few resources have any, however many there are."""
    if not found:
        return
    parts: dict[int, list[Part]] = {}
    ids = sa.literal([resource.id for resource in found], ARRAY(sa.Integer))
    for part in db.session.scalars(
        sa.select(Part)
        .where(Part.whole_id == sa.any_(ids))
        .order_by(Part.id)
        .options(joinedload(Part.part))
    ):
        parts.setdefault(part.whole_id, []).append(part)
    for resource in found:
        set_committed_value(resource, "parts", parts.get(resource.id, []))


@lru_cache(maxsize=20_000)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which H50 stands before H100."""
    return tuple(
        (0, int(piece), "") if piece.isdigit() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", text)
        if piece
    )


def add(new: NewResource, site: Site) -> Resource:
    """Put a resource into the catalogue; raises BadResource or CodeTaken."""
    check(new)
    if find(new.code) is not None:
        raise CodeTaken(
            "Another resource already has the code {code}; choose another code.", code=new.code
        )
    resource = Resource(
        site=site,
        kind=new.kind,
        code=new.code,
        name=new.name,
        name_en=new.name_en,
        description=new.description,
        category=new.category,
        stock=new.stock,
        turnaround_before_minutes=new.turnaround_before_minutes,
        turnaround_after_minutes=new.turnaround_after_minutes,
        seats=new.seats,
        mbps=new.mbps,
        is_uplink=new.is_uplink,
        tariff=new.tariff,
    )
    parts = by_codes(new.parts)
    for part in parts.values():
        check_part(part)
    resource.parts = [
        Part(part=parts[code], quantity=quantity) for code, quantity in new.parts.items()
    ]
    db.session.add(resource)
    db.session.flush()
    return resource


def check_part(part: Resource) -> None:
    """Refuse an uplink among parts: a circuit takes its Mbps of it and no other quantity."""
    if part.is_uplink:
        raise BadResource(
            "{uplink} is an uplink: name it as such, and the circuit takes its Mbps of it.",
            uplink=part.code,
        )


def check(new: NewResource) -> None:
    """Refuse values that no resource can have."""
    if not CODE.fullmatch(new.code):
        raise BadResource("A code is 1 to 40 letters, digits, dots, dashes or underscores.")
    if not new.name.strip():
        raise BadResource("A resource needs a name.")
    if new.is_uplink and new.kind is not ResourceKind.CIRCUIT:
        raise BadResource("Only a circuit can be an uplink; its stock is its Mbps.")
    if new.stock < 0:
        raise BadResource("The stock cannot be negative.")
    if new.code in new.parts:
        raise BadResource("A resource cannot be a part of itself.")
    if any(quantity < 1 for quantity in new.parts.values()):
        raise BadResource("The quantity of a part is at least 1.")
    for minutes in (new.turnaround_before_minutes, new.turnaround_after_minutes):
        if not 0 <= minutes <= 2880:
            raise BadResource("A turnaround is between 0 and 2880 minutes (two days).")


# Written out, and not built anew at each call: every booking asks both.
# UNION, not UNION ALL: a circle of parts written by hand ends here.
_BELOW = sa.text("""
    WITH RECURSIVE below (whole_id, part_id, quantity) AS (
        SELECT whole_id, part_id, quantity FROM part WHERE whole_id = ANY(:ids)
        UNION
        SELECT part.whole_id, part.part_id, part.quantity
        FROM part JOIN below ON part.whole_id = below.part_id
    )
    SELECT whole_id, part_id, quantity FROM below
""")
_ABOVE = sa.text("""
    WITH RECURSIVE above (whole_id, part_id) AS (
        SELECT whole_id, part_id FROM part WHERE part_id = ANY(:ids)
        UNION
        SELECT part.whole_id, above.part_id FROM part JOIN above ON part.part_id = above.whole_id
    )
    SELECT whole_id, part_id FROM above
""")
_LOCK = sa.text("""
    SELECT id, code, stock, greatest(turnaround_before_minutes, turnaround_after_minutes)
    FROM resource WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
""")


def parts_of(resource_ids: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """For each resource below these, directly or not: its `(part id, quantity)` pairs."""
    parts: dict[int, list[tuple[int, int]]] = {}
    for whole_id, part_id, quantity in db.session.execute(_BELOW, {"ids": [*resource_ids]}):
        parts.setdefault(whole_id, []).append((part_id, quantity))
    return parts


def parts_by_whole(resource_ids: Iterable[int]) -> dict[int, set[int]]:
    """Each of these resources, and each whole that has one at any depth, with those it has."""
    wanted = set(resource_ids)
    found = {one: {one} for one in wanted}
    for whole_id, part_id in db.session.execute(_ABOVE, {"ids": [*wanted]}):
        found.setdefault(whole_id, set()).add(part_id)
    return found


def unfolded(
    resource_id: int, quantity: int, parts: Mapping[int, list[tuple[int, int]]]
) -> dict[int, int]:
    """What `quantity` of a resource takes in all: itself and its parts, multiplied down.

    Two kits of three cables take two kits and six cables. Parts form no circle; one written by
    hand is followed once.
    """
    total: dict[int, int] = {}

    def take(resource: int, needed: int, above: frozenset[int]) -> None:
        total[resource] = total.get(resource, 0) + needed
        for part, each in parts.get(resource, ()):
            if part not in above:
                take(part, needed * each, above | {part})

    take(resource_id, quantity, frozenset({resource_id}))
    return total


@dataclass(frozen=True, slots=True)
class Locked:
    """What the lock saw: pieces in stock, the gap to keep, and the code to name it by."""

    code: str
    stock: int
    turnaround_minutes: int


def seen(resource_ids: Iterable[int]) -> dict[int, Locked]:
    """What a lock would see, and nothing is locked: for what is only shown, or asked again."""
    rows = db.session.scalars(sa.select(Resource).where(Resource.id.in_(set(resource_ids))))
    return {row.id: Locked(row.code, row.stock, row.turnaround_minutes) for row in rows}


def lock(resource_ids: Iterable[int]) -> dict[int, Locked]:
    """Lock resources until the transaction ends, always in id order, so writers never deadlock."""
    db.session.flush()
    rows = db.session.execute(_LOCK, {"ids": sorted(set(resource_ids))})
    return {row[0]: Locked(row[1], row[2], row[3]) for row in rows}
