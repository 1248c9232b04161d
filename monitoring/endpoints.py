"""Endpoints of devices: add one, change it, take it away, look them up."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from monitoring import problems
from monitoring.errors import BadEndpoint, EndpointExists, UnknownEndpoint
from monitoring.models import Device, Endpoint, EndpointStatus, Problem
from monitoring.probes.reached import EndpointKind
from rental import journal
from rental.models import Member

PORTS = {
    EndpointKind.TLS: 443,
    EndpointKind.HTTP: 80,
    EndpointKind.RTMP: 1935,
    EndpointKind.RTSP: 554,
    EndpointKind.SRT: 9000,
}
PROBLEM, CERTIFICATE = "endpoint", "certificate"
# What judges ask for: names as DNS allows them, and paths that end no line.
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_PATH = re.compile(r"[!-~]*")
MOST_OF_DEVICE = 100


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What an operator says of an endpoint. Without a host it is on the device itself."""

    name: str
    kind: EndpointKind
    port: int
    host: str | None = None
    path: str = ""
    server_name: str = ""
    is_secure: bool = False
    needs_trust: bool = True
    expects_open: bool = True
    expected_status: int | None = None
    expected_word: str = ""
    interval_seconds: int = 60
    timeout_seconds: float = 5.0
    slow_ms: int | None = None
    fire_count: int = 3
    fire_of: int = 3
    clear_count: int = 2
    is_enabled: bool = True


def add(device: Device, new: NewEndpoint, *, by: Member | None) -> Endpoint:
    """Watch something of a device from now on; raises BadEndpoint or EndpointExists."""
    # One writer a device: the names and their number are judged under its lock.
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    if len(of(device)) >= MOST_OF_DEVICE:
        raise BadEndpoint("A device has {most} endpoints at most.", most=MOST_OF_DEVICE)
    endpoint = Endpoint(device_id=device.id, device=device)
    with db.session.no_autoflush:
        _describe(endpoint, new)
    endpoint.next_probe_at = clock.now()
    db.session.add(endpoint)
    db.session.flush()
    journal.record(device, "endpoint_added", by=by, name=endpoint.name)
    return endpoint


def change(endpoint: Endpoint, new: NewEndpoint, *, by: Member | None) -> None:
    """Describe it anew and ask at once; what was found before no longer counts."""
    device = endpoint.device
    db.session.execute(sa.select(Device.id).where(Device.id == device.id).with_for_update())
    _clear_problems(endpoint)
    with db.session.no_autoflush:
        _describe(endpoint, new)
    endpoint.status, endpoint.recent, endpoint.facts = EndpointStatus.UNKNOWN, [], {}
    endpoint.fault = endpoint.failure = endpoint.status_since = None
    endpoint.next_probe_at = clock.now()
    db.session.flush()
    journal.record(device, "endpoint_changed", by=by, name=endpoint.name)


def remove(endpoint: Endpoint, *, by: Member | None) -> None:
    """Watch it no longer; its open problems are over."""
    _clear_problems(endpoint)
    journal.record(endpoint.device, "endpoint_removed", by=by, name=endpoint.name)
    db.session.delete(endpoint)
    db.session.flush()


def ask_now(endpoint: Endpoint) -> None:
    """Have it asked at the next turn of the clock, within some seconds, and anew what it offers."""
    endpoint.next_probe_at = clock.now()
    db.session.flush()
    # The prober may write its facts at this moment; only this one is taken out of them.
    db.session.execute(
        sa.update(Endpoint)
        .where(Endpoint.id == endpoint.id)
        .values(facts=Endpoint.facts.op("-")("offers_at"))
        .execution_options(synchronize_session=False)
    )
    db.session.expire(endpoint, ["facts"])


def _describe(endpoint: Endpoint, new: NewEndpoint) -> None:
    _check(new)
    name = new.name.strip()
    other = db.session.scalar(
        sa.select(Endpoint.id).where(
            Endpoint.device_id == endpoint.device_id, Endpoint.name == name
        )
    )
    if other is not None and other != endpoint.id:
        raise EndpointExists(
            "The device has an endpoint named {name} already; choose another name.", name=name
        )
    for column in NewEndpoint.__dataclass_fields__:
        setattr(endpoint, column, getattr(new, column))
    endpoint.name = name
    endpoint.host = (new.host or "").strip() or None
    endpoint.server_name = new.server_name.strip()
    if new.kind is EndpointKind.TLS:
        endpoint.is_secure = True


