"""What is free, when: by resource over a period, or everything wholly free in it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from portal.access import current_member, may, visible_unit_id
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Code, Instant, Paged, Query, Slug, Text
from portal.api.instants import writer
from portal.api.resources import ResourceAnswer, as_json
from rental import calendar, catalogue
from rental.calendar import Search
from rental.errors import BadBooking
from rental.models import Resource, ResourceKind
from rental.period import Period

room = Blueprint("api_availability", __name__)

LONGEST = timedelta(days=366)


class AvailabilityQuery(Query):
    """A period, and the resources to look at; without any, the whole catalogue."""

    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")
    resource: list[Code] = Field(default=[], max_length=500)
    kind: ResourceKind | None = None
    site: Slug | None = None


class FreeQuery(Paged):
    """A period, and what is looked for."""

    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")
    kind: ResourceKind | None = None
    seats_min: int | None = Field(default=None, ge=0, le=1_000_000)
    quantity: int = Field(default=1, ge=1, le=100_000)
    site: Slug | None = None
    q: Text | None = Field(default=None, max_length=200)


class SegmentAnswer(Answer):
    """A span in which the free stock stays the same."""

    starts_at: str
    ends_at: str
    free: int


class ResourceSegments(Answer):
    """The free stock of one resource, in spans without gap or overlap."""

    code: str
    stock: int
    segments: list[SegmentAnswer]


class AvailabilityAnswer(Answer):
    """The free stock of each resource over the period, turnaround and parts reckoned in."""

    resources: list[ResourceSegments]


class FreeAnswer(ResourceAnswer):
    """A resource that is free throughout, and how many of it."""

    free: int


def period_of(query: AvailabilityQuery | FreeQuery) -> Period:
    """The period asked for; raises BadPeriod, or BadBooking beyond 366 days."""
    period = Period(query.starts_at, query.ends_at)
    if period.duration > LONGEST:
        raise BadBooking("Ask for 366 days at most; ask again for the rest.")
    return period


@room.get("/availability")
@may("see the catalogue")
@offers(
    Call("Free stock over a period", "availability", answer=AvailabilityAnswer, refusals=(404,))
)
def availability(query: AvailabilityQuery) -> Response:
    """In the order asked for, or in natural order of code."""
    period = period_of(query)
    found = _wanted(query)
    free = calendar.segments(found, period)
    write = writer()
    told: list[dict[str, Any]] = [
        {
            "code": resource.code,
            "stock": resource.stock,
            "segments": [
                {"starts_at": write(begins), "ends_at": write(ends), "free": pieces}
                for begins, ends, pieces in free[resource.id]
            ],
        }
        for resource in found
    ]
    return answer({"resources": told})


def _wanted(query: AvailabilityQuery) -> list[Resource]:
    if not query.resource:
        return catalogue.search(kind=query.kind, site=query.site, parts=False)
    by_code = catalogue.by_codes(query.resource)
    return [
        by_code[code]
        for code in dict.fromkeys(query.resource)
        if query.kind in (None, by_code[code].kind)
        and query.site in (None, by_code[code].site.slug)
    ]


@room.get("/free")
@may("see the catalogue")
@offers(Call("Resources wholly free in a period", "availability", answer=FreeAnswer, is_list=True))
def free(query: FreeQuery) -> Response:
    """Each with how many of it a booking could take, set-up and strike time reckoned in."""
    found = calendar.free(
        Search(
            period=period_of(query),
            quantity=query.quantity,
            kind=query.kind,
            seats_min=query.seats_min,
            site=query.site,
            q=query.q,
            unit_id=visible_unit_id(current_member(), "request bookings for any unit"),
        )
    )
    page = found[query.offset : query.offset + query.per_page]
    catalogue.with_parts([resource for resource, _pieces in page])
    items = [{**as_json(resource), "free": pieces} for resource, pieces in page]
    return answer({"items": items, "total": len(found)})
