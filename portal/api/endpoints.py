"""Endpoints of devices over the API."""

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field

from config.database import db
from monitoring import devices, endpoints, factory_logins
from monitoring.endpoints import NewEndpoint
from monitoring.models import Endpoint, EndpointStatus, TryResult
from monitoring.probes.reached import EndpointKind
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import LARGEST_ID, Answer, Body, Paged
from portal.api.instants import local, local_or_none
from portal.idempotency import once

room = Blueprint("api_endpoints", __name__)


class EndpointsQuery(Paged):
    """Filters of the endpoints."""

    kind: EndpointKind | None = None
    status: EndpointStatus | None = None
    device: int | None = Field(default=None, ge=1, le=LARGEST_ID)


class EndpointBody(Body):
    """Something to reach; without a host it is on the device itself."""

    name: str = Field(min_length=1, max_length=120)
    kind: EndpointKind
    port: int = Field(ge=1, le=65535)
    host: str | None = Field(default=None, max_length=253)
    path: str = Field(default="", max_length=500)
    server_name: str = Field(default="", max_length=253)
    is_secure: bool = False
    needs_trust: bool = True
    expects_open: bool = True
    expected_status: int | None = Field(default=None, ge=100, le=599)
    expected_word: str = Field(default="", max_length=200)
    interval_seconds: int = Field(default=60, ge=15, le=86_400)
    timeout_seconds: float = Field(default=5.0, ge=0.5, le=30)
    slow_ms: int | None = Field(default=None, ge=1, le=30_000)


class EndpointAnswer(Answer):
    """An endpoint and how it is."""

    id: int
    device: str
    device_id: int
    name: str
    kind: EndpointKind
    address: str
    status: EndpointStatus
    fault: str | None
    failure: str | None
    latency_ms: float | None
    last_probe_at: str | None
    certificate_ends_at: str | None
    tls_versions: dict[str, bool] = Field(
        description="Whether it offers each version of TLS; what is not known is left out."
    )


def _shown(one: Endpoint) -> dict[str, object]:
    certificate = one.facts.get("certificate") or {}
    told = EndpointAnswer(
        id=one.id,
        device=one.device.name,
        device_id=one.device_id,
        name=one.name,
        kind=one.kind,
        address=one.address,
        status=one.status,
        fault=one.fault,
        failure=one.failure,
        latency_ms=one.latency_ms,
        last_probe_at=local_or_none(one.last_probe_at),
        certificate_ends_at=certificate.get("ends_at"),
        tls_versions=one.facts.get("offers") or {},
    )
    return told.model_dump(mode="json")


@room.get("/endpoints")
@may("see devices")
@offers(Call("List endpoints", "endpoints", answer=EndpointAnswer, is_list=True))
def list_endpoints(query: EndpointsQuery) -> Response:
    """In the order of devices and names."""
    narrowed = endpoints.all_(kind=query.kind, status=query.status)
    if query.device is not None:
        narrowed = narrowed.where(Endpoint.device_id == devices.get(query.device).id)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(narrowed.subquery())) or 0
    page = db.session.scalars(narrowed.limit(query.per_page).offset(query.offset))
    return answer({"items": [_shown(one) for one in page], "total": total})


@room.post("/devices/<int:device_id>/endpoints")
@may("manage devices")
@offers(
    Call(
        "Watch an endpoint of a device",
        "endpoints",
        answer=EndpointAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def add_endpoint(device_id: int, body: EndpointBody) -> Response:
    """It is asked within seconds."""
    device = devices.get(device_id)
    made = endpoints.add(device, NewEndpoint(**body.model_dump()), by=current_member())
    return answer(_shown(made), status=201)


class FactoryTryAnswer(Answer):
    """An attempt with the factory login; `result` is null until it was made."""

    endpoint_id: int
    vendor: str
    username: str
    asked_at: str
    tried_at: str | None
    result: TryResult | None
    told: str | None = Field(description="Why it is unclear, in English.")


@room.post("/endpoints/<int:endpoint_id>/factory-login")
@may("manage devices")
@offers(
    Call(
        "Have the factory login of a web page tried once",
        "endpoints",
        answer=FactoryTryAnswer,
        status=202,
        refusals=(404, 409),
    )
)
@once
def try_factory_login(endpoint_id: int) -> Response:
    """A worker makes it within seconds; while it waits, the same attempt is answered again."""
    made = factory_logins.ask(endpoints.get(endpoint_id), by=current_member())
    told = FactoryTryAnswer(
        endpoint_id=made.endpoint_id,
        vendor=made.vendor,
        username=made.username,
        asked_at=local(made.asked_at),
        tried_at=local_or_none(made.tried_at),
        result=made.result,
        told=made.told,
    )
    return answer(told.model_dump(mode="json"), status=202)


@room.post("/endpoints/<int:endpoint_id>/remove")
@may("manage devices")
@offers(Call("Watch an endpoint no longer", "endpoints", answer=None, status=204, refusals=(404,)))
@once
def remove_endpoint(endpoint_id: int) -> Response:
    """Its open problems are over."""
    endpoints.remove(endpoints.get(endpoint_id), by=current_member())
    return Response(status=204)