def _check(new: NewEndpoint) -> None:
    if not 1 <= len(new.name.strip()) <= 120 or not new.name.isprintable():
        raise BadEndpoint("An endpoint has a name of 1 to 120 characters.")
    if not 1 <= new.port <= 65535:
        raise BadEndpoint("There is no port {port}; ports are 1 to 65535.", port=new.port)
    for host in (new.host, new.server_name):
        _check_host((host or "").strip())
    if len(new.path) > 500 or not _PATH.fullmatch(new.path):
        raise BadEndpoint("A path has 500 characters at most, and neither spaces nor accents.")
    if len(new.expected_word) > 200 or not new.expected_word.isprintable():
        raise BadEndpoint("The word expected on the page has 200 characters at most.")
    _check_numbers(new)


def _check_host(host: str) -> None:
    if not host:
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if len(host) > 253 or not _NAME.fullmatch(host) or host.replace(".", "").isdecimal():
            raise BadEndpoint(
                "'{host}' is neither a name such as live.example.com nor an address.", host=host
            ) from None
        return
    if address.is_unspecified or address.is_multicast:
        raise BadEndpoint("{host} is no address of one host.", host=host)


def _check_numbers(new: NewEndpoint) -> None:
    if not 15 <= new.interval_seconds <= 86_400:
        raise BadEndpoint("An endpoint is asked every 15 seconds to every day.")
    if not 0.5 <= new.timeout_seconds <= 30 or new.timeout_seconds > new.interval_seconds:
        raise BadEndpoint("An endpoint is given half a second to 30 seconds, and not its interval.")
    if new.slow_ms is not None and not 1 <= new.slow_ms <= 30_000:
        raise BadEndpoint("An endpoint is slow from 1 to 30 000 milliseconds on.")
    if new.expected_status is not None and not 100 <= new.expected_status <= 599:
        raise BadEndpoint("A status is a number from 100 to 599.")
    if not 1 <= new.fire_count <= new.fire_of <= 20 or not 1 <= new.clear_count <= 20:
        raise BadEndpoint("Of the last probes, 20 at most, at most all can be faults.")


def _clear_problems(endpoint: Endpoint) -> None:
    for kind in (PROBLEM, CERTIFICATE):
        problem = open_problem(endpoint, kind)
        if problem is not None:
            problems.clear(problem)


def open_problem(endpoint: Endpoint, kind: str) -> Problem | None:
    """The open problem of one kind that speaks of the endpoint, if any."""
    return db.session.scalar(
        sa.select(Problem).where(
            Problem.device_id == endpoint.device_id,
            Problem.kind == kind,
            Problem.subject == endpoint.name,
            Problem.cleared_at.is_(None),
        )
    )


def get(endpoint_id: int) -> Endpoint:
    """The endpoint of this id with its device; raises UnknownEndpoint."""
    endpoint = db.session.get(Endpoint, endpoint_id)
    if endpoint is None:
        raise UnknownEndpoint
    return endpoint


def of(device: Device) -> list[Endpoint]:
    """The endpoints of a device, by name."""
    query = sa.select(Endpoint).where(Endpoint.device_id == device.id).order_by(Endpoint.name)
    return list(db.session.scalars(query))


def all_(
    *, kind: EndpointKind | None = None, status: EndpointStatus | None = None
) -> sa.Select[tuple[Endpoint]]:
    """Every endpoint that fits with its device, as a query in the order of devices and names."""
    query = (
        sa.select(Endpoint)
        .join(Endpoint.device)
        .options(joinedload(Endpoint.device))
        .order_by(Device.name, Endpoint.name)
    )
    if kind is not None:
        query = query.where(Endpoint.kind == kind)
    return query.where(Endpoint.status == status) if status is not None else query


def with_certificates() -> list[Endpoint]:
    """The endpoints that showed a certificate, whose ends first on top."""
    shown = Endpoint.facts["certificate"]
    query = all_().where(shown.is_not(None), Endpoint.facts.has_key("certificate"))
    found = db.session.scalars(query).all()
    return sorted(found, key=lambda one: datetime.fromisoformat(_ends_at(one)))


def _ends_at(endpoint: Endpoint) -> str:
    return str(endpoint.facts["certificate"]["ends_at"])
