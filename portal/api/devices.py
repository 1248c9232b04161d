"""Devices over the API: the inventory, what it told, when it was gone."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, url_for
from pydantic import Field
from sqlalchemy.orm import joinedload

from config.database import bounded_count, db, transaction
from monitoring import devices, readings
from monitoring.devices import NewDevice
from monitoring.errors import BadDevice
from monitoring.models import (
    DeviceRole,
    DeviceStatus,
    Outage,
    ReadingRow,
)
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.device_answers import (
    DeviceAnswer,
    OutageAnswer,
    ReadingAnswer,
    device_as_json,
    outage_as_json,
    reading_as_json,
)
from portal.api.device_bodies import DeviceBody, DeviceChanges, described
from portal.api.fields import LARGEST_ID, Instant, Paged, Slug, Text
from portal.idempotency import once
from rental import units
from rental.period import Period

room = Blueprint("api_devices", __name__)

LONGEST = timedelta(days=31)


class DevicesQuery(Paged):
    """Filters of the inventory."""

    site: Slug | None = None
    role: DeviceRole | None = None
    status: DeviceStatus | None = None
    q: Text | None = Field(default=None, max_length=200)
    tag: Text | None = Field(default=None, max_length=40)
    retired: bool | None = False


class ReadingsQuery(Paged):
    """A period of 31 days at most."""

    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")


class OutagesQuery(Paged):
    """Filters of the outages."""

    open: bool | None = None
    device: int | None = Field(default=None, ge=1, le=LARGEST_ID)


@room.get("/devices")
@may("see devices")
@offers(Call("List devices", "devices", answer=DeviceAnswer, is_list=True))
def list_devices(query: DevicesQuery) -> Response:
    """By name."""
    found = devices.search(
        devices.Wanted(
            site=query.site,
            role=query.role,
            status=query.status,
            q=query.q,
            tag=query.tag,
            is_retired=query.retired,
        )
    )
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [device_as_json(each) for each in page], "total": len(found)})


@room.post("/devices")
@may("manage devices")
@offers(Call("Add a device", "devices", answer=DeviceAnswer, status=201, refusals=(404, 409)))
@once
def add_device(body: DeviceBody) -> Response:
    """It is polled from the next round on."""
    new = NewDevice(**{"site": units.site(body.site), **described(body)})
    added = devices.add(new, by=current_member())
    where = url_for("api_devices.device", device_id=added.id)
    return answer(device_as_json(added), 201, location=where)


@room.get("/devices/<int:device_id>")
@may("see devices")
@offers(Call("Show a device", "devices", answer=DeviceAnswer, refusals=(404,)))
def device(device_id: int) -> Response:
    """As the poller saw it last."""
    return answer(device_as_json(devices.get(device_id)))


@room.patch("/devices/<int:device_id>")
@may("manage devices")
@offers(Call("Change a device", "devices", answer=DeviceAnswer, refusals=(404, 409)))
def change_device(device_id: int, body: DeviceChanges) -> Response:
    """What is left out stays. At another address it is discovered anew."""
    with transaction():
        changed = devices.get(device_id)
        by = current_member()
        if body.is_retired is False and "is_retired" in body.model_fields_set:
            devices.restore(changed, by=by)
        if given := described(body):
            devices.change(changed, replace(devices.described(changed), **given), by=by)
        if body.is_retired:
            devices.retire(changed, by=by)
    return answer(device_as_json(changed))


@room.get("/devices/<int:device_id>/readings")
@may("see devices")
@offers(Call("What a device told", "devices", answer=ReadingAnswer, refusals=(404,), is_list=True))
def device_readings(device_id: int, query: ReadingsQuery) -> Response:
    """The oldest first."""
    found = devices.get(device_id)
    since, until = Period(query.starts_at, query.ends_at)
    if until - since > LONGEST:
        raise BadDevice("Ask for 31 days at most; ask again for the rest.")
    total = db.session.scalar(
        sa.select(sa.func.count()).where(
            ReadingRow.device_id == found.id, ReadingRow.at >= since, ReadingRow.at < until
        )
    )
    limit = query.offset + query.per_page
    page = readings.between(found, since, until, limit=limit)[query.offset :]
    return answer({"items": [reading_as_json(each) for each in page], "total": total})


@room.get("/outages")
@may("see outages")
@offers(Call("List outages", "outages", answer=OutageAnswer, is_list=True))
def list_outages(query: OutagesQuery) -> Response:
    """The newest first."""
    narrowed = sa.select(Outage)
    if query.open is not None:
        ended = Outage.ended_at.is_not(None)
        narrowed = narrowed.where(~ended if query.open else ended)
    if query.device is not None:
        narrowed = narrowed.where(Outage.device_id == devices.get(query.device).id)
    total = bounded_count(narrowed, query.offset + query.per_page)
    page = db.session.scalars(
        narrowed.options(joinedload(Outage.device))
        .order_by(Outage.began_at.desc(), Outage.id.desc())
        .limit(query.per_page)
        .offset(query.offset)
    )
    return answer({"items": [outage_as_json(each) for each in page], "total": total})
