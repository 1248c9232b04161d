"""Devices whose secure endpoints answered, and what the rules about TLS find on them."""

import socket
import ssl
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from config import clock
from config.database import db
from monitoring import (
    endpoints,
    evidence,
    policy,
    reaching,
    tls_rules,
)
from monitoring.endpoints import NewEndpoint
from monitoring.models import (
    Device,
    DeviceStatus,
    Endpoint,
    FindingRow,
    Platform,
)
from monitoring.probes.reached import EndpointKind, Fault, Reached
from monitoring.rules import Result
from tests.monitoring.endpoint_servers import DAY
from tests.monitoring.policy_world import a_switch

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
RULES = policy.load()
MODERN = {"TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True}


class Worn:
    """The certificate that a server shows from the next caller on."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def wrap_socket(self, sock: socket.socket, *, server_side: bool) -> ssl.SSLSocket:
        return self.context.wrap_socket(sock, server_side=server_side)


def an_encoder(**over: Any) -> Device:
    """A device without a login, on a circuit of its own."""
    given = {"platform": Platform.GENERIC, "status": DeviceStatus.UP, **over}
    return a_switch(address="127.0.0.1", **given)


def watched(device: Device, port: int = 443, **over: Any) -> Endpoint:
    given = {"name": "Web", "kind": EndpointKind.TLS, "port": port, **over}
    return endpoints.add(device, NewEndpoint(**given), by=None)


def certificate(days: float = 90, **over: Any) -> dict[str, Any]:
    at = clock.now()
    return {
        "begins_at": (at - 30 * DAY).isoformat(),
        "ends_at": (at + timedelta(days=days)).isoformat(),
        "is_named": True, "trust": "", "weak": [], **over,
    }  # fmt: skip


def answered(endpoint: Endpoint, at: datetime | None = None, **facts: Any) -> None:
    """The endpoint answers, as a round writes it."""
    seen = {"certificate": certificate(), "offers": MODERN, **facts}
    reaching.record([Reached(reaching.goal(endpoint), 0.02, seen)], at or clock.now())


def failed(endpoint: Endpoint, at: datetime | None = None) -> None:
    one = Reached(reaching.goal(endpoint), 5, {}, Fault.TIMEOUT, "no answer within 5 s")
    reaching.record([one], at or clock.now())


def judged(device: Device) -> dict[str, Result]:
    """What a round finds on the device of the rules about TLS."""
    db.session.commit()
    tls_rules.judge_site(device.site_id, RULES)
    return kept(device)


def an_hour_passes() -> None:
    db.session.execute(sa.update(FindingRow).values(at=clock.now() - timedelta(hours=2)))
    db.session.commit()


def kept(device: Device) -> dict[str, Result]:
    db.session.expire_all()
    return {row.rule: row.result for row in evidence.findings(device)}


def lines(device: Device, rule: str) -> list[str]:
    [row] = [row for row in evidence.findings(device) if row.rule == rule]
    return row.evidence
