"""The catalogue over the API: what can be rented, and adding to it."""

from typing import Any

from flask import Blueprint, Response, url_for
from pydantic import Field

from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Body, Code, Paged, Pieces, Slug, Text, Word
from portal.idempotency import once
from rental import catalogue, journal, units, uplinks
from rental.catalogue import NewResource
from rental.models import Resource, ResourceKind

room = Blueprint("api_resources", __name__)


class ResourcesQuery(Paged):
    """Filters of the catalogue."""

    kind: ResourceKind | None = None
    seats_min: int | None = Field(default=None, ge=0, le=1_000_000)
    site: Slug | None = None
    q: Text | None = Field(default=None, max_length=200)


class PartBody(Body):
    """A component of a new resource."""

    resource: Code
    quantity: Pieces = 1


class ResourceBody(Body):
    """A new resource. Without a site it belongs to the only one there is."""

    kind: ResourceKind
    code: Code
    name: Word
    name_en: Word | None = None
    description: Text | None = Field(default=None, max_length=2000)
    category: Text | None = Field(default=None, max_length=80)
    stock: int = Field(default=1, ge=0, le=1_000_000)
    site: Slug | None = None
    turnaround_before_minutes: int = Field(default=0, ge=0, le=2880)
    turnaround_after_minutes: int = Field(default=0, ge=0, le=2880)
    seats: int | None = Field(default=None, ge=1, le=1_000_000)
    mbps: int | None = Field(default=None, ge=1, le=10_000_000)
    # Circuits take their Mbps of an uplink, whose stock is its Mbps; nobody books it by itself.
    is_uplink: bool = False
    uplink: Code | None = None
    parts: list[PartBody] = Field(default=[], max_length=100)
    tariff: Text | None = Field(default=None, min_length=1, max_length=60)
    # The slug of the unit whose head must agree where another books it.
    owner: Slug | None = None


class PartAnswer(Answer):
    """A component: a combined hall's room, a kit's pieces."""

    resource: str
    quantity: int


class ResourceAnswer(Answer):
    """A rentable thing and how many of it exist."""

    code: str
    kind: ResourceKind
    name: str
    name_en: str | None
    description: str | None
    category: str | None
    stock: int
    site: str
    turnaround_before_minutes: int
    turnaround_after_minutes: int
    seats: int | None
    mbps: int | None
    is_uplink: bool
    uplink: str | None
    tariff: str | None
    owner: str | None
    parts: list[PartAnswer]


def as_json(resource: Resource) -> dict[str, Any]:
    """The resource as the API writes it; the uplink stands among the parts too."""
    uplink = uplinks.of(resource)
    return {
        "code": resource.code,
        "kind": resource.kind.value,
        "name": resource.name,
        "name_en": resource.name_en,
        "description": resource.description,
        "category": resource.category,
        "stock": resource.stock,
        "site": resource.site.slug,
        "turnaround_before_minutes": resource.turnaround_before_minutes,
        "turnaround_after_minutes": resource.turnaround_after_minutes,
        "seats": resource.seats,
        "mbps": resource.mbps,
        "is_uplink": resource.is_uplink,
        "uplink": uplink.code if uplink is not None else None,
        "tariff": resource.tariff,
        "owner": resource.owner.slug if resource.owner is not None else None,
        "parts": [{"resource": p.part.code, "quantity": p.quantity} for p in resource.parts],
    }


@room.get("/resources")
@may("see the catalogue")
@offers(Call("List the catalogue", "resources", answer=ResourceAnswer, is_list=True))
def resources(query: ResourcesQuery) -> Response:
    """In natural order of code (H50 before H100)."""
    found = catalogue.search(kind=query.kind, seats_min=query.seats_min, site=query.site, q=query.q)
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [as_json(resource) for resource in page], "total": len(found)})


@room.get("/resources/<code>")
@may("see the catalogue")
@offers(Call("Show one resource", "resources", answer=ResourceAnswer, refusals=(404,)))
def resource(code: str) -> Response:
    """Retired resources are shown as well: bookings of the past name them."""
    return answer(as_json(catalogue.get(code)))


@room.post("/resources")
@may("manage catalogue")
@offers(Call("Add a resource", "resources", answer=ResourceAnswer, status=201, refusals=(404, 409)))
@once
def add_resource(body: ResourceBody) -> Response:
    """Desk only. A part named twice adds up."""
    parts: dict[str, int] = {}
    for part in body.parts:
        parts[part.resource] = parts.get(part.resource, 0) + part.quantity
    new = NewResource(**{**body.model_dump(exclude={"owner", "uplink"}), "parts": parts})
    added = catalogue.add(new, units.site(body.site))
    if body.uplink is not None:
        uplinks.lead(added, catalogue.get(body.uplink))
    journal.record(added, "added", by=current_member())
    if body.owner is not None:
        catalogue.give(added, units.get(body.owner), by=current_member())
    return answer(as_json(added), 201, location=url_for(".resource", code=added.code))
